"""A box's figures as small line charts: numbers in, points of an SVG out; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cloud_broker.domain.vitals import SPAN_MS, WORST
from cloud_broker.services.fleet.store_health import BoxHealth, HealthView

WIDTH, HEIGHT = 320, 64
# Room for the line's own thickness, above and below.
MARGIN = 4
# A box that was silent for longer leaves a gap and no line that nobody measured.
GAP_MS = 2 * 3_600_000


@dataclass(frozen=True, slots=True)
class Figure:
    """What is drawn: a figure's name, its unit, the limit its issue has, and in what it is said."""

    name: str
    unit: str
    limit: int | None = None
    scale: int = 1
    full: int | None = None


FIGURES = (
    Figure("temperature_c", "°C", 80),
    Figure("disk_free_percent", "%", 10, full=100),
    Figure("memory_free_percent", "%", 8, full=100),
    Figure("queue_depth", ""),
    Figure("queue_age_s", "min", 60, scale=60),
    Figure("journal_ms", "ms", 500),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: `lines` are points of polylines, `limit_y` where the limit lies, if in sight.

    `pieces` are the looks (Unix ms, value) between silences, oldest first; `low` says that the
    least value is the worst.
    """

    figure: Figure
    newest: int | None
    worst: int
    worst_ms: int
    lines: tuple[str, ...]
    limit_y: float | None
    past: bool
    rows: tuple[tuple[int, int], ...]
    pieces: tuple[tuple[tuple[int, int], ...], ...]
    low: bool


def charts(view: HealthView, box: BoxHealth) -> tuple[Chart, ...]:
    """Return the charts of the figures that this box has told at all."""
    found = (_chart(view, box, figure) for figure in FIGURES)
    return tuple(chart for chart in found if chart is not None)


def _chart(view: HealthView, box: BoxHealth, figure: Figure) -> Chart | None:
    rows = tuple(
        (span.since_ms, span.figures[figure.name] // figure.scale)
        for span in box.spans
        if figure.name in span.figures
    )
    if not rows:
        return None
    low = WORST[figure.name] == "least"
    worst_ms, worst = (min if low else max)(rows, key=lambda row: row[1])
    top = figure.full or max(worst, 1) * 5 // 4 + 1
    limit = figure.limit if figure.limit is not None and figure.limit <= top else None
    now = box.now.figures.get(figure.name)
    pieces = tuple(map(tuple, _pieces(rows)))
    return Chart(
        figure,
        None if now is None else now // figure.scale,
        *(worst, worst_ms),
        lines=tuple(_points(piece, view, top) for piece in pieces),
        limit_y=None if limit is None else _y(limit, top),
        past=figure.limit is not None and (worst < figure.limit if low else worst >= figure.limit),
        rows=thinned(rows, low=low),
        pieces=pieces,
        low=low,
    )


def _pieces(rows: Sequence[tuple[int, int]]) -> Iterable[list[tuple[int, int]]]:
    piece = [rows[0]]
    for before, row in pairwise(rows):
        if row[0] - before[0] > GAP_MS:
            yield piece
            piece = []
        piece.append(row)
    yield piece


def _points(piece: Sequence[tuple[int, int]], view: HealthView, top: int) -> str:
    # A lone look is drawn as long as it lasted: a line of one point shows nothing.
    last = piece[-1]
    whole = view.until_ms - view.since_ms
    return " ".join(
        f"{max(0, ms - view.since_ms) * WIDTH / whole:.1f},{_y(value, top):.1f}"
        for ms, value in (*piece, (min(last[0] + SPAN_MS, view.until_ms), last[1]))
    )


def _y(value: int, top: int) -> float:
    return HEIGHT - MARGIN - min(value, top) * (HEIGHT - 2 * MARGIN) / top


def thinned(
    rows: Sequence[tuple[int, int]], *, low: bool, most: int = 24
) -> tuple[tuple[int, int], ...]:
    """Return at most so many rows: the worst of each stretch, newest first."""
    step = -(-len(rows) // most)
    worst = min if low else max
    stretches = (rows[at : at + step] for at in range(0, len(rows), step))
    return tuple((stretch[0][0], worst(value for _, value in stretch)) for stretch in stretches)[
        ::-1
    ]

"""Bars of channels and stores: numbers in, lengths of an SVG out; pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from cloud_broker.services.insight.roi import MAIN, ChannelReturn, StoreReturn

NAME_WIDTH, BAR_WIDTH, SAID_WIDTH = 150, 430, 160
ROW_HEIGHT = 34
MOST = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: its name and figure, how long its bars are, where it stands."""

    name: str
    fen: int
    part_fen: int
    cost_fen: int
    y: int
    value: float
    part: float
    cost: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart; `left` rows are only in the table."""

    rows: tuple[Bar, ...]
    height: int
    top_fen: int
    left: int

    @property
    def width(self) -> int:
        """How wide it is drawn."""
        return NAME_WIDTH + BAR_WIDTH + SAID_WIDTH


def channel_bars(channels: Iterable[ChannelReturn]) -> Bars:
    """Draw what channels brought, and what they cost."""
    return _bars((one.channel, round(one.fen.get(MAIN, 0.0)), 0, one.cost_fen) for one in channels)


def store_bars(stores: Iterable[StoreReturn]) -> Bars:
    """Draw what stores had a part in, and how much of it was sold elsewhere."""
    return _bars(
        (one.name, round(one.credit.credit_fen), round(one.credit.elsewhere_fen), 0)
        for one in stores
    )


def _bars(rows: Iterable[tuple[str, int, int, int]]) -> Bars:
    every = sorted(rows, key=lambda row: (-max(row[1], row[3]), row[0]))
    shown = every[:MOST]
    top = max((max(fen, cost) for _, fen, _, cost in shown), default=0)
    made = tuple(
        Bar(
            name,
            fen,
            part,
            cost,
            nth * ROW_HEIGHT,
            _length(fen, top),
            _length(part, top),
            _length(cost, top),
        )
        for nth, (name, fen, part, cost) in enumerate(shown)
    )
    return Bars(made, max(len(made), 1) * ROW_HEIGHT, top, len(every) - len(made))


def _length(fen: int, top: int) -> float:
    return round(max(fen, 0) * BAR_WIDTH / top, 1) if top else 0.0

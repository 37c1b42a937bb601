"""How well codes are read, over a folder with a `manifest.jsonl`.

Each line names a picture (`file`), its set (`category`) and what is in it (`kind`): `text`, one
code whose text is `expected`; `quads`, codes of which only the corners are known (`quads`, in raw
sensor orientation); `none`, nothing to read. The unit is a code. A reading is right when its text
is the expected one, or its middle lies in a code's corners; any other reading is wrong. The set
`lots`, dozens of codes a picture, is reported and left out of the totals. A line that says nothing
of this is counted and left out.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.qr.sightings import Point, Sighting, within

Picture = NDArray[np.uint8]
Reader = Callable[[Picture], list[Sighting]]

MANIFEST = "manifest.jsonl"
NOT_COUNTED = frozenset({"lots"})
KINDS = frozenset({"text", "quads", "none"})
_RAW = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_MS_PER_S = 1000
_WITH_ALPHA = 4
_FULL, _DEEP = 255, 65_535
_CORNERS_MIN = 3
# What a line that is not as described may raise; the last two are of numbers and brackets galore.
_UNUSABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Example:
    """A picture and what is in it."""

    path: Path
    set: str
    kind: str
    expected: str = ""
    quads: tuple[tuple[Point, ...], ...] = ()

    @property
    def codes(self) -> int:
        """How many codes there are to read."""
        return {"text": 1, "none": 0}.get(self.kind, len(self.quads))


@dataclass(slots=True)
class Tally:
    """Codes of one set or reader: all, read, misread; what is missed is the rest."""

    total: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def missed(self) -> int:
        """Codes that were not read."""
        return self.total - self.right

    def add(self, codes: int, right: int, wrong: int) -> None:
        """Count one picture."""
        self.total += codes
        self.right += right
        self.wrong += wrong

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        counts = {"total": self.total, "right": self.right, "wrong": self.wrong}
        return {**counts, "missed": self.missed}


@dataclass(slots=True)
class Score:
    """What one reader made of a folder; times are processor milliseconds of one thread."""

    codes: Tally = field(default_factory=Tally)
    by_set: dict[str, Tally] = field(default_factory=dict)
    none_total: int = 0
    none_silent: int = 0
    missing: int = 0
    broken: int = 0
    failed: int = 0
    ms: list[float] = field(default_factory=list)

    def add(self, example: Example, seen: list[Sighting], took_ms: float) -> None:
        """Count what was read in one picture."""
        right, wrong = judged(example, seen)
        self.by_set.setdefault(example.set, Tally()).add(example.codes, right, wrong)
        if example.set in NOT_COUNTED:
            return
        self.ms.append(took_ms)
        if example.kind == "none":
            self.none_total += 1
            self.none_silent += wrong == 0
        self.codes.add(example.codes, right, wrong)

    def add_broken(self, example: Example, *, missing: bool = False) -> None:
        """Count a picture that cannot be opened: its codes are missed.

        One that is there and holds nothing was met with silence, one that is not there with none.
        """
        self.broken += not missing
        self.missing += missing
        self.by_set.setdefault(example.set, Tally()).add(example.codes, 0, 0)
        if example.set not in NOT_COUNTED:
            silent = example.kind == "none" and not missing
            self.none_total += silent
            self.none_silent += silent
            self.codes.add(example.codes, 0, 0)

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile of the time a picture took, 0 without pictures."""
        return round(float(np.percentile(self.ms, percent)), 2) if self.ms else 0.0

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        return {
            **self.codes.as_json(),
            "none_total": self.none_total,
            "none_silent": self.none_silent,
            "failed": self.failed,
            "ms_median": self.percentile_ms(50),
            "ms_p95": self.percentile_ms(95),
        }


def examples(folder: Path) -> tuple[list[Example], int]:
    """Return what the manifest's lines name, and how many say nothing that can be measured.

    Raises OSError for a folder without one, ValueError for one in which no line can be used.
    """
    content = (folder / MANIFEST).read_text(encoding="utf-8-sig")
    # Not splitlines(): a text may hold other characters that Python takes for a line's end.
    lines = [line for line in content.split("\n") if line.strip()]
    found = list[Example]()
    why: Exception | None = None
    for line in lines:
        try:
            found.append(_example(folder, json.loads(line)))
        except _UNUSABLE as error:
            why = why or error
    if why is not None and not found:
        reason = f"no {why}" if isinstance(why, KeyError) else str(why)
        raise ValueError(f"no line can be used; the first: {reason}") from why
    return found, len(lines) - len(found)


def measure(
    todo: Iterable[Example], readers: dict[str, Reader], done: Callable[[], None]
) -> dict[str, Score]:
    """Put every picture through every reader; `done` is called after each picture."""
    scores = {name: Score() for name in readers}
    for example in todo:
        there = example.path.is_file()
        image = _opened(example.path) if there else None
        for name, read in readers.items():
            if image is None:
                scores[name].add_broken(example, missing=not there)
            else:
                _run(scores[name], example, image, read)
        done()
    return scores


def judged(example: Example, seen: list[Sighting]) -> tuple[int, int]:
    """Return how many codes of a picture were read right, and how many readings were wrong."""
    read = [one for one in seen if one.payload is not None]
    if example.kind == "quads":
        places = [_place(one, example.quads) for one in read]
        hit = {place for place in places if place is not None}
        return len(hit), sum(place is None for place in places)
    texts = {normal(one.text) for one in read}
    right = example.kind == "text" and normal(example.expected) in texts
    return int(right), len(texts) - int(right)


def normal(text: str) -> str:
    """Return a text as it is compared: Unix line ends, quotes not escaped."""
    return text.replace("\r\n", "\n").replace('\\"', '"')


def _opened(path: Path) -> Picture | None:
    """Return a picture as BGR in raw orientation; what is transparent is white, as on a page."""
    try:
        image, whole = cv2.imread(str(path), _RAW), cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if image is not None and whole is not None and whole.shape[2:] == (_WITH_ALPHA,):
            cover = whole[..., 3:] / (_DEEP if whole.dtype == np.uint16 else _FULL)
            image = np.rint(image * cover + _FULL * (1 - cover)).astype(np.uint8)
    except (cv2.error, MemoryError, ValueError):
        return None
    return cast("Picture | None", image)


def _run(score: Score, example: Example, image: Picture, read: Reader) -> None:
    began = time.thread_time()
    try:
        seen = read(image)
    except (cv2.error, UnicodeDecodeError, ValueError):
        # A peer that breaks on a picture has not read it.
        score.failed += 1
        seen = []
    score.add(example, seen, (time.thread_time() - began) * _MS_PER_S)


def _place(one: Sighting, quads: tuple[tuple[Point, ...], ...]) -> int | None:
    places: Iterator[int] = (n for n, quad in enumerate(quads) if within(one.middle, quad))
    return next(places, None)


def _example(folder: Path, line: dict[str, Any]) -> Example:
    kind, file = line["kind"], line["file"]
    if kind not in KINDS or not isinstance(file, str):
        raise ValueError(f"kind {kind!r}, file {file!r}")
    expected = line["expected"] if kind == "text" else ""
    if not isinstance(expected, str):
        raise TypeError(f"expected {expected!r}")
    quads = line["quads"] if kind == "quads" else ()
    corners = tuple(tuple((float(x), float(y)) for x, y in quad) for quad in quads)
    if kind == "quads" and min((len(quad) for quad in corners), default=0) < _CORNERS_MIN:
        raise ValueError("quads without corners")
    return Example(folder / file, str(line.get("category") or ""), kind, expected, corners)

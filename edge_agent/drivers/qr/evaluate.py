"""How well codes are read, over a folder with a `manifest.jsonl`.

Each line names a picture (`file`), its set (`category`) and what is in it (`kind`): `text`, one
code whose text is `expected`; `quads`, codes of which only the corners are known (`quads`, in raw
sensor orientation); `none`, nothing to read. The unit is a code. A reading is right when its text
is the expected one, or its middle lies in a code's corners; any other reading is wrong. The set
`lots`, dozens of codes a picture, is reported and left out of the totals.
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

    def add_broken(self, example: Example) -> None:
        """Count a picture that cannot be opened: nothing was read in it."""
        self.broken += 1
        self.by_set.setdefault(example.set, Tally()).add(example.codes, 0, 0)
        if example.set not in NOT_COUNTED:
            self.none_total += example.kind == "none"
            self.none_silent += example.kind == "none"
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


def examples(folder: Path) -> list[Example]:
    """Read the manifest; raises OSError or ValueError for one that is not as described."""
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    return [_example(folder, json.loads(line)) for line in lines if line.strip()]


def measure(
    todo: Iterable[Example], readers: dict[str, Reader], done: Callable[[], None]
) -> dict[str, Score]:
    """Put every picture through every reader; `done` is called after each picture."""
    scores = {name: Score() for name in readers}
    for example in todo:
        image = cv2.imread(str(example.path), _RAW) if example.path.is_file() else None
        for name, read in readers.items():
            if image is None:
                scores[name].add_broken(example)
            else:
                _run(scores[name], example, cast("Picture", image), read)
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
    kind = str(line["kind"])
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}")
    quads = tuple(tuple((float(x), float(y)) for x, y in quad) for quad in line.get("quads") or ())
    return Example(
        folder / str(line["file"]),
        str(line.get("category", "")),
        kind,
        str(line.get("expected", "")),
        quads,
    )

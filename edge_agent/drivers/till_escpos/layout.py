"""Printed rows as text with columns: what a person sees on the paper, line by line."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from unicodedata import east_asian_width

from edge_agent.drivers.till_escpos.alphabet import decode

_WORDS_APART = re.compile(r"[ \u3000]{2,}|\u3000")


@dataclass(frozen=True, slots=True)
class Segment:
    """Text that stands together; `column` is where it begins, in columns of the normal font."""

    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line, left to right; big letters are how tills mark titles and totals."""

    segments: tuple[Segment, ...]
    big: bool = False

    @property
    def text(self) -> str:
        """The line as a person would type it."""
        return "  ".join(segment.text for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything one job put on paper, and what else it did."""

    lines: tuple[Line, ...]
    raster_bytes: int = 0
    bar_codes: tuple[str, ...] = ()
    cut: bool = False
    cut_off: bool = False
    drawer: bool = False

    @property
    def text(self) -> str:
        """All lines, one below the other."""
        return "\n".join(line.text for line in self.lines)


@dataclass(slots=True)
class Run:
    """Bytes printed from one place on; `encoding` None is decided by the whole job."""

    dots: int
    raw: bytes
    encoding: str | None
    letter_dots: int
    national: int = 0

    def looks_like(self, other: "Run") -> bool:
        """Whether both are printed in the same way."""
        mine = (self.encoding, self.letter_dots, self.national)
        return mine == (other.encoding, other.letter_dots, other.national)


@dataclass(slots=True)
class Row:
    """One line as it is being printed."""

    runs: list[Run] = field(default_factory=list)
    big: bool = False


def compose(row: Row, alphabets: Mapping[str | None, str], dots_per_column: int) -> Line:
    """Decode a row and split it where the paper shows a gap: a tab, a jump or two blanks.

    `alphabets` gives the codec for what the printer was told, and for None, nothing told.
    """
    pieces: list[Segment] = []
    for run in sorted(row.runs, key=lambda run: run.dots):
        text = decode(run.raw, alphabets[run.encoding], run.national)
        pieces += _split(text, run.dots / dots_per_column, run.letter_dots / dots_per_column)
    return Line(tuple(pieces), row.big)


def columns_of(text: str) -> int:
    """How many columns a text takes; Chinese characters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _split(text: str, column: float, letter_columns: float) -> Iterable[Segment]:
    at = 0
    for part in [*_WORDS_APART.finditer(text), None]:
        word = text[at : part.start() if part else len(text)]
        stripped = word.strip()
        if stripped:
            before = text[:at] + word[: len(word) - len(word.lstrip())]
            yield Segment(round(column + columns_of(before) * letter_columns), stripped)
        if part:
            at = part.end()

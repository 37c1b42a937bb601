"""A printed line as words with their places on the paper, figures told from letters."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from edge_agent.drivers.till_escpos.amounts import (
    Number,
    NumberFormat,
    parse_number,
    without_dates,
)
from edge_agent.drivers.till_escpos.layout import Line, columns_of
from edge_agent.drivers.till_escpos.rows import SILENT, TIMES, TIMES_INSIDE, is_unit

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Cell:
    """One word from print position `start` up to `end`; `number` when it is a figure.

    `silent` words stand between figures and say nothing: "x", "=", "¥", a unit.
    """

    start: int
    end: int
    text: str
    number: Number | None = None
    silent: bool = False


def cells(line: Line, form: NumberFormat) -> tuple[Cell, ...]:
    """Return the words of a line, left to right."""
    found = [
        _cell(start, word, form)
        for segment in line.segments
        for start, word in _words(without_dates(segment.text), segment.column)
    ]
    if len(found) > 1 and is_unit(found[0].text):
        found[0] = replace(found[0], silent=False)  # without a figure before it, it is a name
    return tuple(found)


def overlap(cell: Cell, start: int, end: int) -> int:
    """How many print positions a word has between two others."""
    return max(0, min(cell.end, end) - max(cell.start, start))


def _words(text: str, column: int) -> Iterator[tuple[int, str]]:
    for found in _WORD.finditer(text):
        at = column + columns_of(text[: found.start()])
        cuts = [edge for sign in TIMES_INSIDE.finditer(found[0]) for edge in sign.span()]
        edges = [0, *cuts, len(found[0])]
        for left, right in pairwise(edges):
            if left < right:
                yield at + columns_of(found[0][:left]), found[0][left:right]


def _cell(start: int, word: str, form: NumberFormat) -> Cell:
    folded = word.casefold()
    silent = folded in SILENT or folded in TIMES
    number = None if silent else parse_number(word, form)
    return Cell(start, start + columns_of(word), word, number, silent)

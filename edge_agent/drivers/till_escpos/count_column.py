"""Counts that long names pushed out of their column: "Spring water 550ml 2     5.00".

One blank parts such a count from its name, so that alone it could as well be a part of it. The
place says which: under a heading that announces counts, or among rows that have theirs in a column
of their own, a row without one whose last bare number stands at that column or behind it has its
count there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from edge_agent.drivers.till_escpos.amounts import NumberFormat
from edge_agent.drivers.till_escpos.cells import Cell, cells
from edge_agent.drivers.till_escpos.layout import Line, Segment, columns_of
from edge_agent.drivers.till_escpos.rows import TIMES, column_heading, heading_places, is_rule
from edge_agent.drivers.till_escpos.words import Column, Vocabulary

_DIGITS_MAX = 3
_PEERS_MIN = 2
_COUNTED_TO_ONE = 4
_CODES_BEHIND_MAX = 2


@dataclass(frozen=True, slots=True)
class _Row:
    """An article's line: `own` count in a column of its own, or `pushed` up to its name."""

    line: int
    words: tuple[Cell, ...]
    own: Cell | None = None
    pushed: Cell | None = None


def with_counts_apart(
    lines: tuple[Line, ...], form: NumberFormat, vocabulary: Vocabulary
) -> tuple[Line, ...]:
    """Return the lines with each pushed count as a segment of its own.

    Where many rows have no count at all, the till counts only some: nothing is changed then.
    """
    lines = tuple(_with_sizes_in_names(lines, form))
    changed = list(lines)
    for place, rows in _tables(lines, form, vocabulary):
        pushed = {
            row.line: row.pushed.start
            for row in rows
            if row.pushed is not None and row.pushed.start >= place
        }
        pushed |= {row.line: place for row in rows if _is_run_together(row, place)}
        without = sum(row.own is None for row in rows) - len(pushed)
        if without * _COUNTED_TO_ONE <= len(rows) - without:
            for line, column in pushed.items():
                changed[line] = _cut(lines[line], column)
    return tuple(changed)


def _with_sizes_in_names(lines: tuple[Line, ...], form: NumberFormat) -> Iterator[Line]:
    """Put what stands between name and count, a size of so many pieces, to the name."""
    place: int | None = None
    for line in lines:
        if column_heading(line):
            kinds = [kind for _, kind in heading_places(line)]
            next_to_name = kinds[:2] == [Column.NAME, Column.QTY]
            place = _heading_of_counts(line) if next_to_name else None
        yield line if place is None else _size_in_name(line, place, form)


def _size_in_name(line: Line, place: int, form: NumberFormat) -> Line:
    segments = line.segments
    first = next((at for at, one in enumerate(segments) if at and one.column >= place), 0)
    sizes = segments[1:first]
    if not sizes or not any(_begins_with_count(one, form) for one in segments[first:]):
        return line
    if not all(_begins_with_count(one, form) for one in sizes):
        return line
    name = replace(segments[0], text=" ".join(one.text for one in segments[:first]))
    return replace(line, segments=(name, *segments[first:]))


def _begins_with_count(segment: Segment, form: NumberFormat) -> bool:
    words = cells(Line((segment,)), form)
    return bool(words) and _is_count(words[0], whole_money=False)


def _tables(
    lines: tuple[Line, ...], form: NumberFormat, vocabulary: Vocabulary
) -> Iterator[tuple[int, list[_Row]]]:
    """Give the place where counts begin and the rows there, for each table where it is known."""
    headed: int | None = None
    rows: list[_Row] = []
    for at, line in enumerate(lines):
        if column_heading(line):
            yield from _placed(headed, rows)
            headed, rows = _heading_of_counts(line), []
        elif not is_rule(line) and vocabulary.meaning(line.text) is None:
            row = _row(at, cells(line, form), line, whole_money=not form.places)
            rows += [row] if row is not None else []
    yield from _placed(headed, rows)


def _placed(headed: int | None, rows: list[_Row]) -> Iterator[tuple[int, list[_Row]]]:
    own = [row.own.start for row in rows if row.own is not None]
    if headed is not None:
        yield headed, rows
    elif len(own) >= _PEERS_MIN:
        yield min(own), rows


def _heading_of_counts(line: Line) -> int | None:
    """Return where the heading puts counts, None unless between the name and the amount."""
    places = heading_places(line)
    kinds = [kind for _, kind in places]
    if kinds[:1] != [Column.NAME] or kinds.count(Column.QTY) != 1 or kinds[-1] is Column.QTY:
        return None
    return places[kinds.index(Column.QTY)][0]


def _row(at: int, words: tuple[Cell, ...], line: Line, *, whole_money: bool) -> _Row | None:
    """Return a line with name and amount; None for any other, and for what is multiplied.

    With `whole_money` the currency has no fractions: short bare figures before it may count.
    """
    end = next((end for end in range(len(words), 0, -1) if _is_money(words[end - 1])), 0)
    start = end
    while start and (words[start - 1].silent or words[start - 1].number is not None):
        start -= 1
    if not 0 < start < end or len(words) - end > _CODES_BEHIND_MAX:
        return None
    if any(_multiplies(words, at) for at in range(start, end)):
        return None
    figures = words[start : end - 1]
    counts = [word for word in figures if _is_count(word, whole_money=whole_money)]
    in_columns = {segment.column for segment in line.segments[1:]}
    own = next((word for word in counts if word.start in in_columns), None)
    pushed = counts[-1] if counts and own is None else None
    return _Row(at, words[:start], own, pushed)


def _multiplies(words: tuple[Cell, ...], at: int) -> bool:
    """Whether a sign stands at an amount: "2 x 3.50"; "screws 5x40" have a size."""
    if words[at].text.casefold() not in TIMES:
        return False
    beside = (*words[max(at - 1, 0) : at], *words[at + 1 : at + 2])
    runs_on = len(beside) > 1 and beside[0].end == words[at].start == beside[1].start - 1
    return not runs_on or any(map(_is_money, beside))


def _is_money(word: Cell) -> bool:
    return word.number is not None and word.number.is_money


def _is_count(word: Cell, *, whole_money: bool) -> bool:
    number = word.number
    if number is None or number.is_percent or not number.value:
        return False
    if number.is_money:
        return whole_money and number.is_bare and len(word.text.lstrip("-")) <= _DIGITS_MAX
    return number.has_unit or number.has_fraction or len(word.text.lstrip("-")) <= _DIGITS_MAX


def _is_run_together(row: _Row, place: int) -> bool:
    """Whether a name cut to its column touches the count: "…noodles five2    12.50"."""
    if row.own is not None or row.pushed is not None:
        return False
    last = row.words[-1]
    at = _letters_before(last.text, place - last.start)
    count = last.text[at:] if at else ""
    is_count = count.isdecimal() and len(count) <= _DIGITS_MAX and count[0] != "0"
    return is_count and last.text[at - 1].isalpha()


def _letters_before(text: str, columns: int) -> int:
    """How many letters take exactly so many columns, 0 when one stands across the edge."""
    return next((at for at in range(1, len(text)) if columns_of(text[:at]) == columns), 0)


def _cut(line: Line, column: int) -> Line:
    """Begin a segment of its own at a column."""
    parts: list[Segment] = []
    for segment in line.segments:
        at = _letters_before(segment.text, column - segment.column)
        if at:
            parts += [
                replace(segment, text=segment.text[:at].rstrip()),
                Segment(column, segment.text[at:]),
            ]
        else:
            parts.append(segment)
    return replace(line, segments=tuple(parts))

"""Who served, in a column of its own beside the goods: "Face wash   Anna   1   59.00".

Only a heading tells such a column from the name: the word for staff among words for goods and
amounts. What stands under it is taken out, and so is the word: the rest reads like any other table.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from edge_agent.drivers.till_escpos.layout import Line, Segment, columns_of
from edge_agent.drivers.till_escpos.rows import column_heading, is_rule
from edge_agent.drivers.till_escpos.words import STAFF, Meaning, Vocabulary

_ENDS = frozenset({Meaning.DUE, Meaning.TOTAL, Meaning.SUBTOTAL, Meaning.TENDER, Meaning.COUNT})
_NUMBER_DIGITS_MAX = 6
_TO_THE_EDGE = 10_000


@dataclass(frozen=True, slots=True)
class StaffPlace:
    """From which print position up to which other the column is."""

    start: int
    end: int

    def begins(self, column: int) -> bool:
        """Whether something begins here; one letter to the left still does."""
        return self.start - 1 <= column < self.end


def without_staff(lines: tuple[Line, ...], vocabulary: Vocabulary) -> tuple[Line, ...]:
    """Return the lines without columns that say who served."""
    changed = list(lines)
    for place, rows in _tables(lines, changed, vocabulary):
        taken = {at: _without(lines[at], place) for at in rows}
        for at, line in taken.items():
            changed[at] = lines[at] if line is None else line
        # A long name leaves one blank before its clerk: sure only where others stand apart.
        apart = sum(line is not None for line in taken.values())
        if apart * 2 >= len(rows):
            for at in (at for at, line in taken.items() if line is None):
                changed[at] = _without_glued(lines[at], place)
    return tuple(line for line in changed if line.segments)


def _tables(
    lines: tuple[Line, ...], changed: list[Line], vocabulary: Vocabulary
) -> Iterator[tuple[StaffPlace, list[int]]]:
    """Give each such column with the numbers of its lines; its word leaves the heading."""
    place: StaffPlace | None = None
    rows: list[int] = []
    for at, line in enumerate(lines):
        headed = staff_heading(line)
        if headed is not None or column_heading(line):
            if place is not None:
                yield place, rows
            place, rows = None, []
        if headed is not None:
            place, changed[at] = headed
        elif place is not None and ends_table(line, vocabulary):
            yield place, rows
            place, rows = None, []
        elif place is not None and not is_rule(line):
            rows.append(at)
    if place is not None:
        yield place, rows


def ends_table(line: Line, vocabulary: Vocabulary) -> bool:
    """Whether a line sums up what stands above it."""
    return vocabulary.meaning(line.segments[0].text) in _ENDS


def staff_heading(line: Line) -> tuple[StaffPlace, Line] | None:
    """Return where a heading puts staff, and the heading without; None for any other line."""
    words = list(_words(line))
    found = next((at for at, (_, word) in enumerate(words) if _is_staff(word)), None)
    if found is None:
        return None
    rest = replace(line, segments=tuple(Segment(*word) for word in _but(words, found)))
    if not column_heading(rest):
        return None
    end = words[found + 1][0] if found + 1 < len(words) else _TO_THE_EDGE
    return StaffPlace(words[found][0], end), rest


def _but(words: list[tuple[int, str]], found: int) -> list[tuple[int, str]]:
    return [word for at, word in enumerate(words) if at != found]


def _words(line: Line) -> Iterator[tuple[int, str]]:
    """Give the words of a heading with their places; one of ours may have a blank in it."""
    for segment in line.segments:
        at = 0
        words = segment.text.split()
        while words:
            pair = " ".join(words[:2])
            word = pair if _is_staff(pair) else words[0]
            words = words[len(word.split()) :]
            at = segment.text.index(word, at)
            yield segment.column + columns_of(segment.text[:at]), word
            at += len(word)


def _is_staff(word: str) -> bool:
    return word.casefold().strip(":：* ") in STAFF


def _without(line: Line, place: StaffPlace) -> Line | None:
    """Take out what begins in the column; None when nothing does."""
    if len(line.segments) == 1:
        return None
    kept: list[Segment] = []
    for segment in line.segments:
        kept += [segment] if not place.begins(segment.column) else _figures_of(segment, place)
    return None if kept == list(line.segments) else replace(line, segments=tuple(kept))


def _figures_of(segment: Segment, place: StaffPlace) -> list[Segment]:
    """Return what is left of a segment in the column: figures pushed into it, or nothing."""
    first, blank, rest = segment.text.partition(" ")
    left = Segment(segment.column + columns_of(first + blank), rest)
    if first.isdecimal():
        is_number = abs(segment.column - place.start) <= 1 and len(first) <= _NUMBER_DIGITS_MAX
        return [segment] if not is_number else [left] if rest else []
    if any(map(str.isdecimal, first)):
        return [segment]
    return _figures_of(left, place) if rest else []


def _without_glued(line: Line, place: StaffPlace) -> Line:
    """Take out the last word of a name when it begins exactly where the column does."""
    segments = list(line.segments)
    for at, segment in enumerate(segments):
        name, blank, last = segment.text.rpartition(" ")
        begins = segment.column + columns_of(name + blank)
        if name and begins == place.start and not any(map(str.isdecimal, last)):
            segments[at] = replace(segment, text=name)
    return replace(line, segments=tuple(segments))

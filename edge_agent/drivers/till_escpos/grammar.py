"""Line by line through a receipt whose columns a profile knows.

The automatic reader (`reading`) asks of each line what it might be; this one knows where the
articles stand and what the till calls its sums. Both are believed only when it adds up.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from edge_agent.domain.tapped_receipt import ReceiptLine
from edge_agent.drivers.profiles.till import Items
from edge_agent.drivers.till_escpos.amounts import NumberFormat
from edge_agent.drivers.till_escpos.item_rows import ItemRow, item_row
from edge_agent.drivers.till_escpos.layout import Line
from edge_agent.drivers.till_escpos.reading import CLOSING, MONEY_MEANINGS, Entry, Reading
from edge_agent.drivers.till_escpos.rows import (
    Figures,
    column_heading,
    is_remark,
    is_rule,
    pairs,
    take_apart,
    without_code,
)
from edge_agent.drivers.till_escpos.word_index import normal
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary
from retail_core.limits import AMOUNT_FEN_MAX, LINES_MAX, NAME_CHARS_MAX, QTY_MILLI_MAX

_MARKS_OF_REMARKS = (":", "：")


class GrammarReader:
    """Holds what the lines above mean for the line that comes; one for each job."""

    def __init__(self, items: Items, vocabulary: Vocabulary, form: NumberFormat) -> None:
        self._items = items
        self._vocabulary = vocabulary
        self._form = form
        self._begin = tuple(map(normal, items.begin))
        self._end = tuple(map(normal, items.end))
        self._name = ""
        self._open: Meaning | None = None
        self._closed = False
        self._counted = False
        self._articles: list[ReceiptLine] = []
        self._given_back: list[ReceiptLine] = []
        self._entries: list[Entry] = []

    def read(self, lines: Iterable[Line]) -> Reading:
        """Read all lines; a refund printed with a minus throughout is turned round."""
        for line in self._from_the_first(list(lines)):
            self._line(line)
        if self._given_back and not self._articles:
            entries = tuple(replace(entry, fen=-entry.fen) for entry in self._entries)
            return Reading(tuple(self._given_back), entries, self._counted, given_back=True)
        back = (
            Entry(Meaning.DISCOUNT, -one.amount_fen, one.name, one.qty_milli)
            for one in self._given_back
        )
        return Reading(tuple(self._articles), (*back, *self._entries), self._counted)

    def _from_the_first(self, lines: list[Line]) -> list[Line]:
        """Leave out what stands above the first article, where the profile says what does."""
        for at, line in enumerate(lines):
            if self._begin and _says(line, self._begin):
                return lines[at + 1 :]
        return lines

    def _line(self, line: Line) -> None:
        if is_rule(line) or column_heading(line):
            self._name, self._open = "", None
            return
        if self._end and _says(line, self._end):
            self._closed = True
        row = None if self._closed else item_row(line, self._items, self._form)
        if row is not None and row.certain and self._take(row):
            return
        entries = tuple(self._entries_of(line))
        if entries:
            self._enter(entries)
        elif row is None or not self._take(row):
            self._words(line)

    def _take(self, row: ItemRow) -> bool:
        """Take an article; False when the row has no name or is no article."""
        name = self._name_of(row)
        qty_milli, amount_fen = abs(row.qty_milli), abs(row.amount_fen)
        in_limits = 0 < qty_milli <= QTY_MILLI_MAX and amount_fen <= AMOUNT_FEN_MAX
        if not name or not in_limits or len(self._articles) >= LINES_MAX:
            return False
        self._name, self._open = "", None
        self._counted = self._counted or row.counted
        taken = self._given_back if row.amount_fen < 0 else self._articles
        taken.append(ReceiptLine(name, qty_milli, amount_fen))
        return True

    def _name_of(self, row: ItemRow) -> str:
        """Return the name beside the figures, or above them, or begun above."""
        own = without_code(row.name)
        if not own or own.isdigit():
            return self._name or own
        return _joined(self._name, own) if self._items.wrap else own[:NAME_CHARS_MAX]

    def _entries_of(self, line: Line) -> Iterator[Entry]:
        """Give the sums a line names; a sum whose word stood above has none of its own."""
        parts = pairs(line)
        if not all(self._vocabulary.meaning(part.segments[0].text) for part in parts):
            parts = ()
        for part in parts or (line,):
            figures = take_apart(part, self._form)[-1]
            meaning = self._meaning(figures)
            if meaning is not None and figures.numbers:
                yield Entry(meaning, _sum_of(figures), figures.label[:NAME_CHARS_MAX])

    def _meaning(self, figures: Figures) -> Meaning | None:
        if not figures.label:
            return self._open
        meaning = self._vocabulary.meaning(figures.label)
        if meaning is Meaning.COUNT:
            return self._vocabulary.meaning(figures.label, among=CLOSING)
        return meaning if meaning in MONEY_MEANINGS else None

    def _enter(self, entries: tuple[Entry, ...]) -> None:
        self._closed = self._closed or any(entry.meaning in CLOSING for entry in entries)
        self._entries += entries
        self._name, self._open = "", None

    def _words(self, line: Line) -> None:
        """Keep words: a name whose figures come below, or the title of a sum."""
        self._open = self._vocabulary.meaning(line.text, among=MONEY_MEANINGS)
        if self._open is not None or self._vocabulary.meaning(line.text) is not None:
            self._name = ""
            return
        if is_remark(line):
            return
        said = without_code(line.text)
        if said.isdigit():
            return  # the bar code stands between a name and its figures
        is_told = any(mark in said for mark in _MARKS_OF_REMARKS)
        self._name = "" if is_told else _joined(self._name if self._items.wrap else "", said)


def _sum_of(figures: Figures) -> int:
    """Return the last amount among the figures of a sum, else its last number."""
    money = [number for number in figures.numbers if number.is_money]
    return (money or list(figures.numbers))[-1].fen


def _joined(above: str, below: str) -> str:
    """Put a name together that was cut to fit: Latin letters are cut at a blank."""
    is_latin = bool(above) and above.isascii() and below[:1].isascii()
    return f"{above}{' ' if is_latin else ''}{below}"[:NAME_CHARS_MAX]


def _says(line: Line, words: tuple[str, ...]) -> bool:
    text = normal(line.text)
    return any(word in text for word in words)

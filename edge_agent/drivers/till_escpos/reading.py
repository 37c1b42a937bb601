"""Line by line through a receipt: articles, reductions, totals, payments.

One pass is one way to take the figures (`pricing.Way`); `receipt` tries several and believes the
one that adds up.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from edge_agent.drivers.till_escpos.amounts import NumberFormat
from edge_agent.drivers.till_escpos.layout import Line
from edge_agent.drivers.till_escpos.pricing import Priced, Way, price
from edge_agent.drivers.till_escpos.rows import (
    Column,
    Figures,
    column_heading,
    is_rule,
    take_apart,
)
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary
from edge_agent.ports.till_tap import ReceiptLine
from retail_core.limits import AMOUNT_FEN_MAX, LINES_MAX, NAME_CHARS_MAX, QTY_MILLI_MAX

_CLOSING = frozenset({Meaning.DUE, Meaning.TOTAL, Meaning.SUBTOTAL})
_MONEY_MEANINGS = frozenset(
    {
        *_CLOSING,
        Meaning.DISCOUNT,
        Meaning.ROUNDING,
        Meaning.SAVED,
        Meaning.EXTRA,
        Meaning.TAX,
        Meaning.TENDER,
        Meaning.CHANGE,
    }
)
_ARTICLE_AFTER_ALL = frozenset({Meaning.DISCOUNT, Meaning.EXTRA})


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that says an amount about the whole receipt."""

    meaning: Meaning
    fen: int
    label: str


@dataclass(slots=True)
class Reading:
    """What one pass found, in the order of the paper."""

    articles: list[ReceiptLine] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def of(self, *meanings: Meaning) -> list[Entry]:
        """Return the entries with one of these meanings."""
        return [entry for entry in self.entries if entry.meaning in meanings]


class Reader:
    """Holds what the lines above mean for the line that comes."""

    def __init__(self, vocabulary: Vocabulary, form: NumberFormat, way: Way) -> None:
        self._vocabulary = vocabulary
        self._form = form
        self._way = way
        self._columns: tuple[Column, ...] = ()
        self._name = ""
        self._open: Meaning | None = None
        self._closed = False
        self._reading = Reading()
        self._last: Priced | None = None

    def read(self, lines: Iterable[Line]) -> Reading:
        """Read all lines."""
        for line in lines:
            self._line(line)
        return self._reading

    def _line(self, line: Line) -> None:
        if is_rule(line):
            self._name = ""
            return
        heading = column_heading(line)
        if heading:
            if not self._columns:
                self._reading = Reading()  # what stood above the heading was no article
                self._closed = False
            self._columns, self._name = heading, ""
            return
        figures = take_apart(line, self._form)
        priced = price(figures, self._columns, self._way)
        if not figures.label:
            self._bare(priced)
        elif priced is None:
            self._words(line, figures)
        else:
            self._labelled(figures, priced)

    def _words(self, line: Line, figures: Figures) -> None:
        """Keep words without an amount: a name, or a title whose amount comes below."""
        self._open = self._vocabulary.meaning(figures.label, among=_MONEY_MEANINGS)
        is_note = self._vocabulary.meaning(figures.label) is not None
        self._name = "" if is_note or self._open else line.text
        self._last = None

    def _bare(self, priced: Priced | None) -> None:
        """Take a line of figures: they belong to the name, the title or the article above."""
        if priced is None:
            return
        if self._open is not None:
            self._enter(self._open, priced.amount_fen, self._open.value)
        elif self._name:
            self._article(self._name, priced)
        elif priced.amount_fen < 0:
            self._enter(Meaning.DISCOUNT, priced.amount_fen, Meaning.DISCOUNT.value)
        else:
            self._explain(priced)
        self._name, self._open = "", None

    def _explain(self, priced: Priced) -> None:
        """Let "2 x 5.00" below an article say how its amount came about."""
        if self._last is None or self._last.explicit_qty or not priced.explicit_qty:
            return
        if priced.amount_fen == self._last.amount_fen and self._reading.articles:
            last = self._reading.articles[-1]
            self._reading.articles[-1] = ReceiptLine(last.name, priced.qty_milli, last.amount_fen)
            self._last = priced

    def _labelled(self, figures: Figures, priced: Priced) -> None:
        """Take a line with words and an amount."""
        meaning = self._meaning(figures, priced)
        name, self._name, self._open = self._name, "", None
        if meaning is not None:
            self._enter(meaning, priced.amount_fen, figures.label)
        elif priced.amount_fen < 0:
            self._take_back(figures.label, priced)
        elif figures.label.isdigit() and name:
            self._article(name, priced)  # the bar code stands before the figures
        else:
            self._article(figures.label, priced)

    def _meaning(self, figures: Figures, priced: Priced) -> Meaning | None:
        meaning = self._vocabulary.meaning(figures.label)
        if meaning is Meaning.COUNT:
            return self._vocabulary.meaning(figures.label, among=_CLOSING) or meaning
        counted = priced.explicit_qty and priced.amount_fen > 0 and not self._closed
        if meaning in _ARTICLE_AFTER_ALL and counted:
            return None
        return meaning

    def _enter(self, meaning: Meaning, fen: int, label: str) -> None:
        self._closed = self._closed or meaning in _CLOSING
        self._last = None
        self._reading.entries.append(Entry(meaning, fen, label[:NAME_CHARS_MAX]))

    def _take_back(self, label: str, priced: Priced) -> None:
        """Cancel the article of this name above, or count the minus as a reduction."""
        for at in range(len(self._reading.articles) - 1, -1, -1):
            article = self._reading.articles[at]
            if article.name == label and article.amount_fen == -priced.amount_fen:
                del self._reading.articles[at]
                return
        self._enter(Meaning.DISCOUNT, priced.amount_fen, label)

    def _article(self, name: str, priced: Priced) -> None:
        if self._closed or len(self._reading.articles) >= LINES_MAX:
            return
        if not 0 < priced.qty_milli <= QTY_MILLI_MAX or priced.amount_fen > AMOUNT_FEN_MAX:
            return
        self._last = priced
        self._reading.articles.append(
            ReceiptLine(name[:NAME_CHARS_MAX], priced.qty_milli, priced.amount_fen)
        )

"""Line by line through a receipt: articles, reductions, totals, payments.

One pass is one way to take the figures (`pricing.Way`); `receipt` tries several and believes the
one that adds up.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from itertools import zip_longest

from edge_agent.drivers.till_escpos.amounts import Number, NumberFormat
from edge_agent.drivers.till_escpos.articles import Article, counted, same_amount
from edge_agent.drivers.till_escpos.layout import Line, columns_of
from edge_agent.drivers.till_escpos.pricing import Priced, Way, price
from edge_agent.drivers.till_escpos.rows import (
    Figures,
    Times,
    column_heading,
    is_dated,
    is_remark,
    is_rule,
    pairs,
    take_apart,
    without_code,
)
from edge_agent.drivers.till_escpos.words import COLUMN_OF, Column, Meaning, Vocabulary
from edge_agent.ports.till_tap import ReceiptLine
from retail_core.limits import AMOUNT_FEN_MAX, LINES_MAX, NAME_CHARS_MAX, QTY_MILLI_MAX

CLOSING = frozenset({Meaning.DUE, Meaning.TOTAL, Meaning.SUBTOTAL})
MONEY_MEANINGS = frozenset(
    {
        *CLOSING,
        Meaning.DISCOUNT,
        Meaning.ROUNDING,
        Meaning.SAVED,
        Meaning.EXTRA,
        Meaning.TAX,
        Meaning.TENDER,
        Meaning.CHANGE,
    }
)
_FIGURES = re.compile(r"[\d.,:：¥￥$€£\s]+")
_PLAIN_WORDS = re.compile(r"(?:[^\W\d_]|[ '&-])+")
_PAIR = 2
_COUNT_MAX = 99
_SET_IN_MIN = 2
_NO_LABEL = frozenset(
    {
        None,
        *(Meaning(each) for each in ("refund", "void", "reprint", "report", "aside", "exchange")),
    }
)  # titles of papers; between articles these words are names
_LESS = frozenset({Meaning.SAVED, Meaning.TENDER})
_ARTICLE_AFTER_ALL = frozenset({Meaning.DISCOUNT, Meaning.EXTRA})


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that says an amount about the whole receipt; `qty_milli` of goods that came back."""

    meaning: Meaning
    fen: int
    label: str
    qty_milli: int = 1_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass found, in the order of the paper.

    `counted` when a line gave a quantity; `by_place_only` articles have the words of a payment.
    `given_back` when all was printed with a minus, which is left out here. `below` are amounts
    under the total whose words mean nothing.
    """

    articles: tuple[ReceiptLine, ...] = ()
    entries: tuple[Entry, ...] = ()
    counted: bool = False
    by_place_only: int = 0
    given_back: bool = False
    below: tuple[int, ...] = ()

    def of(self, *meanings: Meaning) -> list[Entry]:
        """Return the entries with one of these meanings."""
        return [entry for entry in self.entries if entry.meaning in meanings]


@dataclass(frozen=True, slots=True)
class _Begun:
    """A line "2  Notebook A5 with": the name goes on, set in, on the line that has the amount."""

    column: int
    name: str
    lead: Number
    counts: bool


class Stance(Enum):
    """What places mean on this paper; as with `Way`, a reading that adds up decides."""

    PLAIN = "words decide, and a line of figures belongs to the name above it"
    BY_PLACE = "above the total a place says more than a word: a change purse is sold"
    AHEAD = "a line of figures belongs to the article below it"
    OUTLINE = "amounts set in below an article are in it already"


class Reader:
    """Holds what the lines above mean for the line that comes."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        form: NumberFormat,
        way: Way,
        stance: Stance = Stance.PLAIN,
    ) -> None:
        self._stance = stance
        self._column = 0
        self._outer_column: int | None = None
        self._by_place_only = 0
        self._vocabulary = vocabulary
        self._form = form
        self._way = way
        self._following: Line | None = None
        self._columns: tuple[Column, ...] = ()
        self._name = ""
        self._name_column = self._name_width = self._width = 0
        self._open: Meaning | None = None
        self._closed = False
        self._articles: list[Article] = []
        self._entries: list[Entry] = []
        self._explainable = False
        self._ahead: Priced | None = None
        self._begun: _Begun | None = None
        self._below: list[int] = []

    def read(self, lines: Iterable[Line]) -> Reading:
        """Read all lines."""
        lines = list(lines)
        self._width = max(
            (line.segments[0].column + columns_of(line.text) for line in lines), default=0
        )
        for line, following in zip_longest(lines, lines[1:]):
            self._following = following
            self._line(line)
        return Reading(
            counted(self._articles, lead_is_column=self._columns[:1] == (Column.QTY,)),
            tuple(self._entries),
            any(article.priced.explicit_qty for article in self._articles),
            self._by_place_only,
            below=tuple(self._below),
        )

    def _line(self, line: Line) -> None:
        if is_rule(line):
            self._name, self._begun = "", None
        elif heading := column_heading(line):
            self._begin_columns(heading)
        else:
            for part in self._parts(line):
                self._part(part)

    def _parts(self, line: Line) -> tuple[Line, ...]:
        """Split a line of several labelled amounts, if each label means something."""
        parts = pairs(line)
        labels = [part.segments[0].text for part in parts]
        if all(self._vocabulary.meaning(label, among=MONEY_MEANINGS) for label in labels):
            return parts or (line,)
        return (line,)

    def _part(self, line: Line) -> None:
        self._column = line.segments[0].column
        figures, priced = self._price(take_apart(line, self._form))
        is_money = priced is not None and (priced.unit_fen is not None or priced.amount_fen < 0)
        if is_remark(line) and is_dated(line) and not is_money:
            return
        word = _FIGURES.sub("", figures.label).casefold()
        names_price = COLUMN_OF.get(word) is Column.PRICE and len(figures.numbers) >= _PAIR
        if not figures.label or (self._name and names_price and not self._closed):
            self._bare(priced)  # "Price 39.90   1   29.90" stands below a name
        elif priced is None:
            self._words(line, figures)
        elif self._is_only_a_name(line, figures, priced):
            self._keep_name(line, is_label=False)
        else:
            self._labelled(*self._continued(line, figures, priced))

    def _continued(self, line: Line, figures: Figures, priced: Priced) -> tuple[Figures, Priced]:
        """Put the name begun above, with its count, before the rest of it in this line."""
        begun, self._begun = self._begun, None
        if begun is None or figures.lead is not None or self._meaning(figures, priced) is not None:
            return figures, priced
        if line.segments[0].column < begun.column + _SET_IN_MIN:
            return figures, priced
        if begun.counts and not priced.explicit_qty:
            priced = replace(priced, qty_milli=begun.lead.milli, explicit_qty=True)
        label = f"{begun.name} {figures.label}"
        return replace(figures, label=label, lead=begun.lead, lead_counts=begun.counts), priced

    def _is_only_a_name(self, line: Line, figures: Figures, priced: Priced) -> bool:
        """Tell "Phone 13" above "1 x 5.00  5.00" from an article at 13."""
        following = self._following
        if following is None or len(line.segments) > 1 or priced.explicit_qty or self._closed:
            return False
        if self._vocabulary.meaning(figures.label):
            return False
        below = take_apart(following, self._form)[-1]
        said = price(below, self._columns, self._way)
        if below.label or said is None:
            return False
        if figures.numbers[-1].has_fraction:  # "Pfand 0,25" above "5  2,80  14,00"
            is_own = said.explicit_qty and len(below.numbers) > _PAIR
            return is_own and said.amount_fen != priced.amount_fen
        return len(below.numbers) >= _PAIR + any(isinstance(each, Times) for each in below.figures)

    def _begin_columns(self, heading: tuple[Column, ...]) -> None:
        """Note the columns; what stood above the first heading was no article."""
        if not self._columns:
            self._articles.clear()
            self._entries.clear()
            self._closed = False
        self._columns, self._name = heading, ""

    def _price(self, splits: tuple[Figures, ...]) -> tuple[Figures, Priced | None]:
        """Take the split in which quantity times price is the amount, else the last.

        Where the figures in their own columns make the amount, those before belong to the name.
        """
        found = [(figures, price(figures, self._columns, self._way)) for figures in splits]
        certain = [each for each in found if each[1] is not None and each[1].unit_fen is not None]
        by_columns = [(each, priced) for each, priced in certain if len(each.numbers) > _PAIR]
        return (by_columns or certain[:1] or found)[-1]

    def _words(self, line: Line, figures: Figures) -> None:
        """Keep words without an amount: a name, or a title whose amount comes below."""
        if is_remark(line):
            return
        self._open = self._vocabulary.meaning(figures.label, among=MONEY_MEANINGS)
        is_note = self._vocabulary.meaning(figures.label) not in _NO_LABEL
        self._explainable = False
        self._keep_name(line, is_label=is_note or self._open is not None)
        self._begun = None
        if not is_note and figures.lead is not None and figures.lead.value <= _COUNT_MAX:
            column = line.segments[0].column
            name = " ".join([figures.label, *(each.printed for each in figures.numbers)])
            self._begun = _Begun(column, name, figures.lead, figures.lead_counts)

    def _keep_name(self, line: Line, *, is_label: bool) -> None:
        """Keep a name; a line set in below it is a remark, a full line runs on into the next.

        A label is kept too: it may yet turn out to be an article of that name.
        """
        column, width = line.segments[0].column, columns_of(line.text)
        if is_label:
            is_plain = _PLAIN_WORDS.fullmatch(line.text) is not None  # "Balance Shampoo"
            self._name = without_code(line.text) if self._open or is_plain else ""
            self._name_column, self._name_width = column, 0
            return
        if self._name and column > self._name_column:
            return
        runs_on = self._name and self._name_width >= self._width - 1
        self._name = (self._name if runs_on else "") + without_code(line.text)
        self._name_column, self._name_width = column, width

    def _bare(self, priced: Priced | None) -> None:
        """Take a line of figures: they belong to the name, the title or the article above."""
        if priced is None:
            return
        if self._stance is Stance.AHEAD and not self._open and _is_product(priced):
            self._ahead = priced
        elif self._open is not None and not self._is_article(self._open, priced, self._name):
            self._enter(self._open, priced.amount_fen, self._open.value)
        elif self._name and self._begun is not None and priced.explicit_qty:
            self._article(self._begun.name, priced, self._begun.lead)
        elif self._name:
            self._article(self._name, priced, None)
        elif priced.amount_fen < 0:
            self._enter(Meaning.DISCOUNT, priced.amount_fen, Meaning.DISCOUNT.value)
        elif priced.explicit_qty:
            self._explain(priced)
        self._name, self._open, self._begun = "", None, None

    def _explain(self, priced: Priced) -> None:
        """Let "2 x 5.00" say how an amount came about: of the article above, or of the next."""
        above = self._articles[-1] if self._articles and self._explainable else None
        if above and not above.priced.explicit_qty and same_amount(above.priced, priced):
            above.priced = replace(priced, amount_fen=above.priced.amount_fen)
        else:
            self._ahead = priced

    def _labelled(self, figures: Figures, priced: Priced) -> None:
        """Take a line with words and an amount."""
        meaning = self._meaning(figures, priced)
        name, self._name, self._open = self._name, "", None
        is_title = meaning in _NO_LABEL  # "取消 薯片 -6.00" is about the article, not the paper
        if meaning is not None and not (is_title and priced.amount_fen < 0 and not self._closed):
            self._enter(meaning, priced.amount_fen, figures.label)
        elif priced.amount_fen < 0:
            self._take_back(figures.label, priced, is_said=meaning is not None)
        elif figures.label.isdigit() and name:
            self._article(name, priced, None)  # the bar code stands before the figures
        else:
            label = f"{figures.label} {priced.spare}".strip()
            self._article(label, priced, None if figures.lead_counts else figures.lead)

    def _meaning(self, figures: Figures, priced: Priced) -> Meaning | None:
        meaning = self._vocabulary.meaning(figures.label)
        if meaning is Meaning.COUNT:
            sums = self._vocabulary.meaning(figures.label, among=CLOSING)
            if sums is None and figures.numbers[-1].is_money and self._form.places:
                is_sum = self._vocabulary.mentions(figures.label, Meaning.TOTAL)
                return Meaning.TOTAL if is_sum else meaning  # "TOTAL 5 ARTICLES  9.69"
            return sums or meaning
        if meaning in _LESS and priced.amount_fen < 0 and not self._closed:
            return Meaning.DISCOUNT  # "Saved  -6.00", "Cash discount  -4.00"
        if meaning is Meaning.NOTE and priced.amount_fen < 0:
            return Meaning.DISCOUNT  # "会员9折  -8.57"
        return None if self._is_article(meaning, priced) else meaning

    def _is_article(self, meaning: Meaning | None, priced: Priced, name: str = "") -> bool:
        """Tell a "Cash box  2 x 5.00  10.00" above the total from cash.

        Of a sum only when its figures stand below and say how many: "Balance Shampoo".
        """
        if meaning is None or self._closed or priced.amount_fen <= 0:
            return False
        if meaning in CLOSING:
            return _is_product(priced) and bool(name) and not self._vocabulary.is_all(name, meaning)
        if priced.unit_fen is not None:
            return True
        if meaning in _ARTICLE_AFTER_ALL and priced.explicit_qty:
            return True
        by_place = self._stance is Stance.BY_PLACE
        self._by_place_only += by_place
        return by_place

    def _enter(self, meaning: Meaning, fen: int, label: str) -> None:
        self._closed = self._closed or meaning in CLOSING
        self._explainable = False
        self._entries.append(Entry(meaning, fen, label[:NAME_CHARS_MAX]))

    def _take_back(self, label: str, priced: Priced, *, is_said: bool) -> None:
        """Cancel the article of this name above, or count the minus as a reduction.

        `is_said` when a word before the name says so; "free 可乐" is a reduction.
        """
        for article in reversed(self._articles):
            is_it = label == article.name or (is_said and label.endswith(f" {article.name}"))
            if is_it and article.priced.amount_fen == -priced.amount_fen:
                self._articles.remove(article)
                return
        self._explainable = False
        qty_milli = min(abs(priced.qty_milli) or 1_000, QTY_MILLI_MAX)
        entry = Entry(Meaning.DISCOUNT, priced.amount_fen, label[:NAME_CHARS_MAX], qty_milli)
        self._entries.append(entry)

    def _article(self, name: str, priced: Priced, lead: Number | None) -> None:
        if self._closed:
            self._below.append(priced.amount_fen)
        if self._closed or len(self._articles) >= LINES_MAX:
            return
        if not 0 < priced.qty_milli <= QTY_MILLI_MAX or priced.amount_fen > AMOUNT_FEN_MAX:
            return
        if self._outer_column is None:
            self._outer_column = self._column
        if self._stance is Stance.OUTLINE and self._column > self._outer_column:
            return
        ahead, self._ahead = self._ahead, None
        if ahead is not None and not priced.explicit_qty and same_amount(ahead, priced):
            priced = replace(ahead, amount_fen=priced.amount_fen)
        self._explainable = True
        self._articles.append(Article(name, priced, lead, self._column))


def _is_product(priced: Priced) -> bool:
    return priced.explicit_qty and priced.unit_fen is not None

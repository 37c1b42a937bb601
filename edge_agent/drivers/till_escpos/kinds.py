"""What kind of paper it is: a sale, or what else a title, a minus or the lines say.

A title stands alone on its line and above the first amount; "VOID" between two articles is about
one of them, and "Umtausch" in the last line is an offer. Which copy it is, and that it was only
practice, also stands below the last amount. A receipt with the slip of the card terminal below it
is still a receipt.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from edge_agent.domain.tapped_receipt import (
    EXCHANGE,
    OTHER,
    REFUND,
    REPRINT,
    SALE,
    VOID,
    ReceiptKind,
)
from edge_agent.drivers.till_escpos.amounts import without_dates
from edge_agent.drivers.till_escpos.card_slips import is_card_slip
from edge_agent.drivers.till_escpos.exchanges import sells_and_takes_back
from edge_agent.drivers.till_escpos.layout import Line
from edge_agent.drivers.till_escpos.paper_words import PaperWord
from edge_agent.drivers.till_escpos.reading import MONEY_MEANINGS
from edge_agent.drivers.till_escpos.rows import without_code
from edge_agent.drivers.till_escpos.settle import Settled
from edge_agent.drivers.till_escpos.word_index import normal
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary

_TITLES = frozenset(
    {Meaning.REFUND, Meaning.VOID, Meaning.REPRINT, Meaning.REPORT, Meaning.EXCHANGE}
)
_KINDS: dict[Meaning, ReceiptKind] = {
    Meaning.REPORT: OTHER,
    Meaning.REPRINT: REPRINT,
    Meaning.EXCHANGE: EXCHANGE,
    Meaning.VOID: VOID,
    Meaning.REFUND: REFUND,
}  # what is found first of these decides: a copy of a refund is a copy
_PAPERS = frozenset(
    {PaperWord.STUB, PaperWord.CUSTOMER, PaperWord.PRACTICE, PaperWord.APART, PaperWord.REPORT}
)
_ALSO_BELOW = frozenset({PaperWord.STUB, PaperWord.PRACTICE})
_TITLE_LETTERS_MAX = 24
_PAPER_LETTERS_MAX = 40
_GOODS_BACK = frozenset({Meaning.REFUND, Meaning.EXCHANGE})
_LEDGER_ROWS_MIN = 2
_POLICY = re.compile(
    r"^\W*(?:no|non|keine?|sin|sem|aucun|pas)\b|"
    r"\b(?:days?|tagen?|jours|d[ií]as|giorni|within|policy|final)\b|"
    r"\d\s*(?:天|日内|日以内)|[不概请請凭憑]",
    re.IGNORECASE,
)  # "No refund", "Returns: 14 days", 退货请凭小票: what the shop does, not what this paper is
_READING = re.compile(r"\W*[xz]\s?[12]\W*", re.IGNORECASE)  # a title; "Latte x2" is none
_MONEY_WORDS = re.compile(
    r"[元円圆원圓]|(?<![^\W\d_])(?:x|х|nt|hk|r|rm|rp|kr|zl|ft|lei)(?![^\W\d_])"
)
_AMOUNT = re.compile(r"\d[.,]\d\d(?!\d)|[¥￥$€£₩]\s?\d")
_FIGURES = re.compile(r"(?=.*\d)[\W\d_]*[a-z\u0400-\u04ff]{0,2}[\W\d_]*")


def kind_of(
    lines: tuple[Line, ...], settled: Settled, vocabulary: Vocabulary
) -> tuple[ReceiptKind, bool]:
    """Return the kind of a paper, and whether it says so itself.

    `other` is everything that is nobody's purchase.
    """
    page = _Page(lines, settled, vocabulary)
    if page.is_no_purchase:
        return OTHER, True
    titles = set(page.titles())
    if titles <= {Meaning.REFUND} and sells_and_takes_back(lines, settled, vocabulary):
        return EXCHANGE, True
    for meaning, kind in _KINDS.items():
        if meaning in titles:
            return kind, True
    if not settled.tenders and page.is_unpaid:
        return OTHER, True
    is_negative = settled.total_fen is not None and settled.total_fen < 0
    if settled.given_back or is_negative:
        return REFUND, True
    return (SALE if settled.lines and settled.total_fen is not None else OTHER), False


@dataclass(frozen=True)
class _Page:
    """A paper's lines: above its first amount, between, and below the last."""

    lines: tuple[Line, ...]
    settled: Settled
    vocabulary: Vocabulary

    @cached_property
    def head(self) -> int:
        """How many lines stand above the first amount."""
        first = normal(self.settled.lines[0].name) if self.settled.lines else ""
        for at, line in enumerate(self.lines):
            below = self.lines[at + 1].text if at + 1 < len(self.lines) else ""
            if self._says_sum(line.text) or _is_row_of(first, line.text, below):
                return at
        return len(self.lines)

    @cached_property
    def foot(self) -> int:
        """Where the lines below the last amount begin."""
        for at in range(len(self.lines), self.head, -1):
            if self._says_sum(self.lines[at - 1].text):
                return at
        return self.head

    def _says_sum(self, text: str) -> bool:
        """Whether there is an amount: by its looks, or by its word where money has no decimals."""
        if _AMOUNT.search(text):
            return True
        if not _has_figure(text) or self._says_report(text):
            return False
        return self.vocabulary.meaning(text, among=MONEY_MEANINGS) is not None

    def _says_report(self, text: str) -> bool:
        """Whether a title has its number in it: "DELIVERY NOTE 2211" is no delivery of 22.11."""
        return (
            _READING.fullmatch(text) is not None
            or self.vocabulary.mentions(text, Meaning.REPORT)
            or self.vocabulary.papers.mentions(text, PaperWord.REPORT)
        )

    @property
    def is_no_purchase(self) -> bool:
        """Whether it says that it is something else, paid or not."""
        head = [line.text for line in self.lines[: self.head]]
        return (
            any(self._says_report(text) for text in head)
            or any(said is not PaperWord.CUSTOMER for said in self._papers())
            or is_card_slip(head)
            or self._is_ledger()
        )

    @property
    def is_unpaid(self) -> bool:
        """Whether it says, without a payment on it, that it is an order or not paid yet."""
        words, papers = self.vocabulary, self.vocabulary.papers
        head = [line.text for line in self.lines[: self.head]]
        rest = (line.text for line in self.lines[self.head :] if not _AMOUNT.search(line.text))
        return (
            any(words.mentions(text, Meaning.ASIDE) for text in head)
            or any(papers.is_all(text, PaperWord.BILL) and not _has_figure(text) for text in head)
            or any(papers.mentions(text, PaperWord.UNPAID) for text in (*head, *rest))
        )

    def titles(self) -> Iterator[Meaning]:
        """Give what the titles say; below the first amount only a copy says so, or big letters."""
        articles = {normal(line.name) for line in self.settled.lines}
        for at, line in enumerate(self.lines):
            label = normal(without_code(line.text))
            if not 0 < len(label) <= _TITLE_LETTERS_MAX or label in articles:
                continue
            meaning = self.vocabulary.meaning(line.text, among=_TITLES)
            if meaning is None or _AMOUNT.search(line.text):
                continue
            if meaning in _GOODS_BACK and _POLICY.search(line.text):
                continue
            if meaning is Meaning.REPRINT and self._is_customers(line):
                continue
            if at < self.head or line.big or meaning is Meaning.REPRINT:
                yield meaning

    def _papers(self) -> Iterator[PaperWord]:
        for at, line in enumerate(self.lines):
            if self.head <= at < self.foot or len(line.text) > _PAPER_LETTERS_MAX:
                continue
            said = self.vocabulary.papers.meaning(line.text, among=_PAPERS)
            wanted = said is not None and (at < self.head or said in _ALSO_BELOW)
            if wanted and said is not None and not self._names_article(line):
                yield said

    def _names_article(self, line: Line) -> bool:
        """Whether a line is the name of an article whose figures stand below it."""
        label = normal(line.text)
        said = sum(label in normal(other.text) for other in self.lines)
        return said == 1 and any(normal(each.name) == label for each in self.settled.lines)

    def _is_customers(self, line: Line) -> bool:
        return self.vocabulary.papers.meaning(line.text, among=_PAPERS) is PaperWord.CUSTOMER

    def _is_ledger(self) -> bool:
        """Whether its rows are sums of a report or a payment; one alone may be a keyed price."""
        rows = self.settled.lines
        return len(rows) >= _LEDGER_ROWS_MIN and all(
            self.vocabulary.papers.is_all(row.name, PaperWord.LEDGER) for row in rows
        )


def _is_row_of(article: str, text: str, below: str) -> bool:
    """Whether an article begins here: its name and figures, or the figures on the next line."""
    said = normal(text)
    at = said.find(article) if article else -1
    if at < 0:
        return False
    rest = f"{said[:at]} {said[at + len(article) :]}"
    rest = _MONEY_WORDS.sub(" ", rest)
    return _FIGURES.fullmatch(rest if rest.strip() else without_dates(below)) is not None


def _has_figure(text: str) -> bool:
    return any(letter.isdigit() for letter in text)

"""What kind of paper it is: a sale, or what else a title, a minus or the lines say.

A title stands alone on its line and above the first amount; "VOID" between two articles is about
one of them, and "Umtausch" in the last line is an offer.
"""

import re
from collections.abc import Iterator

from edge_agent.domain.tapped_receipt import (
    EXCHANGE,
    OTHER,
    REFUND,
    REPRINT,
    SALE,
    VOID,
    ReceiptKind,
)
from edge_agent.drivers.till_escpos.layout import Line
from edge_agent.drivers.till_escpos.settle import Settled
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary, normal

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
_TITLE_LETTERS_MAX = 24
_GOODS_BACK = frozenset({Meaning.REFUND, Meaning.EXCHANGE})
_POLICY = re.compile(
    r"^\W*(?:no|non|keine?|sin|sem|aucun|pas)\b|"
    r"\b(?:days?|tagen?|jours|d[ií]as|giorni|within|policy|final)\b|"
    r"\d\s*(?:天|日内|日以内)|[不概请請凭憑]",
    re.IGNORECASE,
)  # "No refund", "Returns: 14 days", 退货请凭小票: what the shop does, not what this paper is
_AMOUNT = re.compile(r"\d[.,]\d\d(?!\d)|[¥￥$€£₩]\s?\d")


def kind_of(
    lines: tuple[Line, ...], settled: Settled, vocabulary: Vocabulary
) -> tuple[ReceiptKind, bool]:
    """Return the kind of a paper, and whether it says so itself.

    `other` is everything that is nobody's purchase.
    """
    head = list(_head(lines))
    titles = set(_titles(lines, len(head), settled, vocabulary))
    if any(vocabulary.mentions(line.text, Meaning.REPORT) for line in head):
        titles.add(Meaning.REPORT)
    for meaning, kind in _KINDS.items():
        if meaning in titles:
            return kind, True
    if not settled.tenders and any(vocabulary.mentions(each.text, Meaning.ASIDE) for each in head):
        return OTHER, True
    is_negative = settled.total_fen is not None and settled.total_fen < 0
    if settled.given_back or is_negative:
        return REFUND, True
    return (SALE if settled.lines and settled.total_fen is not None else OTHER), False


def _titles(
    lines: tuple[Line, ...], head: int, settled: Settled, vocabulary: Vocabulary
) -> Iterator[Meaning]:
    """Give what the titles say; below the first amount only a copy says so, or big letters do."""
    articles = {normal(line.name) for line in settled.lines}
    for at, line in enumerate(lines):
        label = normal(line.text)
        if not 0 < len(label) <= _TITLE_LETTERS_MAX or label in articles:
            continue
        meaning = vocabulary.meaning(line.text, among=_TITLES)
        if meaning is None or _AMOUNT.search(line.text):
            continue
        if meaning in _GOODS_BACK and _POLICY.search(line.text):
            continue
        if at < head or line.big or meaning is Meaning.REPRINT:
            yield meaning


def _head(lines: tuple[Line, ...]) -> Iterator[Line]:
    """Give the lines above the first amount."""
    for line in lines:
        if _AMOUNT.search(line.text):
            return
        yield line

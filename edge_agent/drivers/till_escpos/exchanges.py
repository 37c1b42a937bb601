"""Goods that came back on a paper that sells others: under a heading, or by the word before them.

"退货" alone above lines with a minus is no refund of the whole paper when something was paid on it.
"""

import re
from dataclasses import replace

from edge_agent.domain.tapped_receipt import ReceiptLine
from edge_agent.drivers.till_escpos.layout import Line
from edge_agent.drivers.till_escpos.settle import Settled
from edge_agent.drivers.till_escpos.word_index import normal
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary

_REDUCTIONS = frozenset({Meaning.DISCOUNT, Meaning.ROUNDING, Meaning.SAVED})
_BACK = frozenset({Meaning.REFUND})
_PREFIXED = re.compile(r"\W*(?P<word>\w+)\W+(?P<name>\w.*)")
_MINUS = re.compile(r"[-−–](?=\s?[¥￥$€£]?\d)|(?<=\d)[-−–](?=$|\s)|\(\s?[¥￥$€£]?\d")
_EMPTIES = re.compile(
    r"bottle|deposit|empties|pfand|leergut|consigne|envase|casco|vuoto|statiegeld|空瓶|押金|周转箱",
    re.IGNORECASE,
)  # they come back every day and were sold on no receipt that says so


def returned_lines(settled: Settled, vocabulary: Vocabulary) -> tuple[ReceiptLine, ...]:
    """Return what an exchange takes back, without the minus: lines that are no reductions."""
    return tuple(
        replace(line, amount_fen=-line.amount_fen)
        for line in settled.discounts
        if vocabulary.meaning(line.name) not in _REDUCTIONS and not _EMPTIES.search(line.name)
    )


def named_plainly(settled: Settled, vocabulary: Vocabulary) -> Settled:
    """Return it with "退货 可乐" called 可乐, as it was when it was sold."""
    return replace(
        settled,
        lines=tuple(
            replace(line, name=found["name"])
            if line.amount_fen < 0 and (found := _said_back(line, vocabulary))
            else line
            for line in settled.lines
        ),
    )


def sells_and_takes_back(lines: tuple[Line, ...], settled: Settled, vocabulary: Vocabulary) -> bool:
    """Whether goods came back on a paper on which others were paid for."""
    total = settled.total_fen
    sold = any(line.amount_fen > 0 for line in settled.lines)
    if not settled.adds_up or settled.given_back or not sold or total is None or total < 0:
        return False
    if not returned_lines(settled, vocabulary):
        return False
    return any(_said_back(line, vocabulary) for line in settled.discounts) or any(
        vocabulary.meaning(line.text, among=_BACK) is not None
        and not _has_figure(line.text)
        and _is_negative(lines[at + 1 :], settled)
        for at, line in enumerate(lines)
    )


def _said_back(line: ReceiptLine, vocabulary: Vocabulary) -> re.Match[str] | None:
    """Return the word for a return before an article's name, and the name."""
    found = _PREFIXED.fullmatch(line.name)
    if found is None or _EMPTIES.search(line.name):
        return None
    return found if vocabulary.meaning(found["word"], among=_BACK) else None


def _is_negative(below: tuple[Line, ...], settled: Settled) -> bool:
    """Whether the first article below has a minus, beside its name or on the next line."""
    names = {normal(line.name) for line in settled.lines}
    back = {normal(line.name) for line in settled.discounts}
    for at, line in enumerate(below):
        text = normal(line.text)
        if any(name and name in text for name in names):
            shown = " ".join(each.text for each in below[at : at + 2])
            own = line.text if _has_amount(line.text) else shown
            return any(name in text for name in back) and _MINUS.search(own) is not None
    return False


def _has_figure(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _has_amount(text: str) -> bool:
    return re.search(r"\d[.,]\d|\s[-−–]?\d+\s*$", text) is not None

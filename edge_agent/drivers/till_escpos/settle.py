"""The arithmetic of a receipt: which total stands, and which reductions lead from the lines to it.

Tills print reductions and tax either as part of the sum or as information ("of that, VAT"), so the
few combinations are tried; what adds up to the fen is believed, nothing else is.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from edge_agent.domain.tapped_receipt import Tendered
from edge_agent.drivers.till_escpos.reading import Entry, Reading
from edge_agent.drivers.till_escpos.words import Meaning
from edge_agent.ports.till_tap import ReceiptLine

_ONE_MILLI = 1_000
_NOISE_MAX = 3
_LAST_ROWS_MAX = 4
_SUMMED_MIN = 2
_ROUNDED_FEN_MAX = 99
_SUMS = frozenset({Meaning.DUE, Meaning.TOTAL})
_TIP = re.compile(
    r"\btips?\b|gratuity|trinkgeld|propina|pourboire|mancia|gorjeta|napiwek|fooi|чаевые|bahşiş|小费|小費",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Settled:
    """`lines` add up to `total_fen` when `adds_up`; reductions are lines with a minus.

    `given_back` when the paper had the minus and this has not.
    """

    lines: tuple[ReceiptLine, ...]
    total_fen: int | None
    adds_up: bool
    given_back: bool = False
    tenders: tuple[Tendered, ...] = ()
    change_fen: int = 0
    extras: tuple[ReceiptLine, ...] = ()

    @property
    def discounts(self) -> tuple[ReceiptLine, ...]:
        """The lines with a minus."""
        return tuple(line for line in self.lines if line.amount_fen < 0)


def settle(reading: Reading) -> Settled:
    """Find the total and the lines that make it, and how it was paid."""
    settled = _balance(reading)
    articles = Counter(reading.articles)
    added = (line for line in settled.lines if line.amount_fen >= 0)
    return replace(
        settled,
        extras=tuple((Counter(added) - articles).elements()),
        given_back=reading.given_back,
        tenders=tuple(Tendered(entry.label, entry.fen) for entry in reading.of(Meaning.TENDER)),
        change_fen=sum(abs(entry.fen) for entry in reading.of(Meaning.CHANGE)),
    )


def _balance(reading: Reading) -> Settled:
    articles = reading.articles
    due, totals = reading.of(Meaning.DUE), reading.of(Meaning.TOTAL)
    if not due and not totals:
        return _from_payment(reading, articles)
    # what is due is what was charged; a plain total above it may be the sum before reductions
    found: list[Settled] = []
    paid = _paid(reading)
    for candidate in due or totals:
        lines = _making(reading, candidate.fen, reading.entries[: reading.entries.index(candidate)])
        if lines is not None:
            found.append(_with_late_reductions(reading, candidate, lines))
    if not found:
        return Settled(articles, (due or totals)[0].fen, adds_up=False)
    # of several sums the paid one counts; a tip below the sum is no goods
    paid_ones = (each for each in found if each.total_fen == paid and _no_tip(each, found[0]))
    return next(paid_ones, found[0])


def _no_tip(one: Settled, first: Settled) -> bool:
    more = Counter(one.lines) - Counter(first.lines)
    is_more = (one.total_fen or 0) > (first.total_fen or 0) + _ROUNDED_FEN_MAX
    return not (is_more and any(_TIP.search(line.name) for line in more))


def _making(
    reading: Reading, total_fen: int, above: tuple[Entry, ...]
) -> tuple[ReceiptLine, ...] | None:
    """Return articles, reductions and extras that make the total, None when nothing does.

    The first "articles" may be a table, a guest count, a phone: if what was paid agrees.
    """
    if not reading.articles:
        return None
    is_paid = total_fen == _paid(reading)
    for skipped in range(_NOISE_MAX + 1 if is_paid else 1):
        articles = reading.articles[skipped:]
        if any(each.qty_milli != _ONE_MILLI for each in reading.articles[:skipped]):
            break  # a quantity with its price is no table and no phone
        articles_fen = sum(article.amount_fen for article in articles)
        for chosen in _combinations(above) if articles else ():
            if articles_fen + sum(line.amount_fen for line in chosen) == total_fen:
                return (*articles, *chosen)
    return _without_last_rows(reading, total_fen, above) if is_paid else None


def _without_last_rows(
    reading: Reading, total_fen: int, above: tuple[Entry, ...]
) -> tuple[ReceiptLine, ...] | None:
    """Leave out what stands last above the total, a table of taxes, if what was paid agrees."""
    rows = reading.articles
    for left in range(len(rows) - 1, max(0, len(rows) - _LAST_ROWS_MAX - 1), -1):
        if rows[left].qty_milli != _ONE_MILLI:
            return None
        articles_fen = sum(row.amount_fen for row in rows[:left])
        for chosen in _combinations(above):
            if articles_fen + sum(line.amount_fen for line in chosen) == total_fen:
                return (*rows[:left], *chosen)
    return None


def _combinations(above: tuple[Entry, ...]) -> Iterator[tuple[ReceiptLine, ...]]:
    """Give what may have been added and taken off, the likeliest first."""
    off = _without_sums([entry for entry in above if entry.meaning is Meaning.DISCOUNT])
    minus = tuple(map(_taken_off, off))
    printed = tuple(_taken_off(entry) for entry in off if entry.fen < 0)
    rounding = tuple(_as_printed(entry) for entry in above if entry.meaning is Meaning.ROUNDING)
    extra = tuple(_as_printed(entry) for entry in above if entry.meaning is Meaning.EXTRA)
    tax = tuple(_as_printed(entry) for entry in above if entry.meaning is Meaning.TAX)
    for reduced in (minus, printed, ()):
        for rounded in (rounding, tuple(_negated(line) for line in rounding)):
            for added in (extra, (*extra, *tax), tax, ()):
                yield (*reduced, *rounded, *added)


def _without_sums(reductions: list[Entry]) -> list[Entry]:
    """Leave out a reduction that is the sum of all those above it: each line's, then the whole."""
    kept: list[Entry] = []
    for entry in reductions:
        if len(kept) < _SUMMED_MIN or abs(entry.fen) != sum(abs(one.fen) for one in kept):
            kept.append(entry)
    return kept


def _with_late_reductions(
    reading: Reading, total: Entry, lines: tuple[ReceiptLine, ...]
) -> Settled:
    """Follow a till that takes off or rounds below its total, when what was paid shows that."""
    below = reading.entries[reading.entries.index(total) + 1 :]
    off = tuple(_taken_off(entry) for entry in below if entry.meaning is Meaning.DISCOUNT)
    # what is rounded behind the payment is about the coins, not about the sum
    unpaid = takewhile(lambda entry: entry.meaning is not Meaning.TENDER, below)
    rounding = tuple(_as_printed(entry) for entry in unpaid if entry.meaning is Meaning.ROUNDING)
    is_minus = total.meaning is Meaning.TOTAL or all(
        entry.fen < 0 for entry in below if entry.meaning is Meaning.DISCOUNT
    )
    paid = _paid(reading)
    said = {paid, *reading.below, *(each.fen for each in below if each.meaning in _SUMS)}
    for rounded in (rounding, tuple(map(_negated, rounding)), ()):
        late = (*off, *rounded)
        charged = total.fen + sum(line.amount_fen for line in late)
        if late and (is_minus or charged == paid) and charged in said:
            return Settled((*lines, *late), charged, adds_up=True)
    return Settled(lines, total.fen, adds_up=True)


def _from_payment(reading: Reading, articles: tuple[ReceiptLine, ...]) -> Settled:
    """Without a printed total, what was paid less the change is one, if the lines agree."""
    paid = _paid(reading)
    lines = None if paid is None else _making(reading, paid, reading.entries)
    if lines is None:
        return Settled(articles, None, adds_up=False)
    return Settled(lines, paid, adds_up=True)


def _paid(reading: Reading) -> int | None:
    tenders = [entry.fen for entry in reading.of(Meaning.TENDER)]
    if not tenders:
        return None
    change = sum(abs(entry.fen) for entry in reading.of(Meaning.CHANGE))
    received = sum(tenders)
    if len(tenders) > 1 and max(tenders) * 2 == received:
        received = max(tenders)  # what was received in all, and how
    return received - change


def _taken_off(entry: Entry) -> ReceiptLine:
    return ReceiptLine(entry.label, entry.qty_milli, -abs(entry.fen))


def _as_printed(entry: Entry) -> ReceiptLine:
    return ReceiptLine(entry.label, _ONE_MILLI, entry.fen)


def _negated(line: ReceiptLine) -> ReceiptLine:
    return ReceiptLine(line.name, line.qty_milli, -line.amount_fen)

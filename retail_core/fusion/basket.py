"""The basket of one till as its taps tell it: its lines, how sure each is, and its stage."""

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum


class Confidence(IntEnum):
    """How sure a line is.

    `SEEN` by one tap, or inferred; `LIKELY`: scanner and display say the same amount; `SURE`: and
    the sum that the display showed after it is the sum of all lines; `PRINTED`: on the receipt.
    """

    SEEN = 1
    LIKELY = 2
    SURE = 3
    PRINTED = 4


class Stage(StrEnum):
    """Where a sale stands: ringing up, the total shown, money taken, printed."""

    OPEN = "open"
    PAYING = "paying"
    PAID = "paid"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class FusedLine:
    """One line; `amount_fen` None while nothing said what it costs.

    `scanned` and `shown` are the taps that know it. `inferred`: its quantity or price is a guess
    from an amount on the display, which only the printed receipt makes sure. `doubted`: a sum was
    shown while it was there that is not that of the lines, so one that fits later may do so by
    chance.
    """

    line: int
    code: str
    sku: str
    name: str
    qty_milli: int
    unit_fen: int | None
    amount_fen: int | None
    mono_ms: int
    scanned: bool = False
    shown: bool = False
    inferred: bool = False
    doubted: bool = False
    confidence: Confidence = Confidence.SEEN


@dataclass(frozen=True, slots=True)
class FusedBasket:
    """One sale; `shown_fen` is the last sum shown, `sure_ms` when a sum last fitted the lines.

    `head` lines were there when the display was cleared or the total shown: what comes after may
    belong to another sale, so no later sum makes those lines sure. `changed_ms` is the last change
    of a line, `cleared_ms` when the display was cleared and nothing shown since.
    """

    lines: tuple[FusedLine, ...] = ()
    next_line: int = 1
    stage: Stage = Stage.OPEN
    began_ms: int = 0
    changed_ms: int = 0
    last_ms: int = 0
    shown_fen: int | None = None
    sure_ms: int | None = None
    head: int = 0
    cleared_ms: int | None = None

    @property
    def sum_fen(self) -> int | None:
        """What the lines cost together; None while one is unknown."""
        return sum_of(self.lines)

    @property
    def agrees(self) -> bool:
        """Whether the display's last sum is that of these lines."""
        return self.sure_ms is not None and self.sure_ms >= self.changed_ms


def sum_of(lines: tuple[FusedLine, ...]) -> int | None:
    """Return what lines cost together; None while one is unknown."""
    amounts = [line.amount_fen for line in lines]
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def with_line(basket: FusedBasket, line: FusedLine) -> FusedBasket:
    """Add a line at the end under a number no other line of the sale ever had."""
    numbered = replace(line, line=basket.next_line)
    return changed(
        replace(basket, lines=(*basket.lines, numbered), next_line=basket.next_line + 1),
        line.mono_ms,
    )


def with_changed(basket: FusedBasket, line: FusedLine, mono_ms: int) -> FusedBasket:
    """Put a line in the place of the one with its number."""
    lines = tuple(line if one.line == line.line else one for one in basket.lines)
    return changed(replace(basket, lines=lines), mono_ms)


def without(basket: FusedBasket, gone: FusedLine, mono_ms: int) -> FusedBasket:
    """Take a line out."""
    place = basket.lines.index(gone)
    lines = tuple(one for one in basket.lines if one is not gone)
    head = basket.head - (place < basket.head)
    return changed(replace(basket, lines=lines, head=head), mono_ms)


def changed(basket: FusedBasket, mono_ms: int) -> FusedBasket:
    """Note a change: what a sum made sure before is only likely until the next sum."""
    lines = tuple(replace(one, confidence=least(one)) for one in basket.lines)
    return replace(
        basket,
        lines=lines,
        changed_ms=max(basket.changed_ms, mono_ms),
        last_ms=max(basket.last_ms, mono_ms),
    )


def least(line: FusedLine) -> Confidence:
    """Return how sure a line is by itself, without a sum that fits."""
    both = line.scanned and line.shown and not line.inferred
    return Confidence.LIKELY if both else Confidence.SEEN


def confirmed(basket: FusedBasket, shown_fen: int, mono_ms: int) -> FusedBasket:
    """Note that a sum was shown that is the lines' own: what came after the mark is sure now."""
    if len(basket.lines) <= basket.head:
        return replace(basket, shown_fen=shown_fen)
    after = (
        replace(one, confidence=Confidence.SURE)
        if least(one) is Confidence.LIKELY and not one.doubted
        else one
        for one in basket.lines[basket.head :]
    )
    lines = (*basket.lines[: basket.head], *after)
    return replace(basket, lines=lines, shown_fen=shown_fen, sure_ms=mono_ms)


def doubted(basket: FusedBasket) -> FusedBasket:
    """Note that a sum was shown that is not the lines' own."""
    lines = tuple(replace(one, confidence=least(one), doubted=True) for one in basket.lines)
    return replace(basket, lines=lines)


def settled(basket: FusedBasket, total_fen: int, mono_ms: int) -> FusedBasket:
    """Close a sale by its printed receipt; the lines are what the taps said before it."""
    return replace(basket, stage=Stage.SETTLED, shown_fen=total_fen, last_ms=mono_ms)

"""A receipt as a refund needs it: what was bought, what it cost, what of it points paid."""

from dataclasses import dataclass
from uuid import UUID

from retail_core.wire.messages import Sale

TENDER_POINTS = "points"


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line as charged; the nets of all lines add up to the receipt's total."""

    line: int
    qty_milli: int
    net_fen: int


@dataclass(frozen=True, slots=True)
class CouponUse:
    """A coupon that lowered some lines; it goes back when all of them do."""

    coupon: str
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class LimitedUse:
    """How often a rule with caps was used; none of it, once all the lines it lowered are back."""

    rule: str
    times: int
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it was booked; `points_fen` of the total were paid by points."""

    receipt_id: UUID
    lines: tuple[ReceiptLine, ...]
    points_fen: int = 0
    coupons: tuple[CouponUse, ...] = ()
    uses: tuple[LimitedUse, ...] = ()

    @property
    def total_fen(self) -> int:
        """What was due, however it was paid."""
        return sum(line.net_fen for line in self.lines)


def receipt_of(sale: Sale) -> Receipt:
    """Return the receipt of a sale that travelled or rests in a journal."""
    return Receipt(
        UUID(bytes=sale.receipt_id),
        tuple(ReceiptLine(line.line, line.qty_milli, line.net_fen) for line in sale.lines),
        sum(fen for kind, fen in sale.tenders if kind == TENDER_POINTS),
        _coupons(sale),
        tuple(LimitedUse(rule, times, _lowered(sale, rule)) for rule, times in sale.uses),
    )


def counted_on(sale: Sale) -> int | None:
    """Return the day its limited rules count for, as 20260731; None when no day was known."""
    return sale.uses_on or sale.business_date


def _coupons(sale: Sale) -> tuple[CouponUse, ...]:
    """Return the coupon that was hers, with the lines that carry its share."""
    used = sale.coupon
    if used is None or used.id is None:
        return ()
    return (CouponUse(str(UUID(bytes=used.id)), _lowered(sale, used.rule)),)


def _lowered(sale: Sale, rule: str) -> frozenset[int]:
    """Return the lines that a rule lowered; all of them for one that lowered none by itself."""
    named = {line.line for line in sale.lines if any(one == rule for one, _ in line.offers)}
    return frozenset(named or {line.line for line in sale.lines})

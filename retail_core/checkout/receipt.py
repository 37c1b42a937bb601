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
class Receipt:
    """A receipt as it was booked; `points_fen` of the total were paid by points."""

    receipt_id: UUID
    lines: tuple[ReceiptLine, ...]
    points_fen: int = 0
    coupons: tuple[CouponUse, ...] = ()

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
    )


def _coupons(sale: Sale) -> tuple[CouponUse, ...]:
    """Return the coupon that was hers, with the lines that carry its share."""
    used = sale.coupon
    if used is None or used.id is None:
        return ()
    named = {line.line for line in sale.lines if any(rule == used.rule for rule, _ in line.offers)}
    lines = named or {line.line for line in sale.lines}
    return (CouponUse(str(UUID(bytes=used.id)), frozenset(lines)),)

"""Receipts after the sale: as a list shows them, and whole, as a reprint or a refund needs them."""

from dataclasses import dataclass
from uuid import UUID

from retail_core.wire.messages import Sale
from retail_core.wire.refund import Refund


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One receipt of this box in a list; `refunds` are those made here."""

    receipt_id: UUID
    seq: int
    till: UUID | None
    operator: UUID | None
    member_id: UUID | None
    till_receipt_no: str
    business_date: int | None
    wall_ms: int
    total_fen: int
    refunds: int = 0


@dataclass(frozen=True, slots=True)
class ReceiptSearch:
    """Which receipts are looked for; what is None is not asked."""

    till: UUID | None = None
    day: int | None = None
    number: str | None = None
    member_id: UUID | None = None

    def fits(self, row: ReceiptRow) -> bool:
        """Tell whether a receipt is one of those."""
        wanted = (self.till, self.day, self.number, self.member_id)
        found = (row.till, row.business_date, row.till_receipt_no, row.member_id)
        return all(want is None or want == have for want, have in zip(wanted, found, strict=True))


@dataclass(frozen=True, slots=True)
class RefundMade:
    """A refund of a receipt, wherever it was made; `store_name` is empty for this shop."""

    body: Refund
    wall_ms: int
    operator: UUID | None
    store_name: str = ""


@dataclass(frozen=True, slots=True)
class HeldReceipt:
    """A receipt with every refund known of it.

    `seq` is None, and `store_name` said, for one that another shop sold. `whole` is False when the
    cloud could not be asked: another shop may have taken goods of it back.
    """

    sale: Sale
    wall_ms: int
    till: UUID | None
    operator: UUID | None
    member_id: UUID | None
    refunds: tuple[RefundMade, ...] = ()
    seq: int | None = None
    store_name: str = ""
    whole: bool = True

    @property
    def receipt_id(self) -> UUID:
        """Its id."""
        return UUID(bytes=self.sale.receipt_id)

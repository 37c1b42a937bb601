"""Every receipt the journal still keeps, for comparing the shop's books with the cloud's."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One receipt as booked here."""

    receipt_id: UUID
    seq: int
    business_date: int | None
    total_fen: int
    points: int
    member_id: UUID | None
    source: str
    till_receipt_no: str
    acked: bool


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The receipts and their sums."""

    epoch: int
    rows: tuple[LedgerRow, ...]
    total_fen: int
    points: int
    waiting: int

"""Sales of a store whose time the cloud has mended, beside what the box had said."""

from dataclasses import dataclass
from uuid import UUID

DAYS = 7
SHOWN = 20


@dataclass(frozen=True, slots=True)
class MendedSale:
    """One sale: `said_ms` by the box's clock, kept as it came; `sold_ms` as it is booked."""

    receipt_id: UUID
    till_receipt_no: str
    total_fen: int
    said_ms: int
    sold_ms: int
    received_ms: int


@dataclass(frozen=True, slots=True)
class MendedTimes:
    """What came in the last `DAYS`: how many sales, and the latest `SHOWN` of them."""

    count: int = 0
    sales: tuple[MendedSale, ...] = ()

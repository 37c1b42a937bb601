"""How a tapped receipt was booked."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from retail_core.texts.faults import FaultCode


class TappedOutcome(StrEnum):
    """Booked, seen before, not trusted and therefore not booked, or no sale at all.

    `conflict`: the number was used today with other content. `other`: a refund, a report …
    """

    BOOKED = "booked"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TappedLine:
    """One printed line with the article it was mapped to; `sku` is empty when there is none."""

    name: str
    sku: str
    qty_milli: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class TappedBooking:
    """One tapped receipt and what became of it; `unmapped` names wait for the review list."""

    till: UUID
    receipt_no: str
    outcome: TappedOutcome
    fault: FaultCode | None
    receipt_id: UUID | None
    seq: int | None
    member_id: UUID | None
    total_fen: int | None
    points_earned: int
    lines: tuple[TappedLine, ...]
    unmapped: tuple[str, ...]
    wall_ms: int

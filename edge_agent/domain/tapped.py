"""How a tapped receipt was booked."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from retail_core.texts.faults import FaultCode


class TappedOutcome(StrEnum):
    """Booked, seen before, not trusted and therefore not booked, or no sale at all.

    `conflict`: the number was used today with other content. `other`: a copy, a report …
    `returned`: goods went back and their sale is reversed. `review`: they went back, and no sale
    fits, or several do; the points are untouched until a person has looked.
    """

    BOOKED = "booked"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"
    OTHER = "other"
    RETURNED = "returned"
    REVIEW = "review"


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


def unread_in_a_row(newest_first: Iterable[TappedBooking]) -> dict[UUID, int]:
    """Return, of each till that printed lately, how many in a row were not read.

    Papers that are no sale say nothing of its layout; one that was read ends the row.
    """
    rows: dict[UUID, int] = {}
    over: set[UUID] = set()
    for one in newest_first:
        if one.outcome is TappedOutcome.OTHER or one.till in over:
            continue
        if one.outcome is TappedOutcome.REFUSED:
            rows[one.till] = rows.get(one.till, 0) + 1
        else:
            over.add(one.till)
    return rows

"""What the cloud books about points beside sales: refunds, and postings of its own."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival
from retail_core.loyalty.lots import Dated
from retail_core.loyalty.postings import Posting, posting_key
from retail_core.loyalty.refunds import Refund, Standing
from retail_core.wire.refund import Refund as RefundBody


@dataclass(frozen=True, slots=True)
class Counting:
    """Whose uses of limited rules a receipt's are, of which day and store; nobody's if claimed."""

    member: UUID | None
    day: date
    store: UUID


@dataclass(frozen=True, slots=True)
class HeldReceipt:
    """A receipt in the books with everything that was booked for it; `wallet` is who earned."""

    standing: Standing
    store: UUID
    member: UUID | None
    wallet: UUID | None
    day: date
    sold_ms: int
    counting: Counting


@dataclass(frozen=True, slots=True)
class BookedRefund:
    """A refund to be booked; `made` is what the books make of it, `body` what the box said.

    `whole`: with this one nothing of the receipt is left. `gone` are its limited rules that were
    not used after all, by this and all refunds before it.
    """

    arrival: Arrival
    body: RefundBody
    refund_id: UUID
    receipt_id: UUID
    member: UUID | None
    nth: int
    day: date
    at_ms: int
    made: Refund
    counting: Counting
    whole: bool = False
    gone: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class NewPosting:
    """A posting the cloud makes; `because` is the event, merge, adjustment or run behind it."""

    dated: Dated
    because: UUID
    wallet: UUID | None
    now_ms: int


@dataclass(frozen=True, slots=True)
class Moment:
    """When something counts: its business day, its moment, and the cloud's time of booking."""

    day: date
    at_ms: int
    now_ms: int


def new_posting(
    tenant: UUID, under: UUID, posting: Posting, wallet: UUID | None, moment: Moment
) -> NewPosting:
    """Return a posting under an id that is a receipt's or stands for one."""
    dated = Dated(posting_key(tenant, under, posting), posting, moment.day, moment.at_ms)
    return NewPosting(dated, under, wallet, moment.now_ms)

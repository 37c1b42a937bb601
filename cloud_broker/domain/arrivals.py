"""An event as it arrived: who sent it, when it counts as sold, on which business day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from retail_core.checkout.business_date import business_date
from retail_core.clock import TimeQuality
from retail_core.ids import id_of
from retail_core.wire.messages import Event, Sale

_MS = 1_000
_MONTHS = 100
_YEARS = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device stands, from our own records and never from what it says."""

    device: UUID
    store: UUID
    legal_entity: UUID
    shard: int
    zone: str
    day_starts_at: time


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event with its place in the device's journal and the cloud's time of receipt.

    `age_ms` is how long before that it was made, where the box's own counting tells.
    """

    place: Place
    epoch: int
    seq: int
    event: Event
    hash: bytes
    prev_hash: bytes
    received_ms: int
    age_ms: int | None = None

    @property
    def event_id(self) -> UUID:
        """The event's id, which makes it count once."""
        return id_of(self.event.event_id)

    @property
    def member(self) -> UUID | None:
        """The member it is about."""
        return None if self.event.member is None else id_of(self.event.member)

    @property
    def happened_ms(self) -> int:
        """The box's clock; where the box did not know the time, ours less the event's age.

        What the box said stays in the event log. An event of an earlier boot has no age: it is
        dated by its receipt, and its place in the journal keeps its order.
        """
        if self.event.time_quality == TimeQuality.UNKNOWN:
            return self.received_ms - (self.age_ms or 0)
        return self.event.wall_ms

    @property
    def sync_ms(self) -> int | None:
        """From the box's clock to ours; None when the box's clock was not synchronised."""
        if self.event.time_quality < TimeQuality.SYNCED:
            return None
        return self.received_ms - self.event.wall_ms


def day_of(arrival: Arrival, sale: Sale) -> date:
    """Return a sale's business date (ValueError when the box's number is no date)."""
    return day_from(arrival, sale.business_date)


def day_from(arrival: Arrival, told: int | None) -> date:
    """Return the business date: the box's, or one worked out here when it had none.

    Raises ValueError when the box's number is no date.
    """
    if told is not None:
        years, rest = divmod(told, _YEARS)
        return date(years, *divmod(rest, _MONTHS))
    local = datetime.fromtimestamp(arrival.happened_ms / _MS, UTC).astimezone(
        ZoneInfo(arrival.place.zone)
    )
    return business_date(local.replace(tzinfo=None), arrival.place.day_starts_at)

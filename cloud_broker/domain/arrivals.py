"""An event as it arrived: who sent it, when it counts as sold, on which business day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from retail_core.checkout.business_date import business_date
from retail_core.clock import TimeQuality
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
    """One event with its place in the device's journal and the cloud's time of receipt."""

    place: Place
    epoch: int
    seq: int
    event: Event
    hash: bytes
    prev_hash: bytes
    received_ms: int

    @property
    def event_id(self) -> UUID:
        """The event's id, which makes it count once."""
        return UUID(bytes=self.event.event_id)

    @property
    def member(self) -> UUID | None:
        """The member it is about."""
        return None if self.event.member is None else UUID(bytes=self.event.member)

    @property
    def happened_ms(self) -> int:
        """The box's clock, or ours when the box did not know the time."""
        if self.event.time_quality == TimeQuality.UNKNOWN:
            return self.received_ms
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

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
AHEAD_MAX_MS = 2 * 60 * 60 * 1_000  # a sale "made" so long after we heard of it cannot be
SKEW_MAX_MS = 10_000  # two clocks that are both right still differ a little
BEHIND_MAX_MS = 7 * 24 * 60 * 60 * 1_000  # a broker may have kept a frame while nobody took it
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
    def clock_believed(self) -> bool:
        """Whether the box's clock may date it: known to the box, and possible by ours.

        A free-running clock that somebody set a year ahead tells of sales after their receipt; one
        a year behind, of sales far older than the box's own counting says.
        """
        if self.event.time_quality == TimeQuality.UNKNOWN:
            return False
        behind_ms = self.received_ms - self.event.wall_ms
        if behind_ms < -AHEAD_MAX_MS:
            return False
        return self.age_ms is None or behind_ms - self.age_ms <= BEHIND_MAX_MS

    @property
    def happened_ms(self) -> int:
        """The box's clock; where it cannot be believed, ours less the event's age.

        What the box said stays in the event log. An event of an earlier boot has no age: it is
        dated by its receipt, and its place in the journal keeps its order.
        """
        if not self.clock_believed:
            return self.received_ms - (self.age_ms or 0)
        return self.event.wall_ms

    @property
    def sync_ms(self) -> int | None:
        """From the box's clock to ours; None when the box's clock was not synchronised.

        Nothing arrives before it was sent: of a clock that says so no figure is made.
        """
        if self.event.time_quality < TimeQuality.SYNCED or not self.clock_believed:
            return None
        sync_ms = self.received_ms - self.event.wall_ms
        return sync_ms if sync_ms > -SKEW_MAX_MS else None


def day_of(arrival: Arrival, sale: Sale) -> date:
    """Return a sale's business date (ValueError when the box's number is no date)."""
    return day_from(arrival, sale.business_date)


def day_from(arrival: Arrival, told: int | None) -> date:
    """Return the business date: the box's, or one worked out here when its clock knew none.

    Raises ValueError when the box's number is no date.
    """
    if told is not None:
        years, rest = divmod(told, _YEARS)
        said = date(years, *divmod(rest, _MONTHS))
        if arrival.clock_believed:
            return said
    local = datetime.fromtimestamp(arrival.happened_ms / _MS, UTC).astimezone(
        ZoneInfo(arrival.place.zone)
    )
    return business_date(local.replace(tzinfo=None), arrival.place.day_starts_at)

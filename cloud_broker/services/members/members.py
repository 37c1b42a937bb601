"""Members over HTTP: a box asks on a miss, and reads its feed."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.records import record_of
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.line.downlink import change_frames
from cloud_broker.services.persons.persons import facts_of
from cloud_broker.services.stores.snapshots import Snapshots
from cloud_broker.services.stores.store_sets import StoreSets
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import WIRE_VERSION, ChangeFrame

FIND_KINDS = frozenset({"phone_key", "card", "phone"})
BY_ID = "member"
_ID_BYTES = 16
# A box that is further behind is quicker with a snapshot.
REPLAY_ROWS_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Found:
    """A member a box asked for."""

    member: UUID
    ver: int
    record: MemberRecord


class Members:
    """Look-ups."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock
        self.sets = StoreSets(units, clock)
        self.snapshots = Snapshots(units, clock)

    def find(self, tenant: UUID, place: Place, kind: str, value: bytes) -> Found:
        """Return a member, of whose changes the store hears from now on.

        Raises Fault API_NOT_FOUND. The interest and the record are of one transaction: a change
        that comes later is in the store's feed. By her id, which proves nothing, only a member of
        the store's set is found.
        """
        if kind not in FIND_KINDS | {BY_ID}:
            raise Fault(FaultCode.API_BODY_INVALID, detail=f"kind {kind}")
        with self._units.begin(tenant) as unit:
            member = (
                _in_set(unit, place, value) if kind == BY_ID else unit.members.find(kind, value)
            )
            if member is None:
                raise Fault(FaultCode.API_NOT_FOUND, what="member")
            now = self._clock.now_ms()
            unit.members.add_interests({(place.store, member)}, now)
            unit.sets.seen(place.store, member, now)
            (facts,) = facts_of(unit, [member])
        return Found(member, facts.ver, record_of(facts))

    def changes_since(self, tenant: UUID, place: Place, pos: int) -> ChangeFrame:
        """Return the store's feed after a position, at most one frame of it.

        Raises Fault SYNC_REFETCH when it is not kept from there on, or is too long to be read.
        """
        with self._units.begin(tenant) as unit:
            head = unit.feed.head(place.store)
            if pos < head.pruned or head.head - pos > REPLAY_ROWS_MAX:
                raise Fault(FaultCode.SYNC_REFETCH)
            rows = unit.feed.since(place.store, pos, limits.CHANGES_PER_FRAME_MAX)
        frames = change_frames(rows)
        if frames:
            return frames[0]
        return ChangeFrame(WIRE_VERSION, head.feed_epoch, pos, pos, (), self._clock.now_ms())


def _in_set(unit: Unit, place: Place, value: bytes) -> UUID | None:
    if len(value) != _ID_BYTES:
        return None
    member = UUID(bytes=value)
    return member if unit.sets.holds(place.store, member) else None

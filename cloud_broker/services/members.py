"""Members over HTTP: a box asks on a miss, and reads its feed."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.records import record_of
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Units
from cloud_broker.services.downlink import change_frames
from cloud_broker.services.persons import facts_of
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import WIRE_VERSION, ChangeFrame

FIND_KINDS = frozenset({"phone_key", "card", "phone"})


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

    def find(self, tenant: UUID, place: Place, kind: str, value: bytes) -> Found:
        """Return a member, of whose changes the store hears from now on.

        Raises Fault API_NOT_FOUND. The interest and the record are of one transaction: a change
        that comes later is in the store's feed.
        """
        if kind not in FIND_KINDS:
            raise Fault(FaultCode.API_BODY_INVALID, detail=f"kind {kind}")
        with self._units.begin(tenant) as unit:
            member = unit.members.find(kind, value)
            if member is None:
                raise Fault(FaultCode.API_NOT_FOUND, what="member")
            unit.members.add_interests({(place.store, member)}, self._clock.now_ms())
            (facts,) = facts_of(unit, [member])
        return Found(member, facts.ver, record_of(facts))

    def changes_since(self, tenant: UUID, place: Place, pos: int) -> ChangeFrame:
        """Return the store's feed after a position, at most one frame of it."""
        with self._units.begin(tenant) as unit:
            head = unit.feed.head(place.store)
            rows = unit.feed.since(place.store, pos, limits.CHANGES_PER_FRAME_MAX)
        frames = change_frames(rows)
        if frames:
            return frames[0]
        return ChangeFrame(WIRE_VERSION, head.feed_epoch, pos, pos, (), self._clock.now_ms())

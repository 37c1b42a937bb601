"""Members over HTTP: a box asks on a miss, a phone claims its place."""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.records import record_of
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import Units
from cloud_broker.services.downlink import change_frames
from cloud_broker.services.refresh import refresh
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WIRE_VERSION, ChangeFrame, MemberRecord

FIND_KINDS = frozenset({"phone_key", "card", "phone"})
KEY_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A member a box asked for."""

    member: UUID
    ver: int
    record: MemberRecord


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a phone is told after it proved itself."""

    member: UUID
    key_id: bytes


class Members:
    """Look-ups and claims."""

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
            (facts,) = unit.members.facts([member])
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

    def claim(self, claim_code: str, public_key: bytes) -> Claimed:
        """Put a phone's key on the member whose claim this is; once, and before it expires.

        Raises Fault API_NOT_FOUND for a claim that is unknown, used or expired, all alike. The code
        does not say whose it is, so every tenant is asked; 50 random bits do not meet by chance.
        """
        hashed = sha256(claim_code.encode()).digest()
        for tenant in self._units.tenants():
            claimed = self._claim_in(tenant, hashed, public_key)
            if claimed is not None:
                return claimed
        raise Fault(FaultCode.API_NOT_FOUND, what="claim")

    def _claim_in(self, tenant: UUID, hashed: bytes, public_key: bytes) -> Claimed | None:
        key_id = sha256(public_key).digest()[:KEY_ID_BYTES]
        now = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            claim = unit.members.claim(hashed)
            if claim is None or claim.used or claim.expires_ms < now:
                return None
            if not unit.members.add_phone_key(claim.member, key_id, public_key, now):
                raise Fault(FaultCode.API_BODY_INVALID, detail="public_key")
            unit.members.use_claim(hashed, now)
            refresh(unit, {claim.member}, now)
            said = {"key_id": key_id.hex()}
            unit.hq.audit(AuditEntry("member", "phone.claim", str(claim.member), said), now)
            unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))
        return Claimed(claim.member, key_id)

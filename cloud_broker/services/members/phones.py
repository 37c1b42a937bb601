"""Members' phones: how one comes to speak for a member, and how its requests are believed."""

from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.phone_request import REMEMBERED_MS, Asked, Signed, verify
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.stores.refresh import refresh
from retail_core.errors import Fault
from retail_core.identity.digit_code import SECRET_BYTES
from retail_core.identity.member_code import key_id_of
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a phone is told after it claimed; `key_id` is empty when it has no key of its own."""

    tenant: UUID
    member: UUID
    key_id: bytes
    digit_secret: bytes = field(repr=False)
    now_ms: int


@dataclass(frozen=True, slots=True)
class PhoneHolder:
    """A member whose phone signed a request."""

    tenant: UUID
    member: UUID
    key_id: bytes


class Phones:
    """Claims and signed requests; called from several threads."""

    def __init__(self, units: Units, clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids

    def claim(self, claim_code: str, public_key: bytes | None) -> Claimed:
        """Let a phone speak for the member whose claim this is; once, and before it expires.

        One member, one phone: whatever spoke for her before is revoked, in every store that holds
        her. A phone that cannot make a key (None) gets the secret of its digit code alone.
        Raises Fault API_NOT_FOUND for a claim that is unknown, used or expired, all alike. The code
        does not say whose it is, so every tenant is asked; 50 random bits do not meet by chance.
        """
        hashed = sha256(claim_code.encode()).digest()
        for tenant in self._units.tenants():
            claimed = self._claim_in(tenant, hashed, public_key)
            if claimed is not None:
                return claimed
        raise Fault(FaultCode.API_NOT_FOUND, what="claim")

    def who(self, signed: Signed, asked: Asked) -> PhoneHolder:
        """Return whose phone asks.

        Raises Fault PHONE_REVOKED, PHONE_SIGNATURE, PHONE_CLOCK, PHONE_REPLAYED.
        """
        now_ms = self._clock.now_ms()
        with self._units.begin(signed.tenant) as unit:
            held = unit.phones.key(signed.key_id)
            if held is None:
                raise Fault(FaultCode.PHONE_REVOKED)
            verify(signed, asked, held.public_key, now_ms)
            dead_ms = now_ms + REMEMBERED_MS
            if not unit.phones.admit(signed.key_id, signed.nonce, dead_ms, now_ms):
                raise Fault(FaultCode.PHONE_REPLAYED)
        return PhoneHolder(signed.tenant, held.member, signed.key_id)

    def bind(self, tenant: UUID, member: UUID, public_key: bytes | None, how: str) -> Claimed:
        """Let a phone speak for a member whom it was proved to be another way than by a claim."""
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            return self._bound(unit, tenant, member, (public_key, how), now_ms)

    def _claim_in(self, tenant: UUID, hashed: bytes, public_key: bytes | None) -> Claimed | None:
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            claim = unit.members.claim(hashed)
            if claim is None or claim.used or claim.expires_ms < now_ms:
                return None
            unit.members.use_claim(hashed, now_ms)
            return self._bound(unit, tenant, claim.member, (public_key, "phone.claim"), now_ms)

    def _bound(
        self,
        unit: Unit,
        tenant: UUID,
        member: UUID,
        key: tuple[bytes | None, str],
        now_ms: int,
    ) -> Claimed:
        public_key, how = key
        revoked = unit.phones.revoke_keys(member, now_ms)
        key_id = _give_key(unit, member, public_key, now_ms)
        secret = self._ids.random_bytes(SECRET_BYTES)
        unit.members.set_digit_secret(member, secret, now_ms)
        refresh(unit, {member}, now_ms)
        said = {"key_id": key_id.hex(), "revoked": revoked}
        unit.hq.audit(AuditEntry("member", how, str(member), said), now_ms)
        unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))
        return Claimed(tenant, member, key_id, secret, now_ms)


def _give_key(unit: Unit, member: UUID, public_key: bytes | None, now_ms: int) -> bytes:
    if public_key is None:
        return b""
    key_id = key_id_of(public_key)
    if not unit.members.add_phone_key(member, key_id, public_key, now_ms):
        raise Fault(FaultCode.API_BODY_INVALID, detail="public_key")
    return key_id

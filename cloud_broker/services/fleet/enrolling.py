"""Letting boxes in: a code for a slot, a certificate for a key, and the end of both.

Who a certificate is for stands in our own records; what a request says of itself is not read. The
broker is told before the transaction ends, so that a box which holds a certificate may also speak.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid5

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.box_certificate import signed_late
from cloud_broker.ports.authority import BoxAuthority, IssuedCertificate
from cloud_broker.ports.broker_gate import BrokerGate
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.enrolments import EnrolCode, HeldCertificate, StoreSheet
from cloud_broker.ports.fleet import NewDevice
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.repair import RepairItem
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.box_identity import BoxName
from retail_core.fleet.enrol_code import RANDOM_BYTES, read, spell
from retail_core.texts.faults import FaultCode

TOKEN_HASH_BYTES = 32
FIRST_SLOT = 1
_PURPOSE = b"regulars enrolment code 1"


@dataclass(frozen=True, slots=True)
class CodeShown:
    """A code in clear, which is shown once, and until when it holds."""

    code: str
    store: UUID
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A box that proved to hold the key of a certificate which still counts."""

    tenant: UUID
    place: Place


@dataclass(frozen=True, slots=True)
class Enrolling:
    """Gives and takes what lets boxes in."""

    units: Units
    clock: Clock
    ids: IdSource
    keys: KeyRing
    authority: BoxAuthority
    gate: BrokerGate

    def waiting(self, tenant: UUID) -> dict[UUID, str]:
        """Return the stores that have no box yet, by name."""
        with self.units.begin(tenant) as unit:
            names = unit.fleet.store_names().items()
            empty = [one for one in names if unit.enrolments.occupant(one[0], FIRST_SLOT) is None]
        return dict(sorted(empty, key=lambda one: one[1]))

    def code(
        self,
        tenant: UUID,
        store: UUID,
        *,
        who: str,
        replace: bool = False,
        slot: int = FIRST_SLOT,
        life_ms: int = limits.ENROL_CODE_LIFE_MS,
    ) -> CodeShown:
        """Draw a code for a slot of a store; Faults ENROL_SLOT_TAKEN, API_NOT_FOUND."""
        now = self.clock.now_ms()
        code = spell(self.ids.random_bytes(RANDOM_BYTES))
        with self.units.begin(tenant) as unit:
            name = unit.fleet.store_names().get(store)
            if name is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"store {store}")
            if unit.enrolments.occupant(store, slot) is not None and not replace:
                raise Fault(FaultCode.ENROL_SLOT_TAKEN, slot=slot)
            until = now + life_ms
            hashed = self._hash(tenant, code)
            unit.enrolments.add_code(EnrolCode(hashed, store, slot, replace, who, until), now)
            detail = {"name": name, "slot": str(slot), "replace": str(replace).lower()}
            unit.hq.audit(AuditEntry(who, "box.code", str(store), detail), now)
        return CodeShown(code, store, until)

    def enrol(self, typed: str, request: bytes, board: str) -> tuple[UUID, IssuedCertificate]:
        """Take a code once and certify the key of a request: (tenant, certificate).

        Raises Faults F101 to F105, F112 to F115. A code that was used before stands in HQ's repair
        list from then on.
        """
        code = read(typed)
        for tenant in self.units.tenants():
            hashed = self._hash(tenant, code)
            with self.units.begin(tenant) as unit:
                held = unit.enrolments.code(hashed)
                if held is None:
                    continue
                if held.used_ms is None:
                    return tenant, self._first(unit, tenant, held, request, board)
                self._alert(unit, tenant, held, board)
            raise Fault(FaultCode.ENROL_CODE_USED)
        raise Fault(FaultCode.ENROL_CODE_WRONG)

    def renew(self, holder: Holder, request: bytes) -> IssuedCertificate:
        """Certify a new key for a box that came with its present certificate."""
        now = self.clock.now_ms()
        with self.units.begin(holder.tenant) as unit:
            return self._issue(unit, BoxName(holder.tenant, holder.place.device), request, now)

    def renew_late(
        self, name: BoxName, fingerprint: bytes, request: bytes, proof: bytes
    ) -> IssuedCertificate:
        """Certify a new key for a box whose certificate has ended, by its old key's signature.

        Faults CERT_UNKNOWN, CERT_REVOKED, CERT_TOO_LATE, ENROL_KEY_KNOWN.
        """
        now = self.clock.now_ms()
        with self.units.begin(name.tenant) as unit:
            held = unit.enrolments.certificate(fingerprint)
            place = _standing(held, name)
            if held is None or not signed_late(held.issued.content, request, proof):
                raise Fault(FaultCode.CERT_UNKNOWN, reason="signature")
            if now > held.issued.life.late_until_ms():
                raise Fault(FaultCode.CERT_TOO_LATE)
            issued = self._issue(unit, name, request, now, how="late")
            self.gate.admit(name.tenant, place)
        return issued

    def holder(self, name: BoxName, fingerprint: bytes) -> Holder:
        """Return whose certificate this is; Faults CERT_UNKNOWN, CERT_REVOKED."""
        with self.units.begin(name.tenant) as unit:
            held = unit.enrolments.certificate(fingerprint)
        place = _standing(held, name)
        if held is None or held.issued.life.until_ms <= self.clock.now_ms():
            raise Fault(FaultCode.CERT_UNKNOWN, reason="expired")
        return Holder(name.tenant, place)

    def revoke(self, tenant: UUID, device: UUID, *, who: str, why: str) -> None:
        """Shut a box out for good: its records at once, its session at the broker with them.

        Fault BROKER_GATE_DOWN when the broker did not hear it; `tend` tells it again.
        """
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            place = unit.fleet.places_ever([device]).get(device)
            if place is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"device {device}")
            unit.enrolments.retire(device, now)
            detail = {"store": str(place.store), "why": why}
            unit.hq.audit(AuditEntry(who, "box.revoke", str(device), detail), now)
            unit.announce(LiveEvent(tenant, frozenset({"store"}), (place.store,)))
        self.gate.shut_out(device)

    def sheet(self, holder: Holder) -> StoreSheet:
        """Return what a box is told of its store."""
        with self.units.begin(holder.tenant) as unit:
            return unit.enrolments.sheet(holder.place.device)

    # ---- inside ---------------------------------------------------------------------------------

    def _first(
        self, unit: Unit, tenant: UUID, held: EnrolCode, request: bytes, board: str
    ) -> IssuedCertificate:
        now = self.clock.now_ms()
        if held.expires_ms <= now:
            raise Fault(FaultCode.ENROL_CODE_WRONG)
        before = unit.enrolments.occupant(held.store, held.slot)
        if before is not None and not held.replaces:
            raise Fault(FaultCode.ENROL_SLOT_TAKEN, slot=held.slot)
        if before is not None:
            unit.enrolments.retire(before.device, now)
        device = self.ids.uuid7()
        # No token has this hash: a box with a certificate needs none, and keys its claims with it.
        secret = self.ids.random_bytes(TOKEN_HASH_BYTES)
        unit.fleet.add_device(NewDevice(device, held.store, held.slot, secret, ""), now)
        issued = self._issue(unit, BoxName(tenant, device), request, now, how="enrol")
        unit.enrolments.use_code(held.code_hash, device, now)
        detail = {"store": str(held.store), "board": board, "code_by": held.issued_by}
        unit.hq.audit(AuditEntry("box", "box.enrol", str(device), detail), now)
        unit.announce(LiveEvent(tenant, frozenset({"store"}), (held.store,)))
        if before is not None:
            self.gate.shut_out(before.device)
        self.gate.admit(tenant, unit.fleet.places([device])[device])
        return issued

    def _issue(
        self, unit: Unit, name: BoxName, request: bytes, now_ms: int, how: str = "renew"
    ) -> IssuedCertificate:
        issued = self.authority.issue(request, name, now_ms)
        unit.enrolments.add_certificate(name.device, issued, how, now_ms)
        if how != "enrol":
            detail = {"how": how, "serial": f"{issued.serial:x}"}
            unit.hq.audit(AuditEntry("box", "box.renew", str(name.device), detail), now_ms)
        return issued

    def _alert(self, unit: Unit, tenant: UUID, held: EnrolCode, board: str) -> None:
        """Put a second use before a person; the list counts how often it was tried."""
        now = self.clock.now_ms()
        code = FaultCode.ENROL_CODE_USED.value
        item = RepairItem(
            uuid5(tenant, held.code_hash.hex()),
            *("enrol", code, f"board {board}, issued by {held.issued_by}", now),
            store=held.store,
            device=held.device,
        )
        unit.repair.add([item])
        detail = {"store": str(held.store), "board": board}
        unit.hq.audit(AuditEntry("box", "box.code_again", str(held.device), detail), now)
        unit.announce(LiveEvent(tenant, frozenset({"repair"})))

    def _hash(self, tenant: UUID, code: str) -> bytes:
        key = sha256(_PURPOSE + self.keys.keys(tenant).bundle_seed).digest()
        return hmac.digest(key, code.encode(), "sha256")


def _standing(held: HeldCertificate | None, name: BoxName) -> Place:
    """Return where the box of a certificate stands, unless it was shut out."""
    if held is None or held.device != name.device:
        raise Fault(FaultCode.CERT_UNKNOWN, reason="not ours")
    if held.revoked_ms is not None or held.place is None:
        raise Fault(FaultCode.CERT_REVOKED)
    return held.place

"""Enrolment codes and boxes' certificates, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.authority import IssuedCertificate
from cloud_broker.ports.enrolments import EnrolCode, HeldCertificate, StoreSheet
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    from tests.fakes.cloud_office import FakeFleetRepo
    from tests.fakes.cloud_state import State


@dataclass
class EnrolShelf:
    """Codes by hash; certificates by fingerprint, with their box and when they were revoked."""

    codes: dict[bytes, EnrolCode] = field(default_factory=dict)
    given: dict[bytes, tuple[UUID, IssuedCertificate]] = field(default_factory=dict)
    revoked: dict[bytes, int] = field(default_factory=dict)


class FakeEnrolmentRepo:
    """An `EnrolmentRepo`."""

    def __init__(self, state: "State", fleet: "FakeFleetRepo") -> None:
        self._state = state
        self._fleet = fleet
        self._shelf = state.enrolled

    def add_code(self, code: EnrolCode, now_ms: int) -> None:
        for held in list(self._shelf.codes.values()):
            if (held.store, held.slot, held.used_ms) == (code.store, code.slot, None):
                over = replace(held, expires_ms=min(held.expires_ms, now_ms))
                self._shelf.codes[held.code_hash] = over
        self._shelf.codes[code.code_hash] = code

    def code(self, code_hash: bytes) -> EnrolCode | None:
        return self._shelf.codes.get(code_hash)

    def use_code(self, code_hash: bytes, device: UUID, now_ms: int) -> None:
        held = self._shelf.codes[code_hash]
        self._shelf.codes[code_hash] = replace(held, used_ms=now_ms, device=device)

    def occupant(self, store: UUID, slot: int) -> Place | None:
        for device in self._state.devices.values():
            if device.device not in self._state.retired and (device.store, device.slot) == (
                store,
                slot,
            ):
                return self._fleet.places([device.device])[device.device]
        return None

    def occupants(self, store: UUID) -> dict[int, UUID]:
        standing = (
            (one.slot, one.device)
            for one in self._state.devices.values()
            if one.store == store and one.device not in self._state.retired
        )
        return dict(sorted(standing))

    def add_certificate(
        self, device: UUID, issued: IssuedCertificate, how: str, now_ms: int
    ) -> None:
        if issued.key_hash in {one.key_hash for _, one in self._shelf.given.values()}:
            raise Fault(FaultCode.ENROL_KEY_KNOWN)
        self._shelf.given[issued.fingerprint] = (device, issued)

    def certificate(self, fingerprint: bytes) -> HeldCertificate | None:
        held = self._shelf.given.get(fingerprint)
        if held is None:
            return None
        device, issued = held
        place = self._fleet.places([device]).get(device)
        return HeldCertificate(issued, device, place, self._shelf.revoked.get(fingerprint))

    def retire(self, device: UUID, now_ms: int) -> None:
        self._state.retired.add(device)
        for fingerprint, (holder, _) in self._shelf.given.items():
            if holder == device:
                self._shelf.revoked.setdefault(fingerprint, now_ms)

    def certified(self, now_ms: int) -> tuple[Place, ...]:
        found = {
            device
            for fingerprint, (device, issued) in self._shelf.given.items()
            if fingerprint not in self._shelf.revoked and issued.life.until_ms > now_ms
        }
        places = self._fleet.places(found)
        return tuple(places[device] for device in sorted(places))

    def revoked(self, now_ms: int) -> dict[int, int]:
        return {
            self._shelf.given[fingerprint][1].serial: since
            for fingerprint, since in self._shelf.revoked.items()
            if self._shelf.given[fingerprint][1].life.until_ms > now_ms
        }

    def sheet(self, device: UUID) -> StoreSheet:
        held = self._state.devices.get(device)
        if held is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"device {device}")
        store = held.store
        row = self._state.stores[store]
        regions = {region: name for name, region in self._state.regions.items()}
        tills = [one for one in self._state.tills.values() if one.store == store]
        people = [one for one in self._state.operators.values() if one.store == store]
        return StoreSheet(
            *(row.name, row.city, regions.get(row.region, "")),
            tuple(sorted(tills, key=lambda one: one.name)),
            tuple(sorted(people, key=lambda one: one.number)),
            held.token_hash,
        )

    def certificates_of(self, devices: Sequence[UUID]) -> dict[UUID, int]:
        found: dict[UUID, int] = {}
        for fingerprint, (device, issued) in self._shelf.given.items():
            if device in devices and fingerprint not in self._shelf.revoked:
                found[device] = max(found.get(device, 0), issued.life.until_ms)
        return found

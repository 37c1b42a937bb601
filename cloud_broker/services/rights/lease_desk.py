"""What a person decides about leases: which boxes are in doubt, and the two words that settle it.

A card that is lost or was set back leaves rights in doubt; nobody but a person who has looked can
say that it will never speak again, or that one of two boxes is left.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.rights.lease_office import LeaseOffice
from retail_core.errors import Fault
from retail_core.loyalty.lease_fence import Tenure
from retail_core.loyalty.leases import LeaseState, RightKind
from retail_core.texts.faults import FaultCode

MAY_SETTLE = frozenset({"admin", "operations"})


@dataclass(frozen=True, slots=True)
class BoxLeases:
    """What a box holds, by kind of right: points, or pieces. `frozen`: it was alive twice.

    `retired`: another box stands in its slot; what it holds comes back by a person's word alone.
    """

    device: UUID
    store: UUID
    epoch: int
    frozen: bool
    lent: dict[str, int]
    in_doubt: dict[str, int]
    retired: bool = False


class LeaseSettling:
    """The desk; every word is kept with its author and the reason."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock
        self._office = LeaseOffice(units, clock)

    def boxes(self, tenant: UUID) -> tuple[BoxLeases, ...]:
        """Return every box that was ever let in, those that need a person first."""
        with self._units.begin(tenant) as unit:
            boxes = unit.fleet.devices_of(unit.fleet.store_names().keys()).values()
            standing = {place.device: place for some in boxes for place in some}
            gone = unit.leases.holders() - standing.keys()
            places = standing | unit.fleet.places_ever(gone)
            tenures = unit.leases.tenures(places.keys())
            held = unit.leases.held_by(tenures.keys())
            made = [
                _box(held[one], one, places[one].store, tenure, retired=one in gone)
                for one, tenure in tenures.items()
            ]
        return tuple(sorted(made, key=lambda one: (not _needs_a_person(one), one.device)))

    def write_off(self, who: HqIdentity, device: UUID, reason: str) -> BoxLeases:
        """Take back what is in doubt: the card is destroyed. Faults API_NOT_FOUND, L109, L114.

        Of a box that another one replaced, everything is.

        Points are free again. Coupons and budgets count as used up, until the box says otherwise.
        """
        return self._settle(who, device, reason, ("lease.write_off", self._office.write_off))

    def release(self, who: HqIdentity, device: UUID, reason: str) -> BoxLeases:
        """Let a box in again that was alive twice, for one is left (Faults as above)."""
        return self._settle(who, device, reason, ("lease.release", self._office.release))

    def _settle(
        self,
        who: HqIdentity,
        device: UUID,
        reason: str,
        act: tuple[str, Callable[[UUID, UUID], None]],
    ) -> BoxLeases:
        if who.role not in MAY_SETTLE:
            raise Fault(FaultCode.LEDGER_ROLE, role=who.role)
        if not reason.strip():
            raise Fault(FaultCode.LEDGER_REASON_MISSING)
        name, settle = act
        before = self._one(who.tenant_id, device)
        settle(who.tenant_id, device)
        with self._units.begin(who.tenant_id) as unit:
            detail = {"reason": reason, "in_doubt": before.in_doubt, "frozen": before.frozen}
            entry = AuditEntry(who.login, name, str(device), detail)
            unit.hq.audit(entry, self._clock.now_ms())
        return self._one(who.tenant_id, device)

    def _one(self, tenant: UUID, device: UUID) -> BoxLeases:
        with self._units.begin(tenant) as unit:
            place = unit.fleet.places_ever([device]).get(device)
            tenure = unit.leases.tenures([device]).get(device)
            if place is None or tenure is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"device {device}")
            retired = device not in unit.fleet.places([device])
            held = unit.leases.held_by([device])[device]
            return _box(held, device, place.store, tenure, retired=retired)


def _needs_a_person(box: BoxLeases) -> bool:
    return bool(box.frozen or box.in_doubt or (box.retired and box.lent))


def _box(
    held: Mapping[tuple[RightKind, LeaseState], int],
    device: UUID,
    store: UUID,
    tenure: Tenure,
    *,
    retired: bool,
) -> BoxLeases:
    lent = {kind.value: n for (kind, state), n in held.items() if state == LeaseState.OPEN}
    doubt = {kind.value: n for (kind, state), n in held.items() if state == LeaseState.FENCED}
    return BoxLeases(device, store, tenure.epoch, tenure.frozen, lent, doubt, retired)

"""What people see and decide of a restore: who has spoken, what is lost, who is excused."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.restores import Restore, RestoreBox
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.rights.lease_desk import MAY_SETTLE
from cloud_broker.services.rights.restoring import awaited
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class RestoreView:
    """The last restore. `waiting` are boxes that have not said what they hold, by store name.

    `newer` names documents that boxes hold and this database does not: published after the backup.
    """

    restore: Restore
    boxes: tuple[RestoreBox, ...]
    waiting: dict[UUID, str]
    newer: dict[str, tuple[int, int]]

    @property
    def lost(self) -> dict[UUID, tuple[int, int]]:
        """Return sequences that nobody keeps any more, by box."""
        return {
            box.device: box.standing.lost
            for box in self.boxes
            if box.standing is not None and box.standing.lost is not None
        }


class RestoreWatch:
    """The desk; every word is kept with its author and the reason."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def view(self, tenant: UUID) -> RestoreView:
        """Return how the last restore stands. Raises Fault RESTORE_NONE."""
        with self._units.begin(tenant) as unit:
            return _view(unit)

    def excuse(self, who: HqIdentity, device: UUID, reason: str) -> RestoreView:
        """Wait for a box no longer: it is lost (Faults RESTORE_NONE, API_NOT_FOUND, L109, L114).

        What it was lent after the backup may then be lent again. Should it come back, what it spent
        of that is booked, and the brand bears what is too much.
        """
        if who.role not in MAY_SETTLE:
            raise Fault(FaultCode.LEDGER_ROLE, role=who.role)
        if not reason.strip():
            raise Fault(FaultCode.LEDGER_REASON_MISSING)
        with self._units.begin(who.tenant_id) as unit:
            view = _view(unit)
            if device not in view.waiting:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"device {device}")
            unit.restores.excuse(view.restore.epoch, device, who.login, reason)
            detail = {"reason": reason, "epoch": view.restore.epoch}
            entry = AuditEntry(who.login, "restore.excuse", str(device), detail)
            unit.hq.audit(entry, self._clock.now_ms())
            return _view(unit)


def _view(unit: Unit) -> RestoreView:
    newest = unit.restores.newest()
    if newest is None:
        raise Fault(FaultCode.RESTORE_NONE)
    boxes = unit.restores.boxes(newest.epoch)
    names = unit.fleet.store_names()
    waiting = {
        device: names[place.store]
        for device, place in awaited(unit).items()
        if device not in boxes or not boxes[device].done
    }
    newer: dict[str, tuple[int, int]] = {}
    for kind in ("catalogue", "bundle"):
        held, own = unit.restores.highest(kind), unit.catalogue.newest(kind)
        version = 0 if own is None else own.version
        if held > version:
            newer[kind] = (held, version)
    some = sorted(boxes.values(), key=lambda one: one.device)
    return RestoreView(newest, tuple(some), waiting, newer)

"""Diagnostics that boxes hand in because HQ asked for them, and who of HQ takes them out."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.orders import CommandRow
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.commands import MAY_ORDER
from cloud_broker.services.fleet.twin import Person, check_role
from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.commands import CommandState
from retail_core.texts.faults import FaultCode

DIAG = "diag"
# Long enough to be looked into, short enough that logs of a shop do not pile up.
KEPT_MS = 30 * 24 * 60 * 60 * 1_000
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Archives:
    """Nothing is taken that nobody asked for; each look is one of the audit's."""

    units: Units
    clock: Clock

    def take(self, tenant: UUID, place: Place, content: bytes) -> None:
        """Keep what a box collected for the command that it does now, once more too.

        Faults API_NOT_FOUND when nobody asked, API_BODY_INVALID, API_BODY_TOO_LARGE.
        """
        if not content.startswith(_GZIP):
            raise Fault(FaultCode.API_BODY_INVALID, detail="gzip")
        if len(content) > limits.ARCHIVE_BYTES_MAX:
            raise Fault(FaultCode.API_BODY_TOO_LARGE, limit_bytes=limits.ARCHIVE_BYTES_MAX)
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            command = _under_way(unit, place.device)
            unit.orders.drop_archives(now_ms - KEPT_MS)
            unit.orders.keep_archive(command, content, now_ms)
            unit.announce(LiveEvent(tenant, frozenset({"fleet"}), (place.store,)))

    def open(self, who: Person, order_id: UUID, command_id: UUID) -> bytes:
        """Return an archive. Faults API_SCOPE_MISSING, API_NOT_FOUND."""
        check_role(who, MAY_ORDER)
        with self.units.begin(who.tenant_id) as unit:
            rows = unit.orders.commands(order_id, locked=False)
            command = next((one for one in rows if one.command_id == command_id), None)
            content = None if command is None else unit.orders.archive(command_id)
            if command is None or content is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"archive {command_id}")
            said = {"store": str(command.store), "bytes": len(content)}
            entry = AuditEntry(who.login, "command.archive", str(order_id), said)
            unit.hq.audit(entry, self.clock.now_ms())
        return content


def _under_way(unit: Unit, device: UUID) -> CommandRow:
    for command in unit.orders.open_of(device):
        if command.state is CommandState.EXECUTING:
            order = unit.orders.order(command.order_id, locked=False)
            if order is not None and order.kind == DIAG and not order.dry:
                return command
    raise Fault(FaultCode.API_NOT_FOUND, what=DIAG)

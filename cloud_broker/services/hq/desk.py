"""What HQ can do: try a repair again, map a printed name to an article."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity, RepairRow
from cloud_broker.services.booking.repairing import RepairBench
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

# An auditor looks; everybody else may mend.
MAY_MEND = frozenset({"admin", "operations", "marketing"})


class RepairReader(Protocol):
    """Reads single rows of the repair queue."""

    def repair(self, tenant: UUID, repair_id: UUID) -> RepairRow | None:
        """Return one row of the repair queue, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Fulfils `HqDesk`."""

    units: Units
    repairs: RepairReader
    bench: RepairBench
    clock: Clock

    def replay(self, who: HqIdentity, repair_id: UUID) -> RepairRow:
        """Try a repair row again and return it as it stands then. Raises Fault A108, A111.

        A row that somebody has dealt with in the meantime is returned as it stands.
        """
        _may(who, "repair")
        self.bench.replay(who.tenant_id, repair_id, who=who.login)
        row = self.repairs.repair(who.tenant_id, repair_id)
        if row is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="repair")
        return row

    def map_name(self, who: HqIdentity, name: str, sku: str) -> None:
        """Map a printed name to an article for all stores. Raises Fault A108, A111."""
        _may(who, "review-names")
        if not 0 < len(name) <= limits.NAME_CHARS_MAX:
            raise Fault(FaultCode.API_BODY_INVALID, detail="name")
        now = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            if sku not in unit.catalogue.article_ids([sku]):
                raise Fault(FaultCode.API_NOT_FOUND, what=f"article {sku}")
            unit.catalogue.map_name(name, sku, who.login, now)
            unit.hq.audit(AuditEntry(who.login, "name.map", name, {"sku": sku}), now)
            unit.announce(LiveEvent(who.tenant_id, frozenset({"repair"})))


def _may(who: HqIdentity, scope: str) -> None:
    if who.role not in MAY_MEND:
        raise Fault(FaultCode.API_SCOPE_MISSING, scope=scope)

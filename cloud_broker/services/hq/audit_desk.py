"""The chain of what people did: read, and proved to be whole."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.audit_chain import NO_HASH, AuditRow, broken
from cloud_broker.ports.hq import AuditAsked
from cloud_broker.ports.unit import Units

SHOWN = 100
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Proof:
    """How many rows follow from the first one on, and the first that does not, if any."""

    rows: int
    broken: int | None


@dataclass(frozen=True, slots=True)
class AuditDesk:
    """Reads; nothing here writes."""

    units: Units

    def rows(self, tenant: UUID, asked: AuditAsked) -> tuple[AuditRow, ...]:
        """Return rows, newest first."""
        with self.units.begin(tenant) as unit:
            return unit.hq.audits(asked, SHOWN)

    def prove(self, tenant: UUID) -> Proof:
        """Reckon every row's hash again, from the first one on."""
        number, before = 0, NO_HASH
        while True:
            with self.units.begin(tenant) as unit:
                rows = unit.hq.audit_chain(number, BATCH)
            wrong = broken(rows, number, before)
            if wrong is not None:
                return Proof(wrong - 1, wrong)
            if not rows:
                return Proof(number, None)
            number, before = rows[-1].number, rows[-1].hash

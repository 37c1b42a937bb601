"""What HQ sees and says of clerks: figures, alerts, and which membership is a clerk's own."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Protocol
from uuid import UUID

from cloud_broker.ports.clerks import Alert, AlertRow, Clerk, ClerkFigures
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.unit import Units
from cloud_broker.services.goods.cells import safe_cell, yuan
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

ALERTS_SHOWN = 200
DAYS_MAX = 400
MAY_JUDGE = frozenset({"admin", "operations"})
HEADER = (
    *("from", "to", "store", "number", "name"),
    *("sales", "sales_yuan", "refunds", "refund_yuan", "recruits", "operator_id"),
)


class Person(Protocol):
    """Whoever of HQ asks."""

    @property
    def tenant_id(self) -> UUID:
        """Whose rows."""
        ...

    @property
    def login(self) -> str:
        """The name that goes on record."""
        ...

    @property
    def role(self) -> str:
        """What they may do."""
        ...


class ClerkDesk:
    """Answers HQ; called from the API's threads and the command line."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def figures(
        self, tenant: UUID, first: date, last: date, store: UUID | None = None
    ) -> tuple[ClerkFigures, ...]:
        """Return what clerks did from one day to another; Fault API_BODY_INVALID."""
        if not 0 <= (last - first).days < DAYS_MAX:
            raise Fault(FaultCode.API_BODY_INVALID, detail=f"{first} … {last}")
        with self._units.begin(tenant) as unit:
            return unit.clerks.figures(first, last, store)

    def alerts(self, tenant: UUID) -> tuple[AlertRow, ...]:
        """Return what a person should look at, open ones first."""
        with self._units.begin(tenant) as unit:
            return unit.clerks.alerts(ALERTS_SHOWN)

    def clerks(self, tenant: UUID) -> tuple[Clerk, ...]:
        """Return every clerk with her own membership, as far as HQ knows it."""
        with self._units.begin(tenant) as unit:
            return unit.clerks.clerks()

    def acknowledge(self, who: Person, alert: Alert, note: str) -> None:
        """Note that a person has looked at an alert (Faults L114, A108)."""
        _may(who)
        now_ms = self._clock.now_ms()
        with self._units.begin(who.tenant_id) as unit:
            if not unit.clerks.acknowledge(alert, who.login, note.strip(), now_ms):
                raise Fault(FaultCode.API_NOT_FOUND, what="alert")
            said = {"member": str(alert.member), "day": str(alert.day), "kind": alert.kind}
            entry = AuditEntry(who.login, "clerk.alert.seen", str(alert.operator), said)
            unit.hq.audit(entry, now_ms)

    def link(self, who: Person, operator: UUID, member: UUID | None) -> None:
        """Say which membership is a clerk's own, None for none (Faults L114, A108, P106)."""
        _may(who)
        with self._units.begin(who.tenant_id) as unit:
            if member is not None and not unit.members.wallets([member]):
                raise Fault(FaultCode.SALE_MEMBER_UNKNOWN, member=member)
            if not unit.clerks.link(operator, member):
                raise Fault(FaultCode.API_NOT_FOUND, what="operator")
            said = {"member": None if member is None else str(member)}
            entry = AuditEntry(who.login, "clerk.member", str(operator), said)
            unit.hq.audit(entry, self._clock.now_ms())


def _may(who: Person) -> None:
    if who.role not in MAY_JUDGE:
        raise Fault(FaultCode.LEDGER_ROLE, role=who.role)


def figures_csv(rows: Iterable[ClerkFigures], first: date, last: date) -> str:
    """Write figures as a spreadsheet reads them; no name in them is run as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for row in rows:
        words = (safe_cell(word) for word in (row.store_name, row.number, row.name))
        figures = (row.sales, yuan(row.sales_fen), row.refunds, yuan(row.refund_fen))
        writer.writerow([first, last, *words, *figures, row.recruits, row.operator])
    return "\ufeff" + out.getvalue()

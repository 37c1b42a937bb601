"""The end of a day: the till's Z-report beside the books, every difference on its own line."""

from datetime import date
from uuid import UUID

import msgspec

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.ledger import DayClosed
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.access.overview import HqIdentity
from retail_core.errors import Fault
from retail_core.loyalty.closing import DayTotals, Difference, reconcile, reconcile_receipts
from retail_core.texts.faults import FaultCode


class ZTotals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One till's totals as its Z-report prints them, amounts in fen."""

    sales: int = 0
    gross_fen: int = 0
    net_fen: int = 0
    points_earned: int = 0
    points_redeemed: int = 0
    refunds: int = 0
    refund_fen: int = 0


class ZReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A shop's day by its tills; `receipts` (`till/number` → fen) may be left out."""

    store: str
    date: date
    tills: dict[str, ZTotals]
    receipts: dict[str, int] | None = None


def parse_report(content: bytes) -> ZReport:
    """Read a Z-report's JSON (Fault L113 says what is wrong)."""
    try:
        return msgspec.json.decode(content, type=ZReport)
    except msgspec.DecodeError as error:
        raise Fault(FaultCode.LEDGER_ZREPORT_INVALID, reason=str(error)) from None


class DayCloser:
    """Closes days; a day may be closed again when a shop's events came late."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def close(self, who: HqIdentity, report: ZReport) -> tuple[DayClosed, int]:
        """Compare and keep the result; return it and how often the day was closed now."""
        now = self._clock.now_ms()
        with self._units.begin(who.tenant_id) as unit:
            store = store_of(unit, report.store)
            found = self._differences(unit, store, report)
            said = msgspec.to_builtins(report)
            closed = DayClosed(store, report.date, said, found, who.login, now)
            times = unit.closing.close_day(closed)
            detail = {"date": str(report.date), "differences": len(found)}
            unit.hq.audit(AuditEntry(who.login, "points.close_day", str(store), detail), now)
        return closed, times

    def _differences(self, unit: Unit, store: UUID, report: ZReport) -> tuple[Difference, ...]:
        books = unit.closing.day(store, report.date)
        tills = {
            name: DayTotals(*msgspec.structs.astuple(totals))
            for name, totals in report.tills.items()
        }
        found = reconcile(tills, books)
        if report.receipts is not None:
            receipts = unit.closing.day_receipts(store, report.date)
            found += reconcile_receipts(report.receipts, receipts)
        return found


def store_of(unit: Unit, named: str) -> UUID:
    """Return a store by name or id (Fault API_NOT_FOUND)."""
    for store, name in unit.fleet.store_names().items():
        if named in {name, str(store)}:
            return store
    raise Fault(FaultCode.API_NOT_FOUND, what=f"store {named!r}")

"""The composition of what is suggested on stock: the desk, and who starts the nightly run."""

from collections.abc import Callable
from uuid import UUID

from cloud_broker.bootstrap import apart
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.insight.nights import Nights, stock_due
from cloud_broker.services.insight.stock_desk import StockDesk
from cloud_broker.services.rules.adding import OneMore
from cloud_broker.services.rules.drafting import DraftDesk
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

NIGHT_S_MAX = 3_600.0


def stock_desk(office: Office) -> StockDesk:
    """Put the desk together."""
    draft = OneMore(DraftDesk(office.units, office.clock, office.ids))
    return StockDesk(office.units, office.clock, draft, office.settings.zone)


def stock_worker(office: Office, tally: FaultTally, works: Callable[[UUID], bool]) -> BesideWorker:
    """Put together who starts the run of each night, in a process that ends with it."""

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    def reckon(tenant: UUID) -> None:
        in_a_process(office.settings, tenant)

    due = stock_due(office.units)
    nights = Nights(office.clock, due, reckon, zone=office.settings.zone)
    return BesideWorker("stock-plans", nights.run, tenants, tally)


def in_a_process(settings: Settings, tenant: UUID, *, seconds: float = NIGHT_S_MAX) -> None:
    """Work a night out elsewhere: its libraries and arrays leave with it. Fault STOCK_NO_PLAN."""
    reason = apart.in_a_process("stock", _work, settings, tenant, seconds=seconds)
    if reason:
        raise Fault(FaultCode.STOCK_NO_PLAN, reason=reason)


def _work(settings: Settings, tenant: UUID) -> None:
    """Run in the process: what reckons is imported here alone."""
    from cloud_broker.bootstrap import stock_night  # noqa: PLC0415 - see above

    stock_night.work(settings, tenant)

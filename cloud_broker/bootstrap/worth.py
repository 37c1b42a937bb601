"""The composition of what people are worth: who starts the night's run, in a process."""

from collections.abc import Callable
from importlib.util import find_spec
from uuid import UUID

from cloud_broker.bootstrap.apart import in_a_process
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.insight.nights import Nights, worth_due
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

NIGHT_S_MAX = 3_600.0


def worth_worker(
    office: Office, tally: FaultTally, works: Callable[[UUID], bool]
) -> BesideWorker | None:
    """Put together who starts each night's run; None where nothing can reckon."""
    if find_spec("scipy") is None:
        return None

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    def reckon(tenant: UUID) -> None:
        reckon_apart(office.settings, tenant)

    due = worth_due(office.units)
    nights = Nights(office.clock, due, reckon, zone=office.settings.zone)
    return BesideWorker("worth", nights.run, tenants, tally)


def reckon_apart(settings: Settings, tenant: UUID, *, seconds: float = NIGHT_S_MAX) -> None:
    """Reckon a tenant's worth elsewhere: numpy and scipy leave with it. Fault INSIGHT_NO_FIT."""
    why = in_a_process("worth", _work, settings, tenant, seconds=seconds)
    if why:
        raise Fault(FaultCode.INSIGHT_NO_FIT, model="LTV", why=why)


def _work(settings: Settings, tenant: UUID) -> None:
    """Run in the process: what reckons is imported here alone."""
    from cloud_broker.bootstrap import worth_night  # noqa: PLC0415 - see above

    worth_night.work(settings, tenant)

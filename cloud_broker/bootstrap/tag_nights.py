"""The composition of the night's tags: who starts the run, in a process that ends with it."""

from collections.abc import Callable
from importlib.util import find_spec
from uuid import UUID

from cloud_broker.adapters.postgres.tags import PostgresTagShelf
from cloud_broker.bootstrap import apart
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.insight.nights import Nights, tags_due
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

NIGHT_S_MAX = 7_200.0


def tag_worker(
    office: Office, tally: FaultTally, works: Callable[[UUID], bool]
) -> BesideWorker | None:
    """Put together who starts each night's run; None where it is off or nothing can reckon."""
    after = office.settings.tags_after
    if after is None or find_spec("ibis") is None:
        return None

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    def reckon(tenant: UUID) -> None:
        in_a_process(office.settings, tenant)

    due = tags_due(PostgresTagShelf(office.units, office.clock))
    nights = Nights(office.clock, due, reckon, after, office.settings.zone)
    return BesideWorker("tags", nights.run, tenants, tally)


def in_a_process(settings: Settings, tenant: UUID, *, seconds: float = NIGHT_S_MAX) -> None:
    """Work a night out elsewhere: its libraries leave with it. Fault METRICS_ENGINE."""
    why = apart.in_a_process("tags", _work, settings, tenant, seconds=seconds)
    if why:
        raise Fault(FaultCode.METRICS_ENGINE, engine="tags", why=why)


def _work(settings: Settings, tenant: UUID) -> None:
    """Run in the process: what reckons is imported here alone."""
    from cloud_broker.bootstrap import tag_night  # noqa: PLC0415 - see above

    tag_night.work(settings, tenant)

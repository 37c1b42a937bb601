"""The composition of what sets apart what no customer did."""

from collections.abc import Callable
from uuid import UUID

from cloud_broker.adapters.postgres.cleaning import PostgresCleaningShelf
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.insight.cleaning import Cleaning
from retail_core.tally import FaultTally


def cleaning_of(office: Office) -> Cleaning:
    """Return who judges and lifts."""
    shelf = PostgresCleaningShelf(office.units, office.clock, office.ids)
    return Cleaning(shelf, office.clock, office.settings.zone)


def cleaning_worker(
    office: Office, tally: FaultTally, works: Callable[[UUID], bool]
) -> BesideWorker:
    """Put together who does it every night."""

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    return BesideWorker("cleaning", cleaning_of(office).nightly, tenants, tally)

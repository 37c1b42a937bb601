"""The composition of what sets apart what no customer did."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

from cloud_broker.adapters.order_pile import order_pile
from cloud_broker.adapters.postgres.cleaning import PostgresCleaningShelf
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.insight.cleaning import Cleaning
from retail_core.tally import FaultTally


def cleaning_of(office: Office) -> Cleaning:
    """Return who judges and lifts."""
    shelf = PostgresCleaningShelf(office.units, office.clock, office.ids)
    return Cleaning(shelf, office.clock, partial(order_pile, _place(office)), office.settings.zone)


def _place(office: Office) -> Path | None:
    """Return where a run's orders lie: where analysis has its room, else among temporary files."""
    if (folder := office.settings.analytics_dir) is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cleaning_worker(
    office: Office, tally: FaultTally, works: Callable[[UUID], bool]
) -> BesideWorker:
    """Put together who does it every night."""

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    return BesideWorker("cleaning", cleaning_of(office).nightly, tenants, tally)

"""The composition of nightly exports."""

from collections.abc import Callable
from uuid import UUID

from cloud_broker.adapters.export_files import ExportFiles
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.outward.exporting import Exporter, ExportHow, ExportNight
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode


def export_files(office: Office) -> ExportFiles | None:
    """Return where exports lie, None where none are made."""
    folder = office.settings.export_dir
    return None if folder is None else ExportFiles(folder)


def exporter_of(office: Office) -> Exporter:
    """Put together who exports. Fault EXPORT_UNSET."""
    settings, shelf = office.settings, export_files(office)
    if shelf is None:
        raise Fault(FaultCode.EXPORT_UNSET)
    how = ExportHow(
        settings.zone, settings.export_after, settings.export_keep_days, settings.export_people
    )
    return Exporter(office.units, office.clock, office.keys, shelf, how)


def export_worker(office: Office, tally: FaultTally, works: Callable[[UUID], bool]) -> BesideWorker:
    """Put together who does it every night."""

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    return BesideWorker("exports", ExportNight(exporter_of(office)).run, tenants, tally)

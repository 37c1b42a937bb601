"""The composition of releases: the desk over the shelf, and who keeps the index fresh."""

from pathlib import Path
from uuid import UUID

from cloud_broker.adapters.release_shelf import ReleaseShelf
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.fleet.releases import ReleaseDesk
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode


def shelf_of(office: Office) -> ReleaseShelf:
    """Return the folder of releases; Fault RELEASE_NO_SHELF where none is set."""
    folder = office.settings.release_dir
    if folder is None:
        raise Fault(FaultCode.RELEASE_NO_SHELF)
    return ReleaseShelf(folder)


def newest_root(office: Office) -> bytes:
    """Return the root that boxes are let in with, as it was signed; empty without releases."""
    folder = office.settings.release_dir
    shelf = None if folder is None else ReleaseShelf(folder)
    return shelf.root_file().read_bytes() if shelf is not None and shelf.made else b""


def release_desk(office: Office) -> ReleaseDesk:
    """Put the desk together."""
    return ReleaseDesk(office.units, office.clock, office.ids, lambda: shelf_of(office).releases())


def freshness_worker(office: Office, tally: FaultTally, folder: Path) -> BesideWorker:
    """Return the thread that signs the timestamp anew in time; the caller starts it."""
    shelf = ReleaseShelf(folder)

    def freshen(_tenant: UUID) -> int:
        if shelf.made:
            shelf.freshen(office.clock.now_ms())
        return 0

    # One folder for all tenants, so once for all of them.
    return BesideWorker("releases", freshen, lambda: office.units.tenants()[:1], tally)

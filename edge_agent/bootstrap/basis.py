"""What everything is built on: identity, time, randomness, and the files of the box."""

from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from edge_agent.adapters.agreement_sqlite import SqliteAgreement
from edge_agent.adapters.board import Board, read_board
from edge_agent.adapters.card_counters_sqlite import SqliteCardCounters
from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.disk_reserve import DiskReserve
from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_seal import JournalSeal
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.keys import derive_key
from edge_agent.adapters.known_time_file import read_known_time
from edge_agent.adapters.replica_steady import SteadyReplica
from edge_agent.adapters.used_proofs_sqlite import SqliteUsedProofs
from edge_agent.api.hub import EventHub
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.services.box.device_broker import DeviceBroker
from edge_agent.services.box.safe_mode import SafeMode
from edge_agent.services.box.updates import UpdateKeeper
from edge_agent.services.line.restore import restore_unsynced
from edge_agent.services.shop.shop_keeper import ShopKeeper
from edge_agent.settings import Settings
from retail_core.clock import TimeQuality
from retail_core.tally import FaultTally

DOCUMENTS_FILE = "documents.json"


@dataclass(frozen=True, slots=True)
class Basis:
    """What everything else is built on; `run_id` names this run of the program.

    `broker` knows the paths of `device:` addresses; `check`, which opens no line, has none.
    """

    settings: Settings
    version: str
    run_id: UUID
    clock: Clock
    ids: IdSource
    tally: FaultTally
    shop: Shop
    hub: EventHub
    board: Board
    broker: DeviceBroker | None = None
    safe_mode: SafeMode | None = None
    updates: UpdateKeeper | None = None

    @property
    def safe(self) -> bool:
        """Whether the box runs with less, because it did not come up several times."""
        return self.safe_mode is not None and self.safe_mode.active


@dataclass(frozen=True, slots=True)
class Storage:
    """The files of the box, open."""

    journal: SqliteJournal
    replica: SteadyReplica
    gallery: SqliteGallery
    documents: TinyDocuments
    used_proofs: SqliteUsedProofs
    card_counters: SqliteCardCounters
    agreement: SqliteAgreement
    reserve: DiskReserve
    seal: JournalSeal


def basis_of(
    settings: Settings, version: str, clock: Clock | None = None, board: Board | None = None
) -> Basis:
    """Take the identity from the device file, time and randomness from the system."""
    identity = settings.device.identity
    clock = clock or SystemClock(
        kernel_boot_id(), floor_ms=read_known_time(settings.config.data_dir)
    )
    ids = SystemIds(clock)
    shop = Shop(
        tenant=identity.tenant,
        store=identity.store,
        device=identity.device,
        legal_entity=identity.legal_entity,
        store_name=identity.store_name,
        city=identity.city,
        zone=identity.zone,
        day_starts_at=identity.day_starts_at,
        region=identity.region,
        labels=settings.config.scales.layouts,
    )
    return Basis(
        settings=settings,
        version=version,
        run_id=ids.uuid7(),
        clock=clock,
        ids=ids,
        tally=FaultTally(),
        shop=shop,
        hub=EventHub(clock),
        board=board or read_board(),
    )


def open_storage(basis: Basis, files: ExitStack) -> Storage:
    """Open or create every file; raises Fault DISK_KEY_WRONG or DISK_JOURNAL_CORRUPT."""
    folder = basis.settings.config.data_dir
    storage_key = basis.settings.device.keys.storage_key.get_secret_value()

    def key(purpose: str) -> bytes:
        return derive_key(storage_key, purpose)

    reserve = DiskReserve(folder / "journal.reserve")
    journal = SqliteJournal(folder / "journal.db", key("journal"), basis.ids, reserve=reserve)
    files.callback(journal.close)
    places = (folder / "journal.seal", *basis.settings.config.seal_places)
    seal = JournalSeal(journal, places, key("seal"), basis.board.secret.get_secret_value())
    files.callback(seal.turn)
    replica = SteadyReplica.opened_or_new(folder / "replica.db", key("replica"), basis.tally)
    files.callback(replica.close)
    restore_unsynced(journal, replica, basis.shop)
    gallery = SqliteGallery.opened_or_new(
        folder / "gallery.db",
        key("gallery"),
        basis.ids,
        basis.tally,
        basis.shop.device,
        basis.board,
    )
    files.callback(gallery.close)
    now = basis.clock.now()
    if now.quality is not TimeQuality.UNKNOWN:
        gallery.forget_other_board(now.wall_ms)
    documents = TinyDocuments.opened_or_new(folder / DOCUMENTS_FILE, basis.tally)
    files.callback(documents.close)
    ShopKeeper(basis.shop, documents).recall()
    used_proofs = SqliteUsedProofs.opened_or_new(folder / "proofs.db", key("proofs"), basis.tally)
    files.callback(used_proofs.close)
    counters = SqliteCardCounters.opened_or_new(folder / "cards.db", key("cards"), basis.tally)
    files.callback(counters.close)
    agreement = SqliteAgreement.opened_or_new(
        folder / "agreement.db", key("agreement"), basis.tally
    )
    files.callback(agreement.close)
    return Storage(
        *(journal, replica, gallery, documents, used_proofs, counters, agreement),
        *(reserve, seal),
    )

"""The composition root: the only file that names adapters and drivers."""

from collections.abc import Callable
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from fastapi import FastAPI

from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.keys import derive_key
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.api.app import build_app
from edge_agent.api.dependencies import ApiDeps
from edge_agent.api.guard import Gate
from edge_agent.api.hub import EventHub
from edge_agent.api.idempotency import OnceDesk
from edge_agent.api.operators import OperatorDesk, OperatorIdentity
from edge_agent.api.principals import Kind, Principal, TokenBook
from edge_agent.api.rate import LookupRate
from edge_agent.api.views import Views
from edge_agent.api.visits import Visits
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.services.book_tapped import BookTapped
from edge_agent.services.close_sale import CloseSale
from edge_agent.services.enrol import Enrol
from edge_agent.services.members import Members
from edge_agent.services.pending_points import PendingPoints
from edge_agent.services.price_desk import PriceDesk
from edge_agent.services.recorder import Recorder
from edge_agent.services.till_sessions import TillSessions
from edge_agent.settings import Settings
from retail_core.tally import FaultTally


@dataclass(frozen=True, slots=True)
class Basis:
    """What everything else is built on."""

    settings: Settings
    version: str
    clock: Clock
    ids: IdSource
    tally: FaultTally
    shop: Shop


@dataclass(frozen=True, slots=True)
class Storage:
    """The files of the box, open."""

    journal: SqliteJournal
    replica: SqliteReplica
    gallery: SqliteGallery
    documents: TinyDocuments

    def close(self) -> None:
        """Close every file."""
        for file in (self.documents, self.gallery, self.replica, self.journal):
            file.close()


@dataclass(frozen=True, slots=True)
class Services:
    """What the API and the loops call."""

    recorder: Recorder
    pending: PendingPoints
    prices: PriceDesk
    members: Members
    sales: CloseSale
    enrol: Enrol
    tapped: BookTapped
    sessions: TillSessions


def basis_of(settings: Settings, version: str, clock: Clock | None = None) -> Basis:
    """Take the identity from the device file, time and randomness from the system."""
    identity = settings.device.identity
    clock = clock or SystemClock(kernel_boot_id())
    shop = Shop(
        tenant=identity.tenant,
        store=identity.store,
        device=identity.device,
        legal_entity=identity.legal_entity,
        store_name=identity.store_name,
        city=identity.city,
        zone=identity.zone,
        day_starts_at=identity.day_starts_at,
    )
    return Basis(settings, version, clock, SystemIds(clock), FaultTally(), shop)


def open_storage(basis: Basis) -> Storage:
    """Open or create every file; raises Fault DISK_KEY_WRONG, DISK_JOURNAL_CORRUPT."""
    folder = basis.settings.config.data_dir
    storage_key = basis.settings.device.keys.storage_key.get_secret_value()
    opened: list[Callable[[], None]] = []
    try:
        journal = SqliteJournal(
            folder / "journal.db", derive_key(storage_key, "journal"), basis.ids
        )
        opened.append(journal.close)
        replica = SqliteReplica(folder / "replica.db", derive_key(storage_key, "replica"))
        opened.append(replica.close)
        gallery = SqliteGallery(
            folder / "gallery.db", derive_key(storage_key, "gallery"), basis.ids, basis.tally
        )
        opened.append(gallery.close)
        documents = TinyDocuments(folder / "documents.json", basis.tally)
    except BaseException:
        for close in reversed(opened):
            close()
        raise
    return Storage(journal, replica, gallery, documents)


def build_services(basis: Basis, storage: Storage, directory: HttpDirectory) -> Services:
    """Wire the services over the open files."""
    pending = PendingPoints(storage.journal)
    recorder = Recorder(storage.journal, [pending.recorded])
    sessions = TillSessions(basis.clock)
    keys = basis.settings.device.keys
    members = Members(
        storage.replica,
        directory,
        pending,
        basis.clock,
        basis.tally,
        phone_hash_key=keys.phone_hash_key.get_secret_value(),
        card_hash_key=keys.card_hash_key.get_secret_value(),
    )
    return Services(
        recorder=recorder,
        pending=pending,
        prices=PriceDesk(storage.replica, basis.shop),
        members=members,
        sales=CloseSale(recorder, storage.replica, basis.clock, basis.ids, basis.shop),
        enrol=Enrol(
            recorder,
            storage.replica,
            members,
            basis.clock,
            basis.ids,
            basis.shop,
            claim_base=f"{basis.settings.device.cloud.url}/claim",
        ),
        tapped=BookTapped(
            recorder,
            storage.journal,
            storage.replica,
            sessions,
            basis.clock,
            basis.ids,
            basis.shop,
            basis.tally,
        ),
        sessions=sessions,
    )


def build_api(basis: Basis, storage: Storage, services: Services, hub: EventHub) -> FastAPI:
    """Build the local API over the services."""
    device = basis.settings.device
    deps = ApiDeps(
        version=basis.version,
        clock=basis.clock,
        ids=basis.ids,
        tally=basis.tally,
        hub=hub,
        desk=_operator_desk(basis),
        once=OnceDesk(storage.journal),
        views=Views(services.prices, storage.replica, basis.shop),
        visits=Visits(
            services.sessions,
            tills=[till.id for till in device.tills],
            printing=[till.id for till in device.escpos_tills],
        ),
        rate=LookupRate(basis.clock),
        members=services.members,
        sales=services.sales,
        enrol=services.enrol,
    )
    gate = Gate(basis.settings.hosts, basis.settings.origins, TokenBook(_tokens(basis.settings)))
    return build_app(deps, gate)


def _tokens(settings: Settings) -> list[tuple[str, Principal]]:
    tokens = [
        (till.token.get_secret_value(), Principal(Kind.TILL, till.id, till.name))
        for till in settings.device.api_tills
    ]
    screen = settings.device.screen.token.get_secret_value()
    return [*tokens, (screen, Principal(Kind.SCREEN))]


def _operator_desk(basis: Basis) -> OperatorDesk:
    hasher = PasswordHasher()

    def check(stored: str, pin: str) -> bool:
        try:
            return hasher.verify(stored, pin)
        except (Argon2Error, InvalidHashError):
            return False

    people = [
        OperatorIdentity(
            person.id, person.number, person.name, person.role, person.pin_hash.get_secret_value()
        )
        for person in basis.settings.device.operators
    ]
    # An unknown number is checked against this one, so that it takes as long as a known one.
    nobody = people[0].pin_hash if people else hasher.hash(basis.ids.random_bytes(16).hex())
    return OperatorDesk(people, basis.clock, basis.ids, check, nobody)

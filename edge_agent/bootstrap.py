"""The composition root: the only file that names adapters and drivers."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from fastapi import FastAPI

from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.keys import derive_key
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.api.app import build_app
from edge_agent.api.dependencies import ApiDeps
from edge_agent.api.guard import Gate
from edge_agent.api.hub import EventHub
from edge_agent.api.idempotency import OnceDesk
from edge_agent.api.loops import Loop
from edge_agent.api.operators import operator_desk
from edge_agent.api.principals import token_book
from edge_agent.api.rate import LookupRate
from edge_agent.api.server import bind
from edge_agent.api.views import Views
from edge_agent.api.visits import Visits
from edge_agent.api.wellbeing import OK, Wellbeing
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.services.book_tapped import BookTapped
from edge_agent.services.close_sale import CloseSale
from edge_agent.services.cloud_session import CloudSession
from edge_agent.services.downlink import Applied, Downlink
from edge_agent.services.enrol import Enrol
from edge_agent.services.ledger_view import ledger_view
from edge_agent.services.members import Members
from edge_agent.services.pending_points import PendingPoints
from edge_agent.services.presence import PresenceBeat, Running
from edge_agent.services.price_desk import PriceDesk
from edge_agent.services.recorder import Recorder
from edge_agent.services.till_sessions import TillSessions
from edge_agent.services.uplink import Uplink
from edge_agent.settings import Settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

HEALTH_EVERY_S = 2.0
Probe = tuple[str, Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Basis:
    """What everything else is built on; `run_id` names this run of the program."""

    settings: Settings
    version: str
    run_id: UUID
    clock: Clock
    ids: IdSource
    tally: FaultTally
    shop: Shop
    hub: EventHub


@dataclass(frozen=True, slots=True)
class Storage:
    """The files of the box, open."""

    journal: SqliteJournal
    replica: SqliteReplica
    gallery: SqliteGallery
    documents: TinyDocuments


@dataclass(frozen=True, slots=True)
class Lines:
    """The two lines to the cloud, and what moves over them."""

    link: MqttLink
    directory: CloudDirectory
    uplink: Uplink
    downlink: Downlink
    pending: PendingPoints


@dataclass(frozen=True, slots=True)
class Services:
    """What the API and the loops call."""

    prices: PriceDesk
    members: Members
    sales: CloseSale
    enrol: Enrol
    tapped: BookTapped
    sessions: TillSessions


@dataclass(frozen=True, slots=True)
class Agent:
    """A whole agent: built by `build_agent`, started once, stopped for good."""

    basis: Basis
    storage: Storage
    services: Services
    app: FastAPI
    cloud: CloudSession
    loops: tuple[Loop, ...]
    files: ExitStack

    def start(self) -> None:
        """Start devices, loops and the line to the cloud."""
        self.cloud.start()
        for loop in self.loops:
            loop.start()

    def release_waiters(self) -> None:
        """Let requests that wait for a device come back empty-handed."""

    def stop(self) -> None:
        """Say goodbye, stop every thread, close every file; safe to call twice."""
        for loop in reversed(self.loops):
            loop.stop()
        self.cloud.stop()
        self.files.close()


def build_agent(
    settings: Settings,
    version: str,
    clock: Clock | None = None,
    directory: CloudDirectory | None = None,
) -> Agent:
    """Open the files and wire everything; raises the Fault that stands in the way.

    Tests bring a clock and a directory of their own.
    """
    basis = basis_of(settings, version, clock)
    with ExitStack() as files:
        storage = open_storage(basis, files)
        lines = open_lines(basis, storage, directory)
        files.callback(lines.directory.close)
        services = build_services(basis, storage, lines)
        wellbeing = build_wellbeing(basis, storage, lines)
        views = build_views(basis, storage, services)
        _announce_changes(basis, services, views, lines)
        app = build_api(basis, storage, services, (wellbeing, views))
        health = Loop("health", _health_turn(basis, wellbeing), basis.tally, rest_s=HEALTH_EVERY_S)
        cloud = build_cloud_session(basis, storage, lines, wellbeing)
        return Agent(basis, storage, services, app, cloud, (health,), files.pop_all())


def probes(settings: Settings) -> list[Probe]:
    """Name what `edge-agent check` tries; each raises the Fault that would stop a run."""
    config = settings.config
    found: list[Probe] = [
        ("device file", lambda: _private(config.device_file)),
        ("port", lambda: bind(config.api_host, config.api_port).close()),
        ("files", lambda: _openable(settings)),
    ]
    return found


def basis_of(settings: Settings, version: str, clock: Clock | None = None) -> Basis:
    """Take the identity from the device file, time and randomness from the system."""
    identity = settings.device.identity
    clock = clock or SystemClock(kernel_boot_id())
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
    )


def open_storage(basis: Basis, files: ExitStack) -> Storage:
    """Open or create every file; raises Fault DISK_KEY_WRONG or DISK_JOURNAL_CORRUPT."""
    folder = basis.settings.config.data_dir
    storage_key = basis.settings.device.keys.storage_key.get_secret_value()

    def key(purpose: str) -> bytes:
        return derive_key(storage_key, purpose)

    journal = SqliteJournal(folder / "journal.db", key("journal"), basis.ids)
    files.callback(journal.close)
    replica = SqliteReplica(folder / "replica.db", key("replica"))
    files.callback(replica.close)
    gallery = SqliteGallery(folder / "gallery.db", key("gallery"), basis.ids, basis.tally)
    files.callback(gallery.close)
    documents = TinyDocuments(folder / "documents.json", basis.tally)
    files.callback(documents.close)
    return Storage(journal, replica, gallery, documents)


def open_lines(basis: Basis, storage: Storage, directory: CloudDirectory | None) -> Lines:
    """Prepare both lines to the cloud; nothing is connected yet."""
    cloud = basis.settings.device.cloud
    identity = LinkIdentity(
        basis.shop.tenant,
        basis.shop.store,
        basis.shop.device,
        cloud.broker_password.get_secret_value(),
    )
    link = MqttLink(
        cloud.broker_host, cloud.broker_port, identity, basis.run_id, basis.ids, basis.tally
    )
    directory = directory or HttpDirectory(cloud.url, cloud.token.get_secret_value())
    pending = PendingPoints(storage.journal)
    uplink = Uplink(storage.journal, link, basis.shop, basis.tally, on_acked=[pending.acked])
    downlink = Downlink(
        storage.replica,
        directory,
        basis.clock,
        basis.tally,
        bundle_public_key=cloud.bundle_public_key,
        listeners=[lambda applied: pending.reflected([applied.member_id])],
    )
    return Lines(link, directory, uplink, downlink, pending)


def build_services(basis: Basis, storage: Storage, lines: Lines) -> Services:
    """Wire the services over the open files."""
    recorder = Recorder(storage.journal, [lines.pending.recorded, lines.uplink.recorded])
    sessions = TillSessions(basis.clock)
    replica, clock, ids, shop = storage.replica, basis.clock, basis.ids, basis.shop
    keys = basis.settings.device.keys
    members = Members(
        replica,
        lines.directory,
        lines.pending,
        clock,
        basis.tally,
        phone_hash_key=keys.phone_hash_key.get_secret_value(),
        card_hash_key=keys.card_hash_key.get_secret_value(),
    )
    claim_base = f"{basis.settings.device.cloud.url}/claim"
    return Services(
        prices=PriceDesk(replica, shop),
        members=members,
        sales=CloseSale(recorder, replica, clock, ids, shop),
        enrol=Enrol(recorder, replica, members, clock, ids, shop, claim_base=claim_base),
        tapped=BookTapped(
            recorder, storage.journal, replica, sessions, clock, ids, shop, basis.tally
        ),
        sessions=sessions,
    )


def build_cloud_session(
    basis: Basis, storage: Storage, lines: Lines, wellbeing: Wellbeing
) -> CloudSession:
    """Tie the line to what uses it."""
    presence = PresenceBeat(
        lines.link,
        storage.journal,
        storage.replica,
        basis.clock,
        basis.tally,
        Running(basis.run_id, basis.version),
        wellbeing.vitals,
    )
    return CloudSession(
        lines.link,
        storage.journal,
        storage.replica,
        lines.uplink,
        lines.downlink,
        presence,
        basis.tally,
        software=basis.version,
    )


def build_wellbeing(basis: Basis, storage: Storage, lines: Lines) -> Wellbeing:
    """Say where each fact about the box comes from."""
    states = {"cloud": lambda: OK if lines.link.connected() else "gone"}
    return Wellbeing(
        basis.shop,
        basis.version,
        basis.clock,
        storage.journal,
        storage.replica,
        basis.tally,
        states,
    )


def build_views(basis: Basis, storage: Storage, services: Services) -> Views:
    """Say where names for people come from."""
    till_names = {till.id: till.name for till in basis.settings.device.tills}
    return Views(services.prices, storage.replica, basis.shop, till_names)


def build_api(
    basis: Basis, storage: Storage, services: Services, shown: tuple[Wellbeing, Views]
) -> FastAPI:
    """Build the local API over the services."""
    device = basis.settings.device
    wellbeing, views = shown
    deps = ApiDeps(
        version=basis.version,
        clock=basis.clock,
        ids=basis.ids,
        tally=basis.tally,
        hub=basis.hub,
        desk=operator_desk(device.operators, basis.clock, basis.ids),
        once=OnceDesk(storage.journal),
        views=views,
        visits=Visits(
            services.sessions,
            tills=[till.id for till in device.tills],
            printing=[till.id for till in device.escpos_tills],
        ),
        rate=LookupRate(basis.clock),
        members=services.members,
        sales=services.sales,
        enrol=services.enrol,
        tapped=services.tapped,
        ledger=lambda: ledger_view(storage.journal),
        wellbeing=wellbeing,
    )
    gate = Gate(basis.settings.hosts, basis.settings.origins, token_book(device))
    return build_app(deps, gate)


# ---- small pieces -------------------------------------------------------------------------------


def _announce_changes(basis: Basis, services: Services, views: Views, lines: Lines) -> None:
    def changed(applied: Applied) -> None:
        view = services.members.view(applied.member_id)
        if view is not None and basis.hub.clients:
            shown = views.member(view).model_dump(mode="json")
            basis.hub.publish("member", {"member": shown, "committed_ms": applied.committed_ms})

    lines.downlink.listen(changed)


def _health_turn(basis: Basis, wellbeing: Wellbeing) -> Callable[[], None]:
    def turn() -> None:
        basis.hub.publish("health", wellbeing.view().model_dump(mode="json"))

    return turn


def _private(path: Path) -> None:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        detail = f"mode {mode:o}: others can read its secrets; chmod 600"
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=str(path), detail=detail)


def _openable(settings: Settings) -> None:
    with ExitStack() as files:
        open_storage(basis_of(settings, ""), files)

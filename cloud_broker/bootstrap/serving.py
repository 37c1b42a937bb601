"""The composition of what runs: the HTTP application with the console, and ingest."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp

from cloud_broker.adapters.hub_pg import PostgresHub
from cloud_broker.adapters.logs import log_to_stderr
from cloud_broker.adapters.mosquitto_files import INGEST_USER
from cloud_broker.adapters.postgres.queries import PostgresQueries
from cloud_broker.adapters.sms import sms_sender
from cloud_broker.api.app import build_app
from cloud_broker.api.deps import ApiDeps
from cloud_broker.api.server import Server, bind, ending_on_signals
from cloud_broker.bootstrap.beside import beside_workers
from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.console.pages import console_router, mount_static
from cloud_broker.ingest.session import BrokerAddress, BrokerSession
from cloud_broker.ingest.worker import IngestParts, IngestWorker
from cloud_broker.member_page import pages
from cloud_broker.migrations import runner
from cloud_broker.ports.live import LiveEvent
from cloud_broker.services import downlink
from cloud_broker.services.announcing import Announcer
from cloud_broker.services.back_office import back_office
from cloud_broker.services.checkins import CheckIns, LaneCaller
from cloud_broker.services.clerk_desk import ClerkDesk
from cloud_broker.services.devices import Devices
from cloud_broker.services.face_desk import FaceDesk
from cloud_broker.services.greeting import Greeter
from cloud_broker.services.growth_desks import growth_desks
from cloud_broker.services.hq_desk import Desk
from cloud_broker.services.ingest import Ingest
from cloud_broker.services.lease_office import LeaseOffice
from cloud_broker.services.member_desk import MemberDesk
from cloud_broker.services.members import Members
from cloud_broker.services.overview import ConsoleDeps
from cloud_broker.services.phones import Phones
from cloud_broker.services.presence import PresenceBook
from cloud_broker.services.receipt_claims import ReceiptClaims
from cloud_broker.services.receipt_look_up import ReceiptLookUp
from cloud_broker.services.repairing import RepairBench
from cloud_broker.services.sms_codes import SmsCodes
from cloud_broker.services.stock_keeping import StockKeeper
from cloud_broker.services.till_desk import TillDesk
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

Role = Literal["all", "api", "ingest"]
PARTITIONS_AHEAD = 3
COOKIE = "regulars_hq"


@dataclass(frozen=True, slots=True)
class Running:
    """What one process shares between its roles."""

    office: Office
    hub: PostgresHub
    tally: FaultTally


@contextmanager
def opened(settings: Settings) -> Iterator[Running]:
    """Open database and hub, and close them. Fault SETUP_DATABASE_START for an old schema."""
    with ExitStack() as stack:
        office = build_office(settings)
        stack.callback(office.close)
        url = settings.database_url.get_secret_value()
        _check_schema(url)
        hub = PostgresHub(url)
        hub.start()
        stack.callback(hub.stop)
        yield Running(office, hub, FaultTally())


def build_api(running: Running) -> ASGIApp:
    """Put the HTTP application together, console included."""
    office, settings = running.office, running.office.settings
    queries = PostgresQueries(office.units, office.clock)
    desk = Desk(office.units, queries, RepairBench(office.units, office.clock), office.clock)
    goods = back_office(office.units, office.clock, office.ids, office.keys, settings.zone)
    deps = ApiDeps(
        devices=Devices(office.units),
        members=Members(office.units, office.clock),
        faces=office.faces,
        phones=Phones(office.units, office.clock, office.ids),
        checkins=CheckIns(office.units, office.clock, office.ids),
        member_desk=MemberDesk(office.units, queries, office.clock, office.ids),
        receipts=ReceiptLookUp(office.units),
        receipt_claims=ReceiptClaims(office.units, office.clock),
        sms=_sms(office),
        person_filters=office.filters,
        growth=growth_desks(office.units, office.clock, office.ids, office.keys, settings.zone),
        office=goods,
        queries=queries,
        auth=office.access,
        desk=desk,
        clock=office.clock,
        ids=office.ids,
        tally=running.tally,
        hosts=_hosts(settings),
        cookie_name=COOKIE,
        software=installed_version("regulars"),
    )
    app = build_app(deps)
    secure = urlsplit(settings.url_for_stores).scheme == "https"
    console = ConsoleDeps(
        queries=queries,
        auth=office.access,
        desk=desk,
        faces=office.faces,
        face_desk=FaceDesk(office.units, office.clock, office.ids, office.faces),
        clerks=ClerkDesk(office.units, office.clock),
        tills=TillDesk(office.units),
        mall=deps.growth.mall,
        masters=office.masters,
        hub=running.hub,
        now_ms=office.clock.now_ms,
        cookie_name=COOKIE,
        cookie_secure=secure,
        zone=settings.zone,
    )
    app.include_router(console_router(console))
    mount_static(app)
    app.include_router(pages.member_router())
    pages.mount_static(app)
    return app


def build_ingest(running: Running) -> IngestWorker:
    """Put the ingest worker together; the caller starts and stops it."""
    office, settings, tally = running.office, running.office.settings, running.tally
    units, clock, boot_id = office.units, office.clock, office.ids.uuid7()
    tenants = units.tenants()
    # MQTT knows one will a connection: with several tenants, only the first hears of a crash.
    will = downlink.cloud_state(tenants[0], boot_id, up=False) if tenants else None
    address = BrokerAddress(
        settings.broker_host,
        settings.broker_port,
        INGEST_USER,
        settings.broker_password.get_secret_value(),
    )

    lanes, codes = LaneCaller(units, clock, tally), _sms(office)

    def rare(tenant: UUID) -> None:
        units.make_partitions(PARTITIONS_AHEAD)
        office.masters.tend(tenant)
        office.publisher.refresh_due(tenant)
        StockKeeper(units).tell(tenant)
        lanes.forget(tenant)
        LeaseOffice(units, clock).reclaim(tenant)
        office.filters.refresh_due(tenant)
        codes.forget(tenant)

    parts = IngestParts(
        ingest=Ingest(units, clock, tally),
        greeter=Greeter(units, tally),
        presence=PresenceBook(units, tally),
        announcer=Announcer(units, clock),
        lanes=lanes,
        tenants=units.tenants,
        rare=rare,
        tally=tally,
    )
    worker = IngestWorker(parts, BrokerSession(address, clock, tally, will), boot_id)

    def heard(event: LiveEvent) -> None:
        if "published" in event.kinds:
            worker.wake()
        if "checkin" in event.kinds:
            worker.call_lanes()

    running.hub.listen(heard)
    return worker


def run(settings: Settings, role: Role) -> None:
    """Run until SIGTERM or SIGINT. Faults I102, I104, I105."""
    log_to_stderr()
    with ExitStack() as stack:
        running = stack.enter_context(opened(settings))
        port = None
        if role != "ingest":
            port = stack.enter_context(bind(settings.http_host, settings.http_port))
        if role != "api":
            worker = build_ingest(running)
            worker.start()
            stack.callback(worker.stop)
            office = running.office
            for beside in beside_workers(
                office.units, office.clock, running.tally, office.settings.zone
            ):
                beside.start()
                stack.callback(beside.stop)
        if port is None:
            ended = threading.Event()
            with ending_on_signals(ended.set):
                ended.wait()
            return
        server = Server(build_api(running))
        with ending_on_signals(server.ask_to_end):
            server.run(sockets=[port])


def _check_schema(url: str) -> None:
    """Refuse to run on another schema than ours: a half-known table loses data quietly."""
    try:
        found = runner.current(url)
    except SQLAlchemyError as error:
        reason = str(error).partition("\n")[0]
        raise Fault(FaultCode.SETUP_DATABASE_START, reason=reason) from None
    if found != runner.newest():
        reason = f"schema {found}, wanted {runner.newest()}: cloud-broker migrate"
        raise Fault(FaultCode.SETUP_DATABASE_START, reason=reason)


def _sms(office: Office) -> SmsCodes:
    settings = office.settings
    return SmsCodes(
        office.units,
        office.keys,
        office.clock,
        office.ids,
        sms_sender(settings, office.clock),
        settings.sms_brand,
    )


def _hosts(settings: Settings) -> frozenset[str]:
    named = {urlsplit(settings.url_for_stores).hostname or "", settings.http_host}
    loopback = {"127.0.0.1", "localhost", "::1"}
    return frozenset(
        name.lower() for name in named | loopback | set(settings.allowed_hosts) if name
    )

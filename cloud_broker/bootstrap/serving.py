"""The composition of what runs: the HTTP application with the console, and ingest."""

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version as installed_version
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp

from cloud_broker.adapters.hub_pg import PostgresHub
from cloud_broker.adapters.logs import log_to_stderr
from cloud_broker.adapters.mosquitto_files import INGEST_USERS
from cloud_broker.adapters.postgres.fleet_counts import PostgresFleetCounts
from cloud_broker.adapters.postgres.queries import PostgresQueries
from cloud_broker.adapters.postgres.shards import BesideUnits, PostgresShardDesk, SeatedUnits
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.adapters.sms import sms_sender
from cloud_broker.api import metrics
from cloud_broker.api.app import build_app
from cloud_broker.api.deps import ApiDeps
from cloud_broker.api.server import Server, bind, ending_on_signals
from cloud_broker.bootstrap.alerts import alert_desk, alert_workers
from cloud_broker.bootstrap.beside import beside_workers
from cloud_broker.bootstrap.boxes import box_desk, enrolling_of
from cloud_broker.bootstrap.campaigns import campaign_desks, campaign_workers
from cloud_broker.bootstrap.cleaning import cleaning_worker
from cloud_broker.bootstrap.door import gate_worker, opened_door
from cloud_broker.bootstrap.exports import export_files, export_worker
from cloud_broker.bootstrap.hooks import hook_desk, hook_worker
from cloud_broker.bootstrap.identity import identity_desk, identity_workers
from cloud_broker.bootstrap.insight_desks import insight_desks
from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.bootstrap.privacy import erasing_worker, privacy_desks_of
from cloud_broker.bootstrap.releases import freshness_worker, shelf_of
from cloud_broker.bootstrap.rules import RuleWorker
from cloud_broker.bootstrap.segments import segmenting_of
from cloud_broker.bootstrap.sign_in import oidc_desk
from cloud_broker.bootstrap.stock import stock_desk, stock_worker
from cloud_broker.bootstrap.tag_nights import tag_worker
from cloud_broker.bootstrap.worth import worth_worker
from cloud_broker.console.deps import ConsoleDeps
from cloud_broker.console.pages import console_router, mount_static
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.ingest.keeper import ShardKeeper, Standing
from cloud_broker.ingest.lines import BrokerLines, BrokerPlace
from cloud_broker.ingest.parts import IngestParts
from cloud_broker.ingest.session import BrokerAddress
from cloud_broker.ingest.worker import IngestWorker
from cloud_broker.member_page import pages
from cloud_broker.migrations import runner
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.shards import Seat
from cloud_broker.services.booking.greeting import Greeter
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.faces.face_desk import FaceDesk
from cloud_broker.services.fleet.box_word import BoxWord
from cloud_broker.services.fleet.desks import fleet_desks
from cloud_broker.services.fleet.devices import Devices
from cloud_broker.services.fleet.figures import FleetFigures
from cloud_broker.services.fleet.presence import PresenceBook
from cloud_broker.services.fleet.store_health import StoreHealth
from cloud_broker.services.goods.back_office import back_office
from cloud_broker.services.goods.stock_keeping import StockKeeper
from cloud_broker.services.growth.desks import growth_desks
from cloud_broker.services.growth.tier_desk import GrowthDesk
from cloud_broker.services.hq.audit_desk import AuditDesk
from cloud_broker.services.hq.clerk_desk import ClerkDesk
from cloud_broker.services.hq.desk import Desk
from cloud_broker.services.hq.till_desk import TillDesk
from cloud_broker.services.hq.user_desk import UserDesk
from cloud_broker.services.line import downlink
from cloud_broker.services.line.announcing import Announcer
from cloud_broker.services.line.signed_time import TimeTeller
from cloud_broker.services.members.checkins import CheckIns, LaneCaller
from cloud_broker.services.members.member_desk import MemberDesk
from cloud_broker.services.members.members import Members
from cloud_broker.services.members.phones import Phones
from cloud_broker.services.members.receipt_bills import ReceiptBills
from cloud_broker.services.members.receipt_claims import ReceiptClaims
from cloud_broker.services.members.receipt_look_up import ReceiptLookUp
from cloud_broker.services.members.sms_codes import SmsCodes
from cloud_broker.services.rights.lease_office import LeaseOffice
from cloud_broker.services.rights.rights_desk import rights_desk
from cloud_broker.services.rules.desks import rule_desks
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.struct_types import make_ready
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

Role = Literal["all", "api", "ingest"]
PARTITIONS_AHEAD = 3
COOKIE = "regulars_hq"
# Ingest waits for each answer of the database; after it, it waits no longer than this for a thread
# that reckons beside it.
SWITCH_S = 0.0005


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


def build_api(running: Running) -> tuple[ASGIApp, ApiDeps]:
    """Put the HTTP application together, console included, and what it works with."""
    office, settings = running.office, running.office.settings
    queries = PostgresQueries(office.units, office.clock)
    desk = Desk(office.units, queries, RepairBench(office.units, office.clock), office.clock)
    goods = back_office(office.units, office.clock, office.ids, office.keys, settings.zone)
    sms = _sms(office)
    deps = ApiDeps(
        devices=Devices(office.units, settings.release_dir),
        members=Members(office.units, office.clock),
        faces=office.faces,
        phones=Phones(office.units, office.clock, office.ids),
        checkins=CheckIns(office.units, office.clock, office.ids),
        member_desk=MemberDesk(office.units, queries, office.clock, office.ids),
        receipts=ReceiptLookUp(office.units),
        receipt_claims=ReceiptClaims(office.units, office.clock),
        receipt_bills=ReceiptBills(office.units),
        rights=rights_desk(office.units, office.clock),
        box_words=BoxWord(office.units, office.clock),
        fleet=fleet_desks(
            office.units, office.clock, office.ids, lambda: shelf_of(office).releases()
        ),
        rules=rule_desks(office.units, office.clock, office.ids, office.publisher, settings.zone),
        stock=stock_desk(office),
        time=TimeTeller(office.clock, office.keys),
        sms=sms,
        person_filters=office.filters,
        growth=growth_desks(office.units, office.clock, office.ids, office.keys, settings.zone),
        office=goods,
        campaigns=campaign_desks(office),
        channels=office.channels,
        segments=segmenting_of(office),
        identity=identity_desk(office),
        queries=queries,
        auth=office.access,
        desk=desk,
        clock=office.clock,
        ids=office.ids,
        tally=running.tally,
        hosts=_hosts(settings),
        cookie_name=COOKIE,
        software=installed_version("regulars"),
        enrolling=None if settings.ca_dir is None else enrolling_of(office),
        exports=export_files(office),
        insight=insight_desks(office),
        privacy=privacy_desks_of(office, queries, sms),
    )
    app = build_app(deps)
    mount_static(app)
    for router in (
        console_router(_console(running, deps)),
        _metrics(running),
        pages.member_router(),
    ):
        app.include_router(router)
    pages.mount_static(app)
    return app, deps


def _console(running: Running, deps: ApiDeps) -> ConsoleDeps:
    """Return what HQ's pages work with: the same desks as its API where both have one."""
    office, settings = running.office, running.office.settings
    return ConsoleDeps(
        queries=deps.queries,
        auth=office.access,
        desk=deps.desk,
        faces=office.faces,
        face_desk=FaceDesk(office.units, office.clock, office.ids, office.faces),
        clerks=ClerkDesk(office.units, office.clock),
        growth=GrowthDesk(office.units, office.clock, office.ids, settings.zone),
        tills=TillDesk(office.units),
        health=StoreHealth(office.units, office.clock),
        alerts=alert_desk(office),
        fleet=deps.fleet,
        users=UserDesk(office.units, office.clock, office.ids, office.access.passwords),
        audits=AuditDesk(office.units),
        mall=deps.growth.mall,
        masters=office.masters,
        rules=deps.rules,
        campaigns=deps.campaigns,
        stock=deps.stock,
        segments=deps.segments,
        identity=deps.identity,
        partners=deps.office.partners,
        hooks=hook_desk(office),
        privacy=privacy_desks_of(office, deps.queries, deps.sms),
        exports=deps.exports,
        oidc=oidc_desk(office),
        insight=deps.insight,
        by_password=settings.oidc is None or settings.oidc.local,
        hub=running.hub,
        now_ms=office.clock.now_ms,
        cookie_name=COOKIE,
        cookie_secure=urlsplit(settings.url_for_stores).scheme == "https",
        zone=settings.zone,
        boxes=None if deps.enrolling is None else box_desk(office, deps.enrolling),
    )


def _metrics(running: Running) -> APIRouter:
    office = running.office
    counts = PostgresFleetCounts(office.units, office.clock)
    figures = FleetFigures(office.units, counts, running.tally)
    return metrics.router(figures, office.settings.metrics_token.get_secret_value())


def build_ingest(running: Running) -> ShardKeeper:
    """Put ingest together, one worker among several; the caller starts and stops it."""
    office, tally = running.office, running.tally

    def make(standing: Standing) -> IngestWorker:
        will = downlink.worker_state(standing.seat.slot, standing.boot_id, up=False)
        lines = BrokerLines(_brokers(office.settings, standing.seat), office.clock, tally, will)
        return IngestWorker(
            _ingest_parts(running, standing, PostgresUnits(booking, pipelined=True)),
            lines,
            standing.boot_id,
            shards=frozenset(),
            slot=standing.seat.slot,
        )

    url = office.settings.database_url.get_secret_value()
    # Its own connection, which holds ingest's statements alone and is not asked if it lives.
    booking = make_engine(url, connections=1, name="regulars-booking", ping=False)
    desk = PostgresShardDesk(make_engine(url, connections=1, name="regulars-shards"))
    keeper = ShardKeeper(desk, make, office.ids, tally)

    def heard(event: LiveEvent) -> None:
        if "published" in event.kinds:
            keeper.wake()
        if "checkin" in event.kinds:
            keeper.call_lanes()

    running.hub.listen(heard)
    return keeper


def _brokers(settings: Settings, seat: Seat) -> tuple[BrokerPlace, ...]:
    password = settings.broker_password.get_secret_value()
    return tuple(
        BrokerPlace(
            BrokerAddress(one.host, one.port, INGEST_USERS[seat.slot], password), one.shards
        )
        for one in settings.all_brokers
    )


def _ingest_parts(running: Running, standing: Standing, booking: PostgresUnits) -> IngestParts:
    """Put together what a worker works with; what it books needs its seat."""
    office, tally = running.office, running.tally
    units, clock = office.units, office.clock
    seated = SeatedUnits(units, standing.seat)
    lanes, codes = LaneCaller(seated, clock, tally), _sms(office)

    def rare(tenant: UUID) -> None:
        units.make_partitions(PARTITIONS_AHEAD)
        office.masters.tend(tenant)
        office.publisher.refresh_due(tenant)
        StockKeeper(units).tell(tenant)
        lanes.forget(tenant)
        LeaseOffice(units, clock).reclaim(tenant)
        office.filters.refresh_due(tenant)
        codes.forget(tenant)

    return IngestParts(
        ingest=Ingest(SeatedUnits(booking, standing.seat), clock, tally),
        greeter=Greeter(seated, tally),
        presence=PresenceBook(seated, tally),
        announcer=Announcer(seated, clock),
        lanes=lanes,
        tenants=units.tenants,
        rare=rare,
        tally=tally,
        seated=standing.good,
    )


def run(settings: Settings, role: Role) -> None:
    """Run until SIGTERM or SIGINT. Faults I102, I104, I105."""
    log_to_stderr()
    make_ready()
    with ExitStack() as stack:
        running = stack.enter_context(opened(settings))
        port = None
        if role != "ingest":
            port = stack.enter_context(bind(settings.http_host, settings.http_port))
        if role != "api":
            sys.setswitchinterval(SWITCH_S)
            keeper = build_ingest(running)
            keeper.start()
            stack.callback(keeper.stop)
            office = running.office
            zone, woken = office.settings.zone, partial(keeper.wake, soon=True)
            seated = BesideUnits(office.units, keeper.seat)
            for beside in beside_workers(
                *(seated, office.clock, running.tally, zone),
                *(keeper.works, woken),
            ):
                beside.start()
                stack.callback(beside.stop)
            for worker in _own_workers(office, running.tally, keeper):
                worker.start()
                stack.callback(worker.stop)
        if port is None:
            ended = threading.Event()
            with ending_on_signals(ended.set):
                ended.wait()
            return
        app, deps = build_api(running)
        stack.enter_context(opened_door(running.office, deps))
        server = Server(app)
        with ending_on_signals(server.ask_to_end):
            server.run(sockets=[port])


def _own_workers(office: Office, tally: FaultTally, keeper: ShardKeeper) -> Iterator[BesideWorker]:
    """Put together what runs beside ingest and has a list of its own."""
    yield from alert_workers(office, tally, keeper.works)
    yield hook_worker(office, tally, keeper.works)
    yield erasing_worker(office, tally, keeper.works)
    yield RuleWorker(office, tally, keeper.works)
    yield stock_worker(office, tally, keeper.works)
    if (tags := tag_worker(office, tally, keeper.works)) is not None:
        yield tags
    if (worth := worth_worker(office, tally, keeper.works)) is not None:
        yield worth
    yield from campaign_workers(office, tally, keeper.works)
    yield cleaning_worker(office, tally, keeper.works)
    yield from identity_workers(office, tally, keeper.works)
    if office.settings.export_dir is not None:
        yield export_worker(office, tally, keeper.works)
    if office.settings.release_dir is not None:
        yield freshness_worker(office, tally, office.settings.release_dir)
    if office.settings.ca_dir is not None:
        yield gate_worker(office, tally)


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

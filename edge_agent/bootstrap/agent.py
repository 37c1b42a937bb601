"""The composition root: the only package that names adapters and drivers."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from fastapi import FastAPI

from edge_agent.api.app import build_app
from edge_agent.api.counter import CardDesk, Counter
from edge_agent.api.dependencies import ApiDeps, LaneDesk
from edge_agent.api.guard import Gate
from edge_agent.api.hub import WHOLE_SHOP
from edge_agent.api.idempotency import OnceDesk
from edge_agent.api.loops import Loop
from edge_agent.api.operators import operator_desk
from edge_agent.api.principals import token_book
from edge_agent.api.rate import LookupRate
from edge_agent.api.turning import TurnCounter
from edge_agent.api.views import Views
from edge_agent.api.visits import Visits
from edge_agent.bootstrap.append import build_append
from edge_agent.bootstrap.basis import Basis, Storage, basis_of, open_storage
from edge_agent.bootstrap.baskets import build_basket_desk
from edge_agent.bootstrap.beside_tills import beside_loops
from edge_agent.bootstrap.device_broker import Brokerage, build_brokerage
from edge_agent.bootstrap.devices import Devices, open_devices, open_picture
from edge_agent.bootstrap.fixups import restart_program
from edge_agent.bootstrap.framed import framed_loops
from edge_agent.bootstrap.fusion import build_fused, fused_loop
from edge_agent.bootstrap.health import build_health
from edge_agent.bootstrap.hq_deeds import deeds_for_hq
from edge_agent.bootstrap.lanes import lanes_with_tills
from edge_agent.bootstrap.line_view import line_view_of
from edge_agent.bootstrap.lines import Lines, build_cloud_session, open_lines
from edge_agent.bootstrap.restored import rights_loops
from edge_agent.bootstrap.services import Services, build_services
from edge_agent.bootstrap.software_tills import add_software_tills
from edge_agent.bootstrap.surface import Surface
from edge_agent.bootstrap.teaching import build_lessons
from edge_agent.bootstrap.tech import build_tech
from edge_agent.bootstrap.time_loop import time_loops
from edge_agent.bootstrap.twin import Steered, build_steering, in_force
from edge_agent.bootstrap.updates import build_updates, of_slot, slot, status_of, update_loops
from edge_agent.bootstrap.walk_up import hears_counters
from edge_agent.bootstrap.wellbeing import build_wellbeing
from edge_agent.drivers.qr.draw import drawn
from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.device_bus import DeviceBus, LineListener
from edge_agent.ports.person_line import PersonLine
from edge_agent.ports.till_tap import TillTap
from edge_agent.screen import STATIC
from edge_agent.services.box.safe_mode import SafeMode
from edge_agent.services.counter.ledger_view import ledger_view
from edge_agent.services.line.cloud_session import CloudSession
from edge_agent.services.line.downlink import Applied
from edge_agent.services.members.lane_calls import LaneCalls
from edge_agent.services.members.member_export import MemberExport
from edge_agent.services.recognition.identify import Identification
from edge_agent.services.recognition.watch_lane import WatchLane
from edge_agent.services.shop.suggestions import Suggestions
from edge_agent.settings import Settings
from retail_core.struct_types import make_ready

HEALTH_EVERY_S = 2.0
LEASES_EVERY_S = 300.0
LEND_EVERY_S = 5.0
WALK_UP_EVERY_S = 1.0
SHELF_EVERY_S = 1.0
SEAL_EVERY_S = 600.0
BESIDE_EVERY_S = 3_600.0
TERMINALS_EVERY_S = 600.0
TAP_TURN_MS = 500


@dataclass(frozen=True, slots=True)
class Outside:
    """Parts of the world a test brings along; what is None is real."""

    clock: Clock | None = None
    directory: CloudDirectory | None = None
    persons: PersonLine | None = None
    devices: Devices | None = None
    bus: DeviceBus | None = None
    listener: LineListener | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """A whole agent: built by `build_agent`, started once, stopped for good."""

    basis: Basis
    storage: Storage
    services: Services
    surface: Surface
    devices: Devices
    brokerage: Brokerage
    cloud: CloudSession
    app: FastAPI
    loops: tuple[Loop, ...]
    files: ExitStack

    def start(self) -> None:
        """Start devices, loops and the line to the cloud."""
        self.devices.start()
        self.services.beside.start()
        self.cloud.start()
        for loop in self.loops:
            loop.start()

    def release_waiters(self) -> None:
        """Let requests that wait for a device come back empty-handed."""
        for desk in self.surface.desks.values():
            desk.cards.stop()
        self.brokerage.broker.wake()
        self.services.release_waiters()

    def ended(self) -> None:
        """Note that the program was asked to end: this start was no failure."""
        self.surface.care.work.ending()
        if self.basis.safe_mode is not None:
            self.basis.safe_mode.ended()
        if self.basis.updates is not None:
            self.basis.updates.ending(asked=True)

    def stop(self) -> None:
        """Say goodbye, stop every thread, close every file; safe to call twice."""
        self.release_waiters()
        for loop in self.loops:
            loop.ask_to_stop()
        self.cloud.stop()
        for loop in self.loops:
            loop.stop()
        self.services.beside.stop()
        self.devices.stop()
        self.files.close()


def build_agent(settings: Settings, version: str, outside: Outside | None = None) -> Agent:
    """Open the files and wire everything; raises the Fault that stands in the way."""
    make_ready()
    outside = outside or Outside()
    basis = basis_of(settings, version, outside.clock)
    with ExitStack() as files:
        storage = open_storage(basis, files)
        basis = replace(basis, settings=of_slot(in_force(settings, storage)))
        safe_mode = SafeMode(storage.documents, basis.clock, restart_program, slot())
        basis = replace(basis, safe_mode=safe_mode)
        lines = open_lines(basis, storage, outside.directory, outside.persons)
        files.callback(lines.directory.close)
        files.callback(lines.stop)
        brokerage = build_brokerage(basis, storage.documents, files, outside.bus, outside.listener)
        devices = outside.devices or open_devices(replace(basis, broker=brokerage.broker))
        services = build_services(basis, storage, lines, devices)
        files.callback(services.release_waiters)
        files.callback(services.recruiting.stop)
        files.callback(services.faces.turning.stop)
        surface = build_surface(basis, storage, services, devices, lines, brokerage)
        lines.downlink.listen(announcer(basis, services, surface))
        updates = build_updates(basis, storage, services, surface.health, surface.care.work)
        basis = replace(basis, updates=updates)
        app = build_api(basis, storage, services, surface, devices)
        built = (basis, storage, services, surface)
        software = add_software_tills(app, built, devices, files)
        cloud = build_cloud_session(
            basis, storage, lines, surface.wellbeing.vitals, surface.calls.put, services.leases
        )
        deeds = deeds_for_hq(basis, surface.care.diag, surface.health, lines.archives)
        parts = (lines.link, lines.downlink, cloud, surface.health, settings, devices)
        steered = Steered(*parts, deeds, updates)
        return Agent(
            basis=basis,
            storage=storage,
            services=services,
            surface=surface,
            devices=devices,
            brokerage=brokerage,
            cloud=cloud,
            app=app,
            loops=(
                Loop("devices", brokerage.broker.turn, basis.tally),
                Loop("seal", storage.seal.turn, basis.tally, rest_s=SEAL_EVERY_S),
                Loop("shelf", lines.downlink.tend_shelf, basis.tally, rest_s=SHELF_EVERY_S),
                Loop("drift", lines.downlink.tend, basis.tally, rest_s=SHELF_EVERY_S),
                *rights_loops(basis, storage, lines, services, surface.baskets, cloud),
                *time_loops(basis, lines),
                build_steering(replace(basis, broker=brokerage.broker), storage, steered),
                *update_loops(basis),
                *build_loops(basis, services, surface, devices),
                *software,
            ),
            files=files.pop_all(),
        )


def build_surface(
    basis: Basis,
    storage: Storage,
    services: Services,
    devices: Devices,
    lines: Lines,
    brokerage: Brokerage,
) -> Surface:
    """Build what shows and tells."""
    views = Views(
        services.prices,
        services.members,
        storage.replica,
        basis.shop,
        {till.id: till.name for till in basis.settings.device.tills},
        services.after.claims.token,
    )
    lanes = lanes_with_tills(basis)
    visits = Visits(services.sessions, lanes)
    wellbeing = build_wellbeing(basis, storage, services, devices, lines, brokerage)
    care = build_health(basis, storage, services, devices, lines, wellbeing.states)
    wellbeing.body = care.health
    counter = Counter(basis.hub, views, visits, drawn)
    calls = LaneCalls(
        lines.link,
        services.members,
        basis.clock,
        basis.tally,
        at={till: services.lanes[lane.id].identify for lane in lanes for till in lane.tills},
        standing=services.sessions.at,
        show=counter.checked_in,
    )
    desks = {
        name: LaneDesk(
            lane.identify,
            CardDesk(lane.devices.nfc, services.proofs, lane.weak_cards),
            lane.enrol_face,
        )
        for name, lane in services.lanes.items()
    }
    hears_counters(basis.hub, services.lanes, counter)
    baskets = build_basket_desk(storage, services, (views, visits), basis.hub)
    append = build_append(basis, services, devices)
    parts = (services.prices, services.sessions, services.permit)
    fused = build_fused(basis, storage, parts, views, visits)
    return Surface(
        *(views, visits, counter, desks, wellbeing, calls, baskets, append, fused),
        *(brokerage.desk, line_view_of(basis, storage, lines), care),
    )


def member_export(basis: Basis, storage: Storage, services: Services) -> MemberExport:
    """Build what hands a member everything this box holds of her."""
    return MemberExport(
        services.faces.files,
        storage.journal,
        storage.replica,
        basis.clock,
        services.faces.eraser.receipt,
    )


def build_api(
    basis: Basis, storage: Storage, services: Services, surface: Surface, devices: Devices
) -> FastAPI:
    """Build the local API over the services."""
    provisioned, paired = basis.settings.device, services.pairing.terminals
    tokens = token_book(provisioned, paired.holder)
    deps = ApiDeps(
        version=basis.version,
        clock=basis.clock,
        ids=basis.ids,
        tally=basis.tally,
        hub=basis.hub,
        desk=operator_desk(
            provisioned.operators,
            basis.clock,
            basis.ids,
            idle_minutes=basis.settings.config.clerks.idle_minutes,
        ),
        once=OnceDesk(storage.journal),
        views=surface.views,
        visits=surface.visits,
        counter=surface.counter,
        lanes=surface.desks,
        rate=LookupRate(basis.clock),
        members=services.members,
        sales=services.sales,
        baskets=surface.baskets,
        enrol=services.enrol,
        consents=services.faces.consents,
        leave=services.faces.leave,
        export=member_export(basis, storage, services),
        reissue=services.reissue,
        rotation=services.faces.turning,
        decode_picture=open_picture,
        tapped=services.tapped,
        ledger=lambda: ledger_view(storage.journal),
        turns=TurnCounter(
            *(basis.hub, surface.visits),
            {name: lane.turn_head for name, lane in services.lanes.items()},
        ),
        suggestions=Suggestions(storage.replica, storage.journal, basis.clock),
        permit=services.permit,
        wellbeing=surface.wellbeing,
        after=services.after,
        pairing=services.pairing,
        provisioned=tokens.provisioned,
        recruiting=services.recruiting,
        growth=services.growth,
        tech=build_tech(basis, devices, surface.append, services.permit),
        line=surface.line.facts,
        devices=surface.devices,
        health=surface.health,
        diag=surface.care.diag,
        lessons=build_lessons(basis, devices),
        updates=status_of(basis),
    )
    places = (basis.settings.hosts, basis.settings.origins)
    gate = Gate(*places, tokens, paired.origins, lambda: services.pairing.open)
    return build_app(deps, gate, STATIC)


def build_loops(basis: Basis, services: Services, surface: Surface, devices: Devices) -> list[Loop]:
    """Build the threads that watch the devices."""

    def tell_health() -> None:
        view = surface.wellbeing.view().model_dump(mode="json")
        basis.hub.publish("health", view, lane=WHOLE_SHOP)

    loops = [
        Loop("health", tell_health, basis.tally, rest_s=HEALTH_EVERY_S),
        *surface.care.loops,
        Loop("faces", services.faces.keeper.turn, basis.tally, rest_s=LEASES_EVERY_S),
        Loop("walk-up", services.faces.walk_up.tend, basis.tally, rest_s=WALK_UP_EVERY_S),
        Loop("beside", services.beside.turn, basis.tally, rest_s=BESIDE_EVERY_S),
        Loop("lane-calls", surface.calls.turn, basis.tally),
        Loop("near-misses", surface.baskets.advise, basis.tally),
        Loop("proofs", services.proof_uses.turn, basis.tally),
        Loop("terminals", services.pairing.terminals.tend, basis.tally, rest_s=TERMINALS_EVERY_S),
        Loop("leases", services.leases.tend, basis.tally, rest_s=LEND_EVERY_S),
    ]
    for name, desk in surface.desks.items():
        told = partial(_unasked, services, surface, name)
        watch = WatchLane(desk.identify, told, walk_up=services.lanes[name].walk_up)
        loops.append(Loop(f"lane-{name}", partial(desk.cards.watch, watch), basis.tally))
    for till, tap in devices.taps.items():

        def book(till: UUID = till, tap: TillTap = tap) -> None:
            receipt = tap.next_receipt(timeout_ms=TAP_TURN_MS)
            if receipt is None:
                return
            if services.after.training.at(surface.visits.at(till).lane):
                surface.fused.practised(till, receipt)
            else:
                booking = services.tapped.book(till, receipt)
                surface.fused.receipt(till, receipt, booking)
                surface.append.booked(receipt, booking)
                surface.counter.booked(booking)

        loops.append(Loop(f"tap-{tap.name}", book, basis.tally))
    loops += beside_loops(
        basis,
        services,
        surface,
        devices,
        shown=surface.fused.shown,
        scanned=surface.fused.scanned,
    )
    loops.append(fused_loop(basis, surface.fused))
    return [*loops, *framed_loops(basis, services, surface, devices)]


def _unasked(services: Services, surface: Surface, lane: str, result: Identification) -> None:
    """Tell whom a lane recognised by itself; who walked up has used her face."""
    if result.walked_up and result.member is not None:
        services.faces.keeper.saw(result.member.member_id)
    surface.counter.unasked(lane, result)


def announcer(basis: Basis, services: Services, surface: Surface) -> Callable[[Applied], None]:
    """Return who tells the screens of a member whose newer record has come."""

    def changed(applied: Applied) -> None:
        view = services.members.view(applied.member_id) if basis.hub.clients else None
        if view is not None:
            for lane in surface.visits.lanes_to_tell(applied.member_id):
                standing = surface.visits.standing_at(lane, applied.member_id)
                shown = surface.views.member(view, standing).model_dump(mode="json")
                told = {"member": shown, "committed_ms": applied.committed_ms}
                basis.hub.publish("member", told, lane=lane)

    return changed

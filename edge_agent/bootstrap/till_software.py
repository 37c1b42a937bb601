"""Tills' own software, wired: one asks at a door of its own, one is told of points."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from starlette.applications import Starlette

from edge_agent.adapters.keys import derive_key
from edge_agent.adapters.push_outbox_sqlite import SqlitePushOutbox
from edge_agent.api.loops import Loop
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.devices import BROKEN, Devices
from edge_agent.bootstrap.framed import build_attach
from edge_agent.bootstrap.services import Services
from edge_agent.bootstrap.surface import Surface
from edge_agent.domain.member_view import MemberView
from edge_agent.drivers.profiles import TillSoftwareProfile, load_profile
from edge_agent.drivers.till_software.pospal import PospalKeys
from edge_agent.drivers.till_software.pospal_client import HttpExchange, PospalAccount
from edge_agent.drivers.till_software.ruipos import RuiposDesk
from edge_agent.drivers.till_software.ruipos_app import RuiposDoor, ruipos_app
from edge_agent.services.tills.push_points import PushPace, PushPoints
from edge_agent.settings import Settings
from edge_agent.till_settings import SoftwareTill
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PUSH_EVERY_S = 0.5
OK = "ok"
Heard = Callable[[UUID, str], None]
log = structlog.get_logger("till-software")


@dataclass(frozen=True, slots=True)
class TillSoftware:
    """The door for software that asks, and what tells the other kind."""

    door: Starlette
    loops: tuple[Loop, ...]


def build_till_software(
    basis: Basis,
    storage: Storage,
    services: Services,
    surface: Surface,
    devices: Devices,
    files: ExitStack,
) -> TillSoftware:
    """Wire what is configured; a profile that is not valid costs its till, not the start."""
    doors: dict[UUID, RuiposDoor] = {}
    loops: list[Loop] = []
    for till in basis.settings.device.software_tills:
        try:
            profile = load_profile(
                basis.settings.config.profiles_dir, till.profile, TillSoftwareProfile
            )
            if profile.system == "ruipos":
                doors[till.id] = _door(basis, services, surface, till)
                devices.software[till.id] = lambda: OK
            else:
                push = _pushes(basis, storage, services, (till, profile), files)
                devices.software[till.id] = push.state
                loops.append(Loop(f"points {till.id}", push.turn, basis.tally, rest_s=PUSH_EVERY_S))
        except Fault as fault:
            log.warning("till_software_off", till=till.name, code=fault.code.value)
            basis.tally.count(fault.code)
            devices.software[till.id] = lambda: BROKEN
    return TillSoftware(ruipos_app(doors, basis.tally), tuple(loops))


def _door(basis: Basis, services: Services, surface: Surface, till: SoftwareTill) -> RuiposDoor:
    if till.secret is None:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=till.name, detail="secret")
    attach = build_attach(basis, services, surface)
    at = till.counter or till.id
    # A counter this box does not have would refuse every member, one by one.
    surface.visits.at(at)

    def find(text: str) -> MemberView:
        return attach.by_text(at, text)

    desk = RuiposDesk(find, basis.clock, ZoneInfo(basis.shop.zone), basis.tally)
    return RuiposDoor(desk, till.secret.get_secret_value(), till.allow)


def open_outbox(settings: Settings, till: UUID) -> SqlitePushOutbox:
    """Open or create the file of a till's pushes; several programs may."""
    key = derive_key(settings.device.keys.storage_key.get_secret_value(), "pushes")
    return SqlitePushOutbox(settings.config.data_dir / f"pushes-{till}.db", key)


def _pushes(
    basis: Basis,
    storage: Storage,
    services: Services,
    software: tuple[SoftwareTill, TillSoftwareProfile],
    files: ExitStack,
) -> PushPoints:
    till, profile = software
    if till.url is None or till.app_id is None or till.app_key is None:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=till.name, detail="url, app_id, app_key")
    same = (one for one in basis.settings.device.software_tills if one.app_id == till.app_id)
    if next(same).id != till.id:
        # Two tills of one shop have one account: told by both, it would have every point twice.
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=till.name, detail="app_id")
    outbox = open_outbox(basis.settings, till.id)
    files.callback(outbox.close)
    account = PospalAccount(
        PospalKeys(till.app_id, till.app_key.get_secret_value()),
        HttpExchange(till.url, profile.timeout_ms),
        basis.clock,
        ZoneInfo(basis.shop.zone),
    )
    pace = PushPace(profile.settle_ms, profile.retry_ms, profile.tries, profile.calls_per_minute)
    push = PushPoints(outbox, account, storage.journal, basis.clock, basis.tally, pace)
    services.members.phone_heard = partial(_local_number, push, services.members.phone_heard)
    return push


def _local_number(push: PushPoints, others: Heard | None, member_id: UUID, digits: str) -> None:
    """Hand on a number as a mainland till writes it, without the country's code."""
    push.heard(member_id, digits.removeprefix("86"))
    if others is not None:
        others(member_id, digits)

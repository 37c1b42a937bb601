"""The watch over the box's health, wired: where figures come from and what may mend what."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import msgspec

from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.identity_file import IdentityFile
from edge_agent.adapters.loopback import answers
from edge_agent.adapters.service_manager import SystemdManager
from edge_agent.adapters.vitals_board import BoardVitals
from edge_agent.adapters.vitals_usb import UsbDrops
from edge_agent.api.loops import Loop
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.diag import Parts as DiagParts
from edge_agent.bootstrap.diag import build_diagnostics
from edge_agent.bootstrap.fixups import Parts, fixups_of
from edge_agent.bootstrap.lines import Lines
from edge_agent.bootstrap.services import Services
from edge_agent.domain.tapped import unread_in_a_row
from edge_agent.services.box.diag import Diagnostics
from edge_agent.services.box.fixups import FixupDesk
from edge_agent.services.box.health_watch import HealthWatch, HourCount
from edge_agent.services.box.safe_mode import SafeMode
from edge_agent.services.box.trial_sale import TrialSale
from edge_agent.services.box.work_watch import Pulse, WorkWatch
from edge_agent.services.line.line_view import oldest_ms
from retail_core import limits
from retail_core.clock import TimeQuality
from retail_core.fleet.checks import PART, TillSeen
from retail_core.texts.faults import FaultCode
from retail_core.wire.health import BoxVitals

LOOK_EVERY_S = 15.0
PULSE_EVERY_S = 4.0
SAFE_EVERY_S = 10.0
_MS_PER_S = 1_000
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Care:
    """What looks after the box itself, and the threads it needs."""

    health: HealthWatch
    work: WorkWatch
    diag: Diagnostics
    loops: tuple[Loop, ...]


def build_health(
    basis: Basis,
    storage: Storage,
    services: Services,
    devices: Devices,
    lines: Lines,
    states: Callable[[], Mapping[str, str]],
) -> Care:
    """Build the watch; a figure nobody can give stays unknown."""
    trial = TrialSale(services.prices, storage.journal, storage.replica, basis.clock)
    work, pulses = build_work(basis, devices, lines, trial)

    desk = FixupDesk(
        basis.clock, storage.documents, fixups_of(Parts(basis, storage, devices, lines))
    )
    config = basis.settings.config
    board = BoardVitals(config.data_dir, config.board_root)
    figures = figures_of(basis, storage, services, board, UsbDrops(config.board_root))
    seen = partial(seen_with, states, work)
    tills = partial(tills_seen, services, {one.id: one.name for one in basis.settings.device.tills})
    health = HealthWatch(
        *(basis.clock, basis.tally, figures, seen, trial.run, desk, tills, devices.faces_off),
        lambda: storage.journal.fault,
    )
    loops = [Loop("body", health.turn, basis.tally, rest_s=LOOK_EVERY_S), *pulses]
    if basis.safe_mode is not None:
        turn = partial(_safe_turn, basis.safe_mode, work)
        loops.append(Loop("safe-mode", turn, basis.tally, rest_s=SAFE_EVERY_S))
    diag = build_diagnostics(DiagParts(basis, storage, lines, health, lambda: dict(states())))
    return Care(health, work, diag, tuple(loops))


def seen_with(states: Callable[[], Mapping[str, str]], work: WorkWatch) -> dict[str, str]:
    """Return the states of devices, and the parts of the program that hang."""
    return {**states(), **{f"{PART}{name}": "stalled" for name in work.hung()}}


def tills_seen(services: Services, names: Mapping[UUID, str]) -> dict[str, TillSeen]:
    """Return, of each till by its name, what its last receipts came to."""
    unread, lost = unread_in_a_row(services.tapped.last()), services.permit.lost()
    return {name: TillSeen(unread.get(id_, 0), id_ in lost) for id_, name in names.items()}


def figures_of(
    basis: Basis, storage: Storage, services: Services, board: BoardVitals, usb: UsbDrops
) -> Callable[[], BoxVitals]:
    """Return what reads every figure anew."""
    stalls, resets, drops = HourCount(), HourCount(), HourCount()

    def figures() -> BoxVitals:
        now, counts = basis.clock.now(), basis.tally.snapshot()
        waits_ms, dropped = oldest_ms(storage.journal, basis.clock), usb.count()
        return msgspec.structs.replace(
            board.read(),
            clock=int(now.quality),
            clock_off_ms=basis.clock.off_ms() if isinstance(basis.clock, SystemClock) else None,
            usb_resets_hour=None if dropped is None else drops.grown(now.mono_ms, dropped),
            camera_stalls_hour=stalls.grown(now.mono_ms, counts.get(FaultCode.CAMERA_STALLED, 0)),
            reader_resets_hour=resets.grown(now.mono_ms, counts.get(FaultCode.NFC_READER_GONE, 0)),
            queue_depth=storage.journal.depth(),
            queue_age_s=None if waits_ms is None else max(0, waits_ms // _MS_PER_S),
            certificate_days=_certificate_days(basis),
            faces=services.gallery.members,
            faces_max=limits.FACES_HELD_MAX,
            safe_mode=int(basis.safe),
        )

    return figures


def build_work(
    basis: Basis, devices: Devices, lines: Lines, trial: TrialSale
) -> tuple[WorkWatch, tuple[Loop, ...]]:
    """Build what feeds the watchdog: capture, API, journal and drainer, each by its own work."""
    config = basis.settings.config
    api = Pulse(lambda: answers(config.api_host, config.api_port))
    journal = Pulse(trial.begun)
    parts = {"api": api.beats, "journal": journal.beats, "drainer": lines.uplink.turns}
    for lane in devices.lanes.values():
        if lane.camera is not None:
            parts[f"capture@{lane.id}"] = lane.camera.looks
    manager = SystemdManager.named_in(os.environ)
    work = WorkWatch(basis.clock, manager, parts)
    return work, (
        Loop("pulse-api", api.turn, basis.tally, rest_s=PULSE_EVERY_S),
        Loop("pulse-journal", journal.turn, basis.tally, rest_s=PULSE_EVERY_S),
        Loop("watchdog", work.turn, basis.tally, rest_s=manager.every_s),
    )


def _safe_turn(safe_mode: SafeMode, work: WorkWatch) -> None:
    safe_mode.work_is(ready=work.ready)
    safe_mode.turn()


def _certificate_days(basis: Basis) -> int | None:
    """Return for how many whole days the certificate still holds; None without one or the time."""
    path, now = basis.settings.device.cloud.identity_file, basis.clock.now()
    held = None if path is None else IdentityFile(path).held()
    if held is None or now.quality is TimeQuality.UNKNOWN:
        return None
    return max(0, (held.life.until_ms - now.wall_ms) // _DAY_MS)

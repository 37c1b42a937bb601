"""The fixups of a box: each plug-in looks at its parts and gives a fixup, or None without them.

None touches money: each stays within what the box does anyway, or starts the program anew.
"""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.lines import Lines
from edge_agent.services.box.fixups import EVERYBODY, IN_CHARGE, REST_MS, Fixup
from retail_core.fleet.fixups import FIXUPS

_MINUTE_MS = 60_000


class Restartable(Protocol):
    """A device whose driver can be stopped and started."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What fixups work on."""

    basis: Basis
    storage: Storage
    devices: Devices
    lines: Lines


PlugIn = Callable[[Parts], Fixup | None]


def restart_program() -> None:
    """End as if asked to: whoever keeps the program running starts it again."""
    os.kill(os.getpid(), signal.SIGTERM)


def free_space(parts: Parts) -> Fixup:
    """Let go of old records."""
    journal = parts.storage.journal
    return _known(
        "free-space",
        partial(journal.prune, acked_before_wall_ms=None),
        would=lambda: f"journal: 1..{journal.lowest_unacked() - 1}",
        alone=True,
    )


def reopen_cameras(parts: Parts) -> Fixup | None:
    """Start the capture anew."""
    cameras = [one.camera for one in parts.devices.lanes.values() if one.camera is not None]
    return _again(
        "reopen-cameras",
        cameras,
    )


def restart_readers(parts: Parts) -> Fixup | None:
    """Open the card readers again."""
    readers = [one.nfc for one in parts.devices.lanes.values() if one.nfc is not None]
    return _again(
        "restart-readers",
        readers,
    )


def send_again(parts: Parts) -> Fixup:
    """Look at the journal anew and send what nobody acknowledged, from the oldest on."""
    journal, uplink = parts.storage.journal, parts.lines.uplink

    def run() -> None:
        uplink.reload()
        uplink.session_began()

    return _known(
        "send-again",
        run,
        would=lambda: f"journal: {journal.depth()}",
        alone=True,
    )


def read_time(parts: Parts) -> Fixup | None:
    """Ask the cloud for the time."""
    keeper = parts.lines.keeper
    if keeper is None:
        return None
    return _known(
        "read-time",
        keeper.turn,
        would=lambda: parts.basis.settings.device.cloud.url,
        alone=True,
    )


def restart(parts: Parts) -> Fixup:
    """Start the program anew."""
    return _known(
        "restart-program",
        restart_program,
        would=lambda: parts.basis.version,
        roles=IN_CHARGE,
    )


def leave_safe_mode(parts: Parts) -> Fixup | None:
    """Start anew with everything."""
    safe_mode = parts.basis.safe_mode
    if safe_mode is None or not safe_mode.active:
        return None
    return _known(
        "leave-safe-mode",
        safe_mode.leave,
        would=lambda: parts.basis.version,
        roles=IN_CHARGE,
        rest_ms=_MINUTE_MS,
    )


PLUG_INS: tuple[PlugIn, ...] = (
    free_space,
    reopen_cameras,
    restart_readers,
    send_again,
    read_time,
    restart,
    leave_safe_mode,
)


def fixups_of(parts: Parts) -> tuple[Fixup, ...]:
    """Ask every plug-in."""
    return tuple(one for one in (plug_in(parts) for plug_in in PLUG_INS) if one is not None)


def _known(
    name: str,
    run: Callable[[], object],
    *,
    would: Callable[[], str],
    alone: bool = False,
    roles: frozenset[str] = EVERYBODY,
    rest_ms: int = REST_MS,
) -> Fixup:
    """Return a fixup of the catalogue that HQ has its buttons from, with its deed."""
    said = FIXUPS[name]
    return Fixup(name, said.codes, run, said.zh, said.en, would, rest_ms, alone, roles)


def _again(name: str, devices: Sequence[Restartable]) -> Fixup | None:
    def run() -> None:
        for device in devices:
            device.stop()
            device.start()

    return _known(name, run, would=lambda: f"{len(devices)}") if devices else None

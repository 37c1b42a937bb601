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
from edge_agent.services.fixups import IN_CHARGE, Fixup
from retail_core.texts.faults import FaultCode

C = FaultCode
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
    return Fixup(
        "free-space",
        frozenset({C.HEALTH_DISK_LOW}),
        partial(journal.prune, acked_before_wall_ms=None),
        "清理云端已收的旧账",
        "Let go of old records that the cloud has",
        would=lambda: f"journal: 1..{journal.lowest_unacked() - 1}",
        alone=True,
    )


def reopen_cameras(parts: Parts) -> Fixup | None:
    """Start the capture anew."""
    cameras = [one.camera for one in parts.devices.lanes.values() if one.camera is not None]
    return _again(
        "reopen-cameras",
        frozenset({C.HEALTH_CAMERA_STALLS, C.HEALTH_DEVICE_AWAY}),
        cameras,
        "重开摄像头",
        "Open the cameras again",
    )


def restart_readers(parts: Parts) -> Fixup | None:
    """Open the card readers again."""
    readers = [one.nfc for one in parts.devices.lanes.values() if one.nfc is not None]
    return _again(
        "restart-readers",
        frozenset({C.HEALTH_READER_RESETS, C.HEALTH_DEVICE_AWAY}),
        readers,
        "重启读卡器驱动",
        "Restart the card readers' driver",
    )


def send_again(parts: Parts) -> Fixup:
    """Look at the journal anew and send what nobody acknowledged, from the oldest on."""
    journal, uplink = parts.storage.journal, parts.lines.uplink

    def run() -> None:
        uplink.reload()
        uplink.session_began()

    return Fixup(
        "send-again",
        frozenset({C.HEALTH_QUEUE_OLD}),
        run,
        "重新上传没送到的账",
        "Send again what has not arrived",
        would=lambda: f"journal: {journal.depth()}",
        alone=True,
    )


def read_time(parts: Parts) -> Fixup | None:
    """Ask the cloud for the time."""
    keeper = parts.lines.keeper
    if keeper is None:
        return None
    return Fixup(
        "read-time",
        frozenset({C.HEALTH_CLOCK_UNKNOWN, C.HEALTH_CLOCK_OFF}),
        keeper.turn,
        "重新对时",
        "Read the time again",
        would=lambda: parts.basis.settings.device.cloud.url,
        alone=True,
    )


def restart(parts: Parts) -> Fixup:
    """Start the program anew."""
    return Fixup(
        "restart-program",
        frozenset({C.HEALTH_PART_HUNG, C.HEALTH_MEMORY_LOW}),
        restart_program,
        "重启盒子程序(几秒钟)",
        "Restart the box's program (some seconds)",
        would=lambda: parts.basis.version,
        roles=IN_CHARGE,
    )


def leave_safe_mode(parts: Parts) -> Fixup | None:
    """Start anew with everything."""
    safe_mode = parts.basis.safe_mode
    if safe_mode is None or not safe_mode.active:
        return None
    return Fixup(
        "leave-safe-mode",
        frozenset({C.HEALTH_SAFE_MODE}),
        safe_mode.leave,
        "离开安全模式,重启盒子程序",
        "Leave safe mode and restart the box's program",
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


def _again(
    name: str, codes: frozenset[FaultCode], devices: Sequence[Restartable], zh: str, en: str
) -> Fixup | None:
    def run() -> None:
        for device in devices:
            device.stop()
            device.start()

    if not devices:
        return None
    return Fixup(name, codes, run, zh, en, would=lambda: f"{len(devices)}")

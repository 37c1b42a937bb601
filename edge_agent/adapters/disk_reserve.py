"""Room on the disk kept for money: a file that is given back in steps when the disk is full.

Others fill a disk: logs, pictures, another program. What is freed here is taken at once by the
write that asked for it. Members' records may take half of it, telemetry nothing.
"""

import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog

from retail_core.errors import Fault
from retail_core.sync.urgency import Urgency
from retail_core.texts.faults import FaultCode

log = structlog.get_logger("disk")

MEBIBYTE = 1 << 20
TOTAL_BYTES = 8 * MEBIBYTE
STEPS = 8
_REFUSALS = {
    Urgency.MONEY: FaultCode.DISK_RESERVE_GONE,
    Urgency.MEMBERSHIP: FaultCode.DISK_FULL,
    Urgency.TELEMETRY: FaultCode.TELEMETRY_DROPPED,
}
_STAYS = {Urgency.MONEY: 0.0, Urgency.MEMBERSHIP: 0.5, Urgency.TELEMETRY: 1.0}

Result = TypeVar("Result")


class DiskReserve:
    """Safe to call from any thread; `path` is filled as soon as the disk has room for it twice."""

    def __init__(self, path: Path, total: int = TOTAL_BYTES) -> None:
        self._path = path
        self._total = total
        self._step = total // STEPS
        self._lock = threading.Lock()
        self._stopped = False
        self.refused: Counter[Urgency] = Counter()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.fill()

    @property
    def left(self) -> int:
        """How many bytes are kept."""
        return self._path.stat().st_size if self._path.exists() else 0

    def fill(self) -> None:
        """Take what is missing, as long as as much again stays free."""
        with self._lock, self._path.open("ab") as file:
            self._path.chmod(0o600)
            while (held := os.fstat(file.fileno()).st_size) < self._total:
                if self._free() < self._total + self._step:
                    return
                try:
                    os.posix_fallocate(file.fileno(), held, min(self._step, self._total - held))
                except OSError:
                    os.truncate(file.fileno(), held)
                    return
            self._stopped = False

    def insist(
        self,
        work: Callable[[], Result],
        urgency: Urgency,
        given: Callable[[], object] = lambda: None,
    ) -> Result:
        """Write, again for as long as room can be made for it; `given` makes the best of a step.

        Raises Fault DISK_RESERVE_GONE for money that finds none, TELEMETRY_DROPPED for telemetry,
        DISK_FULL for anything else; `refused` counts them by class.
        """
        while True:
            try:
                done = work()
            except Fault as fault:
                if fault.code != FaultCode.DISK_FULL:
                    raise
                if self._give(urgency):
                    given()
                    continue
                self.refused[urgency] += 1
                self._stopped = urgency is Urgency.MONEY or self._stopped
                raise Fault(_REFUSALS[urgency]) from fault
            if urgency is Urgency.MONEY:
                self._stopped = False
            return done

    @property
    def fault(self) -> Fault | None:
        """Why money cannot be written, as long as nothing has changed since it was refused."""
        if self._stopped and self._free() < self._step:
            return Fault(FaultCode.DISK_RESERVE_GONE)
        return None

    def noted(self) -> tuple[Fault, ...]:
        """Return what a technician should know before it stops the shop."""
        if self.left >= self._total:
            return ()
        refused = self.refused[Urgency.TELEMETRY]
        dropped = (Fault(FaultCode.TELEMETRY_DROPPED),) if refused else ()
        return (Fault(FaultCode.DISK_ON_RESERVE), *dropped)

    def _give(self, urgency: Urgency) -> bool:
        with self._lock:
            left = self.left
            if left - self._step < self._total * _STAYS[urgency]:
                return False
            os.truncate(self._path, left - self._step)
        log.warning("disk_reserve_used", urgency=urgency.name, left_bytes=left - self._step)
        return True

    def _free(self) -> int:
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize

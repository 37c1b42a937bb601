"""What each part of a run takes of the machine, from /proc: processor time and memory, by name."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

# Name → process ids.
Parts = Callable[[], Mapping[str, Sequence[int]]]
PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _PPID = 11, 1
_KB_PER_MB = 1024


def family(first: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for path in PROC.iterdir():
        if path.name.isdecimal():
            with suppress(OSError, IndexError):
                parents.setdefault(int(_stat(int(path.name))[_PPID]), []).append(int(path.name))
    found = [first]
    for pid in found:
        found += parents.get(pid, [])
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the processor time these took so far; those that ended are passed over."""
    total = 0
    for pid in pids:
        with suppress(OSError, IndexError):
            stat = _stat(pid)
            total += int(stat[_UTIME]) + int(stat[_UTIME + 1])
    return total / _TICKS


def memory_mb(pids: Sequence[int]) -> float:
    """Return what these hold in MB, pages that several share counted in parts (PSS)."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            for row in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
                if row.startswith("Pss:"):
                    total += int(row.split()[1])
    return total / _KB_PER_MB


@dataclass(slots=True)
class Usage:
    """Processor time between two moments."""

    parts: Parts
    _before: dict[str, float] = field(default_factory=dict)
    _at: float = 0.0

    def begin(self) -> None:
        """Note the first moment."""
        self._before = {name: cpu_seconds(some) for name, some in self.parts().items()}
        self._at = time.monotonic()

    def seconds(self) -> dict[str, float]:
        """Return the processor time each part took since then."""
        return {
            name: max(0.0, cpu_seconds(some) - self._before.get(name, 0.0))
            for name, some in self.parts().items()
        }

    def cores(self) -> dict[str, float]:
        """Return the cores each part kept busy since then."""
        took = max(1e-9, time.monotonic() - self._at)
        return {name: round(value / took, 3) for name, value in self.seconds().items()}

    def memory(self) -> dict[str, float]:
        """Return what each part holds now, in MB."""
        return {name: round(memory_mb(some), 1) for name, some in self.parts().items()}


def _stat(pid: int) -> list[str]:
    """Return the fields after the name, which may hold anything."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()

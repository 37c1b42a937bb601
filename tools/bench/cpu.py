"""Processor time of this process and of a PostgreSQL server beside it."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of the processor: our own, and all of the server's processes."""

    own_s: float
    server_s: float

    @classmethod
    def now(cls, data_dir: Path) -> "Spent":
        """Read both (`data_dir` is the server's)."""
        times = os.times()
        return cls(times.user + times.system, _server_s(data_dir))

    def since(self, before: "Spent") -> "Spent":
        """Return what was spent since then."""
        return Spent(self.own_s - before.own_s, self.server_s - before.server_s)


def _server_s(data_dir: Path) -> float:
    """Add up the postmaster and its children, also those that have ended (proc(5))."""
    head = (data_dir / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]
    postmaster = int(head)
    ticks = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(folder.name) == postmaster:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == postmaster:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS

"""What the box's program takes while nobody buys: without camera and faces, over a real folder.

Memory is what the process holds resident; beside it what of it the kernel could not take away and
read again from a file (`smaps_rollup`, proc(5)). The processor's time is that of all threads. The
first basket of several lines loads the solver of integer programs: what is held then is shown too.
"""

import os
import sys
import time
from pathlib import Path

from tools.bench.bench_counter import Till, agent, rung_up
from tools.bench.report import Bench, Row

SETTLE_S = 15.0
WATCH_S = 45.0
MEMORY_BAR_MB = 100.0
PROCESSOR_BAR_PERCENT = 2.0
HEAVY = ("numpy", "highspy", "cv2", "onnxruntime", "zxingcpp", "scipy")
SOLVER_LOADS_S = 5.0
_KB = 1_024


def memory_mb(pid: int) -> tuple[float, float]:
    """Return what is resident, and what of it no file stands behind."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    held = {name: int(value.split()[0]) for name, value in (row.split(":") for row in rows)}
    return held["Rss"] * _KB / 1e6, held["Anonymous"] * _KB / 1e6


def processor_s(pid: int) -> float:
    """Return the seconds of processor that all threads of a process had so far."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def heavy_modules(pid: int) -> list[str]:
    """Return which libraries of arrays, cameras and faces are mapped, none at best."""
    mapped = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    return [name for name in HEAVY if f"/{name}" in mapped]


def main() -> int:
    """Run the bench."""
    bench = Bench("idle")
    with agent() as (port, pid):
        time.sleep(SETTLE_S)
        before = processor_s(pid)
        time.sleep(WATCH_S)
        percent = 100 * (processor_s(pid) - before) / WATCH_S
        resident, own = memory_mb(pid)
        loaded = ", ".join(heavy_modules(pid)) or f"none of {', '.join(HEAVY)}"
        till = Till(port)
        rung_up(till, 0)
        time.sleep(SOLVER_LOADS_S)
        selling, _ = memory_mb(pid)
        till.close()
    beside = f"{own:.1f} MB of it anonymous; loaded: {loaded}"
    bench.add(Row("resident, no camera and no faces", resident, "MB", MEMORY_BAR_MB, peer=beside))
    bench.add(Row("the same once a basket was rung up", selling, "MB"))
    bench.add(Row("processor while idle", percent, "% of a core", PROCESSOR_BAR_PERCENT))
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())

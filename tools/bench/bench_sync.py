"""`make bench-sync`: each row of sync's table on the real programs, with the floors beside it.

Stores run the production journal, uplink, replica and downlink in a few processes; broker, ingest,
API and database are the real programs, all on this machine. ROWS=latency1000,backlog chooses rows;
rows that need the same fleet share one. STORES, RATE, SECONDS and MEMBERS make a small version.
What the machine itself can do is measured first, always. A row that does not begin within MINUTES
says so; SIGTERM ends the run, and what was measured until then is told.
"""

import argparse
import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from retail_core.errors import Fault
from tools.bench.report import ROOT, Bench, Row
from tools.bench.sync_floors import floors
from tools.bench.sync_rows import (
    STAY,
    Load,
    Scene,
    Size,
    Step,
    backlog,
    judged,
    ladder,
    price,
    replay,
    selling,
    wan,
)
from tools.bench.sync_shops import shops
from tools.fleet_sim.provisioning import Plan

MINUTES = 20.0
OTHER_S = 240
THOUSAND = Scene(Plan(stores=1_100, members=2))
# Those that keep selling have a process of their own, two others share the thousand that come back.
COMING_BACK = Scene(Plan(stores=1_100, members=2, parts=3, apart=STAY))
FIVE = Scene(Plan(stores=5_000, members=1, others=2))
CROWDED = Scene(Plan(stores=1_000, members=2), crowd=10_000_000)
FAR = Scene(Plan(stores=200), far=True)
# One store in eleven stays on the line in the backlog's row: a thousand come back of 1,100.
FLEET: dict[str, tuple[Scene, Step]] = {
    "latency1000": (THOUSAND, selling(Load(1_000, 60, 5, 25))),
    "ladder": (THOUSAND, ladder),
    "price": (THOUSAND, price),
    "backlog": (COMING_BACK, backlog),
    "replay": (THOUSAND, replay),
    "latency4000": (THOUSAND, selling(Load(4_000, 15, None, 60))),
    "stores5000": (FIVE, selling(Load(1_000, 20, None, 50))),
    "wan": (FAR, wan),
    "members10m": (CROWDED, selling(Load(1_000, 20, 5, 25))),
}
Alone = Callable[[Bench, Size], None]
# What a row may break on: a machine that is too slow or too small is told, not thrown.
BROKEN = (TimeoutError, RuntimeError, ChildProcessError, subprocess.SubprocessError, Fault)
console = Console(highlight=False)


def _other(name: str, module: str, members: str = "") -> Alone:
    """Return a row that runs another bench and takes its figures."""

    def measure(bench: Bench, size: Size) -> None:
        path = ROOT / "var" / "bench" / f"{module.removeprefix('bench_')}.json"
        path.unlink(missing_ok=True)
        command = [sys.executable, "-m", f"tools.bench.{module}"]
        command += [members, str(size.members)] if members and size.members else []
        done = subprocess.run(command, cwd=ROOT, check=False, timeout=OTHER_S, capture_output=True)
        if not path.exists():
            said = done.stderr.decode(errors="replace").strip() or f"exit {done.returncode}"
            bench.add(Row(name, None, "", why=said.splitlines()[-1]))
            return
        for row in json.loads(path.read_text())["rows"]:
            row.pop("ok")
            bench.add(Row(**row))

    return measure


ALONE: dict[str, Alone] = {
    "floors": lambda bench, _size: floors(bench),
    "shops": lambda bench, _size: shops(bench),
    "commit": _other("commit", "bench_commit"),
    "snapshot": _other("snapshot", "bench_downlink", "--members"),
    "idle": _other("idle", "bench_idle"),
}
ROWS = ("floors", *FLEET, *(name for name in ALONE if name != "floors"))


@dataclass(slots=True)
class Teller:
    """Says what is measured and what came of it; what breaks is a row with its reason."""

    bench: Bench
    until: float
    shown: int = 0

    def row(self, name: str, work: Callable[[], None]) -> None:
        """Do one row, unless the time is up."""
        console.print(f"{name} …")
        began = time.monotonic()
        try:
            if began > self.until:
                raise TimeoutError("时间到 time is up")
            work()
        except BROKEN as error:
            reason = str(error).strip() or type(error).__name__
            lines = reason.splitlines()
            self.bench.add(
                Row(name, None, "", why=" … ".join(dict.fromkeys((lines[0], lines[-1]))))
            )
        for row in self.bench.rows[self.shown :]:
            value = row.why if row.value is None else f"{row.value:,.3f} {row.unit}"
            console.print(f"  {row.name}: {value} {row.peer}")
        self.shown = len(self.bench.rows)
        console.print(f"  {name}: {time.monotonic() - began:.0f} s")


def main() -> int:
    """Measure the chosen rows; 1 when a bar was missed."""
    options = _options()
    chosen = [name for name in ROWS if name in {"floors", *options.rows.split(",")}]
    size = Size(options.stores, options.rate, options.seconds, options.members)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, _ended)
    name = "sync" if set(chosen) == set(ROWS) else f"sync-{'-'.join(chosen[1:])}"
    teller = Teller(Bench(name.removesuffix("-")), time.monotonic() + options.minutes * 60)
    try:
        for name in chosen:
            if name in ALONE:
                teller.row(name, partial(ALONE[name], teller.bench, size))
        for scene in dict.fromkeys(FLEET[name][0] for name in chosen if name in FLEET):
            names = [name for name in chosen if name in FLEET and FLEET[name][0] == scene]
            teller.row(", ".join(names), partial(_play, teller, scene, names, size))
    except KeyboardInterrupt:
        teller.bench.add(Row("the rest", None, "", why="从外面结束 ended from outside"))
    return teller.bench.finish()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench-sync", description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--stores", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0, help="sales a second")
    parser.add_argument("--seconds", type=float, default=0, help="of selling")
    parser.add_argument("--members", type=int, default=0, help="of members10m and snapshot")
    options = parser.parse_args()
    unknown = set(options.rows.split(",")) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    return options


def _play(teller: Teller, scene: Scene, names: Sequence[str], size: Size) -> None:
    """Open a fleet, let each of these rows measure on it, and compare it with the cloud."""
    bench, began = teller.bench, time.monotonic()
    with scene.opened(size) as run:
        took = time.monotonic() - began
        bench.add(Row(f"{run.plan.stores:,} stores provisioned, online, warm", took, "s"))
        for name in names:
            teller.row(name, partial(FLEET[name][1], bench, run, size))
        run.settle()
        judged(bench, run)


def _ended(_signal: int, _frame: object) -> None:
    """End as after ^C, so that nothing is left running."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

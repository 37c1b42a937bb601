"""What every bench prints and writes: the machine, the load, the figures against their bars.

`var/bench/NAME.json`: `{"machine", "load1", "rows": [{"name", "value", "unit", "bar", "better",
"ok", "peer"?}], "pace_ms", "stolen_percent"}`. A figure that could not be measured is a row that
is not ok and says why. `pace_ms` is how long a fixed piece of Python took before and after: a
rented machine may run at half its speed for minutes, and figures of different runs compare by it.
`stolen_percent` is what the host gave to others of the processor time that was asked for here.
"""

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]


def pace_ms() -> float:
    """Return the best of ten times that 100,000 steps of plain Python take, by the processor."""
    times = []
    for _ in range(10):
        start = time.process_time_ns()
        total = 0
        for step in range(100_000):
            total += step & 7
        times.append(time.process_time_ns() - start)
    return min(times) / 1e6


@dataclass(frozen=True, slots=True)
class Ticks:
    """Processor time since the machine began: asked for, and of that given to others."""

    asked: int
    stolen: int

    @classmethod
    def now(cls) -> "Ticks":
        """Read the counters (proc(5), `/proc/stat`); zeros where there are none."""
        stat = Path("/proc/stat")
        if not stat.exists():
            return cls(0, 0)
        user, nice, system, _idle, _wait, irq, softirq, stolen, *_ = map(
            int, stat.read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
        )
        return cls(user + nice + system + irq + softirq + stolen, stolen)

    def stolen_percent(self) -> float:
        """Return the share stolen since then."""
        end = Ticks.now()
        return round(100 * (end.stolen - self.stolen) / max(1, end.asked - self.asked), 1)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `bar` is what was asked for, None when it is only told."""

    name: str
    value: float | None
    unit: str
    bar: float | None = None
    better: Literal["lower", "higher"] = "lower"
    peer: str = ""
    why: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bar was reached."""
        if self.value is None:
            return False
        if self.bar is None:
            return True
        return self.value <= self.bar if self.better == "lower" else self.value >= self.bar


@dataclass(slots=True)
class Bench:
    """Collects rows, then prints and writes them."""

    name: str
    rows: list[Row] = field(default_factory=list)
    began_ms: float = field(default_factory=pace_ms)
    began_ticks: Ticks = field(default_factory=Ticks.now)

    def add(self, row: Row) -> None:
        """Note a figure."""
        self.rows.append(row)

    def add_times(self, name: str, times_ms: Sequence[float], *, p95_bar: float | None) -> None:
        """Note p50, p95 and p99 of a series in milliseconds; the bar is on p95."""
        for percent, bar in ((50, None), (95, p95_bar), (99, None)):
            self.add(Row(f"{name} p{percent}", percentile(times_ms, percent), "ms", bar))

    def finish(self) -> int:
        """Print the table, write the file; 1 when a bar was missed."""
        load = os.getloadavg()[0]
        console = Console(highlight=False)
        pace = round(self.began_ms, 1), round(pace_ms(), 1)
        stolen = self.began_ticks.stolen_percent()
        console.print(
            f"{machine()} · load {load:.2f} · pace {pace[0]} and {pace[1]} ms · stolen {stolen} %"
        )
        table = Table("figure", "value", "unit", "bar", "ok", "peer")
        for row in self.rows:
            value = row.why if row.value is None else f"{row.value:,.3f}"
            bar = "" if row.bar is None else f"{'≤' if row.better == 'lower' else '≥'} {row.bar:g}"
            table.add_row(row.name, value, row.unit, bar, "✓" if row.ok else "✗", row.peer)
        console.print(table)
        path = ROOT / "var" / "bench" / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [asdict(row) | {"ok": row.ok} for row in self.rows]
        content = {
            "machine": machine(),
            "load1": round(load, 2),
            "pace_ms": pace,
            "stolen_percent": stolen,
            "rows": rows,
        }
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        console.print(f"→ {path.relative_to(ROOT)}")
        return 0 if all(row.ok for row in self.rows) else 1


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile."""
    ordered = sorted(values)
    rank = max(0, -(-len(ordered) * int(percent * 10) // 1000) - 1)
    return ordered[min(rank, len(ordered) - 1)]


def machine() -> str:
    """Name the processor, the cores and the Python."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "Model")):
                model = line.partition(":")[2].strip()
                break
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"

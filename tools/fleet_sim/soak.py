"""`make soak`: the same load for hours. Does memory grow, does p99 drift, is anything lost.

A minute at a time, so that each has its own p99; what PostgreSQL does by itself (checkpoints,
vacuum) happens meanwhile and is counted from its own statistics. The slope is a least-squares line
over the minutes after the first tenth, in which caches fill.
"""

import argparse
import json
import os
import resource
import signal
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from rich.console import Console
from rich.progress import track

from tools.bench.report import ROOT, Bench, machine
from tools.bench.sync_floors import floors
from tools.fleet_sim.provisioning import Plan
from tools.fleet_sim.run import Run

OUT = ROOT / "var" / "soak.json"
SLOPE_BAR_MB_H = 1.0
DRIFT_BAR = 1.5
MINUTE_S = 60.0
WARM_SHARE = 0.1
TAIL_S = 1.0
MINUTES_MIN = 12
CHORES = """
select (select sum(autovacuum_count + vacuum_count) from pg_stat_user_tables) as vacuums,
  (select num_timed + num_requested from pg_stat_checkpointer) as checkpoints
"""


def main() -> int:
    """Run for as long as asked; 1 when memory grows, p99 drifts or anything is lost."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--stores", type=int, default=200)
    parser.add_argument("--memory", action="store_true", help="boxes' files in /dev/shm")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _ended)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    console = Console(highlight=False)
    bare = Bench("soak-floors")
    floors(bare)
    plan = Plan(stores=options.stores)
    with Run.on(ROOT / "var" / "soak", plan, in_memory=options.memory) as run:
        run.prepare()
        run.open_stores()
        began = _chores(run)
        minutes = [
            _minute(run, options.rate)
            for _ in track(range(max(1, int(options.minutes))), "minutes", console=console)
        ]
        run.settle()
        verdict = run.judge()
        ended = _chores(run)
    chores = {name: ended[name] - began[name] for name in began}
    result = {
        "machine": machine(),
        "load1": round(os.getloadavg()[0], 2),
        "stores": options.stores,
        "rate": options.rate,
        "boxes_files": "memory" if options.memory else "disk",
        "floors_ms": {row.name: row.value for row in bare.rows},
        "chores": chores,
        **judge(minutes),
        "verdict": verdict.plain(),
        "minutes": minutes,
    }
    _say(result, console)
    return 0 if verdict.good and result["flat"] and result["steady"] else 1


def judge(minutes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say whether memory and p99 stand still; both need a dozen minutes to mean anything."""
    warm = minutes[int(len(minutes) * WARM_SHARE) :]
    slopes = {
        name: round(_slope([row["memory_mb"][name] for row in warm]) * 60, 2)
        for name in warm[0]["memory_mb"]
    }
    p99 = [row["p99"] for row in warm]
    third = max(1, len(p99) // 3)
    drift = statistics.median(p99[-third:]) / max(0.1, statistics.median(p99[:third]))
    return {
        "memory_slope_mb_per_hour": slopes,
        "flat": all(slope < SLOPE_BAR_MB_H for name, slope in slopes.items() if name != "postgres"),
        "p50_median_ms": statistics.median(row["p50"] for row in warm),
        "p95_median_ms": statistics.median(row["p95"] for row in warm),
        "p99_first_third_ms": statistics.median(p99[:third]),
        "p99_last_third_ms": statistics.median(p99[-third:]),
        "steady": drift <= DRIFT_BAR,
        "enough_minutes": len(warm) >= MINUTES_MIN,
    }


def _say(result: dict[str, Any], console: Console) -> None:
    OUT.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for name, value in result.items():
        if name != "minutes":
            console.print(f"{name}: {value}")
    console.print(f"→ {OUT.relative_to(ROOT)}")


def _minute(run: Run, rate: float) -> dict[str, Any]:
    usage = run.usage()
    run.begin_selling(rate, MINUTE_S)
    run.crew.tell("sold")
    time.sleep(TAIL_S)
    report = run.report()
    times = report["commit_to_other_store_ms"]
    return {
        "load1": report["load1"],
        "sold": report["sold"],
        "not_arrived": report["not_arrived"],
        "p50": times.get("p50", 0.0),
        "p95": times.get("p95", 0.0),
        "p99": times.get("p99", 0.0),
        "max": times.get("max", 0.0),
        "cores": usage.cores(),
        "memory_mb": usage.memory(),
    }


def _slope(values: Sequence[float]) -> float:
    """Return the least-squares slope a step; 0 for fewer than two values."""
    if len(values) < 2:  # noqa: PLR2004 -- one point has no slope
        return 0.0
    return statistics.linear_regression(range(len(values)), values).slope


def _chores(run: Run) -> dict[str, int]:
    """Return how often the database has vacuumed and checkpointed so far."""
    with psycopg.connect(run.cloud.dsn) as connection:
        row = connection.execute(CHORES).fetchone() or (0, 0)
    return {"vacuums": int(row[0] or 0), "checkpoints": int(row[1] or 0)}


def _ended(_signal: int, _frame: object) -> None:
    """End as after ^C, so that nothing is left running."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

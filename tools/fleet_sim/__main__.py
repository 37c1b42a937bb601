"""`python -m tools.fleet_sim --stores 1000 --rate 1000 --minutes 1`: sell, measure, reconcile."""

import argparse
import json
import os
import resource
import signal
import sys
import time
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tools.bench.report import ROOT, machine
from tools.fleet_sim import chart, scenario
from tools.fleet_sim.provisioning import Plan
from tools.fleet_sim.run import Run
from tools.wan.emulator import Wan
from tools.wan.line import Manners

OUT = ROOT / "var" / "fleet_sim.json"
S_PER_MINUTE = 60
BREATH_S = 1.0
LINE_LIVES_S = 600.0
console = Console(highlight=False)


def main() -> int:
    """Run once; 1 when anything is lost, doubled, negative or different."""
    options = _options()
    _many_files()
    signal.signal(signal.SIGTERM, _ended)
    plan = Plan(options.stores, options.members, options.others, options.seed, options.processes)
    story = scenario.load(options.scenario) if options.scenario else scenario.CALM
    seconds = options.minutes * S_PER_MINUTE
    result: dict[str, Any] = {
        "machine": machine(),
        "load1_before": round(os.getloadavg()[0], 2),
        "stores": plan.stores,
        "rate": options.rate,
        "seconds": seconds,
        "processes": plan.processes,
        "seed": plan.seed,
        "scenario": story.name,
        "wan": options.wan,
        "boxes_files": "memory" if options.memory else "disk",
    }
    line = wan_of(options.wan, seconds)
    with (
        Run.on(ROOT / "var" / "fleet-sim", plan, line, in_memory=options.memory) as run,
        Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console
        ) as shown,
    ):
        run.control, run.cloud.ingest_workers = story.control, options.ingest
        if story.disk_mb:
            run.small_disk(story.disk_mb)
        if story.fsync_ms:
            run.slow_disk(story.fsync_ms)
        task = shown.add_task("云端 the cloud starts")
        run.prepare()
        shown.update(task, description=f"{plan.stores} 店上线 stores come up")
        run.open_stores()
        usage = run.usage()
        shown.update(task, description=f"销售 selling {options.rate:g}/s for {seconds:g} s")
        done = scenario.sell(run, options.rate, seconds, story, shown.log)
        result |= {"story": done, "cores": usage.cores(), "memory_mb": usage.memory()}
        shown.update(task, description="等账到齐 until nothing waits")
        time.sleep(BREATH_S)
        run.settle(within_s=options.quiet_s)
        result |= run.report()
        shown.update(task, description="对账 reconciliation")
        verdict = run.judge()
    result["verdict"] = verdict.plain()
    OUT.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    chart.write(result, OUT.with_suffix(".svg"))
    _say(result)
    if story.control:
        console.print("对照组:必须被查出 the control arm has to be found out", style="yellow")
        return 1 if verdict.good else 0
    return 0 if verdict.good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fleet_sim", description=__doc__)
    parser.add_argument("--stores", type=int, default=20)
    parser.add_argument("--rate", type=float, default=50, help="sales a second, all stores")
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--members", type=int, default=4, help="enrolled by each store")
    parser.add_argument("--others", type=int, default=2, help="further stores that hold each")
    parser.add_argument("--processes", type=int, default=0, help="0: 1,200 stores each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scenario", default="", help="a name under scenarios/ or a TOML file")
    parser.add_argument("--ingest", type=int, default=1, help="ingest workers")
    parser.add_argument("--memory", action="store_true", help="boxes' files in /dev/shm")
    parser.add_argument("--wan", default="", help="delay=20,jitter=4,loss=1,quick=1; needs root")
    parser.add_argument("--quiet-s", type=float, default=120, help="patience until nothing waits")
    return parser.parse_args()


def wan_of(text: str, seconds: float) -> Wan | None:
    """Read `delay=20,jitter=4,loss=1,quick=1` into a line; None for none."""
    if not text:
        return None
    said = dict(part.split("=", 1) for part in text.split(","))
    quick = bool(float(said.pop("quick", "0")))
    manners = Manners(**{name: float(value) for name, value in said.items()})
    return Wan(manners, seconds=seconds + LINE_LIVES_S, quick=quick)


def _ended(_signal: int, _frame: object) -> None:
    """End as after ^C, so that nothing is left running."""
    raise KeyboardInterrupt


def _many_files() -> None:
    """Take all the open files the system gives; the children inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _say(result: dict[str, Any]) -> None:
    verdict, times = result["verdict"], result["commit_to_other_store_ms"]
    console.print(f"{result['machine']} · load {result['load1_before']} → {result['load1']}")
    console.print(f"提交 → 他店生效 commit → applied in another store: {times}")
    console.print(f"cores {result['cores']} · MB {result['memory_mb']}")
    shown = {name: value for name, value in verdict.items() if name != "examples"}
    for example in verdict["examples"]:
        console.print(example, style="red")
    console.print(f"verdict {shown}", style="green" if verdict["good"] else "red")
    console.print(f"→ {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())

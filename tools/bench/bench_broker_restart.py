"""`make bench-broker-restart`: a broker dies under 1,000 stores; who is called offline, who not.

Production links, presence and alert watch over the real broker. It is killed without a farewell and
kept away for a second, for ten and for thirty. In the end a few stores are really cut off: an alarm
that never rings would pass everything before.
"""

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cloud_broker.domain.alert_plan import LINE_SETTLES_MS, OFFLINE_AFTER_MS, OPEN_AFTER_MS
from retail_core.texts.faults import FaultCode
from tools.bench.report import ROOT, Bench, Row
from tools.fleet_sim.provisioning import Plan
from tools.fleet_sim.run import Run

STORES = 1_000
AWAY_S = (1.0, 10.0, 30.0)
CUT_SHARE = 0.01
BACK_WITHIN_S = 120.0
# Watched until whoever had been forgotten would be called offline, and that told.
WATCHED_S = (LINE_SETTLES_MS + OFFLINE_AFTER_MS + OPEN_AFTER_MS) / 1_000 + 30
CUT_S = (OFFLINE_AFTER_MS + OPEN_AFTER_MS) / 1_000 + 60
LOOK_S = 5.0
# A core shakes hands with 1,100 certified boxes a second; the broker has half of one to spare.
CONNECTS_BAR = 500.0
CONNECTED = re.compile(r"^(\d+): New client connected", re.MULTILINE)


def connects(log: Path, since: int) -> list[int]:
    """Return how many came in each second from a place in the broker's log on, the most first."""
    text = log.read_bytes()[since:].decode("utf-8", "replace")
    return sorted(Counter(CONNECTED.findall(text)).values(), reverse=True)


def accused(run: Run) -> dict[str, int]:
    """Return what alerts there are of silence: stores called offline, lines called dead."""
    with run.cloud.office.units.begin(run.cloud.tenant) as unit:
        found = Counter(row.trouble.code for row in unit.alerts.alerts(limit=10 * STORES))
    names = FaultCode.SYNC_LINK_DOWN, FaultCode.FLEET_SILENT
    return {code.value: found.get(code.value, 0) for code in names}


def offline(run: Run) -> int:
    """Return how many stores were called offline so far."""
    return accused(run)[FaultCode.SYNC_LINK_DOWN.value]


def away(run: Run, seconds: float, bench: Bench) -> None:
    """Kill the broker, bring it back, wait for every store."""
    log = run.folder / "logs" / "broker.log"
    run.cloud.kill("broker")
    time.sleep(seconds)
    since, began = log.stat().st_size, time.monotonic()
    run.cloud.start_again("broker")
    answers = run.crew.tell("connect", within_s=BACK_WITHIN_S)
    loud = sum(answer["loud"] for answer in answers)
    back_s = time.monotonic() - began
    told = f"{loud} never came" if loud else f"all after {back_s:.1f} s"
    most = connects(log, since)
    name = f"broker away {seconds:g} s: most connects in a second"
    bench.add(Row(name, float(most[0]) if most and not loud else None, "", CONNECTS_BAR, peer=told))


def watched(run: Run, seconds: float, say: Callable[[str], None]) -> None:
    """Look on for a while."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        say(f"{left:4.0f} s  {accused(run)}")
        time.sleep(min(LOOK_S, left))


def main() -> int:
    """Run the bench; about a quarter of an hour, most of it waiting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=int, default=STORES)
    wanted = parser.parse_args()
    bench = Bench("broker_restart")
    console = Console(highlight=False)
    with (
        Run.on(
            ROOT / "var" / "broker-restart", Plan(wanted.stores, members=1), in_memory=True
        ) as run,
        Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console
        ) as shown,
    ):
        task = shown.add_task(f"{wanted.stores} 店上线 stores come up")

        def say(text: str) -> None:
            shown.update(task, description=text)

        run.prepare()
        run.open_stores()
        for seconds in AWAY_S:
            say(f"消息服务器停 the broker is away {seconds:g} s")
            away(run, seconds, bench)
        watched(run, WATCHED_S, say)
        false = accused(run)
        bench.add(
            Row(
                f"{wanted.stores} stores: called offline falsely",
                float(false[FaultCode.SYNC_LINK_DOWN.value]),
                "",
                0.0,
                peer=f"lines called dead: {false[FaultCode.FLEET_SILENT.value]}",
            )
        )
        say("真的断线 some are really cut off")
        answers = run.crew.tell("fault", kind="cut", share=CUT_SHARE, seconds=2 * CUT_S)
        cut = sum(answer["stores"] for answer in answers)
        until = time.monotonic() + CUT_S
        before = int(false[FaultCode.SYNC_LINK_DOWN.value])
        while offline(run) - before < cut and time.monotonic() < until:
            time.sleep(LOOK_S)
        missed = cut - (offline(run) - before)
        name = f"{cut} really cut off: not told within {CUT_S:.0f} s"
        bench.add(Row(name, float(missed), "", 0.0))
    return bench.finish()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())

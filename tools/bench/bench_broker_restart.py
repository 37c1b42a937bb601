"""`make bench-broker-restart`: a broker dies under 1,000 stores; who is called offline, who not.

Production links, presence and alert watch over the real broker. It is killed without a farewell and
kept away for a second, for ten and for thirty. When it is back for the last time a few stores are
really cut off: an alarm that never rings would pass. Then one look at who is called offline until
everybody who was not heard since has to be: the cut ones are, and nobody else.
"""

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cloud_broker.domain.alert_plan import LINE_SETTLES_MS, OFFLINE_AFTER_MS, OPEN_AFTER_MS
from cloud_broker.services.fleet.alert_watch import LOOK_EVERY_MS
from retail_core.limits import HEARTBEAT_MS
from retail_core.texts.faults import FaultCode
from tools.bench.report import ROOT, Bench, Row
from tools.fleet_sim.provisioning import Plan
from tools.fleet_sim.run import Run

STORES = 1_000
AWAY_S = (1.0, 10.0, 30.0)
CUT_SHARE = 0.01
BACK_WITHIN_S = 120.0
# When who is not heard any more has been called offline: a line that is back gets time to settle,
# silence its own, both from the last return on; then a heartbeat, a look of the watch, some air.
TOLD_S = (
    max(LINE_SETTLES_MS, OFFLINE_AFTER_MS, OPEN_AFTER_MS) + HEARTBEAT_MS + LOOK_EVERY_MS
) / 1e3
WATCHED_S = TOLD_S + 40
LOOK_S = 5.0
# A core shakes hands with 1,100 certified boxes a second; the broker has half of one to spare.
CONNECTS_BAR = 500.0
CONNECTED = re.compile(r"^(\d+): New client connected", re.MULTILINE)


def connects(log: Path, since: int) -> list[int]:
    """Return how many came in each second from a place in the broker's log on, the most first."""
    text = log.read_bytes()[since:].decode("utf-8", "replace")
    return sorted(Counter(CONNECTED.findall(text)).values(), reverse=True)


def accused(run: Run) -> tuple[set[UUID | None], int]:
    """Return which stores were called offline so far, and how often a line was called dead."""
    with run.cloud.office.units.begin(run.cloud.tenant) as unit:
        found = [row.trouble for row in unit.alerts.alerts(limit=10 * STORES)]
    offline = {one.store for one in found if one.code == FaultCode.SYNC_LINK_DOWN}
    return offline, sum(one.code == FaultCode.FLEET_SILENT for one in found)


def away(run: Run, seconds: float, bench: Bench) -> None:
    """Kill the broker, bring it back, wait for every store."""
    log = run.folder / "logs" / "broker.log"
    run.cloud.kill("broker")
    time.sleep(seconds)
    since, began = log.stat().st_size, time.monotonic()
    run.cloud.start_again("broker")
    # They come back by themselves, as late as their jitter says; nobody tells them to.
    answers = run.crew.tell("quiet", within_s=BACK_WITHIN_S)
    loud = sum(answer["loud"] for answer in answers)
    back_s = time.monotonic() - began
    told = f"{loud} never came" if loud else f"all after {back_s:.1f} s"
    most = connects(log, since)
    name = f"broker away {seconds:g} s: most connects in a second (cap {CONNECTS_BAR:g})"
    bench.add(Row(name, float(most[0]) if most and not loud else None, "", CONNECTS_BAR, peer=told))


def cut(run: Run) -> set[UUID | None]:
    """Cut a few stores off for good; return which."""
    answers = run.crew.tell("fault", kind="cut", share=CUT_SHARE, seconds=10 * WATCHED_S)
    numbers = {number for answer in answers for number in answer["numbers"]}
    stores = () if run.fleet is None else run.fleet.stores
    return {one.store for one in stores if one.number in numbers}


def watched(run: Run, gone: set[UUID | None], say: Callable[[str], None]) -> None:
    """Look on until everybody who is not heard must have been called offline."""
    until = time.monotonic() + WATCHED_S
    while (left := until - time.monotonic()) > 0:
        offline, _ = accused(run)
        say(
            f"{left:4.0f} s  真断线 really cut off {len(gone)}, "
            f"报了 told {len(offline & gone)}, 误报 falsely {len(offline - gone)}"
        )
        time.sleep(min(LOOK_S, left))


def main() -> int:
    """Run the bench; seven to eight minutes with 1,000 stores, most of them waiting."""
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

        began = time.monotonic()
        run.prepare()
        run.open_stores()
        bench.add(Row(f"{wanted.stores} stores come up", time.monotonic() - began, "s"))
        for seconds in AWAY_S:
            say(f"消息服务器停 the broker is away {seconds:g} s")
            away(run, seconds, bench)
        gone = cut(run)
        watched(run, gone, say)
        offline, dead = accused(run)
    told = f"lines called dead: {dead}"
    name = f"{wanted.stores} stores: called offline falsely"
    bench.add(Row(name, float(len(offline - gone)), "", 0.0, peer=told))
    name = f"{len(gone)} really cut off: not told within {WATCHED_S:.0f} s"
    bench.add(Row(name, float(len(gone - offline)), "", 0.0))
    return bench.finish()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())

"""The rows of `make bench-sync` that need the whole fleet, each with the bar its issue gives."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tools.bench.report import ROOT, Bench, Row
from tools.fleet_sim.provisioning import Plan
from tools.fleet_sim.run import Run
from tools.wan.emulator import Wan, why_not
from tools.wan.line import Manners

FOLDER = ROOT / "var" / "bench-sync"
WARM_S = 5.0
BACKLOG_EACH = 200
BACKLOG_RATE_BAR, LIVE_BAR_MS, SLOWEST_BAR = 20_000, 100, 1.5
PRICE_BAR_MS = 60
# One store in eleven keeps its line and sells live while the others come back.
STAY, LIVE_RATE, LIVE_S, DRAIN_S = 11, 100, 150, 180
AHEAD_S, SOON_S = 2.0, 0.5
# A full machine falls behind: it may sell for so much longer, then the rest is left.
GRACE, SETTLE_S, BOOKED_S = 1.25, 240.0, 480.0
STILL_S = 3.0
RUNGS, RUNG_S, FULL_SHARE = (25, 50, 100, 200, 400, 800), 10, 0.8


@dataclass(frozen=True, slots=True)
class Size:
    """What a run does in a small version; 0 is the size the issue asks for."""

    stores: int = 0
    rate: float = 0
    seconds: float = 0
    members: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """How hard, how long, and what p50 and p99 must not exceed; None is only told."""

    rate: float
    seconds: float
    p50_bar: float | None = None
    p99_bar: float | None = None

    def of(self, size: Size) -> "Load":
        """Return it as a small version does it."""
        return replace(self, rate=size.rate or self.rate, seconds=size.seconds or self.seconds)


@dataclass(frozen=True, slots=True)
class Scene:
    """The fleet some rows share: opened once for all that are asked for.

    `crowd` further members are in the cloud, of whom nobody buys just now; `far` puts the line of
    40 ms there and back between stores and cloud.
    """

    plan: Plan
    crowd: int = 0
    far: bool = False

    @contextmanager
    def opened(self, size: Size) -> Iterator[Run]:
        """Bring it up and sell a little; RuntimeError in words when this machine cannot."""
        if self.far and (reason := why_not()):
            raise RuntimeError(reason)
        plan = replace(self.plan, stores=size.stores or self.plan.stores)
        line = Wan(Manners(delay=20, jitter=2), quick=True) if self.far else None
        with Run.on(FOLDER, plan, line, in_memory=True) as run:
            run.cloud.crowd = (size.members or self.crowd) if self.crowd else 0
            run.prepare()
            run.open_stores()
            run.begin_selling(LIVE_RATE, WARM_S, within_s=2 * WARM_S)
            run.crew.tell("sold")
            run.settle(within_s=SETTLE_S)
            yield run


Step = Callable[[Bench, Run, Size], None]


def selling(load: Load) -> Step:
    """Return a row: sell at a rate, and say when other stores had it."""

    def measure(bench: Bench, run: Run, size: Size) -> None:
        _sell(bench, _named(run, load.of(size)), run, load.of(size))

    return measure


def ladder(bench: Bench, run: Run, size: Size) -> None:
    """Sell faster and faster until the machine cannot follow: what it can do, and how soon."""
    for rate in RUNGS:
        load = Load(rate, size.seconds or RUNG_S)
        if _sell(bench, _named(run, load), run, load) < FULL_SHARE * rate:
            return


def wan(bench: Bench, run: Run, size: Size) -> None:
    """Sell over a line of 40 ms there and back, first whole, then with one packet in 100 lost."""
    if run.wan is None:
        return
    for words, bar, said in (("", 75.0, "loss 0"), (", 1 % loss", 250.0, "loss 1")):
        load = Load(200, 20, None, bar).of(size)
        run.wan.say(said)
        _sell(bench, f"{load.rate:g}/s, 40 ms RTT{words}", run, load)
    run.wan.say("loss 0")


def price(bench: Bench, run: Run, _size: Size) -> None:
    """Change one price and say when the last store had it in force."""
    office, tenant = run.cloud.office, run.cloud.tenant
    catalogue = run.cloud.changed_catalogue()
    run.crew.tell("priced_at")
    began_ns = time.monotonic_ns()
    office.publisher.apply(tenant, catalogue, who="bench-sync", skip_errors=False)
    published_ms = (time.monotonic_ns() - began_ns) / 1e6
    heard, held = _until_priced(run)
    told = {"announced": heard, "in force": held}
    bench.add(Row("price change: HQ's command takes", published_ms, "ms"))
    for what, times in told.items():
        last = (max(times) - began_ns) / 1e6 if len(times) == run.plan.stores else None
        bar = PRICE_BAR_MS if what == "announced" else None
        why = f"{len(times)} of {run.plan.stores} stores"
        bench.add(Row(f"price change: {what} in the last store", last, "ms", bar, why=why))


def backlog(bench: Bench, run: Run, _size: Size) -> None:
    """Cut ten lines in eleven, sell on there, and let all come back at once while others sell.

    The others go on until every event is booked. Only their sales are live: what the process of
    those that come back has to tell of its own sales is how long the backlog took.
    """
    run.crew.tell("away", seconds=600.0, stay=STAY)
    sold = sum(int(one["sold"]) for one in run.crew.tell("stock_up", each=BACKLOG_EACH))
    run.begin_selling(LIVE_RATE, LIVE_S, every=STAY, within_s=LIVE_S)
    time.sleep(AHEAD_S)
    began = time.monotonic()
    run.crew.tell("back")
    acked = run.crew.tell("drained", within_s=DRAIN_S)
    took = max(float(one["last_s"]) for one in acked)
    stores = [float(value) for one in acked for value in one["by_store"].values()]
    name = f"backlog of {sold:,} sales: durable a second"
    bench.add(Row(name, sold / took if took else None, "/s", BACKLOG_RATE_BAR, better="higher"))
    slowest = max(stores) / statistics.median(stores) if stores else None
    bench.add(Row("backlog: slowest store / median", slowest, "×", SLOWEST_BAR))
    _live(bench, run, "until it is durable")
    while run.booking_waits() and time.monotonic() - began < LIVE_S:
        time.sleep(SOON_S)
    bench.add(Row("backlog: until every event is booked", time.monotonic() - began, "s"))
    run.crew.tell("sold", enough=True)
    run.settle(within_s=BOOKED_S)
    _live(bench, run, "until it is booked")


def _live(bench: Bench, run: Run, until: str) -> None:
    """Note how long a sale of a store that stayed took to the cloud and back."""
    (live,) = run.report(run.plan.parts_with(STAY))["commit_to_own_replica_ms"]
    for percent, bar in (("p50", None), ("p95", None), ("p99", LIVE_BAR_MS)):
        name = f"backlog: live sale → cloud → back, {until}, {percent}"
        bench.add(Row(name, live.get(percent), "ms", bar, peer=f"{live['count']:,} times"))


def replay(bench: Bench, run: Run, _size: Size) -> None:
    """Send everything that was ever journalled once more."""
    before = _still_books(run)
    answers = run.crew.tell("replay")
    run.settle(within_s=120)
    after = _still_books(run)
    changed = [name for name in before if before[name] != after[name]]
    events = sum(int(one["events"]) for one in answers)
    took = max(float(one["seconds"]) for one in answers)
    name = "replay of every sale: books that changed"
    bench.add(Row(name, float(len(changed)), "", 0, peer=" ".join(changed)))
    bench.add(Row("replay: events refused a second", events / took, "/s", better="higher"))


def _still_books(run: Run, within_s: float = 60.0) -> dict[str, str]:
    """Return what the books say once the work beside the booking (tiers, tasks) has ended."""
    deadline, said = time.monotonic() + within_s, run.cloud.books()
    while True:
        time.sleep(STILL_S)
        before, said = said, run.cloud.books()
        if said == before or time.monotonic() > deadline:
            return said


def judged(bench: Bench, run: Run) -> None:
    """Compare every store with the cloud."""
    verdict, name = run.judge(), f"{run.plan.stores:,} stores against the cloud"
    wrong = verdict.lost + verdict.doubled + verdict.negative + verdict.wrong_balance
    why = "; ".join((f"{verdict.told:,} sales", *verdict.examples[:2]))
    bench.add(Row(f"{name}: lost, doubled, negative, wrong", float(wrong), "", 0, peer=why))
    bench.add(
        Row(
            *(f"{name}: replicas that differ", float(verdict.stale_replica), "", 0),
            peer=f"of {verdict.replicas:,}",
        )
    )


def _named(run: Run, load: Load) -> str:
    crowd = f", {run.cloud.crowd:,} members" if run.cloud.crowd else ""
    return f"{run.plan.stores:,} stores, {load.rate:,g}/s{crowd}"


def _sell(bench: Bench, name: str, run: Run, load: Load) -> float:
    """Sell, wait until all is booked, note the figures; return how many a second were sold."""
    run.begin_selling(load.rate, load.seconds, within_s=GRACE * load.seconds)
    usage, began = run.usage(), time.monotonic()
    run.crew.tell("sold")
    took = max(load.seconds, time.monotonic() - began)
    cores = usage.cores()
    run.settle(within_s=SETTLE_S)
    spent = usage.seconds()
    report = run.report()
    sold: float = report["sold"] / took
    bench.add(Row(f"{name}: sold", sold, "/s", better="higher"))
    _times(bench, name, report, load)
    said = " ".join(f"{part} {value:.2f}" for part, value in cores.items())
    bench.add(Row(f"{name}: cores", sum(cores.values()), "cores", peer=said))
    each = {part: 1_000 * value / max(1, report["sold"]) for part, value in spent.items()}
    said = " ".join(f"{part} {value:.2f}" for part, value in each.items())
    bench.add(Row(f"{name}: processor a sale until booked", sum(each.values()), "ms", peer=said))
    slow = max((row.get("p99", 0.0) for row in report["by_second"].values()), default=None)
    bench.add(Row(f"{name}: p99 of the worst second", slow, "ms"))
    return sold


def _times(bench: Bench, name: str, report: dict[str, Any], load: Load) -> None:
    times = report["commit_to_other_store_ms"]
    load1 = f"load {report['load1']}, {times['count']:,} times"
    for percent, bar in (("p50", load.p50_bar), ("p95", None), ("p99", load.p99_bar)):
        bench.add(Row(f"{name}: {percent}", times.get(percent), "ms", bar, peer=load1))
    late = max((one.get("p99", 0.0) for one in report["behind_its_time_ms"]), default=0.0)
    bench.add(Row(f"{name}: sold behind its time p99", late, "ms"))
    bench.add(Row(f"{name}: gaps fetched", float(report["faults"].get("S101", 0)), ""))


def _until_priced(run: Run, within_s: float = 60.0) -> tuple[list[int], list[int]]:
    deadline = time.monotonic() + within_s
    heard: dict[str, int] = {}
    held: dict[str, int] = {}
    while time.monotonic() < deadline and len(held) < run.plan.stores:
        time.sleep(0.2)
        for answer in run.crew.tell("priced_at"):
            heard |= answer["heard"]
            held |= answer["at"]
    return list(heard.values()), list(held.values())

"""One process of the fleet: its share of the stores, on one loop, told what to do over stdin."""

import argparse
import asyncio
import gc
import os
import random
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import structlog

from edge_agent.adapters.clock_system import kernel_boot_id
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.ports.journal import Draft
from retail_core import limits
from retail_core.catalog.encoding import Catalogue, open_catalogue
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import open_bundle, parse_bundle
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import MemberEnrolled
from tools.fleet_sim import states, trouble
from tools.fleet_sim.baskets import TIER, Desk, priced_pool
from tools.fleet_sim.box import Box, World, copy_files, shop_of
from tools.fleet_sim.clock import ShiftedClock
from tools.fleet_sim.loop_link import Lines
from tools.fleet_sim.meter import Meter, summary
from tools.fleet_sim.oks import OkBook
from tools.fleet_sim.releasing import turned
from tools.fleet_sim.selling import Counter
from tools.fleet_sim.spec import Fleet, MemberSpec, line, load, part_of

CONNECTING, FETCHING = 16, 4
TICKS_A_S = 20
ANSWER_EVERY_S = 1.0
UPDATE_EVERY_S = 0.5
CLAIM_MS = 600_000
LOOK_S = 0.02
_NS = 1_000_000_000
Order = dict[str, Any]


class Worker:
    """Everything of one process; handlers are named after what they are told."""

    def __init__(self, fleet: Fleet, part: int, parts: int, folder: Path) -> None:
        self.fleet, self.part, self.folder = fleet, part, folder
        self.draw = random.Random(fleet.seed * 1_000 + part)  # noqa: S311 -- a seeded run
        mine = [one for one in fleet.stores if part_of(one.number, parts, fleet.apart) == part]
        self.stores = tuple(mine)
        loop = asyncio.get_running_loop()
        self.connecting = ThreadPoolExecutor(CONNECTING)
        self.fetching = ThreadPoolExecutor(FETCHING)
        self.clock = ShiftedClock(kernel_boot_id())
        self.ids = SystemIds(self.clock)
        lines = Lines(loop, self.connecting, self.draw, fleet.broker_host, fleet.broker_port)
        self.world = World(
            fleet,
            folder,
            lines,
            self.fetching,
            self.clock,
            self.ids.uuid7(),
            self._applied,
            self._published,
        )
        self.meter = Meter()
        self.oks = OkBook(Path(fleet.tills) / f"oks-{part}-{os.getpid()}.bin")
        self.boxes: dict[int, Box] = {}
        self.priced: dict[int, int] = {}
        self.back_ns = 0
        self.gone: list[int] = []
        self.back_mark: dict[int, int] = {}
        self._counter: Counter | None = None
        self._selling: asyncio.Task[None] | None = None
        self._updating: asyncio.Task[None] | None = None

    # ---- what it is told ------------------------------------------------------------------------

    async def open(self, _order: Order) -> Order:
        """Open every box's files, give them goods and rules, price the pool of baskets."""
        began = time.monotonic()
        catalogue, bundle = self._goods()
        first = Box(self.stores[0], self.world)
        first.stock(catalogue, bundle)
        first.end()
        for number, spec in enumerate(self.stores):
            new = copy_files(first.folder, self.world.folder_of(spec))
            box = self.boxes[spec.number] = Box(spec, self.world)
            if new:
                box.journal.begin_epoch()
                box.uplink.reload()
            if number % 50 == 0:
                await asyncio.sleep(0)
        self._price(catalogue, bundle)
        gc.collect()
        gc.freeze()
        return {"stores": len(self.boxes), "seconds": time.monotonic() - began}

    async def connect(self, order: Order) -> Order:
        """Bring every box's line up; answer when all stand and have nothing owed."""
        for box in self.boxes.values():
            box.begin()
        return await self._until_quiet(float(order.get("within_s", 120)))

    async def begin(self, _order: Order) -> Order:
        """Bring every line up and wait for nothing."""
        for box in self.boxes.values():
            box.begin()
        return {}

    async def enrol(self, _order: Order) -> Order:
        """Let each store enrol its members."""
        for box in self.boxes.values():
            drafts = [self._enrolment(one) for one in box.spec.members]
            box.sell(drafts)
            await asyncio.sleep(0)
        return {"members": sum(len(box.spec.members) for box in self.boxes.values())}

    async def sell(self, order: Order) -> Order:
        """Begin to sell at a rate, for some seconds, from a moment of monotonic time."""
        counter = self._counter
        if counter is None:
            return {"error": "not open"}
        rate = float(order["rate"])
        count = int(rate * float(order["seconds"]))
        stores = tuple(number for number in self.boxes if number % int(order["every"]) == 0)
        sales = await asyncio.to_thread(counter.prepare, count, self.draw, stores)
        if order.get("fresh", True):
            self.meter.forget()
        counter.stop = False
        start_ns = int(order.get("start_ns", 0)) or time.monotonic_ns()
        within_s = float(order.get("within_s", 0))
        end_ns = start_ns + int(within_s * _NS) if within_s else 0
        self._selling = asyncio.create_task(counter.sell(sales, start_ns, rate, end_ns))
        return {"prepared": len(sales)}

    async def stock_up(self, order: Order) -> Order:
        """Sell `each` at every box that is away: a backlog."""
        counter = self._counter
        if counter is None:
            return {"error": "not open"}
        each = int(order["each"])
        for number in self.gone:
            for sale in counter.prepare(each, self.draw, (number,)):
                counter.commit(sale)
            await asyncio.sleep(0)
        self.back_mark = {number: self.boxes[number].journal.next_seq() for number in self.gone}
        return {"sold": each * len(self.gone)}

    async def sold(self, order: Order) -> Order:
        """Answer when the selling has ended; it ends at once when that is `enough`."""
        if self._counter is not None:
            self._counter.stop = bool(order.get("enough"))
        if self._selling is not None:
            await self._selling
        return {"sold": self.meter.sold, "refused": self._counter.refused if self._counter else 0}

    async def quiet(self, order: Order) -> Order:
        """Answer when nothing waits in any box."""
        return await self._until_quiet(float(order.get("within_s", 60)))

    async def away(self, order: Order) -> Order:
        """Cut the lines for a while, but for every `stay`-th store's."""
        self.gone = [number for number in self.boxes if number % int(order["stay"])]
        for number in self.gone:
            self.boxes[number].link.cut(float(order["seconds"]))
        return {}

    async def back(self, _order: Order) -> Order:
        """Dial at once, all together, after `away`."""
        self.back_ns = time.monotonic_ns()
        for number in self.gone:
            self.boxes[number].link.cut(0.0)
        return {}

    async def drained(self, order: Order) -> Order:
        """Answer when every journal has been acknowledged; when each store was (seconds)."""
        done: dict[str, float] = {}
        deadline = time.monotonic() + float(order["within_s"])
        while len(done) < len(self.gone) and time.monotonic() < deadline:
            for number, mark in self.back_mark.items():
                if str(number) not in done and not self.boxes[number].waits_since(mark):
                    done[str(number)] = (time.monotonic_ns() - self.back_ns) / _NS
            await asyncio.sleep(LOOK_S)
        return {"by_store": done, "last_s": max(done.values(), default=0.0)}

    async def replay(self, _order: Order) -> Order:
        """Send every event of every journal once more, a frame a store at a time."""
        began = time.monotonic()
        events = sum(await asyncio.gather(*(box.send_again() for box in self.boxes.values())))
        return {"events": events, "seconds": time.monotonic() - began}

    async def fault(self, order: Order) -> Order:
        """Do what a scenario says to some stores."""
        return await trouble.do(self, order)

    async def releases(self, order: Order) -> Order:
        """Let every box take releases from now on; each speaks with the cloud twice a second."""
        for box in self.boxes.values():
            box.take_releases(Path(str(order["root_file"])))
        self._updating = asyncio.create_task(self._take_turns())
        return {}

    async def started(self, _order: Order) -> Order:
        """Return which releases each box was started with, oldest first."""
        boxes = self.boxes.items()
        return {"by_store": {str(number): box.program.starts for number, box in boxes
                             if box.program is not None}}  # fmt: skip

    async def report(self, _order: Order) -> Order:
        """Return the latencies so far."""
        meter = self.meter
        return {
            "sold": meter.sold,
            "applied": meter.applied,
            "waiting": len(meter.waiting),
            "refused": self._counter.refused if self._counter else 0,
            "across": {str(second): times for second, times in meter.across.items()},
            "own": summary(meter.own),
            "late": summary(meter.late),
            "commit": summary(meter.commit),
            "faults": self.faults(),
        }

    async def priced_at(self, _order: Order) -> Order:
        """Return when (monotonic ns) each store had the newest catalogue in force."""
        heard = {str(number): box.heard_ns for number, box in self.boxes.items() if box.heard_ns}
        held = {str(number): at for number, at in self.priced.items()}
        self.priced.clear()
        for box in self.boxes.values():
            box.heard_ns = 0
        return {"at": held, "heard": heard}

    async def states(self, _order: Order) -> Order:
        """Write down what every store holds; return where."""
        path = self.folder / f"states-{self.part}.json"
        path.write_bytes(msgspec.json.encode([states.of(box) for box in self.boxes.values()]))
        return {"path": str(path)}

    async def end(self, _order: Order) -> Order:
        """Hang up and close."""
        for task in (self._selling, self._updating):
            if task is not None:
                task.cancel()
        for box in self.boxes.values():
            with suppress(Fault):
                box.end()
        self.oks.close()
        return {}

    # ---- inside ---------------------------------------------------------------------------------

    async def _take_turns(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            programs = [(box.program, box.tally.count) for box in self.boxes.values()]
            turns = (
                loop.run_in_executor(self.fetching, turned, program, count)
                for program, count in programs
                if program is not None
            )
            await asyncio.gather(*turns)
            await asyncio.sleep(UPDATE_EVERY_S)

    def faults(self) -> dict[str, int]:
        """Return what the boxes counted, summed."""
        total: dict[str, int] = {}
        for box in self.boxes.values():
            for code, times in box.tally.snapshot().items():
                total[code] = total.get(code, 0) + times
        return total

    async def tend(self) -> None:
        """Do what is done by time: paho's chores every second, a heartbeat as the product beats."""
        beats = int(limits.HEARTBEAT_MS / 1_000 * TICKS_A_S)
        for tick in range(sys.maxsize):
            await asyncio.sleep(1 / TICKS_A_S)
            for number, box in list(self.boxes.items()):
                if number % TICKS_A_S == tick % TICKS_A_S:
                    box.link.tend()
                if number % beats == tick % beats:
                    with suppress(Fault):
                        box.beat()

    async def _until_quiet(self, within_s: float) -> Order:
        began = time.monotonic()
        loud = len(self.boxes)
        while loud and time.monotonic() - began < within_s:
            await asyncio.sleep(0.1)
            loud = sum(not (box.link.connected() and box.quiet()) for box in self.boxes.values())
        return {"loud": loud, "seconds": round(time.monotonic() - began, 2)}

    def _goods(self) -> tuple[Catalogue, tuple[int, bytes]]:
        catalogue = open_catalogue(Path(self.fleet.catalogue).read_bytes())
        signed = Path(self.fleet.bundle).read_bytes()
        content = open_bundle(signed, self.fleet.bundle_public_key)
        return catalogue, (parse_bundle(content).version, content)

    def _price(self, catalogue: Catalogue, bundle: tuple[int, bytes]) -> None:
        shop = shop_of(self.fleet, self.stores[0])
        folder = self.folder / f"pool-{self.part}-{os.getpid()}"
        desk = Desk(folder, self.fleet.storage_key, shop, self.clock, catalogue, bundle)
        holders: dict[UUID, tuple[int, ...]] = {}
        for spec in self.stores:
            for one in (*spec.members, *spec.visitors):
                holders[one.member] = (*holders.get(one.member, ()), spec.number)
        self._counter = Counter(
            self.boxes,
            holders,
            priced_pool(desk, self.draw),
            self.clock,
            self.ids,
            self.meter,
            self.oks,
            self.ids.uuid7(),
        )

    def _enrolment(self, one: MemberSpec) -> Draft:
        phone = sha256(f"{self.fleet.seed}/{one.number}".encode()).digest()
        body = MemberEnrolled(
            wallet=one.wallet.bytes,
            name=f"会员{one.number}",
            tier=TIER,
            phone_hash=phone,
            phone_masked="138****0000",
            claim_hash=sha256(phone).digest(),
            claim_expires_ms=self.clock.now().wall_ms + CLAIM_MS,
        )
        return Draft(
            event_id=self.ids.uuid7(),
            type=EventType.MEMBER_ENROLLED,
            at=self.clock.now(),
            body=encode_body(body),
            member=one.member,
        )

    def _applied(self, box: Box) -> None:
        while box.fresh:
            member, at_ns = box.fresh.popleft()
            held = box.replica.member(member)
            if held is not None:
                self.meter.arrived(held.record.posted_receipts, box.spec.number, at_ns)

    def _published(self, box: Box, kind: str, _version: int) -> None:
        if kind == "catalogue":
            self.priced[box.spec.number] = time.monotonic_ns()


async def serve(worker: Worker) -> None:
    """Answer orders until `end`."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tending = asyncio.create_task(worker.tend())
    tending.add_done_callback(_ended)
    try:
        while raw := await reader.readline():
            order: Order = msgspec.json.decode(raw)
            handler: Callable[[Order], Awaitable[Order]] = getattr(worker, order["do"])
            sys.stdout.buffer.write(line({"done": order["do"], **await handler(order)}))
            sys.stdout.buffer.flush()
            if order["do"] == "end":
                return
    finally:
        tending.cancel()


def _ended(tending: "asyncio.Task[None]") -> None:
    """Say why the chores ended by themselves: without them every line dies a few seconds later."""
    if not tending.cancelled() and (error := tending.exception()) is not None:
        traceback.print_exception(error)
        os._exit(1)


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("--part", type=int, required=True)
    parser.add_argument("--parts", type=int, required=True)
    options = parser.parse_args()
    # Answers go by stdout; what the product's parts log is for the worker's file.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    spec: Path = options.spec
    await serve(Worker(load(spec), options.part, options.parts, spec.parent))


if __name__ == "__main__":
    asyncio.run(_main())
    os._exit(0)  # pools may still wait for a peer that is gone

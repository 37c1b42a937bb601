"""Sales on the clock: prepared beforehand, committed when due, late ones noted as late."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Draft
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import EventType
from tools.fleet_sim.baskets import Basket, address
from tools.fleet_sim.box import Box
from tools.fleet_sim.meter import Meter
from tools.fleet_sim.oks import OkBook
from tools.fleet_sim.spec import MemberSpec, Told

_NS = 1_000_000_000
# At most so many sales before the sockets get their turn.
BURST = 4


class Prepared(NamedTuple):
    """A sale as it will be committed."""

    store: int
    receipt: UUID
    member: MemberSpec
    points: int
    body: bytes


@dataclass(slots=True)
class Counter:
    """Sells at the boxes of one process; `shut` are stores that do not sell just now."""

    boxes: Mapping[int, Box]
    holders: Mapping[UUID, tuple[int, ...]]
    baskets: Sequence[Basket]
    clock: Clock
    ids: IdSource
    meter: Meter
    oks: OkBook
    till: UUID
    refused: int = 0
    receipts: int = 0
    stop: bool = False

    def prepare(self, count: int, draw: random.Random, among: Sequence[int]) -> list[Prepared]:
        """Draw `count` sales: one of these stores, one of the members it holds, a basket."""
        made = []
        stores = [
            (number, (*self.boxes[number].spec.members, *self.boxes[number].spec.visitors))
            for number in among
        ]
        for _ in range(count):
            store, people = stores[draw.randrange(len(stores))]
            member = people[draw.randrange(len(people))]
            basket = self.baskets[draw.randrange(len(self.baskets))]
            receipt = self.ids.uuid7()
            # No number comes twice: the cloud takes the same sale under two keys for one.
            self.receipts += 1
            body = address(basket, receipt, self.receipts, member)
            made.append(Prepared(store, receipt, member, basket.points, body))
        return made

    async def sell(
        self, sales: Sequence[Prepared], start_ns: int, rate: float, end_ns: int = 0
    ) -> None:
        """Commit each sale when it is due, a late one at once; after `end_ns` (0: never) none."""
        step_ns = _NS / rate
        for number, sale in enumerate(sales):
            due_ns = start_ns + int(number * step_ns)
            early_ns = due_ns - time.monotonic_ns()
            if early_ns > 0:
                await asyncio.sleep(early_ns / _NS)
            if self.stop or 0 < end_ns < time.monotonic_ns():
                return
            self.commit(sale, due_ns)
            if number % BURST == 0:
                await asyncio.sleep(0)

    def commit(self, sale: Prepared, due_ns: int = 0) -> None:
        """Put one sale on disk; when it is refused the till was not told ok."""
        began_ns = time.monotonic_ns()
        event = self.ids.uuid7()
        draft = Draft(
            event_id=event,
            type=EventType.SALE,
            at=self.clock.now(),
            body=sale.body,
            till=self.till,
            member=sale.member.member,
        )
        box = self.boxes[sale.store]
        if box.program is not None and box.program.breaks():
            box.tally.count(FaultCode.API_INTERNAL)
            self.refused += 1
            return
        try:
            box.recorder.record([draft], lambda seq: seq)
        except Fault as fault:
            box.tally.count(fault.code)
            self.refused += 1
            return
        holders = self.holders.get(sale.member.member, ())
        self.meter.committed(sale.receipt, sale.store, holders, due_ns or began_ns, began_ns)
        self.oks.note(Told(sale.receipt, event, sale.member.member, sale.points, sale.store))
        box.pump()

"""One history: boxes, a cloud, a broker that may forget everything, and bad luck by the step.

A run is a list of steps, each plain data; a step that has nothing to act on does nothing. So a list
stays meaningful when steps are taken out of it, which is how a failure is made small.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time
from random import Random
from typing import NamedTuple
from uuid import UUID

import msgspec

from cloud_broker.services.line.downlink import Outbound
from cloud_broker.services.line.frames import Inbound as ToCloud
from edge_agent.domain.shop import Shop
from edge_agent.ports.cloud_link import Inbound as ToBox
from retail_core.wire.codec import encode
from retail_core.wire.topics import DeviceTopic, parse_device_topic, shard_of
from tests.fakes.cloud_box import WALL_MS, SimBox
from tests.fakes.cloud_state import State
from tools.verify_sync.asking import Desk, Feed
from tools.verify_sync.box import Box, WorldClock
from tools.verify_sync.card import CardJournal, CardReplica
from tools.verify_sync.cloud import (
    BOXES_PER_STORE,
    ENTITY,
    PERSONS,
    STORES,
    TENANT,
    Cloud,
    KilledError,
    devices_of,
)

CLOUD_STATE = "cloud/st"
TALK = ("pump", "up", "up", "book", "down", "down", "pump", "up", "up", "book", "down", "step")
SHOP_NAME, ZONE = "sim", "Asia/Shanghai"
BURST = 24
NUMBERS = 10_000
POINTS = 7
BOXES = sum(BOXES_PER_STORE)


class Step(NamedTuple):
    """What happens next; the three numbers mean what the step makes of them."""

    name: str
    a: int = 0
    b: int = 0
    c: int = 0


class ViolationError(Exception):
    """Something that must always hold did not."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Bad habits of box and cloud, for proving that the simulator finds them."""

    puback_commits: bool = False
    acks_before_commit: bool = False


GOOD = Habits()


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale of which the till has heard "ok"."""

    box: int
    event_id: UUID
    receipt: UUID


@dataclass(slots=True)
class World:
    """Everything there is."""

    rng: Random
    habits: Habits
    cloud: Cloud = field(default_factory=Cloud)
    boxes: list[Box] = field(default_factory=list)
    up: list[ToCloud] = field(default_factory=list)
    cards: list[tuple[int, CardJournal, CardReplica]] = field(default_factory=list)
    now_ms: int = 1_000
    ids: int = 1 << 32
    sold: list[Sold] = field(default_factory=list)
    broker_up: bool = True
    ingest_up: bool = True
    http_up: bool = True
    carried: int = 0
    restores: int = 0
    once_booked: set[UUID] = field(default_factory=set)
    backups: list[State] = field(default_factory=list)

    def __post_init__(self) -> None:
        for store in range(len(STORES)):
            for device in devices_of(store):
                self.boxes.append(self._new_box(store, device))

    def _new_box(self, store: int, device: UUID) -> Box:
        shop = Shop(TENANT, STORES[store], device, ENTITY, SHOP_NAME, "-", ZONE, time(4))
        mono = lambda: self.now_ms  # noqa: E731 -- the world's own time, read late
        clock = WorldClock(mono, UUID(int=self.rng.getrandbits(128)), WALL_MS)
        directory = Feed(self, device)
        journal = CardJournal(self.rng)
        desk = Desk(self, device)
        return Box(shop, self.rng, directory, desk, clock, mono, journal, CardReplica())

    # ---- steps ----------------------------------------------------------------------------------

    def run(self, step: Step) -> None:
        """Do one step, then look at what it let go of."""
        work: Callable[[Step], None] = getattr(self, f"_do_{step.name}")
        work(step)
        self.check_let_go()

    def check_let_go(self) -> None:
        """Raise ViolationError when a box let go of what is not committed."""
        booked = None
        for box in self.boxes:
            fresh = box.note_let_go()
            if fresh:
                booked = booked or booked_ids(self.cloud) | self.once_booked
                gone = [one for one in fresh if one not in booked]
                if gone:
                    raise ViolationError(f"let go of {len(gone)} events that are not committed")

    def box(self, number: int) -> Box:
        """Return a box by any number."""
        return self.boxes[number % len(self.boxes)]

    def _do_tick(self, step: Step) -> None:
        self.now_ms += 1 + step.a % 4_000

    def _do_sell(self, step: Step) -> None:
        at = step.a % len(self.boxes)
        box, person = self.boxes[at], PERSONS[step.b % len(PERSONS)]
        maker = SimBox(TENANT, box.shop.store, box.shop.device, ENTITY)
        self.ids += 2
        event_id, receipt = UUID(int=self.ids), UUID(int=self.ids + 1)
        sale = msgspec.structs.replace(maker.sale(person, points=POINTS), receipt_id=receipt.bytes)
        box.sell(sale, person.member, event_id)
        self.sold.append(Sold(at, event_id, receipt))

    def _do_burst(self, step: Step) -> None:
        for n in range(1 + step.c % BURST):
            self._do_sell(Step("sell", step.a, step.b + n))

    def _do_pump(self, step: Step) -> None:
        box = self.box(step.a)
        box.pump()
        self.collect(box, lost=step.c % 7 == 0, twice=step.c % 5 == 0)

    def collect(self, box: Box, *, lost: bool = False, twice: bool = False) -> None:
        """Take what a box published to the broker, which may lose or double it."""
        link = box.boot.link
        said = [("hello", encode(hello)) for hello in link.hellos]
        said += [("up", payload) for payload in link.up]
        if self.habits.puback_commits and link.up:
            box.journal.mark_acked([(1, box.journal.next_seq() - 1)])
            box.boot.uplink.reload()
            box.journal.let_go.clear()
        link.hellos.clear()
        link.up.clear()
        if lost:
            return
        for tail, payload in said * (2 if twice else 1):
            shard = shard_of(box.shop.store)
            topic = str(DeviceTopic(TENANT, shard, box.shop.device, tail))
            self.up.append(ToCloud(topic, payload, self.cloud.clock.now_ms()))

    def _do_up(self, step: Step) -> None:
        """Let the broker hand some messages to ingest, in any order."""
        for n in range(min(1 + step.c % 4, len(self.up))):
            message = self.up.pop((step.b + n) % len(self.up))
            if self.broker_up and self.ingest_up:
                self.cloud.inbox.append(message)

    def _do_book(self, step: Step) -> None:
        """Let ingest book; `step.c` may end it before the commit, before or amid the publishing."""
        if not self.ingest_up:
            return
        batch, self.cloud.inbox = self.cloud.inbox, []
        end = {1: "before", 2: "after", 3: "amid"}.get(step.c % 24)
        self.cloud.units.kill_before_commit = end == "before" and bool(batch)
        try:
            send = self.cloud.book(batch)
        except KilledError:
            send = self._told_too_early(batch)
        self.cloud.units.kill_before_commit = False
        if end == "after":
            send = []
        elif end == "amid":
            send = send[: len(send) // 2]
        self.publish(send)
        if end is not None:
            self.ingest_dies()

    def _told_too_early(self, batch: list[ToCloud]) -> list[Outbound]:
        if not self.habits.acks_before_commit:
            return []
        states = dict(self.cloud.units.states)
        send = self.cloud.book(batch)
        self.cloud.units.states = states
        return [one for one in send if one.topic.endswith("/ack")]

    def publish(self, messages: list[Outbound]) -> None:
        """Hand messages to the broker, which keeps them for the sessions that stand."""
        for message in messages:
            device = parse_device_topic(message.topic)
            for box in self.boxes:
                if not (box.online and self.broker_up):
                    continue
                if device is None:
                    box.down.append(ToBox(CLOUD_STATE, message.payload))
                elif device.device == box.shop.device:
                    box.down.append(ToBox(device.tail, message.payload))

    def ingest_dies(self) -> None:
        """Kill ingest; the broker tells its will."""
        if self.ingest_up:
            self.publish([self.cloud.says(up=False)])
            self.cloud.inbox.clear()
            self.ingest_up = False

    def ingest_starts(self) -> None:
        """Start ingest anew."""
        if not self.ingest_up:
            self.cloud.restart()
            self.ingest_up = True
            self.publish([self.cloud.says(up=True)])

    def _do_ingest(self, step: Step) -> None:
        if self.ingest_up and step.a % 8 == 0:
            self.ingest_dies()
        else:
            self.ingest_starts()

    def _do_marks(self, _step: Step) -> None:
        if self.ingest_up:
            self.cloud.write_marks()

    def _do_sweep(self, _step: Step) -> None:
        if self.ingest_up and self.broker_up:
            self.publish(self.cloud.sweep())

    def _do_down(self, step: Step) -> None:
        self.deliver(self.box(step.a), step.b, again=step.c % 6 == 0)

    def deliver(self, box: Box, which: int = 0, *, again: bool = False) -> None:
        """Deliver a message in any order, but none across a word on whether ingest is there."""
        if not (box.down and box.online):
            return
        tails = [one.topic_tail for one in box.down]
        before = tails.index(CLOUD_STATE) if CLOUD_STATE in tails else len(tails)
        at = which % before if before else 0
        message = box.down[at]
        if not again or message.topic_tail == CLOUD_STATE:
            del box.down[at]
        box.boot.link.deliver(message.topic_tail, message.payload)
        self.carried += 1

    def _do_drop(self, step: Step) -> None:
        """Let the broker drop one message to a box, as it does when its queue is full."""
        box = self.box(step.a)
        kept = [n for n, one in enumerate(box.down) if one.topic_tail != CLOUD_STATE]
        if kept:
            del box.down[kept[step.b % len(kept)]]

    def _do_talk(self, step: Step) -> None:
        """Let a box, ingest and the box again have a turn, with the usual luck."""
        self.connect(self.box(step.a))
        if step.b % 2:
            self.ingest_starts()
        for name in TALK:
            luck = self.rng.randrange(NUMBERS)
            self.run(Step(name, step.a, luck // 7, luck))

    def _do_step(self, step: Step) -> None:
        self.box(step.a).boot.step()

    def _do_link(self, step: Step) -> None:
        """Cut a box's line, with some of what is under way, or mend it."""
        box = self.box(step.a)
        if not box.online:
            self.connect(box)
        elif step.c % 3 == 0:
            self.collect(box, lost=step.b % 2 == 0)
            box.cut()

    def connect(self, box: Box) -> None:
        """Begin a session; the broker hands out the retained word at once."""
        if not self.broker_up or box.online:
            return
        box.boot.link.connect()
        box.down.insert(0, ToBox(CLOUD_STATE, self.cloud.says(up=self.ingest_up).payload))

    def _do_broker(self, _step: Step) -> None:
        """Kill the broker and start it: it knows nothing and nobody."""
        self.up.clear()
        self.cloud.inbox.clear()
        for box in self.boxes:
            box.cut()
            box.boot.link.up.clear()
            box.boot.link.hellos.clear()

    def _do_http(self, step: Step) -> None:
        self.http_up = step.a % 3 != 0

    def _do_kill(self, step: Step) -> None:
        self.box(step.a).restart()

    def _do_power(self, step: Step) -> None:
        box = self.box(step.a)
        box.note_let_go()
        box.journal.power_cut()
        box.replica.power_cut()
        box.restart()

    def _do_prune(self, step: Step) -> None:
        box = self.box(step.a)
        box.journal.prune(acked_before_wall_ms=box.clock.now().wall_ms - step.b % 10_000)

    def _do_backup(self, _step: Step) -> None:
        self.backups.append(self.cloud.state)

    def _do_restore(self, step: Step) -> None:
        """Lose the database, and put an older one in its place while ingest is down."""
        if self.backups:
            self.ingest_dies()
            self.once_booked |= booked_ids(self.cloud)
            self.cloud.restored_from(self.backups[step.b % len(self.backups)])
            self.restores += 1
            self.ingest_starts()

    def _do_image(self, step: Step) -> None:
        at = step.a % len(self.boxes)
        box = self.boxes[at]
        self.cards.append((at, box.journal.copied(), box.replica.copied()))

    def _do_set_back(self, step: Step) -> None:
        """Put a copy of the card in; the card that was in is a copy from now on."""
        if not self.cards:
            return
        at, journal, replica = self.cards.pop(step.b % len(self.cards))
        box = self.boxes[at]
        self.cards.append((at, box.journal.copied(), box.replica.copied()))
        box.cut()
        box.note_let_go()
        box.journal, box.replica, box.set_back = journal, replica, True
        box.restart()


def booked_ids(cloud: Cloud) -> set[UUID]:
    """Return the events that are committed."""
    return {arrival.event_id for arrival in cloud.state.events}

"""A box and a cloud on a line that loses, doubles and reorders: nothing lost, nothing doubled.

Each property has a control arm with the tempting shortcut, and the control must fail: a network
too kind to break the shortcut would prove nothing about the plan.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Generic, TypeVar

import pytest

from retail_core.sync.cursor import Verdict, judge
from retail_core.sync.outbox_plan import InFlight, plan_ranges
from retail_core.sync.ranges import Range, Ranges, clamp, from_seqs, normalise

CREDIT = 2
TICK_MS = 250
SELLING_TICKS = 200
TICKS_MAX = 20_000


Frame = TypeVar("Frame")
Events = dict[int, str]


@dataclass
class Line(Generic[Frame]):
    """Carries frames with a delay; loses one in four, doubles one in five."""

    random: Random
    carried: list[tuple[int, Frame]] = field(default_factory=list)

    def send(self, frame: Frame, now_ms: int) -> None:
        copies = self.random.choices([0, 1, 2], weights=[25, 55, 20])[0]
        for _ in range(copies):
            self.carried.append((now_ms + self.random.randrange(0, 4_000), frame))

    def arrived(self, now_ms: int) -> list[Frame]:
        here = [frame for at, frame in self.carried if at <= now_ms]
        self.carried = [(at, frame) for at, frame in self.carried if at > now_ms]
        self.random.shuffle(here)
        return here


@dataclass
class Cloud:
    """Commits what arrives, each event id once, and says what it has by the rule under test."""

    ack_rule: Callable[[Ranges], Ranges]
    committed: dict[int, str] = field(default_factory=dict)
    applied: Counter[str] = field(default_factory=Counter)
    delivered: int = 0

    def ingest(self, events: Events) -> Ranges:
        self.delivered += len(events)
        for seq, event_id in events.items():
            if event_id not in self.applied:
                self.applied[event_id] += 1
            self.committed[seq] = event_id
        return self.ack_rule(from_seqs(self.committed))


@dataclass
class Box:
    """Keeps events until the cloud says it has them; the memory of what flies dies with it."""

    outbox: dict[int, str] = field(default_factory=dict)
    next_seq: int = 1
    in_flight: tuple[InFlight, ...] = ()

    def sell(self) -> str:
        event_id = f"sale-{self.next_seq}"
        self.outbox[self.next_seq] = event_id
        self.next_seq += 1
        return event_id

    def publish(self, now_ms: int) -> list[Events]:
        plan = plan_ranges(from_seqs(self.outbox), self.in_flight, CREDIT, now_ms, 0)
        self.in_flight = plan.in_flight
        return [
            {seq: self.outbox[seq] for seq in range(frame.first_seq, frame.last_seq + 1)}
            for frame in plan.send
        ]

    def on_ack(self, ranges: Ranges) -> None:
        for low, high in clamp(ranges, 1, self.next_seq - 1):
            for seq in range(low, high + 1):
                self.outbox.pop(seq, None)


@dataclass
class Storm:
    """A box, a cloud and the bad line between them; both ends are killed now and then."""

    random: Random
    cloud: Cloud
    box: Box = field(default_factory=Box)

    def __post_init__(self) -> None:
        self.up = Line[Events](self.random)
        self.down = Line[Ranges](self.random)

    def pass_on(self, now_ms: int) -> None:
        """Let one tick pass over the line."""
        if self.random.random() < 0.02:
            self.box.in_flight = ()  # the box was killed; its journal was not
        for frame in self.box.publish(now_ms):
            self.up.send(frame, now_ms)
        for events in self.up.arrived(now_ms):
            if self.random.random() > 0.1:  # else the cloud was killed before its commit
                self.down.send(self.cloud.ingest(events), now_ms)
        for ranges in self.down.arrived(now_ms):
            self.box.on_ack(ranges)


def run_upward(seed: int, ack_rule: Callable[[Ranges], Ranges]) -> tuple[set[str], Cloud]:
    """Sell for a while in a storm; end when the box holds nothing more."""
    random = Random(seed)  # noqa: S311 -- a repeatable storm, not a secret
    storm, sold = Storm(random, Cloud(ack_rule)), set[str]()
    for tick in range(TICKS_MAX):
        if tick < SELLING_TICKS:
            sold |= {storm.box.sell() for _ in range(random.randrange(0, 4))}
        storm.pass_on(tick * TICK_MS)
        if tick >= SELLING_TICKS and not storm.box.outbox:
            return sold, storm.cloud
    raise AssertionError(f"seed {seed}: {len(storm.box.outbox)} events never left the box")


def committed_ranges(ranges: Ranges) -> Ranges:
    """The rule of the product."""
    return ranges


def highest_sequence(ranges: Ranges) -> Ranges:
    """The shortcut: "I have seen up to 90"."""
    top: Range = (1, ranges[-1][1])
    return normalise([top])


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_and_nothing_doubled(seed: int) -> None:
    sold, cloud = run_upward(seed, committed_ranges)
    assert len(sold) > 200
    assert set(cloud.applied) == sold
    assert set(cloud.applied.values()) == {1}
    assert cloud.delivered > len(sold), "the line doubled nothing: the run proves nothing"


def test_the_control_that_acknowledges_the_highest_sequence_loses() -> None:
    lost = 0
    for seed in range(6):
        sold, cloud = run_upward(seed, highest_sequence)
        lost += len(sold - set(cloud.applied))
    assert lost > 0


# ---- downward -----------------------------------------------------------------------------------

FeedFrame = tuple[int, int, dict[int, str]]


def run_downward(seed: int, *, heed_gaps: bool) -> tuple[list[str], list[str]]:
    """Change members over a bad line; return what the cloud holds and what the shop applied."""
    random = Random(seed)  # noqa: S311 -- a repeatable storm, not a secret
    line, feed = Line[FeedFrame](random), dict[int, str]()
    applied: dict[int, str] = {}
    cloud_pos = held_pos = held_epoch = 0
    for tick in range(400):
        now_ms = tick * TICK_MS
        if tick < 300:
            prev_pos, cloud_pos = cloud_pos, cloud_pos + random.randrange(1, 4)
            feed[cloud_pos] = f"change-{cloud_pos}"
            line.send((prev_pos, cloud_pos, {cloud_pos: feed[cloud_pos]}), now_ms)
        for frame in line.arrived(now_ms):
            prev_pos, pos, changes = frame
            verdict = judge(1, prev_pos, pos, held_epoch, held_pos)
            if verdict in {Verdict.GAP, Verdict.NEW_EPOCH} and heed_gaps:
                fetched = {at: change for at, change in feed.items() if at > held_pos}
                applied |= fetched
                held_epoch, held_pos = 1, cloud_pos
            elif verdict is not Verdict.DUPLICATE:
                applied |= changes
                held_epoch, held_pos = 1, pos
    # the hello of the next connection fetches the tail
    applied |= {at: change for at, change in feed.items() if at > held_pos}
    return list(feed.values()), [applied[at] for at in sorted(applied)]


@pytest.mark.parametrize("seed", range(12))
def test_the_shop_ends_with_every_change(seed: int) -> None:
    cloud, shop = run_downward(seed, heed_gaps=True)
    assert shop == cloud


def test_the_control_that_applies_over_a_gap_misses_changes() -> None:
    runs = [run_downward(seed, heed_gaps=False) for seed in range(6)]
    assert any(shop != cloud for cloud, shop in runs)

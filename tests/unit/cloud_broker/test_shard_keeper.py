"""Workers on a room of shards: who comes, goes, stalls or dies, and who says what in the end."""

import math
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from queue import Queue
from uuid import UUID

import pytest

from cloud_broker.ingest import backlog
from cloud_broker.ingest import worker as ingest_worker
from cloud_broker.ingest.batcher import is_live
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.ingest.keeper import ShardKeeper, Standing
from cloud_broker.ingest.parts import IngestParts
from cloud_broker.ingest.session import Delivery
from cloud_broker.ingest.spare import KEPT_IN_A_ROW_MAX
from cloud_broker.ingest.worker import IngestWorker
from cloud_broker.ports.feed import NewChange
from cloud_broker.ports.shards import Seat
from cloud_broker.services.booking.greeting import Greeter
from cloud_broker.services.booking.ingest import Ingest, Outcome
from cloud_broker.services.fleet.presence import PresenceBook
from cloud_broker.services.line.announcing import Announcer
from cloud_broker.services.line.downlink import Outbound
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.members.checkins import LaneCaller
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_cloud_presence
from retail_core.wire.packing import NEWEST_PACKING, packed
from retail_core.wire.topics import shard_of, tail_of
from tests.factories.waiting import comes_about, eventually
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import Person, fresh_id
from tests.fakes.cloud_shards import FakeShardDesk, FakeShardRoom
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant

BEAT_S = 0.03


class LoudLine:
    """A broker that grants at once and keeps what is said; several workers share one."""

    def __init__(self, retained: dict[str, bytes]) -> None:
        self.queue: Queue[Delivery] = Queue()
        self.ready: frozenset[int] = frozenset()
        self.said: list[Outbound] = []
        self.acknowledged: list[Delivery] = []
        self.stopped = False
        self._retained = retained
        self._granted: Callable[[], None] = lambda: None

    def start(self, on_subscribed: Callable[[], None]) -> None:
        self._granted = on_subscribed

    def hold(self, shards: frozenset[int]) -> None:
        self.ready = shards
        self._granted()

    def publish(self, messages: Sequence[Outbound]) -> int:
        self.said += messages
        self._retained |= {one.topic: one.payload for one in messages if one.retain}
        return 0

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.acknowledged += deliveries

    def stop(self, last: Sequence[Outbound], timeout_s: float = 2.0) -> None:
        assert timeout_s
        self.publish(last)
        self.stopped = True


class NotedIngest(Ingest):
    """Notes which of its two stages was asked for, one after the other."""

    def __init__(self, units: FakeUnits, clock: FakeCloudClock, tally: FaultTally) -> None:
        super().__init__(units, clock, tally)
        self.stages = ""
        self.may_keep = threading.Event()
        self.may_keep.set()

    def keep(self, messages: Sequence[Inbound]) -> Outcome:
        self.may_keep.wait()
        self.stages += "k"
        return super().keep(messages)

    def book_waiting(self, tenant: UUID, shards: Collection[int], limit: int) -> Outcome:
        self.stages += "b"
        return super().book_waiting(tenant, shards, limit)


class Floor:
    """As many workers as are asked for, around one store and one broker."""

    def __init__(self) -> None:
        self.units = FakeUnits()
        self.tenant = new_tenant(self.units)
        self.room = FakeShardRoom()
        self.retained: dict[str, bytes] = {}
        self.tally = FaultTally()
        self.standings: list[Standing] = []
        self.lines: list[LoudLine] = []
        self.rare: list[tuple[int, UUID]] = []
        self.rare_fault: Fault | None = None
        self.ingests: list[NotedIngest] = []
        self.keepers: list[ShardKeeper] = []
        self.clock = FakeCloudClock()
        self.ids = FakeCloudIdSource(self.clock)

    def keeper(self) -> ShardKeeper:
        keeper = ShardKeeper(
            FakeShardDesk(self.room), self.worker, self.ids, self.tally, beat_s=BEAT_S
        )
        self.keepers.append(keeper)
        keeper.start()
        return keeper

    def shares(self) -> list[int]:
        owners = list(self.room.owners.values())
        return [owners.count(token) for token in sorted(self.room.seats)]

    def says_up(self, shard: int) -> bytes | None:
        """Return who is said to work a shard."""
        payload = self.retained.get(f"r1/cloud/s/{shard}")
        if payload is None:
            return None
        said = decode_cloud_presence(payload)
        return said.boot_id if said.up else None

    def worker(self, standing: Standing) -> IngestWorker:
        units, clock, tally = self.units, self.clock, self.tally
        line = LoudLine(self.retained)
        self.lines.append(line)
        self.standings.append(standing)
        self.ingests.append(NotedIngest(units, clock, tally))
        parts = IngestParts(
            ingest=self.ingests[-1],
            greeter=Greeter(units, tally),
            presence=PresenceBook(units, tally),
            announcer=Announcer(units, clock),
            lanes=LaneCaller(units, clock, tally),
            tenants=units.tenants,
            rare=lambda tenant: self.seldom(standing, tenant),
            tally=tally,
            seated=standing.good,
        )
        slot = standing.seat.slot
        return IngestWorker(parts, line, standing.boot_id, shards=frozenset(), slot=slot)

    def seldom(self, standing: Standing, tenant: UUID) -> None:
        self.rare.append((standing.seat.token, tenant))
        if self.rare_fault is not None:
            raise self.rare_fault

    def sales_in(self, store: UUID) -> int:
        with self.units.begin(self.tenant) as unit:
            return len(unit.journal.ledger(store))


@pytest.fixture
def floor() -> Iterator[Floor]:
    made = Floor()
    yield made
    for keeper in made.keepers:
        keeper.stop()


def test_one_worker_takes_all_and_says_so(floor: Floor) -> None:
    keeper = floor.keeper()
    eventually(lambda: floor.shares() == [64])
    (standing,) = floor.standings
    eventually(lambda: all(floor.says_up(shard) for shard in range(64)))
    eventually(lambda: floor.rare == [(standing.seat.token, floor.tenant)])
    assert keeper.works(floor.tenant)
    keeper.wake()
    keeper.call_lanes()
    keeper.stop()
    assert not any(floor.says_up(shard) for shard in range(64))
    assert not decode_cloud_presence(floor.retained[f"r1/{floor.tenant}/cloud/st"]).up
    assert (floor.room.seats, floor.room.owners) == ({}, {})
    assert not keeper.works(floor.tenant)


def test_two_share_and_what_is_done_once_is_done_by_one(floor: Floor) -> None:
    one = floor.keeper()
    eventually(lambda: floor.shares() == [64])
    other = floor.keeper()
    eventually(lambda: floor.shares() == [32, 32])
    boots = {standing.boot_id.bytes for standing in floor.standings}
    eventually(lambda: {floor.says_up(shard) for shard in range(64)} == boots)
    assert one.works(floor.tenant) != other.works(floor.tenant)
    one.stop()
    eventually(lambda: floor.shares() == [64])
    eventually(lambda: all(floor.says_up(shard) for shard in range(64)))
    # The company's word is the successor's too: nobody heard that the cloud is down.
    eventually(lambda: decode_cloud_presence(floor.retained[f"r1/{floor.tenant}/cloud/st"]).up)


def test_a_worker_that_lost_its_seat_says_nothing_more_and_sits_down_anew(floor: Floor) -> None:
    floor.keeper()
    eventually(lambda: floor.shares() == [64])
    floor.room.drop(floor.standings[0].seat.token)
    eventually(lambda: len(floor.standings) == 2 and floor.shares() == [64])
    assert floor.lines[0].stopped
    assert floor.standings[0].beaten_at == -math.inf
    second = floor.standings[1].boot_id.bytes
    eventually(lambda: all(floor.says_up(shard) == second for shard in range(64)))
    assert floor.standings[1].seat.token > floor.standings[0].seat.token


def test_what_a_stalled_worker_said_is_said_again_by_the_owner(floor: Floor) -> None:
    floor.keeper()
    eventually(lambda: floor.says_up(7) is not None)
    ours, topic = floor.says_up(7), "r1/cloud/s/7"
    stale = floor.lines[0].said[-1].payload.replace(ours or b"", b"x" * 16)
    floor.retained[topic] = stale
    floor.lines[0].queue.put(Delivery(Inbound(topic, stale, 0, retained=False), 1, 1))
    eventually(lambda: floor.says_up(7) == ours)


def test_a_message_of_a_shard_that_was_given_up_is_not_booked(floor: Floor) -> None:
    floor.keeper()
    floor.keeper()
    eventually(lambda: sorted(len(line.ready) for line in floor.lines) == [32, 32])
    box = new_box(floor.units, floor.tenant, "上海店")
    box.sells()
    topic = box.topic("up")
    assert tail_of(topic) == "up"
    here = [line for line in floor.lines if shard_of(box.store) in line.ready]
    (there,) = [line for line in floor.lines if line not in here]
    delivery = Delivery(Inbound(topic, box.frame(), floor.clock.now_ms()), 5, 1)
    there.queue.put(delivery)
    eventually(lambda: delivery in there.acknowledged)
    with floor.units.begin(floor.tenant) as unit:
        assert unit.journal.ledger(box.store) == ()


def test_a_database_that_is_away_costs_nobody_a_seat(floor: Floor) -> None:
    keeper = ShardKeeper(
        desk := FakeShardDesk(floor.room), floor.worker, floor.ids, floor.tally, beat_s=BEAT_S
    )
    floor.keepers.append(keeper)
    desk.down = True
    keeper.start()
    eventually(lambda: floor.tally.snapshot().get("S102", 0) > 0)
    desk.down = False
    eventually(lambda: floor.shares() == [64])
    desk.down = True
    seen = floor.tally.snapshot()["S102"]
    eventually(lambda: floor.tally.snapshot()["S102"] > seen)
    desk.down = False
    eventually(lambda: floor.shares() == [64])
    assert len(floor.standings) == 1


def test_what_was_committed_while_the_seat_was_in_doubt_is_said_when_it_is_sure(
    floor: Floor,
) -> None:
    desk = FakeShardDesk(floor.room)
    keeper = ShardKeeper(desk, floor.worker, floor.ids, floor.tally, beat_s=BEAT_S)
    floor.keepers.append(keeper)
    keeper.start()
    eventually(lambda: floor.says_up(7) is not None)
    (line,), (standing,) = floor.lines, floor.standings
    box, person = new_box(floor.units, floor.tenant, "上海店"), Person()
    box.enrols(person)
    desk.down = True
    eventually(lambda: floor.tally.snapshot().get("S102", 0) > 0)
    standing.beaten_at = math.inf
    floor.units.down = True
    delivery = Delivery(Inbound(box.topic(), box.frame(), floor.clock.now_ms()), 5, 1)
    line.queue.put(delivery)
    eventually(lambda: floor.says_up(7) is None)
    # The database is back, and ingest is sooner there than the next beat.
    standing.beaten_at = -math.inf
    floor.units.down = False
    eventually(lambda: delivery in line.acknowledged)
    assert floor.says_up(7) is None
    desk.down = False
    eventually(lambda: floor.says_up(7) == standing.boot_id.bytes)
    eventually(lambda: any(one.topic == box.topic("chg") for one in line.said))


def test_what_was_done_beside_is_announced_without_waiting_for_the_sweep(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_worker, "SWEEP_EVERY_S", 3_600.0)
    keeper = floor.keeper()
    box, other = (new_box(floor.units, floor.tenant, name) for name in ("上海店", "成都店"))
    eventually(lambda: all(floor.says_up(shard) for shard in range(64)))
    (line,) = floor.lines
    box.sells()
    line.queue.put(Delivery(Inbound(box.topic(), box.frame(), floor.clock.now_ms()), 5, 1))
    eventually(lambda: floor.sales_in(box.store) == 1)
    changes = {other.store: [NewChange("member", fresh_id(), 1, b"\x90")]}

    def beside(tenant: UUID) -> int:
        with floor.units.begin(tenant) as unit:
            return len(unit.feed.append({} if unit.feed.behind() else changes, 1))

    thread = BesideWorker(
        "beside", beside, floor.units.tenants, floor.tally, partial(keeper.wake, soon=True)
    )
    thread.start()
    eventually(lambda: any(one.topic == other.topic("chg") for one in line.said))
    thread.stop()


def test_a_store_that_was_told_to_its_end_is_not_asked_about_again(floor: Floor) -> None:
    box = new_box(floor.units, floor.tenant, "上海店")
    with floor.units.begin(floor.tenant) as unit:
        (row,) = unit.feed.append({box.store: [NewChange("member", fresh_id(), 1, b"\x90")]}, 1)
    announcer = Announcer(floor.units, floor.clock)
    assert len(announcer.left(floor.tenant, {}).marks) == 1
    left = announcer.left(floor.tenant, {(floor.tenant, box.store): row.pos})
    assert (left.send, left.marks) == ((), {})


def test_chores_that_fail_hold_up_no_sale(floor: Floor) -> None:
    floor.rare_fault = Fault(FaultCode.SYNC_LINK_DOWN)
    box = new_box(floor.units, floor.tenant, "上海店")
    box.sells()
    floor.keeper()
    eventually(lambda: floor.rare)
    delivery = Delivery(Inbound(box.topic(), box.frame(), floor.clock.now_ms()), 5, 1)
    floor.lines[0].queue.put(delivery)
    eventually(lambda: floor.sales_in(box.store) == 1)
    assert len(floor.rare) == 1


def test_a_backlog_without_an_end_does_not_keep_what_waits_from_being_booked(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "KEPT_BYTES", (1, 1, 1))  # a frame a turn
    box = new_box(floor.units, floor.tenant, "上海店")
    for _ in range(20):
        box.sells()
    frame = packed(box.frame(), 20, NEWEST_PACKING)
    assert not is_live(frame)
    floor.keeper()
    eventually(lambda: floor.shares() == [64] and 7 in floor.lines[0].ready)
    some = [
        Delivery(Inbound(box.topic(), frame, floor.clock.now_ms()), nth, 1)
        for nth in range(2 * KEPT_IN_A_ROW_MAX)
    ]
    for delivery in some:
        floor.lines[0].queue.put(delivery)
    (ingest,) = floor.ingests
    eventually(lambda: ingest.stages.count("k") == len(some))
    assert "b" in ingest.stages.strip("b")
    eventually(lambda: floor.sales_in(box.store) == 20)


def test_the_broker_need_not_hold_a_backlog_until_it_is_durable(floor: Floor) -> None:
    box = new_box(floor.units, floor.tenant, "上海店")
    for _ in range(20):
        box.sells()
    frame = packed(box.frame(), 20, NEWEST_PACKING)
    floor.keeper()
    eventually(lambda: floor.shares() == [64] and 7 in floor.lines[0].ready)
    (line,), (ingest,) = floor.lines, floor.ingests
    ingest.may_keep.clear()
    inbound = Inbound(box.topic(), frame, floor.clock.now_ms())
    some = [Delivery(inbound, nth, 1) for nth in range(50)]
    for delivery in some:
        line.queue.put(delivery)
    heard = comes_about(lambda: line.acknowledged != [], within_s=10)
    kept = "k" in ingest.stages
    ingest.may_keep.set()
    assert heard
    assert not kept
    eventually(lambda: floor.sales_in(box.store) == 20)
    eventually(lambda: len(line.acknowledged) == len(some))


def test_a_packed_backlog_is_promised_first_however_short_it_became(floor: Floor) -> None:
    box = new_box(floor.units, floor.tenant, "上海店")
    for _ in range(20):
        box.sells()
    frame = packed(box.frame(), 20, NEWEST_PACKING)
    assert len(frame) < len(box.frame()) / 4
    floor.keeper()
    eventually(lambda: floor.shares() == [64] and 7 in floor.lines[0].ready)
    floor.lines[0].queue.put(Delivery(Inbound(box.topic(), frame, floor.clock.now_ms()), 5, 1))
    eventually(lambda: floor.sales_in(box.store) == 20)
    assert "k" in floor.ingests[0].stages


def test_a_beat_too_old_is_no_standing() -> None:
    standing = Standing(Seat(1, 1), UUID(int=1), math.inf)
    assert standing.good()
    assert not Standing(Seat(1, 1), UUID(int=1), -math.inf).good()

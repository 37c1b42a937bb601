"""What the box sends, and what it takes for an answer."""

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.ports.journal import Record
from edge_agent.services.journal.events import event_of
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.uplink import FRESH_MAX, HELLO_GRACE_MS, PRUNE_EVERY_MS, Uplink
from retail_core import limits
from retail_core.errors import Fault
from retail_core.sync.ranges import Ranges
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_up, encode, event_hash
from retail_core.wire.messages import WIRE_VERSION, AckFrame, Rejected, UpFrame
from tests.factories.shop_floor import SHOP, make_draft, make_sale
from tests.factories.waiting import eventually
from tests.fakes.clock import NOON_MS
from tests.fakes.cloud_link import FakeCloudLink
from tests.fakes.journal import FakeJournal


@dataclass
class Hand:
    """Monotonic time moved by hand."""

    ms: int = 1_000


@dataclass
class Bench:
    """An uplink pumped by hand, without its thread."""

    journal: FakeJournal = field(default_factory=FakeJournal)
    link: FakeCloudLink = field(default_factory=FakeCloudLink)
    tally: FaultTally = field(default_factory=FaultTally)
    time: Hand = field(default_factory=Hand)
    acked: list[Ranges] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.uplink = self.built()
        self.recorder = Recorder(self.journal, [self.uplink.recorded])

    def built(self) -> Uplink:
        return Uplink(
            self.journal,
            self.link,
            SHOP,
            self.tally,
            now_ms=lambda: self.time.ms,
            on_acked=[self.acked.append],
        )

    def sell(self, count: int = 1) -> None:
        self.recorder.record([make_draft() for _ in range(count)], lambda seq: seq)

    def ack(self, *ranges: tuple[int, int], credit: int = 2, epoch: int | None = None) -> None:
        held = self.journal.epoch if epoch is None else epoch
        self.uplink.on_ack(encode(AckFrame(WIRE_VERSION, held, ranges, credit)))

    def sent(self) -> list[tuple[int, int]]:
        """First and last sequence of each frame sent since the last look."""
        frames = self.link.frames()
        self.link.up.clear()
        return [(one.first_seq, one.first_seq + len(one.events) - 1) for one in frames]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.link.connect()
    return bench


def test_a_sale_goes_out_at_once_in_a_frame_that_names_its_sender(bench: Bench) -> None:
    bench.sell()
    bench.uplink.pump()
    (frame,) = bench.link.frames()
    (record,) = bench.journal.records()
    assert frame == UpFrame(
        v=WIRE_VERSION,
        tenant=SHOP.tenant.bytes,
        store=SHOP.store.bytes,
        device=SHOP.device.bytes,
        epoch=bench.journal.epoch,
        first_seq=1,
        prev_hash=record.prev_hash,
        events=frame.events,
    )
    assert frame.events[0].event_id == record.draft.event_id.bytes
    assert event_hash(frame.prev_hash, frame.events[0]) == record.hash


def test_what_was_just_written_is_sent_without_being_read_again(bench: Bench) -> None:
    bench.journal.unacked = lambda **_asked: pytest.fail("read")  # type: ignore[method-assign]
    bench.journal.hash_at = lambda seq: pytest.fail(f"read {seq}")  # type: ignore[method-assign]
    bench.sell(FRESH_MAX)
    bench.uplink.pump()
    frames = [encode(frame) for frame in bench.link.frames()]
    (record, *_others) = records = bench.journal.records()
    ack = AckFrame(
        WIRE_VERSION, bench.journal.epoch, ((1, FRESH_MAX),), 2, ends=(records[-1].hash,)
    )
    bench.uplink.on_ack(encode(ack))
    assert bench.journal.depth() == 0
    assert [event_of(one.draft) for one in records] == [*decode_up(frames[0]).events]
    assert decode_up(frames[0]).prev_hash == record.prev_hash


def test_what_flies_is_not_sent_again_before_its_time(bench: Bench) -> None:
    bench.sell()
    due = bench.uplink.pump()
    assert bench.sent() == [(1, 1)]
    assert due == bench.time.ms + limits.RESEND_AFTER_MS
    bench.uplink.pump()
    assert bench.sent() == []
    bench.time.ms += limits.RESEND_AFTER_MS
    bench.uplink.pump()
    assert bench.sent() == [(1, 1)]


def test_only_an_acknowledged_range_ends_the_resending(bench: Bench) -> None:
    bench.sell(3)
    bench.uplink.pump()
    bench.ack((2, 2))
    assert [record.seq for record in bench.journal.unacked(from_seq=0, limit=9)] == [1, 3]
    bench.sent()
    bench.time.ms += limits.RESEND_AFTER_MS
    bench.uplink.pump()
    assert sorted(bench.sent()) == [(1, 1), (3, 3)]
    bench.ack((1, 3))
    assert bench.journal.depth() == 0
    bench.time.ms += limits.RESEND_AFTER_MS_MAX
    assert bench.uplink.pump() is None
    assert bench.sent() == []
    assert bench.acked == [((2, 2),), ((1, 3),)]


def test_an_acknowledgement_of_what_was_never_written_reaches_nothing(bench: Bench) -> None:
    bench.sell(2)
    bench.ack((1, 1_000_000))
    assert bench.acked == [((1, 2),)]
    bench.sell()
    bench.uplink.pump()
    assert bench.sent() == [(3, 3)]


def test_another_epochs_acknowledgement_is_counted_and_ignored(bench: Bench) -> None:
    bench.sell()
    bench.ack((1, 1), epoch=5)
    assert bench.journal.depth() == 1
    assert bench.tally.snapshot() == {FaultCode.WIRE_SENDER_MISMATCH.value: 1}


def test_a_rejected_event_is_counted_and_done(bench: Bench) -> None:
    bench.sell()
    rejected = (Rejected(1, "W101"),)
    bench.uplink.on_ack(encode(AckFrame(WIRE_VERSION, bench.journal.epoch, ((1, 1),), 2, rejected)))
    assert bench.journal.depth() == 0
    assert bench.tally.snapshot() == {FaultCode.SYNC_EVENT_REJECTED.value: 1}


def test_what_is_no_acknowledgement_is_refused(bench: Bench) -> None:
    with pytest.raises(Fault) as caught:
        bench.uplink.on_ack(b"\xc1")
    assert caught.value.code == FaultCode.WIRE_MALFORMED


def test_nothing_is_sent_without_a_session_or_while_ingest_is_down() -> None:
    bench = Bench()
    bench.sell()
    assert bench.uplink.pump() is None
    bench.link.connect()
    bench.uplink.cloud_state(up=False)
    assert bench.uplink.pump() is None
    assert bench.sent() == []
    bench.uplink.cloud_state(up=True)
    bench.uplink.pump()
    assert bench.sent() == [(1, 1)]


def test_a_new_session_first_hears_what_the_cloud_has(bench: Bench) -> None:
    bench.sell(2)
    bench.uplink.pump()
    bench.link.cut()
    bench.link.connect()
    bench.sent()
    bench.uplink.session_began()
    assert bench.uplink.pump() == bench.time.ms + HELLO_GRACE_MS
    assert bench.sent() == []
    bench.ack((1, 1))
    bench.uplink.pump()
    assert bench.sent() == [(2, 2)]


def test_a_cloud_that_does_not_answer_the_hello_is_not_waited_for_long(bench: Bench) -> None:
    bench.sell()
    bench.uplink.session_began()
    bench.time.ms += HELLO_GRACE_MS
    bench.uplink.pump()
    assert bench.sent() == [(1, 1)]


def test_a_credit_of_none_is_still_one(bench: Bench) -> None:
    bench.ack(credit=0)
    bench.sell()
    bench.uplink.pump()
    assert bench.sent() == [(1, 1)]


def test_after_a_restart_what_waits_is_sent(bench: Bench) -> None:
    bench.sell(5)
    bench.journal.mark_acked([(1, 2)])
    bench.uplink = bench.built()
    bench.uplink.pump()
    assert bench.sent() == [(3, 5)]


def test_large_sales_are_cut_into_frames_the_wire_takes(bench: Bench) -> None:
    big = msgspec.structs.replace(make_sale(), till_receipt_no="x" * 60_000)
    drafts = [make_draft(sale=big) for _ in range(9)]
    bench.recorder.record(drafts, lambda seq: seq)
    bench.uplink.session_began()
    bench.ack(credit=limits.FRAMES_IN_FLIGHT)
    bench.uplink.pump()
    assert all(len(payload) <= limits.FRAME_BYTES_MAX for payload in bench.link.up)
    assert bench.sent() == [(1, 4), (5, 8)]


def test_the_round_trip_is_learnt_from_first_attempts(bench: Bench) -> None:
    bench.sell()
    bench.uplink.pump()
    bench.time.ms += 1_000
    bench.ack((1, 1))
    bench.sell()
    assert bench.uplink.pump() == bench.time.ms + 4_000


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    sales=st.lists(st.integers(1, 280), min_size=1, max_size=3),
    lost=st.lists(st.booleans(), max_size=10),
)
def test_every_sale_arrives_whatever_frames_are_lost(sales: list[int], lost: list[bool]) -> None:
    bench = Bench()
    bench.link.connect()
    arrived: set[int] = set()
    losses = iter(lost)
    waiting = list(sales)
    for _round in range(80):
        if not waiting and bench.journal.depth() == 0:
            break
        if waiting:
            bench.sell(waiting.pop())
        bench.uplink.pump()
        for low, high in bench.sent():
            if next(losses, False):
                continue
            arrived |= set(range(low, high + 1))
            if not next(losses, False):
                bench.ack((low, high))
        bench.time.ms += 5_000
    assert arrived == set(range(1, sum(sales) + 1))
    assert bench.journal.depth() == 0


def test_old_acknowledged_records_go_once_an_hour(bench: Bench) -> None:
    asked: list[int] = []

    def before_ms() -> int | None:
        asked.append(bench.time.ms)
        return NOON_MS + 1 if len(asked) > 1 else None

    uplink = Uplink(
        bench.journal,
        bench.link,
        SHOP,
        bench.tally,
        now_ms=lambda: bench.time.ms,
        prune_before_ms=before_ms,
    )
    bench.sell(2)
    bench.ack((1, 1))
    assert uplink.prune() is None
    assert asked == []
    bench.time.ms += PRUNE_EVERY_MS
    assert uplink.prune() == 0, "a box that does not know the time throws nothing away"
    assert uplink.prune() is None
    bench.time.ms += PRUNE_EVERY_MS
    assert uplink.prune() == 1
    assert len(asked) == 2
    assert [record.seq for record in bench.journal.records()] == [2]


def test_a_million_that_wait_cost_a_live_sale_nothing(bench: Bench) -> None:
    bench.sell(300)
    bench.uplink._waiting = ((1, 1_000_000),)
    asked: list[int] = []
    unacked = bench.journal.unacked

    def counted(*, from_seq: int, limit: int) -> tuple[Record, ...]:
        asked.append(limit)
        return unacked(from_seq=from_seq, limit=limit)

    bench.journal.unacked = counted  # type: ignore[method-assign]
    bench.uplink.pump()
    assert max(asked) <= limits.FRAME_EVENTS_MAX


def test_what_was_acknowledged_before_the_restart_is_not_planned_for_ever(bench: Bench) -> None:
    bench.sell(9)
    bench.journal.mark_acked([(3, 5), (8, 8)])
    bench.uplink = bench.built()
    sent: list[tuple[int, int]] = []
    for _ in range(5):
        bench.uplink.pump()
        for low, high in bench.sent():
            sent.append((low, high))
            bench.ack((low, high))
    assert sorted(sent) == [(1, 2), (6, 7), (9, 9)]
    assert bench.uplink.pump() is None


def test_a_thin_line_gets_smaller_frames_and_a_good_one_whole_frames_again(bench: Bench) -> None:
    bench.sell(2_000)
    bench.uplink.session_began()
    bench.ack()
    sizes = []
    for _ in range(4):  # nothing comes back in time
        bench.uplink.pump()
        sizes.append(max(high - low + 1 for low, high in bench.sent()))
        bench.time.ms += limits.RESEND_AFTER_MS_MAX
    assert sizes[0] == limits.FRAME_EVENTS_MAX
    assert sizes[-1] <= limits.FRAME_EVENTS_MAX // 4
    for _ in range(40):
        bench.uplink.pump()
        sent = bench.sent()
        sizes.append(max((high - low + 1 for low, high in sent), default=0))
        if sent:
            bench.ack(*sorted(sent))
    assert max(sizes[4:]) == limits.FRAME_EVENTS_MAX
    assert bench.journal.depth() == 0


def test_its_thread_sends_and_ends() -> None:
    bench = Bench()
    uplink = Uplink(bench.journal, bench.link, SHOP, bench.tally)
    bench.recorder.listen(uplink.recorded)
    bench.link.connect()
    uplink.start()
    try:
        bench.sell()
        eventually(lambda: len(bench.link.up) == 1)
    finally:
        uplink.stop()
        uplink.stop()


def test_a_fault_of_the_disk_is_counted_and_the_thread_lives() -> None:
    bench = Bench()

    class Damaged(FakeJournal):
        def unacked(self, *, from_seq: int, limit: int) -> tuple[()]:
            raise Fault(FaultCode.DISK_FULL, seq=from_seq)

    bench.sell()
    uplink = Uplink(bench.journal, bench.link, SHOP, bench.tally)
    uplink._journal = Damaged()
    bench.link.connect()
    uplink.start()
    try:
        eventually(lambda: bench.tally.snapshot() == {FaultCode.DISK_FULL.value: 1})
    finally:
        uplink.stop()

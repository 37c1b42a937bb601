"""A box that missed too much takes a snapshot, heals what differs, and hurries who stands there."""

from uuid import UUID

import msgspec
import pytest

from edge_agent.ports.cloud_link import FetchedMember, Inbound
from edge_agent.services.line.downlink import DRIFT_AGAIN_S, DRIFT_EVERY_S, Applied, Downlink
from retail_core import limits
from retail_core.errors import Fault
from retail_core.sync.buckets import BUCKETS_APART_MAX, bucket_of
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode, encode_body
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.messages import WIRE_VERSION, Change, ChangeFrame
from retail_core.wire.snapshot import (
    SNAPSHOT_FORMAT,
    HeldRow,
    SnapshotManifest,
    pack_rows,
    segment_of,
)
from tests.factories.shop_floor import SHOP, make_change, make_id, make_record
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.replica import FakeReplica

EPOCH = 1


class Box:
    """A downlink driven by hand, before a cloud in memory."""

    def __init__(self, replica: FakeReplica | None = None) -> None:
        self.replica = replica or FakeReplica()
        self.directory = FakeCloudDirectory()
        self.tally = FaultTally()
        self.clock = FakeClock()
        self.applied: list[Applied] = []
        self.swaps: list[tuple[int, int]] = []
        self.leases: list[Change] = []
        self.begin()

    def begin(self) -> None:
        self.line = Downlink(
            self.replica,
            self.directory,
            self.clock,
            self.tally,
            bundle_public_key=b"k" * 32,
            listeners=[self.applied.append],
        )
        self.line.after_swap(lambda: self.swaps.append(self.replica.feed_position()))
        self.line.lend_to(self.leases.extend)

    def publish(self, base: int, *groups: list[HeldRow], epoch: int = EPOCH) -> None:
        segments = []
        for rows in groups:
            content = pack_rows(rows)
            segment = segment_of(content, len(rows))
            self.directory.segments[segment.sha256] = content
            segments.append(segment)
        self.directory.feed_epoch = epoch
        self.directory.manifest = msgspec.msgpack.encode(
            SnapshotManifest(
                SNAPSHOT_FORMAT,
                SHOP.store.bytes,
                epoch,
                base,
                1,
                sum(map(len, groups)),
                tuple(segments),
            )
        )

    def hear(self, prev: int, *changes: Change, epoch: int = EPOCH) -> None:
        frame = ChangeFrame(WIRE_VERSION, epoch, prev, changes[-1].pos, changes)
        self.line.take(Inbound("chg", encode(frame)))

    def stood_at(self, pos: int) -> "Box":
        self.replica.apply_changes(feed_epoch=EPOCH, pos=pos, changes=[])
        self.begin()
        return self

    def settled(self) -> None:
        for _ in range(50):
            if self.line.work_off():
                return
        raise AssertionError(self.tally.snapshot())

    def faults(self) -> dict[str, int]:
        return dict(self.tally.snapshot())


def held(member: UUID, ver: int, **changes: object) -> HeldRow:
    return HeldRow(member.bytes, ver, msgspec.Raw(encode_body(make_record(**changes))))


@pytest.fixture
def box() -> Box:
    return Box()


def test_a_fresh_box_takes_the_whole_and_then_the_tail(box: Box) -> None:
    one, two = make_id(), make_id()
    box.publish(40, [held(one, 3)], [held(two, 1)])
    box.directory.feed = [make_change(41, one, 4, make_record(points_free=9))]
    box.line.ask_all()
    box.settled()
    assert box.swaps == [(EPOCH, 40)]
    assert box.replica.feed_position() == (EPOCH, 41)
    member = box.replica.member(one)
    assert member is not None
    assert (member.ver, member.record.points_free) == (4, 9)
    assert box.replica.member_count() == 2
    assert box.faults() == {}


def test_a_fresh_box_of_a_store_without_members_reads_its_feed(box: Box) -> None:
    box.directory.feed = [make_change(1, make_id(), 1, make_record())]
    box.line.ask_all()
    box.settled()
    assert box.replica.feed_position() == (EPOCH, 1)
    assert box.swaps == []


def test_with_a_whole_the_twin_is_asked_for_since_the_feed_told_nothing_of_it(box: Box) -> None:
    asked = list[None]()
    box.stood_at(5)
    box.line.steered_by(lambda: asked.append(None))
    box.publish(40, [held(make_id(), 3)])
    box.directory.pruned = 30
    box.hear(38, make_change(39, make_id(), 1, make_record()))
    box.settled()
    assert (len(box.swaps), len(asked)) == (1, 1)


def test_a_box_that_missed_what_is_not_kept_comes_back_by_a_snapshot(box: Box) -> None:
    box.stood_at(5)
    lease = Change(30, ChangeKind.LEASE_RECALLED, make_id().bytes, 1, msgspec.Raw(b"\xc0"))
    box.directory.kept, box.directory.pruned = [lease], 90
    box.publish(95, [held(make_id(), 1)])
    box.line.ask_all()
    box.settled()
    assert box.replica.feed_position() == (EPOCH, 95)
    assert box.leases == [lease], "what was lent meanwhile is heard before the position moves"
    assert box.faults() == {FaultCode.SYNC_REFETCH.value: 1}


def test_tills_are_told_of_changes_while_a_snapshot_is_on_its_way(box: Box) -> None:
    box.stood_at(5)
    box.directory.pruned = 90
    box.publish(95, [held(make_id(), 1)])
    box.line.ask_all()
    with pytest.raises(Fault):
        box.line.settle()
    box.line.settle()
    member = make_id()
    box.hear(99, make_change(100, member, 2, make_record()))
    assert box.replica.member(member) is not None
    assert box.replica.feed_position() == (EPOCH, 5), "only in order may the position move"
    box.directory.feed = [make_change(100, member, 2, make_record())]
    box.settled()
    assert box.replica.feed_position() == (EPOCH, 100)


def test_a_new_epoch_is_taken_as_a_whole(box: Box) -> None:
    member = make_id()
    box.replica.apply_changes(
        feed_epoch=EPOCH, pos=50, changes=[make_change(50, member, 9, make_record())]
    )
    box.begin()
    box.publish(20, [held(member, 3)], epoch=2)
    box.hear(0, make_change(21, make_id(), 1, make_record()), epoch=2)
    box.settled()
    assert box.replica.feed_position() == (2, 20)
    found = box.replica.member(member)
    assert found is not None
    assert found.ver == 3, "a restored cloud knows an older version, and that one holds"


def test_a_new_epoch_found_while_reading_is_taken_as_a_whole(box: Box) -> None:
    member = make_id()
    box.publish(6, [held(member, 1)])
    box.line.ask_all()
    box.settled()
    box.hear(6, make_change(7, member, 9, make_record()))
    assert box.replica.feed_position() == (EPOCH, 7)

    box.publish(6, [held(member, 3)], epoch=2)  # restored from before the member's ninth version
    box.directory.feed = [make_change(6, member, 1, make_record())]
    box.line.ask_all()
    box.settled()
    assert box.replica.feed_position() == (2, 6)
    found = box.replica.member(member)
    assert found is not None
    assert found.ver == 3


def test_a_damaged_part_is_fetched_again_and_parts_are_small(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_PART_BYTES", 100)
    box.publish(7, [held(make_id(), 1) for _ in range(20)])
    (sha,) = box.directory.segments
    good = box.directory.segments[sha]
    box.directory.segments[sha] = bytes(len(good))
    box.line.ask_all()
    while not box.faults():
        try:
            box.line.settle()
        except Fault as fault:
            box.tally.count(fault.code)
    assert box.faults() == {FaultCode.SNAPSHOT_DAMAGED.value: 1}
    assert len([one for one in box.directory.asked if one == "snapshot part"]) > 5
    box.directory.segments[sha] = good
    box.settled()
    assert box.replica.member_count() == 20


def test_a_snapshot_that_is_no_longer_kept_is_begun_anew(box: Box) -> None:
    box.publish(7, [held(make_id(), 1)])
    box.line.ask_all()
    box.line.settle()
    box.directory.segments.clear()
    with pytest.raises(Fault, check=lambda fault: fault.code is FaultCode.SNAPSHOT_WAITS):
        box.line.settle()
    box.publish(9, [held(make_id(), 1)])
    box.settled()
    assert box.replica.feed_position() == (EPOCH, 9)


def test_a_load_that_was_interrupted_goes_on_after_the_start(box: Box) -> None:
    box.publish(7, [held(make_id(), 1)], [held(make_id(), 1)])
    box.line.ask_all()
    for _ in range(2):
        box.line.settle()
    again = Box(box.replica)
    again.directory = box.directory
    again.begin()
    box.directory.asked.clear()
    again.line.ask_all()
    again.settled()
    assert again.replica.member_count() == 2
    assert box.directory.asked.count("snapshot part") == 1


def test_a_member_at_the_till_is_fetched_before_what_waits(box: Box) -> None:
    box.stood_at(5)
    member = make_id()
    fresh = FetchedMember(member, 8, make_record(points_free=77))
    box.directory.members["member", member.bytes] = fresh
    box.line.first(member)
    assert box.directory.asked == [], "nothing waits: the feed is quick enough"
    box.directory.feed = [
        make_change(pos, make_id(), 1, make_record()) for pos in range(6, 6 + 3 * 256)
    ]
    box.line.ask_all()
    box.line.first(member)
    box.settled()
    assert box.directory.asked[0] == "member member"
    held_now = box.replica.member(member)
    assert held_now is not None
    assert held_now.record.points_free == 77
    assert box.applied[0].member_id == member


def test_a_hurried_member_whom_nobody_can_read_holds_up_no_other(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_kind: str, _value: bytes) -> FetchedMember | None:
        raise Fault(FaultCode.WIRE_MALFORMED)

    monkeypatch.setattr(box.directory, "fetch_member", unreadable)
    box.stood_at(5)
    box.directory.feed = [make_change(6, make_id(), 1, make_record())]
    box.line.ask_all()
    box.line.first(make_id())
    box.settled()
    assert box.replica.feed_position() == (EPOCH, 6)
    assert box.faults() == {FaultCode.WIRE_MALFORMED.value: 1}


def test_a_kind_of_a_newer_cloud_is_passed_over_and_counted(box: Box) -> None:
    strange = Change(1, "member.sings", make_id().bytes, 1, msgspec.Raw(b"\xc0"))
    box.hear(0, strange, make_change(2, make_id(), 1, make_record()))
    assert box.replica.feed_position() == (EPOCH, 2)
    assert box.replica.member_count() == 1
    assert box.faults() == {FaultCode.SYNC_CHANGE_UNKNOWN.value: 1}


class TestDrift:
    def damaged(self, box: Box, members: int, wrong: int) -> list[UUID]:
        ids = [make_id() for _ in range(members)]
        for number, member in enumerate(ids):
            row = held(member, 3, points_free=300, cards=())
            box.directory.rows[member.bytes] = row
            box.replica.put_member(member, 2 if number < wrong else 3, make_record(cards=()))
        box.stood_at(9)
        box.directory.rows_pos = 9
        return ids

    def look(self, box: Box, after_s: int) -> None:
        box.line.tend()
        box.clock.mono_ms += after_s * 1000
        box.line.tend()
        box.line.settle()

    def test_a_damaged_row_is_healed_counted_and_told(self, box: Box) -> None:
        wrong, *_ = self.damaged(box, 50, 1)
        self.look(box, DRIFT_AGAIN_S)
        assert box.faults() == {}, "once may be a change under way"
        self.look(box, DRIFT_AGAIN_S)
        found = box.replica.member(wrong)
        assert found is not None
        assert (found.ver, found.record.points_free) == (3, 300)
        assert box.faults() == {FaultCode.SYNC_DRIFT.value: 1}
        assert [one.member_id for one in box.applied] == [wrong]
        assert f"bucket {bucket_of(wrong.bytes)}" in box.directory.asked
        box.directory.asked.clear()
        self.look(box, DRIFT_EVERY_S)
        assert box.directory.asked == ["compare buckets"]
        assert len(box.applied) == 1

    def test_where_much_differs_everything_is_fetched(self, box: Box) -> None:
        self.damaged(box, 400, 400)
        assert len({bucket_of(key) for key in box.directory.rows}) > BUCKETS_APART_MAX
        box.publish(9, list(box.directory.rows.values()))
        self.look(box, DRIFT_AGAIN_S)
        self.look(box, DRIFT_AGAIN_S)
        box.settled()
        assert box.swaps == [(EPOCH, 9)]
        assert box.faults() == {FaultCode.SYNC_DRIFT.value: 1}

    def test_a_box_that_stands_elsewhere_is_compared_later(self, box: Box) -> None:
        self.damaged(box, 9, 0)
        box.directory.rows_pos = 10
        self.look(box, DRIFT_AGAIN_S)
        box.directory.rows_pos = 9
        self.look(box, DRIFT_AGAIN_S)
        assert box.directory.asked == ["compare buckets"] * 2
        assert box.faults() == {}

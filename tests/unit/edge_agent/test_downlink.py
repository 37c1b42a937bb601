"""What the cloud sends is applied once, in order, and whole."""

import threading
from hashlib import sha256

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.ports.cloud_link import Inbound
from edge_agent.services.line.downlink import QUEUE_MAX, Applied, Downlink
from edge_agent.services.line.refused import FIRST_S, LAST_S
from retail_core.catalog.importing import encode_catalogue
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import sign_bundle
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.messages import WIRE_VERSION, Change, ChangeFrame, Published
from tests.factories.shop_floor import BUNDLE, MASK, SOAP, make_change, make_id, make_record
from tests.factories.waiting import PATIENCE_S, eventually
from tests.fakes.clock import NOON_MS, FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.replica import FakeReplica

PRIVATE = b"\x07" * 32
PUBLIC = Ed25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()
SIGNED = sign_bundle(BUNDLE, PRIVATE)
EPOCH = 1


class Bench:
    """A downlink driven by hand, without its thread."""

    def __init__(self) -> None:
        self.replica = FakeReplica()
        self.directory = FakeCloudDirectory()
        self.tally = FaultTally()
        self.applied: list[Applied] = []
        self.published: list[tuple[str, int]] = []
        self.clock = FakeClock()
        self.downlink = Downlink(
            self.replica,
            self.directory,
            self.clock,
            self.tally,
            bundle_public_key=PUBLIC,
            listeners=[self.applied.append],
            on_published=lambda kind, version: self.published.append((kind, version)),
        )

    def take(self, tail: str, payload: bytes) -> None:
        self.downlink.take(Inbound(tail, payload))
        self.downlink.settle()

    def change(self, prev_pos: int, *changes: Change, epoch: int = EPOCH) -> None:
        frame = ChangeFrame(WIRE_VERSION, epoch, prev_pos, changes[-1].pos, changes, NOON_MS - 9)
        self.take("chg", encode(frame))

    def announce(self, kind: str, version: int, content: bytes) -> None:
        digest = sha256(content).digest()
        message = Published(WIRE_VERSION, kind, version, digest, len(content))
        self.take(f"all/{kind}", encode(message))


@pytest.fixture
def bench() -> Bench:
    return Bench()


# ---- changes ------------------------------------------------------------------------------------


def test_a_change_is_applied_and_told(bench: Bench) -> None:
    member = make_id()
    bench.change(0, make_change(5, member, 1, make_record(points_free=7)))
    held = bench.replica.member(member)
    assert held is not None
    assert held.record.points_free == 7
    assert bench.replica.feed_position() == (EPOCH, 5)
    assert bench.applied == [Applied(member, NOON_MS, NOON_MS - 9)]
    assert bench.directory.asked == []


def test_a_bug_where_one_change_is_heard_does_not_deafen_the_box(bench: Bench) -> None:
    bugs = [RuntimeError("a bug")]

    def hear(applied: Applied) -> None:
        if bugs:
            raise bugs.pop()

    bench.downlink.listen(hear)
    bench.downlink.start()
    for pos in (1, 2):
        change = make_change(pos, make_id(), 1, make_record())
        frame = ChangeFrame(WIRE_VERSION, EPOCH, pos - 1, pos, (change,), NOON_MS)
        bench.downlink.put(Inbound("chg", encode(frame)))
    eventually(lambda: len(bench.applied) == 2)
    assert bench.tally.snapshot() == {FaultCode.API_INTERNAL.value: 1}
    bench.downlink.stop()


def test_a_change_that_met_a_full_disk_is_heard_again_and_holds_up_no_other(bench: Bench) -> None:
    refusals, heard = [Fault(FaultCode.DISK_FULL)], []

    def hear(applied: Applied) -> None:
        if refusals:
            raise refusals.pop()
        heard.append(applied.member_id)

    bench.downlink.listen(hear)
    first, second = make_id(), make_id()
    changes = [make_change(pos, who, 1, make_record()) for pos, who in ((1, first), (2, second))]
    frame = ChangeFrame(WIRE_VERSION, EPOCH, 0, 2, tuple(changes), NOON_MS)
    bench.downlink.take(Inbound("chg", encode(frame)))
    assert heard == [second]
    assert not bench.downlink.idle()
    bench.downlink.settle()
    assert heard == [second, first]
    assert bench.downlink.idle()
    assert bench.tally.snapshot() == {FaultCode.DISK_FULL.value: 1}


def test_an_end_with_a_full_queue_is_an_end(bench: Bench) -> None:
    at_it, go_on = threading.Event(), threading.Event()

    def hear(_applied: Applied) -> None:
        at_it.set()
        go_on.wait(PATIENCE_S)

    bench.downlink.listen(hear)
    bench.downlink.start()
    change = make_change(1, make_id(), 1, make_record())
    frame = ChangeFrame(WIRE_VERSION, EPOCH, 0, 1, (change,), NOON_MS)
    bench.downlink.put(Inbound("chg", encode(frame)))
    assert at_it.wait(PATIENCE_S)
    for _ in range(QUEUE_MAX + 1):
        bench.downlink.put(Inbound("chg", encode(frame)))
    ending = threading.Thread(target=bench.downlink.stop, daemon=True)
    ending.start()
    eventually(bench.downlink._stopping.is_set)
    go_on.set()
    ending.join(PATIENCE_S)
    assert not ending.is_alive()


def test_a_frame_seen_before_changes_nothing(bench: Bench) -> None:
    change = make_change(5, make_id(), 1, make_record())
    bench.change(0, change)
    bench.change(0, change)
    assert len(bench.applied) == 1
    assert bench.tally.snapshot() == {}


def test_a_gap_is_fetched(bench: Bench) -> None:
    changes = [make_change(pos, make_id(), 1, make_record()) for pos in range(1, 8)]
    bench.directory.feed = changes
    bench.directory.page = 2
    bench.change(0, changes[0])
    bench.change(4, changes[4])
    assert bench.replica.feed_position() == (EPOCH, 7)
    assert bench.replica.member_count() == 7
    assert bench.tally.snapshot() == {FaultCode.SYNC_GAP.value: 1}
    assert bench.downlink.idle()


def test_a_gap_that_cannot_be_fetched_now_is_owed(bench: Bench) -> None:
    changes = [make_change(pos, make_id(), 1, make_record()) for pos in (1, 2, 3)]
    bench.directory.feed = changes
    bench.directory.down = True
    with pytest.raises(Fault) as caught:
        bench.change(2, changes[2])
    assert caught.value.code == FaultCode.SYNC_LINK_DOWN
    assert not bench.downlink.idle()
    bench.directory.down = False
    bench.downlink.settle()
    assert bench.replica.feed_position() == (EPOCH, 3)
    assert bench.downlink.idle()


def test_a_program_with_a_loop_of_its_own_works_off_what_waits(bench: Bench) -> None:
    bench.downlink.ask_all()
    bench.directory.down = True
    assert not bench.downlink.work_off()
    bench.directory.down = False
    assert bench.downlink.work_off()
    assert bench.downlink.idle()


def test_a_restored_cloud_is_read_from_the_beginning(bench: Bench) -> None:
    bench.change(0, make_change(9, make_id(), 3, make_record()))
    member = make_id()
    bench.directory.feed_epoch = 2
    bench.directory.feed = [make_change(4, member, 1, make_record())]
    bench.change(0, bench.directory.feed[0], epoch=2)
    assert bench.replica.feed_position() == (2, 4)
    assert bench.replica.member(member) is not None


def test_a_record_nobody_can_read_does_not_stop_the_feed(bench: Bench) -> None:
    poison = Change(1, ChangeKind.MEMBER, make_id().bytes, 1, msgspec.Raw(b"\x91\x01"))
    good = make_change(2, make_id(), 1, make_record())
    bench.change(0, poison, good)
    assert bench.replica.feed_position() == (EPOCH, 2)
    assert len(bench.applied) == 1
    assert bench.tally.snapshot() == {FaultCode.WIRE_MALFORMED.value: 1}


def test_what_is_no_frame_is_refused(bench: Bench) -> None:
    for tail in ("chg", "all/catalogue"):
        with pytest.raises(Fault) as caught:
            bench.take(tail, b"\xc1")
        assert caught.value.code == FaultCode.WIRE_MALFORMED


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(8)), doubled=st.lists(st.integers(0, 7), max_size=4))
def test_whatever_order_frames_come_in_the_end_is_the_same(
    order: list[int], doubled: list[int]
) -> None:
    bench, members = Bench(), [make_id(), make_id()]
    changes = [
        make_change(pos, members[pos % 2], pos, make_record(points_free=pos)) for pos in range(1, 9)
    ]
    bench.directory.feed = changes
    for index in (*order, *doubled):
        bench.change(index, changes[index])
    assert bench.replica.feed_position() == (EPOCH, 8)
    held = [bench.replica.member(member) for member in members]
    assert [one.record.points_free for one in held if one is not None] == [8, 7]


# ---- catalogues and rules -----------------------------------------------------------------------


def test_a_new_catalogue_is_fetched_checked_and_swapped(bench: Bench) -> None:
    content = encode_catalogue(4, [SOAP, MASK])
    bench.directory.catalogues[4] = content
    bench.directory.names = {"面膜": "MASK"}
    bench.announce("catalogue", 4, content)
    assert bench.replica.catalogue_version() == 4
    assert bench.replica.article_by_receipt_name("面膜") == MASK
    assert bench.published == [("catalogue", 4)]
    bench.announce("catalogue", 4, content)
    bench.announce("catalogue", 3, b"older")
    assert bench.directory.asked == ["catalogue 4", "name-map"]


def test_signed_rules_are_fetched_checked_and_swapped(bench: Bench) -> None:
    bench.directory.bundles[3] = SIGNED
    bench.announce("bundle", 3, SIGNED)
    assert bench.replica.bundle() == (3, BUNDLE)
    assert bench.published == [("bundle", 3)]


def test_what_came_damaged_is_asked_for_again_by_and_by(bench: Bench) -> None:
    """Nobody says that it was mended while the line stood; it is asked for rarer and rarer."""
    bench.directory.bundles[3] = SIGNED[:-1]
    bench.announce("bundle", 3, SIGNED)
    asked = []
    for _ in range(2 * LAST_S):
        bench.clock.advance(1_000)
        bench.downlink.work_off()
        asked.append(len(bench.directory.asked))
    assert asked[FIRST_S - 2 : FIRST_S] == [1, 2]
    assert asked[-1] == 1 + 6, "after 15, 45, 105, 225, 465 and 945 seconds"
    bench.directory.bundles[3] = SIGNED
    bench.clock.advance(LAST_S * 1_000)
    assert bench.downlink.work_off()
    assert bench.replica.bundle() == (3, BUNDLE)
    before = len(bench.directory.asked)
    bench.clock.advance(10 * LAST_S * 1_000)
    assert bench.downlink.work_off()
    assert len(bench.directory.asked) == before


def test_what_is_published_again_is_fetched_at_once(bench: Bench) -> None:
    """The very version that was refused, and a newer one."""
    bench.directory.bundles[3] = SIGNED[:-1]
    bench.announce("bundle", 3, SIGNED)
    bench.directory.bundles[3] = SIGNED
    bench.announce("bundle", 3, SIGNED)
    assert bench.replica.bundle() == (3, BUNDLE)
    bench.announce("bundle", 3, SIGNED)
    assert bench.directory.asked == ["bundle 3", "bundle 3"], "what is held is not asked for again"


def test_rules_that_broke_where_they_lie_are_fetched_again(bench: Bench) -> None:
    bench.replica.replace_bundle(3, BUNDLE[:-9])
    bench.directory.bundles[3] = SIGNED
    bench.announce("bundle", 3, SIGNED)
    assert bench.replica.bundle() == (3, BUNDLE)


def test_its_thread_asks_again_without_being_told(bench: Bench) -> None:
    bench.directory.bundles[3] = SIGNED[:-1]
    bench.announce("bundle", 3, SIGNED)
    bench.directory.bundles[3] = SIGNED
    bench.clock.advance(FIRST_S * 1_000)
    bench.downlink.start()
    eventually(lambda: bench.replica.bundle() == (3, BUNDLE))
    bench.downlink.stop()


def test_rules_signed_by_another_are_refused_and_not_asked_for_again(bench: Bench) -> None:
    forged = sign_bundle(BUNDLE, b"\x08" * 32)
    bench.directory.bundles[3] = forged
    bench.announce("bundle", 3, forged)
    assert bench.replica.bundle() is None
    assert bench.tally.snapshot() == {FaultCode.BUNDLE_SIGNATURE.value: 1}
    bench.downlink.settle()
    assert bench.directory.asked == ["bundle 3"]


def test_other_bytes_than_were_announced_are_refused(bench: Bench) -> None:
    bench.directory.bundles[3] = SIGNED
    bench.announce("bundle", 3, SIGNED + b" ")
    content = encode_catalogue(4, [SOAP])
    bench.directory.catalogues[4] = content
    bench.announce("catalogue", 4, content[:-1] + b"\x00")
    assert bench.replica.bundle() is None
    assert bench.replica.catalogue_version() == 0
    assert bench.tally.snapshot() == {FaultCode.WIRE_MALFORMED.value: 2}


def test_a_catalogue_that_cannot_be_fetched_now_is_owed(bench: Bench) -> None:
    content = encode_catalogue(4, [SOAP])
    bench.directory.catalogues[4] = content
    bench.directory.down = True
    with pytest.raises(Fault):
        bench.announce("catalogue", 4, content)
    assert not bench.downlink.idle()
    bench.directory.down = False
    bench.downlink.settle()
    assert bench.replica.catalogue_version() == 4


def test_a_feed_that_cannot_go_on_keeps_no_price_from_coming(bench: Bench) -> None:
    content = encode_catalogue(4, [SOAP])
    bench.directory.catalogues[4] = content
    bench.replica.apply_changes(feed_epoch=EPOCH, pos=1, changes=[])
    bench.directory.pruned = 9
    bench.downlink.ask_all()
    with pytest.raises(Fault, check=lambda fault: fault.code is FaultCode.SYNC_REFETCH):
        bench.announce("catalogue", 4, content)
    assert bench.replica.catalogue_version() == 4
    assert not bench.downlink.idle()


# ---- the thread ---------------------------------------------------------------------------------


def test_its_thread_applies_counts_what_it_cannot_read_and_ends(bench: Bench) -> None:
    bench.directory.names = {"香皂": "SOAP"}
    bench.replica.replace_catalogue(1, [SOAP])
    bench.downlink.start()
    try:
        bench.downlink.ask_all()
        bench.downlink.put(Inbound("chg", b"\xc1"))
        change = make_change(1, make_id(), 1, make_record())
        frame = ChangeFrame(WIRE_VERSION, EPOCH, 0, 1, (change,))
        bench.downlink.put(Inbound("chg", encode(frame)))
        eventually(bench.downlink.idle)
    finally:
        bench.downlink.stop()
        bench.downlink.stop()
    assert bench.replica.feed_position() == (EPOCH, 1)
    assert bench.replica.article_by_receipt_name("香皂") == SOAP
    assert bench.tally.snapshot() == {FaultCode.WIRE_MALFORMED.value: 1}


def test_what_does_not_fit_into_the_queue_is_a_gap(bench: Bench) -> None:
    changes = [make_change(pos, make_id(), 1, make_record()) for pos in range(1, QUEUE_MAX + 9)]
    bench.directory.feed = changes
    for change in changes:
        frame = ChangeFrame(WIRE_VERSION, EPOCH, change.pos - 1, change.pos, (change,))
        bench.downlink.put(Inbound("chg", encode(frame)))
    assert not bench.downlink.idle()
    bench.downlink.start()
    try:
        eventually(bench.downlink.idle)
    finally:
        bench.downlink.stop()
    assert bench.replica.feed_position() == (EPOCH, QUEUE_MAX + 8)
    assert bench.replica.member_count() == QUEUE_MAX + 8


def test_a_listener_can_be_added_later(bench: Bench) -> None:
    later: list[Applied] = []
    bench.downlink.listen(later.append)
    bench.change(0, make_change(1, make_id(), 1, make_record()))
    assert later == bench.applied

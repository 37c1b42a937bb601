"""What is said when a session begins, and who hears which message."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.cloud_session import CloudSession
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.line.presence import PresenceBeat, Running, Vitals
from edge_agent.services.line.uplink import Uplink
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.messages import (
    WIRE_VERSION,
    AckFrame,
    ChangeFrame,
    CloudPresence,
    Hello,
    Presence,
)
from tests.factories.shop_floor import BUNDLE, SHOP, SOAP, make_change, make_draft, make_id
from tests.factories.shop_floor import make_record as record_of
from tests.factories.waiting import eventually
from tests.fakes.clock import NOON_MS, FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.cloud_link import FakeCloudLink
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

RUN = UUID("01900000-0000-7000-8000-00000000c0de")


class Box:
    """A box's line with its threads running."""

    def __init__(self) -> None:
        self.journal, self.replica = FakeJournal(), FakeReplica()
        self.link, self.directory = FakeCloudLink(), FakeCloudDirectory()
        self.tally, self.vitals = FaultTally(), Vitals("ok", can_sell=True, devices={"nfc": "ok"})
        self.calls: list[bytes] = []
        clock = FakeClock()
        uplink = Uplink(self.journal, self.link, SHOP, self.tally)
        self.recorder = Recorder(self.journal, [uplink.recorded])
        self.presence = PresenceBeat(
            self.link,
            self.journal,
            self.replica,
            clock,
            self.tally,
            Running(RUN, "1.2"),
            lambda: self.vitals,
        )
        self.session = CloudSession(
            self.link,
            self.journal,
            self.replica,
            uplink,
            Downlink(self.replica, self.directory, clock, self.tally, bundle_public_key=b"k" * 32),
            self.presence,
            self.tally,
            software="1.2",
            on_call=self.calls.append,
        )


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box()
    box.session.start()
    yield box
    box.session.stop()
    box.session.stop()


def test_a_session_begins_with_birth_and_hello(box: Box) -> None:
    box.recorder.record([make_draft(), make_draft()], lambda seq: seq)
    box.journal.mark_acked([(1, 1)])
    box.replica.replace_catalogue(4, [SOAP])
    box.replica.replace_bundle(3, BUNDLE)
    box.replica.apply_changes(feed_epoch=1, pos=17, changes=[])
    box.tally.count(FaultCode.SYNC_GAP)
    box.link.connect()
    assert box.link.presences == [
        Presence(
            v=WIRE_VERSION,
            state="ok",
            boot_id=RUN.bytes,
            wall_ms=NOON_MS,
            software="1.2",
            epoch=box.journal.epoch,
            outbox_depth=1,
            feed_pos=17,
            can_sell=True,
            devices={"nfc": "ok"},
            faults={"S101": 1},
            catalogue_version=4,
            bundle_version=3,
        )
    ]
    assert box.link.hellos == [Hello(WIRE_VERSION, box.journal.epoch, 2, 3, 17, 4, 3, "1.2")]


def test_rules_that_nobody_can_read_count_as_none(box: Box) -> None:
    """Else the cloud would think they are held, and never send them again."""
    box.replica.replace_bundle(3, BUNDLE[:-9])
    box.link.connect()
    assert (box.link.hellos[-1].bundle_version, box.link.presences[-1].bundle_version) == (0, 0)


def test_an_acknowledgement_finds_its_way(box: Box) -> None:
    box.link.connect()
    box.recorder.record([make_draft()], lambda seq: seq)
    ack = AckFrame(WIRE_VERSION, box.journal.epoch, ((1, 1),), 2)
    box.link.deliver("ack", encode(ack))
    assert box.journal.depth() == 0


def test_a_change_finds_its_way(box: Box) -> None:
    box.link.connect()
    change = make_change(1, make_id(), 1, record_of())
    box.link.deliver("chg", encode(ChangeFrame(WIRE_VERSION, 1, 0, 1, (change,))))
    eventually(lambda: box.replica.feed_position() == (1, 1))


def test_rubbish_is_counted_and_the_line_lives(box: Box) -> None:
    box.link.connect()
    for tail in ("ack", "cloud/st", "chg"):
        box.link.deliver(tail, b"\xc1rubbish")
    eventually(lambda: box.tally.snapshot() == {FaultCode.WIRE_MALFORMED.value: 3})
    assert box.link.connected()


def test_frames_wait_while_ingest_is_down(box: Box) -> None:
    box.link.connect()
    box.link.deliver("ack", encode(AckFrame(WIRE_VERSION, box.journal.epoch, (), 2)))
    box.link.deliver("cloud/st", encode(CloudPresence(WIRE_VERSION, up=False, boot_id=b"a" * 16)))
    box.recorder.record([make_draft()], lambda seq: seq)
    assert box.link.up == []
    box.link.deliver("cloud/st", encode(CloudPresence(WIRE_VERSION, up=True, boot_id=b"a" * 16)))
    eventually(lambda: len(box.link.up) == 1)


def test_a_restarted_ingest_is_greeted_again(box: Box) -> None:
    box.link.connect()
    for boot in (b"a", b"a", b"b"):
        up = CloudPresence(WIRE_VERSION, up=True, boot_id=boot * 16)
        box.link.deliver("cloud/st", encode(up))
    assert len(box.link.hellos) == 2


def test_every_session_greets_anew(box: Box) -> None:
    box.link.connect()
    box.link.cut()
    box.link.connect()
    assert len(box.link.hellos) == 2
    assert len(box.link.presences) == 2


def test_a_beat_without_a_session_says_so(box: Box) -> None:
    assert not box.presence.beat()
    box.link.connect()
    box.vitals = Vitals("cannot", can_sell=False, devices={})
    assert box.presence.beat()
    assert (box.link.presences[-1].state, box.link.presences[-1].can_sell) == ("cannot", False)

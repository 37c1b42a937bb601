"""A card that was set back has other events under sequences the cloud has: an ack proves itself."""

from collections.abc import Iterator

import pytest

from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.messages import WIRE_VERSION, AckFrame
from tests.factories.shop_floor import make_draft
from tests.unit.edge_agent.test_cloud_session import Box


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box()
    box.session.start()
    box.link.connect()
    yield box
    box.session.stop()


def sell(box: Box, count: int) -> None:
    box.recorder.record([make_draft() for _ in range(count)], lambda seq: seq)


def ack(box: Box, high: int, end: bytes) -> None:
    frame = AckFrame(WIRE_VERSION, box.journal.epoch, ((1, high),), 2, ends=(end,))
    box.link.deliver("ack", encode(frame))


def test_an_ack_with_our_own_hash_is_taken(box: Box) -> None:
    sell(box, 3)
    ack(box, 2, box.journal.records()[1].hash)
    assert box.journal.depth() == 1


def test_an_ack_of_what_we_have_forgotten_we_acknowledged_is_taken(box: Box) -> None:
    sell(box, 2)
    box.journal.mark_acked([(1, 1)])
    ack(box, 1, b"\x09" * 32)
    assert box.journal.depth() == 1


@pytest.mark.parametrize("high", [2, 5])
def test_an_ack_of_other_events_takes_nothing_off_and_begins_a_new_epoch(
    box: Box, high: int
) -> None:
    sell(box, 3)
    box.journal.mark_acked([(2, 2)])
    before, greeted = box.journal.epoch, len(box.link.hellos)
    ack(box, high, b"\x09" * 32)
    assert box.journal.depth() == 3
    assert box.journal.epoch != before
    assert box.link.hellos[greeted:][0].epoch == box.journal.epoch
    assert box.tally.snapshot()[FaultCode.JOURNAL_FORKED] == 1

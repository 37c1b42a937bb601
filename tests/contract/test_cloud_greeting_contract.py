"""Boxes that come back together are answered together, each with what is its own."""

from uuid import UUID

import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.greeting import Greeted, Greeter
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from retail_core import limits
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_ack, decode_change
from retail_core.wire.topics import shard_of, tail_of
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, Person, SimBox
from tests.plugins.cloud import new_box, new_tenant


@pytest.fixture
def tenant(any_units: Units) -> UUID:
    return new_tenant(any_units)


def shop(units: Units, tenant: UUID, name: str, sales: int) -> SimBox:
    """Enter a shop whose member bought so often: its feed and its journal are as long."""
    box, person = new_box(units, tenant, name), Person()
    box.enrols(person)
    for _ in range(sales):
        box.sells(person)
    ingest = Ingest(units, FakeCloudClock(), FaultTally())
    ingest.book([Inbound(box.topic(), box.frame(), WALL_MS)])
    return box


def hello(box: SimBox, feed_pos: int = 0) -> Inbound:
    return Inbound(box.topic("hello"), box.hello(feed_pos=feed_pos), WALL_MS)


def told(greeted: Greeted, box: SimBox, tail: str) -> list[bytes]:
    return [one.payload for one in greeted.send if one.topic == box.topic(tail)]


def test_each_box_hears_its_own_in_one_answer_to_all(any_units: Units, tenant: UUID) -> None:
    boxes = [shop(any_units, tenant, f"店 {sales}", sales) for sales in (1, 2, 3)]
    other = shop(any_units, new_tenant(any_units), "别家", 4)
    greeter = Greeter(any_units, FaultTally())
    together = greeter.greet(*map(hello, (*boxes, other)))
    for sales, box in enumerate((*boxes, other), start=1):
        (ack,) = map(decode_ack, told(together, box, "ack"))
        assert ack.ranges == ((1, 1 + sales),)
        assert ack.ends == (box.hashes[1 + sales],)
        (change,) = map(decode_change, told(together, box, "chg"))
        assert (change.prev_pos, change.pos) == (0, ack.feed_head)
        assert set(greeter.greet(hello(box)).send) == {
            one for one in together.send if one.topic in {box.topic("ack"), box.topic("chg")}
        }
    assert {tail_of(one.topic) for one in together.send} == {"ack", "chg"}


def test_who_missed_nothing_hears_no_change(any_units: Units, tenant: UUID) -> None:
    there, behind = (shop(any_units, tenant, name, 2) for name in ("在", "落后"))
    greeter = Greeter(any_units, FaultTally())
    (ack,) = map(decode_ack, told(greeter.greet(hello(there)), there, "ack"))
    greeted = greeter.greet(hello(there, ack.feed_head), hello(behind))
    assert told(greeted, there, "chg") == []
    assert len(told(greeted, behind, "chg")) == 1


def test_a_hello_that_is_none_spoils_no_others(any_units: Units, tenant: UUID) -> None:
    box, tally = shop(any_units, tenant, "上海店", 1), FaultTally()
    stranger, moved = SimBox(tenant), new_box(any_units, tenant, "搬走的店")
    shard = shard_of(moved.store)
    elsewhere = moved.topic("hello").replace(f"/{shard}/", f"/{(shard + 1) % limits.SHARDS}/")
    greeted = Greeter(any_units, tally).greet(
        Inbound("nowhere", b"", WALL_MS),
        Inbound(box.topic("hello"), b"\xc1", WALL_MS),
        hello(stranger),
        Inbound(elsewhere, moved.hello(), WALL_MS),
        hello(box),
    )
    assert {one.topic for one in greeted.send} == {box.topic("ack"), box.topic("chg")}
    counts = tally.snapshot()
    assert counts[FaultCode.WIRE_SENDER_MISMATCH] == 2
    assert counts[FaultCode.WIRE_MALFORMED] == 2


def test_a_position_beyond_the_end_begins_an_epoch_for_that_store_alone(
    any_units: Units, tenant: UUID
) -> None:
    restored, other = (shop(any_units, tenant, name, 1) for name in ("早", "晚"))
    greeted = Greeter(any_units, FaultTally()).greet(hello(restored, 1_000), hello(other))
    (change,) = map(decode_change, told(greeted, restored, "chg"))
    (ack,) = map(decode_ack, told(greeted, restored, "ack"))
    assert (change.feed_epoch, change.changes) == (ack.feed_epoch, ())
    (kept,) = map(decode_ack, told(greeted, other, "ack"))
    assert ack.feed_epoch == kept.feed_epoch + 1

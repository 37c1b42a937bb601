"""Hellos of a herd are answered by pieces, each box's newest."""

from cloud_broker.ingest.hellos import HelloLane
from cloud_broker.ingest.session import Delivery
from cloud_broker.services.line.frames import Inbound


def said(topic: str, payload: bytes = b"") -> Delivery:
    return Delivery(Inbound(topic, payload, 0), 1, 1)


def test_as_many_are_taken_as_are_asked_for_in_the_order_they_came() -> None:
    lane = HelloLane()
    lane.add(said(f"box {number}") for number in range(5))
    assert [one.inbound.topic for one in lane.take(3)] == ["box 0", "box 1", "box 2"]
    assert len(lane) == 2
    assert [one.inbound.topic for one in lane.take(9)] == ["box 3", "box 4"]
    assert lane.take(9) == []


def test_a_box_is_answered_once_and_what_it_said_last() -> None:
    lane = HelloLane()
    assert len(lane.add([said("box", b"first"), said("other"), said("box", b"second")])) == 3
    assert [one.inbound.payload for one in lane.take(9)] == [b"second", b""]
    assert not lane


def test_what_is_anothers_now_is_forgotten() -> None:
    lane = HelloLane()
    lane.add([said("ours"), said("theirs")])
    lane.drop(lambda one: one.inbound.topic == "theirs")
    assert [one.inbound.topic for one in lane.take(9)] == ["ours"]

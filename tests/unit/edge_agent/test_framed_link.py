"""The link against a till written from the specification alone, over a line that does its worst."""

import pytest

from edge_agent.drivers.framed_ecr.codec import Broken, Damaged, Frame, Signal, encode
from edge_agent.drivers.framed_ecr.link import Bad, Deliver, Done, Link, Undelivered, Write
from edge_agent.drivers.profiles.framed import FrameShape, LinkShape
from retail_core.limits import FRAMED_QUEUE_MAX
from tools.bench.bench_till.framed import FAMILIES, Stage, profile, wronged


@pytest.mark.parametrize("family", FAMILIES)
def test_a_thousand_fault_histories_deliver_each_message_once_or_say_so(family: str) -> None:
    troubled = 0
    for seed in range(250):
        stage = Stage(family, seed, rate=(seed % 5) * 0.06)
        asked, told = stage.play(3)
        assert stage.peer.idle, seed
        assert stage.link.idle, seed
        assert wronged(asked, stage.got, stage.peer.failed) == 0, seed
        assert wronged(told, stage.peer.got, stage.failed) == 0, seed
        assert sorted([*stage.done, *stage.failed]) == sorted(told)
        troubled += bool(stage.failed or stage.peer.failed)
        if seed % 5 == 0:
            assert stage.got == asked
            assert stage.done == told == stage.peer.got
    assert troubled < 25


def test_what_was_wronged_is_counted() -> None:
    wanted = [b"a", b"b", b"c"]
    assert wronged(wanted, [b"a", b"b", b"c"], []) == 0
    assert wronged(wanted, [b"a", b"c"], [b"b"]) == 0
    assert wronged(wanted, [b"a", b"c"], []) == 1
    assert wronged(wanted, [b"a", b"a", b"b", b"c"], []) == 1
    assert wronged(wanted, [b"b", b"a", b"c"], []) == 1
    assert wronged(wanted, [*wanted, b"x"], []) == 1


# ---- what is answered ---------------------------------------------------------------------------

MARKED = FrameShape.model_validate(
    {"start": "02", "end": "03", "check": {"kind": "xor", "covers": ["data", "end"]}}
)
ANSWERED = LinkShape.model_validate({"ack": "06", "nak": "15", "ack_ms": 100, "retries": 1})


def test_a_frame_is_acknowledged_then_delivered_and_its_repetition_only_acknowledged() -> None:
    link, frame = Link(MARKED, ANSWERED), Frame(b"", b"hello")
    assert link.got(frame, 0) == [Write(b"\x06"), Deliver(b"hello")]
    assert link.got(frame, 500) == [Write(b"\x06")]
    assert link.got(frame, 500 + ANSWERED.repeat_ms + 1) == [Write(b"\x06"), Deliver(b"hello")]
    assert link.got(Frame(b"", b"other"), 600) == [Write(b"\x06"), Deliver(b"other")]


def test_a_till_that_asks_the_same_every_few_seconds_is_answered_again_in_time() -> None:
    link, frame = Link(MARKED, ANSWERED), Frame(b"", b"hello")
    asked = range(0, 3 * ANSWERED.repeat_ms, 5_000)
    delivered = [now_ms for now_ms in asked if Deliver(b"hello") in link.got(frame, now_ms)]
    assert delivered == [0, 20_000, 40_000]


def test_who_asks_again_because_no_answer_came_through_is_answered() -> None:
    link, frame = Link(MARKED, ANSWERED), Frame(b"", b"hello")
    link.got(frame, 0)
    link.send(b"answer", 10)
    link.tick(110)
    assert link.tick(210) == [Undelivered(b"answer")]
    assert link.got(frame, 1_000) == [Write(b"\x06"), Deliver(b"hello")]


def test_a_damaged_frame_is_refused_and_noise_is_not_answered() -> None:
    link = Link(MARKED, ANSWERED)
    assert link.got(Damaged(Broken.CHECK, 5), 0) == [Write(b"\x15"), Bad(Broken.CHECK)]
    assert link.got(Damaged(Broken.NOISE, 5), 0) == [Bad(Broken.NOISE)]
    assert link.got(Damaged(Broken.CUT, 5), 0) == [Bad(Broken.CUT)]


def test_a_message_is_repeated_as_often_as_the_profile_says_then_reported() -> None:
    link, raw = Link(MARKED, ANSWERED), encode(MARKED, b"hi")
    assert link.send(b"hi", 0) == [Write(raw)]
    assert link.due_ms() == 100
    assert link.tick(99) == []
    assert link.got(Signal.NAK, 50) == [Write(raw)]
    assert link.due_ms() == 150
    assert link.tick(150) == [Undelivered(b"hi")]
    assert link.idle


def test_after_a_repetition_the_next_message_waits_for_the_answer_still_on_its_way() -> None:
    link = Link(MARKED, ANSWERED)
    link.send(b"one", 0)
    assert link.send(b"two", 0) == []
    assert link.tick(100) == [Write(encode(MARKED, b"one"))]
    assert link.got(Signal.ACK, 110) == [Done(b"one")]
    assert link.got(Signal.ACK, 120) == []
    assert link.due_ms() == 210
    assert link.tick(210) == [Write(encode(MARKED, b"two"))]


def test_a_queue_that_is_full_says_so() -> None:
    link = Link(MARKED, ANSWERED)
    for number in range(FRAMED_QUEUE_MAX + 1):
        link.send(b"%d" % number, 0)
    assert link.send(b"more", 0) == [Undelivered(b"more")]


def test_a_family_with_numbers_answers_with_its_flag_and_beats() -> None:
    shape = profile("ecr-codepay")
    link = Link(shape.frame, shape.link)
    handshake = encode(shape.frame, b"", b"\x01\x01\x00")
    assert link.got(Frame(b"\x01\x00\x00", b""), 0) == [Write(handshake)]
    beat = encode(shape.frame, b"", b"\x02\x00\x00")
    assert link.tick(0) == [Write(beat)]
    assert link.tick(10) == []
    assert link.due_ms() == 2_000
    link.send(b"{}", 10)
    assert link.due_ms() == 1_010
    assert link.got(Signal.ACK, 20) == []
    assert link.got(Frame(b"\x00\x01\x09", b""), 20) == []
    assert link.got(Frame(b"\x00\x01\x01", b""), 20) == [Done(b"{}")]

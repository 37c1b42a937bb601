"""The link against a till written from the specification alone, over a line that does its worst."""

import random
from collections import Counter

import pytest

from edge_agent.drivers.framed_ecr.codec import Broken, Damaged, Decoder, Frame, Signal, encode
from edge_agent.drivers.framed_ecr.link import (
    Action,
    Bad,
    Deliver,
    Done,
    Link,
    Undelivered,
    Write,
)
from edge_agent.drivers.framed_ecr.sim import Noisy, Peer
from edge_agent.drivers.profiles.framed import FrameShape, LinkShape
from retail_core.limits import FRAMED_QUEUE_MAX
from tests.unit.edge_agent.test_framed_codec import profile

FAMILIES = {
    "lrc": "ecr-transbank",
    "ecr17": "ecr-ecr17",
    "55aa": "ecr-codepay",
    "crc32": "ecr-crc32",
}
STEP_MS = 5
ACK_MS = 300


class Stage:
    """Both ends and the line between them, on a clock of its own."""

    def __init__(self, family: str, seed: int, rate: float) -> None:
        shape = profile(FAMILIES[family])
        quick = shape.link.model_copy(
            update={"ack_ms": ACK_MS, "byte_ms": ACK_MS // 3, "retries": 4, "heartbeat_ms": 0}
        )
        rng = random.Random(f"{family}/{seed}")  # noqa: S311 -- repeatable
        self.now = 0
        self.rng = rng
        self.link = Link(shape.frame, quick)
        self.reader = Decoder(shape.frame, quick)
        self.to_box, self.to_till = Noisy(rng, rate), Noisy(rng, rate)
        self.peer = Peer(family, lambda data: self.to_box.carry(data, self.now), ack_ms=ACK_MS)
        self.heard_ms = 0
        self.got: list[bytes] = []
        self.done: list[bytes] = []
        self.failed: list[bytes] = []

    def act(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Write(data):
                    self.to_till.carry(data, self.now)
                case Deliver(data):
                    self.got.append(data)
                case Done(data):
                    self.done.append(data)
                case Undelivered(data):
                    self.failed.append(data)
                case Bad():
                    pass

    def step(self) -> None:
        self.now += STEP_MS
        for piece in self.to_box.arrived(self.now):
            self.heard_ms = self.now
            for event in self.reader.feed(piece):
                self.act(self.link.got(event, self.now))
        if self.reader.pending and self.now - self.heard_ms > ACK_MS // 3:
            for event in self.reader.silence():
                self.act(self.link.got(event, self.now))
        self.act(self.link.tick(self.now))
        for piece in self.to_till.arrived(self.now):
            self.peer.hear(piece, self.now)
        self.peer.tick(self.now)

    def play(self, messages: int) -> tuple[list[bytes], list[bytes]]:
        """Each side tells the other its messages; runs until nothing is under way."""
        asked = [b"0200|%d|R%d|" % (number, number) for number in range(messages)]
        told = [b"0210|00|R%d|%d" % (number, number) for number in range(messages)]
        for message in asked:
            self.peer.ask(message)
        for message in told:
            self.act(self.link.send(message, self.now))
        for _ in range(20_000):
            self.step()
            if self.peer.idle and self.link.idle:
                break
        assert self.peer.idle
        assert self.link.idle
        return asked, told


def once_or_reported(wanted: list[bytes], got: list[bytes], failed: list[bytes]) -> None:
    """Nothing doubled, nothing invented, in order, and what did not come was reported."""
    times = Counter(got)
    assert not [message for message, count in times.items() if count > 1]
    assert [message for message in wanted if message in times] == got
    assert {message for message in wanted if message not in times} <= set(failed)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_thousand_fault_histories_deliver_each_message_once_or_say_so(family: str) -> None:
    troubled = 0
    for seed in range(250):
        stage = Stage(family, seed, rate=(seed % 5) * 0.06)
        asked, told = stage.play(3)
        once_or_reported(asked, stage.got, stage.peer.failed)
        once_or_reported(told, stage.peer.got, stage.failed)
        assert sorted([*stage.done, *stage.failed]) == sorted(told)
        troubled += bool(stage.failed or stage.peer.failed)
        if seed % 5 == 0:
            assert stage.got == asked
            assert stage.done == told == stage.peer.got
    assert troubled < 25


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

"""Framed tills: the published bytes, and both ends of a bad line on a clock of their own."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from edge_agent.drivers.framed_ecr.checks import check_of
from edge_agent.drivers.framed_ecr.codec import Decoder, Frame, encode
from edge_agent.drivers.framed_ecr.link import Action, Deliver, Done, Link, Undelivered, Write
from edge_agent.drivers.framed_ecr.sim import Noisy, Peer
from edge_agent.drivers.profiles import FramedProfile, load_profile
from edge_agent.drivers.profiles.framed import CheckShape
from tools.bench.report import Row

CONFIGS = Path(__file__).resolve().parents[3] / "device_configs"
FAMILIES = {
    "lrc": "ecr-transbank",
    "ecr17": "ecr-ecr17",
    "55aa": "ecr-codepay",
    "crc32": "ecr-crc32",
}
# Profile, header, data, and the line as published (the second by the same rule from 7F).
FRAMES = (
    ("ecr-transbank", "", "303230307C3132337C", "02303230307C3132337C0331"),
    ("ecr-ecr17", "", "303230307C3132337C", "02303230307C3132337C034E"),
    ("ecr-codepay", "010000", "", "55AA010000000001CC33"),
    ("ecr-zvt-serial", "", "060008000000BA09780600", "1002060008000000BA097806001003238F"),
    ("ecr-zvt-serial", "", "06010704000000001000", "1002060107040000000010100010036291"),
    ("ecr-zvt-serial", "", "06010704000000001200", "1002060107040000000012001003DA24"),
    ("ecr-zvt-serial", "", "800000", "10028000001003F51F"),
    ("ecr-zvt-serial", "", "060F00", "1002060F001003C633"),
)
NINE = b"123456789"
CHECKS = (
    (CheckShape(kind="crc16-8408"), 0x2189),
    (CheckShape(kind="crc16-8408", init=0xFFFF, xor_out=0xFFFF), 0x906E),
    (CheckShape(kind="crc16-1021"), 0x31C3),
    (CheckShape(kind="crc16-1021", init=0xFFFF), 0x29B1),
    (CheckShape(kind="crc16-a001"), 0xBB3D),
    (CheckShape(kind="crc16-a001", init=0xFFFF), 0x4B37),
    (CheckShape(kind="crc32"), 0xCBF43926),
    (CheckShape(kind="xor"), 0x31),
    (CheckShape(kind="sum8"), 0xDD),
    (CheckShape(kind="sum8-2s"), 0x23),
)
HISTORIES = 1_000
STEP_MS = 5
ACK_MS = 300
STEPS_MAX = 20_000
_RATES = 5
_RATE = 0.06
_MB = 1_000_000


@cache
def profile(name: str) -> FramedProfile:
    """Return a profile that ships."""
    return load_profile(CONFIGS, name, FramedProfile)


class Stage:
    """Both ends and the line between them; each tells the other its messages."""

    def __init__(self, family: str, seed: int, rate: float) -> None:
        shape = profile(FAMILIES[family])
        quick = shape.link.model_copy(
            update={"ack_ms": ACK_MS, "byte_ms": ACK_MS // 3, "retries": 4, "heartbeat_ms": 0}
        )
        rng = random.Random(f"{family}/{seed}")  # noqa: S311 -- repeatable
        self.link = Link(shape.frame, quick)
        self.got: list[bytes] = []
        self.done: list[bytes] = []
        self.failed: list[bytes] = []
        self._now = self._heard_ms = 0
        self._reader = Decoder(shape.frame, quick)
        self._to_box, self._to_till = Noisy(rng, rate), Noisy(rng, rate)
        self.peer = Peer(family, lambda data: self._to_box.carry(data, self._now), ack_ms=ACK_MS)

    def play(self, messages: int) -> tuple[list[bytes], list[bytes]]:
        """Run until nothing is under way; return what the till and the box had to tell."""
        asked = [b"0200|%d|R%d|" % (number, number) for number in range(messages)]
        told = [b"0210|00|R%d|%d" % (number, number) for number in range(messages)]
        for message in asked:
            self.peer.ask(message)
        for message in told:
            self._act(self.link.send(message, self._now))
        for _ in range(STEPS_MAX):
            self._step()
            if self.peer.idle and self.link.idle:
                break
        return asked, told

    def _act(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Write(data):
                    self._to_till.carry(data, self._now)
                case Deliver(data):
                    self.got.append(data)
                case Done(data):
                    self.done.append(data)
                case Undelivered(data):
                    self.failed.append(data)
                case _:
                    pass

    def _step(self) -> None:
        self._now += STEP_MS
        for piece in self._to_box.arrived(self._now):
            self._heard_ms = self._now
            for event in self._reader.feed(piece):
                self._act(self.link.got(event, self._now))
        if self._reader.pending and self._now - self._heard_ms > ACK_MS // 3:
            for event in self._reader.silence():
                self._act(self.link.got(event, self._now))
        self._act(self.link.tick(self._now))
        for piece in self._to_till.arrived(self._now):
            self.peer.hear(piece, self._now)
        self.peer.tick(self._now)


def wronged(wanted: list[bytes], got: list[bytes], failed: list[bytes]) -> int:
    """Count messages that came twice, out of turn, from nowhere, or not and unreported."""
    times = Counter(got)
    doubled = sum(count - 1 for count in times.values())
    in_turn = [message for message in wanted if message in times]
    lost = {message for message in wanted if message not in times} - set(failed)
    return doubled + len(lost) + (in_turn != list(dict.fromkeys(got)))


def rows() -> Iterator[Row]:
    """Measure it."""
    wrong = sum(not _exact(*frame) for frame in FRAMES)
    wrong += sum(int.from_bytes(check_of(shape, NINE), "big") != value for shape, value in CHECKS)
    of = f"of {len(FRAMES)} frames and {len(CHECKS)} checks"
    yield Row("framed: published vectors not byte-exact", wrong, of, 0)
    bad = reported = 0
    for family in FAMILIES:
        for seed in range(HISTORIES // len(FAMILIES)):
            stage = Stage(family, seed, rate=(seed % _RATES) * _RATE)
            asked, told = stage.play(3)
            bad += wronged(asked, stage.got, stage.peer.failed)
            bad += wronged(told, stage.peer.got, stage.failed)
            reported += len(stage.failed) + len(stage.peer.failed)
    yield Row(f"framed: wronged messages in {HISTORIES:,} fault histories", bad, "messages", 0)
    yield Row("framed: messages reported as not acknowledged", reported, "messages")
    yield Row("framed: decoded", _pace(), "MB/s", better="higher")


def _exact(name: str, header: str, data: str, line: str) -> bool:
    shape, said = profile(name), bytes.fromhex(line)
    frame = Frame(bytes.fromhex(header), bytes.fromhex(data))
    written = encode(shape.frame, frame.data, frame.header)
    return written == said and Decoder(shape.frame, shape.link).feed(said) == [frame]


def _pace() -> float:
    """Return how fast the slowest family is decoded, in pieces as a line gives them."""
    slowest = 0.0
    for name in FAMILIES.values():
        shape = profile(name)
        one = encode(shape.frame, b"0200|1950|R7|" * 4, bytes(len(shape.frame.header)))
        line, reader = one * 2_000, Decoder(shape.frame, shape.link)
        began = time.perf_counter()
        for at in range(0, len(line), 64):
            reader.feed(line[at : at + 64])
        slowest = max(slowest, (time.perf_counter() - began) / (len(line) / _MB))
    return 1 / slowest

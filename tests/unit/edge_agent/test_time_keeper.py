"""The time that the cloud signs: taken where nobody else tells, and from nobody else."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.adapters.clock_system import SystemClock
from edge_agent.services.line.time_keeper import (
    ASK_EVERY_MS,
    ASK_UNKNOWN_MS,
    KEEP_EVERY_MS,
    TimeKeeper,
)
from retail_core import limits
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.fleet.signed_time import SignedTime, open_time, sign_time
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.clock import BOOT, NOON_MS
from tests.fakes.ids import FakeIdSource

SEED = b"t" * 32
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
DEVICE = b"d" * 16
NONCE = b"n" * 16


@dataclass
class Shop:
    """A board that woke in 1970, and a cloud that knows the time."""

    wall: int = 12_345
    mono: int = 1_000
    synced: bool = False
    takes_ms: int = 80
    down: bool = False
    asked: list[bytes] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    tally: FaultTally = field(default_factory=FaultTally)
    bend: Callable[[bytes], bytes] = lambda answer: answer

    def __post_init__(self) -> None:
        self.clock = SystemClock(
            BOOT, lambda: self.synced, wall_ms=lambda: self.wall, mono_ms=lambda: self.mono
        )
        self.keeper = TimeKeeper(
            *(self.clock, FakeIdSource(), self.tally, self.ask, DEVICE, PUBLIC, self.kept.append)
        )

    def ask(self, nonce: bytes) -> bytes:
        self.asked.append(nonce)
        if self.down:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
        self.mono += self.takes_ms
        return self.bend(sign_time(NOON_MS, nonce, DEVICE, SEED))


def test_a_box_that_knows_nothing_is_told_and_remembers() -> None:
    shop = Shop()
    shop.keeper.turn()
    now = shop.clock.now()
    assert (now.wall_ms, now.quality) == (NOON_MS + 40, TimeQuality.HOLDOVER)
    assert shop.kept == [NOON_MS + 40]
    shop.mono += KEEP_EVERY_MS
    shop.keeper.turn()
    assert shop.kept == [NOON_MS + 40, NOON_MS + 40 + KEEP_EVERY_MS]
    assert len(shop.asked) == 1
    shop.mono += ASK_EVERY_MS
    shop.keeper.turn()
    assert len(set(shop.asked)) == 2, "a fresh number each time"


def test_a_disciplined_clock_asks_nobody_and_is_remembered() -> None:
    shop = Shop(wall=NOON_MS, synced=True)
    shop.keeper.turn()
    assert shop.asked == []
    assert shop.kept == [NOON_MS]


def test_a_free_running_clock_is_not_remembered_when_the_cloud_is_away() -> None:
    shop = Shop(wall=4_070_908_800_000, down=True)  # somebody set it to 2099
    shop.keeper.turn()
    assert shop.kept == []
    shop.keeper.turn()
    assert len(shop.asked) == 2, "the line was away: it is asked again at the next turn"


@pytest.mark.parametrize(
    "bend",
    [
        lambda _answer: b"",
        lambda _answer: b"\x93\x01\x02\x03",
        lambda answer: answer[:-1] + bytes((answer[-1] ^ 1,)),
        lambda _answer: sign_time(NOON_MS, b"o" * 16, DEVICE, SEED),
        lambda _answer: sign_time(NOON_MS, b"o" * 16, b"e" * 16, SEED),
        lambda _answer: msgspec.msgpack.encode(SignedTime(-5, bytes(64))),
        lambda _answer: msgspec.msgpack.encode(SignedTime(1 << 63, bytes(64))),
    ],
)
def test_what_was_kept_bent_or_signed_for_another_is_refused(
    bend: Callable[[bytes], bytes],
) -> None:
    shop = Shop(bend=bend)
    shop.keeper.turn()
    assert shop.clock.now().quality == TimeQuality.UNKNOWN
    assert shop.tally.snapshot() == {FaultCode.SYNC_TIME_REFUSED.value: 1}
    shop.keeper.turn()
    assert len(shop.asked) == 1, "who gives wrong answers is not asked in a loop"
    shop.mono += ASK_UNKNOWN_MS
    shop.keeper.turn()
    assert len(shop.asked) == 2


def test_a_slow_answer_and_one_from_before_this_software_are_refused() -> None:
    slow = Shop(takes_ms=limits.TIME_ROUND_TRIP_MAX_MS + 1)
    slow.keeper.turn()
    assert slow.clock.now().quality == TimeQuality.UNKNOWN
    old = sign_time(limits.SOFTWARE_BORN_MS - 1, NONCE, DEVICE, SEED)
    with pytest.raises(Fault) as caught:
        open_time(old, (NONCE, DEVICE), 0, 1, PUBLIC)
    assert caught.value.code == FaultCode.SYNC_TIME_REFUSED
    with pytest.raises(Fault):
        sign_time(NOON_MS, b"short", DEVICE, SEED)

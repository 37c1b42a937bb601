"""The cloud's time under its signature: one answer for one question, and only if it came soon."""

from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.signed_time import NONCE_BYTES, SignedTime, ToldTime, open_time, sign_time
from retail_core.texts.faults import FaultCode

KEY = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
NONCE, DEVICE = b"n" * NONCE_BYTES, b"d" * 16
WALL_MS = 1_795_000_000_123


def answer(wall_ms: int = WALL_MS) -> bytes:
    return sign_time(wall_ms, NONCE, DEVICE, KEY.private_bytes_raw())


def signed(wall_ms: int, said: bytes) -> bytes:
    return msgspec.msgpack.encode(SignedTime(wall_ms, KEY.sign(said)))


def refusal(content: bytes, *, nonce: bytes = NONCE, device: bytes = DEVICE, took: int = 10) -> str:
    """Return why an answer was refused."""
    with pytest.raises(Fault) as refused:
        open_time(content, (nonce, device), 1_000, 1_000 + took, PUBLIC)
    assert refused.value.code is FaultCode.SYNC_TIME_REFUSED
    assert list(refused.value.fields) == ["reason"]
    return str(refused.value.fields["reason"])


@pytest.mark.parametrize(
    ("took", "told"),
    [
        (0, ToldTime(WALL_MS, 1_000, 0)),
        (1, ToldTime(WALL_MS, 1_001, 1)),
        (80, ToldTime(WALL_MS + 40, 1_080, 40)),
        (81, ToldTime(WALL_MS + 40, 1_081, 41)),
        (2_000, ToldTime(WALL_MS + 1_000, 3_000, 1_000)),
    ],
)
def test_half_the_way_is_added_and_is_the_error(took: int, told: ToldTime) -> None:
    assert limits.TIME_ROUND_TRIP_MAX_MS == 2_000
    assert open_time(answer(), (NONCE, DEVICE), 1_000, 1_000 + took, PUBLIC) == told


@pytest.mark.parametrize("took", [-1, 2_001])
def test_an_answer_that_is_slow_or_before_its_question_is_refused(took: int) -> None:
    assert refusal(answer(), took=took) == f"{took} ms"


def test_what_is_signed_stays_as_boxes_in_shops_know_it() -> None:
    said = b"regulars time 1\0" + NONCE + DEVICE + WALL_MS.to_bytes(8, "big")
    assert answer() == signed(WALL_MS, said), "Ed25519 signs the same bytes alike"


@pytest.mark.parametrize("length", [0, NONCE_BYTES - 1, NONCE_BYTES + 1])
def test_a_nonce_of_another_length_is_not_signed(length: int) -> None:
    with pytest.raises(Fault) as refused:
        sign_time(WALL_MS, b"n" * length, DEVICE, KEY.private_bytes_raw())
    assert refused.value.code is FaultCode.WIRE_MALFORMED
    assert refused.value.fields == {"detail": "nonce"}


def test_an_answer_to_another_question_or_another_box_is_refused() -> None:
    assert refusal(answer(), nonce=b"m" * NONCE_BYTES) == "signature"
    assert refusal(answer(), device=b"e" * 16) == "signature"


@pytest.mark.parametrize(
    "bend",
    [
        lambda said: SignedTime(said.wall_ms + 1, said.signature),
        lambda said: SignedTime(said.wall_ms, said.signature[:-1]),
        lambda said: SignedTime(said.wall_ms, said.signature + b"\0"),
        lambda said: SignedTime(said.wall_ms, bytes(64)),
        lambda said: SignedTime(-1, said.signature),
        lambda said: SignedTime(1 << 63, said.signature),
        lambda said: SignedTime((1 << 64) - 1, said.signature),
    ],
)
def test_a_bent_answer_is_refused(bend: Callable[[SignedTime], SignedTime]) -> None:
    said = msgspec.msgpack.decode(answer(), type=SignedTime)
    assert refusal(msgspec.msgpack.encode(bend(said))) == "signature"


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x92\x01", answer()[:-1], b"\x92\xa1x\xa1y"])
def test_what_is_no_answer_at_all_is_refused(content: bytes) -> None:
    assert refusal(content) == "signature"


def test_another_key_is_not_believed() -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"u" * 32)
    assert refusal(sign_time(WALL_MS, NONCE, DEVICE, other.private_bytes_raw())) == "signature"


def test_no_true_time_is_before_this_software() -> None:
    born = limits.SOFTWARE_BORN_MS
    assert refusal(answer(born - 1)) == "before this software"
    assert open_time(answer(born), (NONCE, DEVICE), 0, 0, PUBLIC) == ToldTime(born, 0, 0)

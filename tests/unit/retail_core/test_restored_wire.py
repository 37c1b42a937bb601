"""What a box and a restored cloud read of each other, and what they refuse."""

from collections.abc import Callable

import msgspec
import pytest

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WIRE_VERSION
from retail_core.wire.restored import (
    BoxStanding,
    CloudHolds,
    LeaseTold,
    decode_holds,
    decode_standing,
)

TOLD = LeaseTold("points", bytes(16), 1, 1, 5)
STANDING = BoxStanding(WIRE_VERSION, 9, 7, 1, 2, 0, 0, 0, (TOLD,), last=False)
HOLDS = CloudHolds(WIRE_VERSION, 9, ((1, 40),), (bytes(32),))
READERS = [decode_standing, decode_holds]


def refusal(read: Callable[[bytes], object], payload: bytes) -> Fault:
    with pytest.raises(Fault) as refused:
        read(payload)
    return refused.value


def test_what_was_said_is_read() -> None:
    assert decode_standing(msgspec.msgpack.encode(STANDING)) == STANDING
    assert decode_holds(msgspec.msgpack.encode(HOLDS)) == HOLDS
    assert decode_holds(msgspec.msgpack.encode([WIRE_VERSION, 9])) == CloudHolds(WIRE_VERSION, 9)


@pytest.mark.parametrize("read", READERS)
def test_a_frame_may_be_as_long_as_the_limit_and_is_not_even_read_beyond(
    read: Callable[[bytes], object],
) -> None:
    assert refusal(read, bytes(limits.FRAME_BYTES_MAX)).code is FaultCode.WIRE_MALFORMED
    longer = refusal(read, bytes(limits.FRAME_BYTES_MAX + 1))
    assert longer.code is FaultCode.WIRE_TOO_LARGE
    assert longer.fields == {"limit": limits.FRAME_BYTES_MAX}


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x90", b"\x92\x01\xa1x", b"\x91" * 5_000])
def test_what_is_no_message_is_refused_with_what_was_wrong(
    read: Callable[[bytes], object], payload: bytes
) -> None:
    fault = refusal(read, payload)
    assert fault.code is FaultCode.WIRE_MALFORMED
    assert str(fault.fields["detail"]) not in {"", "None"}


@pytest.mark.parametrize(
    "ranges", [((0, 1),) * (limits.ACK_RANGES_MAX + 1), ((-1, 4),)], ids=["too many", "below 0"]
)
def test_ranges_that_no_cloud_holds_are_refused(ranges: tuple[tuple[int, int], ...]) -> None:
    holds = msgspec.structs.replace(HOLDS, ranges=ranges)
    fault = refusal(decode_holds, msgspec.msgpack.encode(holds))
    assert fault.code is FaultCode.WIRE_MALFORMED


def test_a_newer_version_is_named() -> None:
    for read, said in ((decode_standing, STANDING), (decode_holds, HOLDS)):
        newer = msgspec.structs.replace(said, v=WIRE_VERSION + 1)
        fault = refusal(read, msgspec.msgpack.encode(newer))
        assert fault.code is FaultCode.WIRE_VERSION
        assert fault.fields == {"version": WIRE_VERSION + 1}

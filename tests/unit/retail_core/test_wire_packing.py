"""Frames that travel compressed: the same bytes come out, and no bomb does."""

from contextlib import suppress

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_up
from retail_core.wire.packing import NEWEST_PACKING, PACKING_NONE, is_packed, packed, unpacked
from tests.fakes.cloud_box import Person, SimBox, fresh_id

MARK = b"\xc1\x01"


def frame_of(count: int) -> bytes:
    box = SimBox(fresh_id())
    for _ in range(count):
        box.sells(Person())
    return box.frame()


def refused(payload: bytes) -> FaultCode:
    with pytest.raises(Fault) as caught:
        decode_up(payload)
    return caught.value.code


def test_a_backlog_frame_is_small_on_the_line_and_whole_behind_it() -> None:
    plain = frame_of(100)
    travels = packed(plain, 100, NEWEST_PACKING)
    assert travels.startswith(MARK)
    assert len(travels) * 3 < len(plain)
    assert decode_up(travels) == decode_up(plain)


def test_a_live_sale_and_an_older_peer_get_plain_frames() -> None:
    few = frame_of(limits.FRAME_ZSTD_FROM_EVENTS - 1)
    assert packed(few, limits.FRAME_ZSTD_FROM_EVENTS - 1, NEWEST_PACKING) == few
    many = frame_of(20)
    assert packed(many, 20, PACKING_NONE) == many
    assert decode_up(many).first_seq == 1


@given(st.binary(max_size=2_000))
def test_whatever_is_packed_comes_out_again_and_nothing_grows(plain: bytes) -> None:
    if plain[:1] == MARK[:1]:  # not the beginning of any msgpack
        return
    travels = packed(plain, 8, NEWEST_PACKING)
    assert unpacked(travels) == plain
    assert len(travels) <= len(plain)


def test_eight_events_are_enough_to_pack() -> None:
    many = frame_of(limits.FRAME_ZSTD_FROM_EVENTS)
    travels = packed(many, limits.FRAME_ZSTD_FROM_EVENTS, NEWEST_PACKING)
    assert is_packed(travels)
    assert unpacked(travels) == many


@pytest.mark.parametrize("size", [1, 2, limits.FRAME_BYTES_MAX])
def test_from_one_byte_to_a_full_frame_comes_out(size: int) -> None:
    plain = bytes(size)
    assert unpacked(MARK + zstandard.ZstdCompressor(level=3).compress(plain)) == plain


@pytest.mark.parametrize(
    ("payload", "code", "fields"),
    [
        (
            MARK + zstandard.ZstdCompressor().compress(bytes(limits.FRAME_BYTES_MAX + 1)),
            FaultCode.WIRE_TOO_LARGE,
            {"limit": limits.FRAME_BYTES_MAX},
        ),
        (
            MARK + bytes(limits.FRAME_BYTES_MAX - 1),
            FaultCode.WIRE_TOO_LARGE,
            {"limit": limits.FRAME_BYTES_MAX},
        ),
        (
            MARK + zstandard.ZstdCompressor().compress(b""),
            FaultCode.WIRE_MALFORMED,
            {"detail": "a packed frame says its size"},
        ),
        (
            MARK + zstandard.ZstdCompressor(write_content_size=False).compress(b"x"),
            FaultCode.WIRE_MALFORMED,
            {"detail": "a packed frame says its size"},
        ),
        (b"\xc1\x02more", FaultCode.WIRE_VERSION, {"version": "packing 02"}),
        (b"\xc1", FaultCode.WIRE_VERSION, {"version": "packing "}),
    ],
)
def test_a_refusal_says_what_was_wrong(
    payload: bytes, code: FaultCode, fields: dict[str, object]
) -> None:
    with pytest.raises(Fault) as caught:
        unpacked(payload)
    assert (caught.value.code, caught.value.fields) == (code, fields)


@pytest.mark.parametrize(
    "rest", [b"", bytes(limits.FRAME_BYTES_MAX - 2), b"\x28\xb5\x2f\xfd\x20\x05\xff"]
)
def test_what_no_unpacker_reads_is_malformed_with_its_words(rest: bytes) -> None:
    with pytest.raises(Fault) as caught:
        unpacked(MARK + rest)
    assert caught.value.code is FaultCode.WIRE_MALFORMED
    assert len(str(caught.value.fields["detail"])) > len("None")


def test_a_bomb_is_refused_by_its_header_and_by_its_silence() -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(64 * 1024 * 1024))
    assert len(bomb) < limits.FRAME_BYTES_MAX
    assert refused(MARK + bomb) == FaultCode.WIRE_TOO_LARGE
    silent = zstandard.ZstdCompressor(level=3, write_content_size=False).compress(bytes(1 << 20))
    assert refused(MARK + silent) == FaultCode.WIRE_MALFORMED


def test_other_packings_and_broken_ones_are_named() -> None:
    assert refused(b"\xc1\x02" + b"x" * 20) == FaultCode.WIRE_VERSION
    assert refused(b"\xc1") == FaultCode.WIRE_VERSION
    assert refused(MARK) == FaultCode.WIRE_MALFORMED
    assert refused(MARK + bytes(limits.FRAME_BYTES_MAX)) == FaultCode.WIRE_TOO_LARGE
    travels = packed(frame_of(20), 20, NEWEST_PACKING)
    assert refused(travels[:-9]) == FaultCode.WIRE_MALFORMED
    assert refused(travels + b"more") == FaultCode.WIRE_MALFORMED
    for at in range(2, len(travels), 7):
        broken = travels[:at] + bytes((travels[at] ^ 0x55,)) + travels[at + 1 :]
        with suppress(Fault):  # nothing else escapes
            decode_up(broken)

"""Frames: published vectors byte for byte, and laws over every profile."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.drivers.framed_ecr.checks import check_of
from edge_agent.drivers.framed_ecr.codec import (
    PIECE_BYTES,
    Broken,
    Damaged,
    Decoder,
    Frame,
    Signal,
    encode,
)
from edge_agent.drivers.framed_ecr.lengths import read_length, write_length
from edge_agent.drivers.profiles.framed import CheckShape, FrameShape, LinkShape
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tools.bench.bench_till.framed import CHECKS, FRAMES, NINE, profile

CONFIGS = Path(__file__).resolve().parents[3] / "device_configs"
NAMES = sorted(path.stem for path in CONFIGS.glob("ecr-*.toml"))


def decoder(name: str) -> Decoder:
    held = profile(name)
    return Decoder(held.frame, held.link)


def carried(name: str, data: bytes) -> bytes:
    """Make data this kind of frame can carry: no marks where nothing is doubled, a true length."""
    shape = profile(name).frame
    if shape.inner is not None:
        data = data[:200]
        return b"\x06\x00" + bytes((len(data),)) + data
    if shape.length is None and not shape.double:
        return bytes(byte for byte in data if byte >= 0x20)
    return data


def header(name: str) -> bytes:
    return bytes(range(len(profile(name).frame.header)))


# ---- published vectors --------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "value"), CHECKS)
def test_every_check_has_its_published_value(shape: CheckShape, value: int) -> None:
    assert int.from_bytes(check_of(shape, NINE), "big") == value


def test_a_check_may_stand_the_lower_byte_first_or_not_at_all() -> None:
    assert check_of(CheckShape(kind="crc16-8408", order="little"), NINE) == b"\x89\x21"
    assert check_of(CheckShape(), NINE) == b""


@pytest.mark.parametrize(("name", "head", "data", "raw"), FRAMES)
def test_published_frames_byte_for_byte(name: str, head: str, data: str, raw: str) -> None:
    line, frame = bytes.fromhex(raw), Frame(bytes.fromhex(head), bytes.fromhex(data))
    assert encode(profile(name).frame, frame.data, frame.header) == line
    assert decoder(name).feed(line) == [frame]


def test_the_answers_of_the_second_lrc_convention_carry_their_check() -> None:
    assert decoder("ecr-ecr17").feed(bytes.fromhex("06037A 150369")) == [Signal.ACK, Signal.NAK]
    for mark in (profile("ecr-ecr17").link.ack, profile("ecr-ecr17").link.nak):
        check = CheckShape(kind="xor", init=0x7F)
        assert check_of(check, mark[:2]) == mark[2:]


# ---- laws ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(
    st.lists(st.binary(max_size=60), min_size=1, max_size=4),
    st.lists(st.integers(1, 9), min_size=1, max_size=200),
)
def test_what_is_written_is_read_in_pieces_of_any_size(
    name: str, messages: list[bytes], cuts: list[int]
) -> None:
    sent = [carried(name, data) for data in messages]
    line = b"".join(encode(profile(name).frame, data, header(name)) for data in sent)
    reader, events, at = decoder(name), [], 0
    for cut in cuts:
        events += reader.feed(line[at : at + cut])
        at += cut
    events += reader.feed(line[at:])
    assert events == [Frame(header(name), data) for data in sent]
    assert reader.pending == 0


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(st.binary(max_size=400), st.binary(max_size=40))
def test_whatever_came_before_a_frame_is_found_after_a_pause(
    name: str, rubbish: bytes, data: bytes
) -> None:
    reader = decoder(name)
    reader.feed(rubbish)
    reader.silence()
    assert reader.pending == 0
    wanted = carried(name, data)
    assert reader.feed(encode(profile(name).frame, wanted, header(name))) == [
        Frame(header(name), wanted)
    ]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(st.binary(max_size=6_000))
def test_memory_is_bounded_whatever_comes(name: str, data: bytes) -> None:
    reader, shape = decoder(name), profile(name).frame
    start = shape.start * 3
    reader.feed(start + data)
    assert reader.pending <= 2 * shape.data_max + 32 + PIECE_BYTES


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(st.binary(min_size=1, max_size=40), st.data())
def test_one_wrong_bit_is_never_delivered_as_it_stands(
    name: str, data: bytes, drawn: st.DataObject
) -> None:
    wanted = carried(name, data)
    line = bytearray(encode(profile(name).frame, wanted, header(name)))
    at = drawn.draw(st.integers(0, len(line) - 1))
    line[at] ^= 1 << drawn.draw(st.integers(0, 7))
    reader = decoder(name)
    events = [*reader.feed(bytes(line)), *reader.silence()]
    assert Frame(header(name), wanted) not in events


# ---- the ways a frame breaks --------------------------------------------------------------------


def test_an_answer_mark_inside_a_broken_frame_is_no_answer() -> None:
    reader = decoder("ecr-transbank")
    assert reader.feed(b"\x02abc\x03\x06") == [Damaged(Broken.CHECK, 5)]
    assert reader.feed(b"\x06") == [Signal.ACK]
    reader = decoder("ecr-transbank")
    assert reader.feed(b"\x02abc\x06de") == []
    assert reader.silence() == [Damaged(Broken.SILENCE, 1)]
    assert reader.feed(b"\x06") == [Signal.ACK]


def test_a_frame_whose_end_was_lost_does_not_swallow_the_next() -> None:
    reader = decoder("ecr-transbank")
    whole = encode(profile("ecr-transbank").frame, b"next")
    assert reader.feed(b"\x02lost" + whole) == [Damaged(Broken.CUT, 5), Frame(b"", b"next")]
    reader = decoder("ecr-zvt-serial")
    shape = profile("ecr-zvt-serial").frame
    whole = encode(shape, b"\x06\x00\x00")
    assert reader.feed(b"\x10\x02\x06" + whole) == [
        Damaged(Broken.CUT, 3),
        Frame(b"", b"\x06\x00\x00"),
    ]
    assert reader.feed(b"\x10\x02\x06\x10\x07\x00" + whole)[0] == Damaged(Broken.ESCAPE, 3)


def test_an_answer_that_ran_into_a_frame_does_not_pass_for_its_data() -> None:
    """The end mark was damaged; the bytes behind it make a sum that is right all the same."""
    line = b"\x020210|00|R0|0|Q\x06\x03z"
    assert decoder("ecr-ecr17").feed(line) == [Damaged(Broken.CHECK, len(line) - 1)]


def test_a_length_that_lies_costs_one_frame() -> None:
    reader, shape = decoder("ecr-codepay"), profile("ecr-codepay").frame
    whole = encode(shape, b"{}", b"\x00\x00\x05")
    assert reader.feed(b"\x55\xaa\x00\x00\x01\xff\xff" + whole) == [
        Damaged(Broken.LENGTH, 2),
        Frame(b"\x00\x00\x05", b"{}"),
    ]
    assert reader.feed(b"\x55\xaa\x00\x00\x01\x00\x40" + whole) == []
    assert reader.silence() == [Damaged(Broken.SILENCE, 1), Frame(b"\x00\x00\x05", b"{}")]
    broken = bytearray(whole)
    broken[-1] ^= 1
    assert reader.feed(bytes(broken)) == [Damaged(Broken.END, 2)]


def test_noise_is_told_once_and_a_length_inside_must_agree() -> None:
    assert decoder("ecr-transbank").feed(b"hello\x06") == [Damaged(Broken.NOISE, 5), Signal.ACK]
    lying = encode(profile("ecr-zvt-serial").frame, b"\x06\x00\x09\x00")
    assert decoder("ecr-zvt-serial").feed(lying) == [Damaged(Broken.LENGTH, len(lying))]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ecr-transbank", b"a\x03b"),
        ("ecr-transbank", b"a\x02b"),
        ("ecr-transbank", b"a\x06b"),
        ("ecr-transbank", b"a" * 1_025),
        ("ecr-codepay", b"a" * 1_025),
    ],
)
def test_what_a_frame_cannot_carry_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(Fault) as refused:
        encode(profile(name).frame, data, header(name))
    assert refused.value.code is FaultCode.FRAMED_UNSENDABLE


def test_a_short_length_cannot_say_much() -> None:
    shape = FrameShape.model_validate(
        {"start": "aa", "length": {"form": "u8", "adds": 1}, "data_max": 400}
    )
    with pytest.raises(Fault):
        encode(shape, b"a" * 255)
    line = encode(shape, b"ab")
    assert line == b"\xaa\x03ab"
    assert Decoder(shape, LinkShape()).feed(line) == [Frame(b"", b"ab")]


@given(st.integers(0, 0xFFFF))
def test_lengths_say_what_they_were_given(value: int) -> None:
    for form in ("u8", "u16-be", "u16-le", "ff-u16-le", "bcd-2"):
        written = write_length(form, value)
        if written is None:
            assert (form, value > 255) == ("u8", True) or (form, value > 9_999) == ("bcd-2", True)
        else:
            assert read_length(form, written, 0) == (len(written), value)
            assert read_length(form, written[:-1], 0) is None


def test_a_bcd_length_has_decimal_digits() -> None:
    assert read_length("bcd-2", b"\x1a\x00", 0) == (2, -1)


@pytest.mark.parametrize(
    "frame",
    [
        {"start": ""},
        {"start": "02"},
        {"start": "02", "end": "03", "header": ["id"]},
        {"start": "1002", "end": "1103", "double": "10"},
        {"start": "0x", "end": "03"},
    ],
)
def test_a_frame_that_cannot_be_read_is_refused_as_a_profile(frame: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="FrameShape"):
        FrameShape.model_validate(frame)

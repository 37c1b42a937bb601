"""The tokenizer: no byte lost, the same tokens however the bytes arrive, nothing unbounded kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.till_escpos.commands import COMMANDS
from edge_agent.drivers.till_escpos.frames import (
    Command,
    Control,
    CutOff,
    Payload,
    Text,
    Token,
    Tokenizer,
    Unknown,
    unknown_bytes,
)
from edge_agent.drivers.till_escpos.sim import sale_bytes

SALE = sale_bytes("0042", [("可口可乐330ml", 2, 350), ("咖啡", 1, 1250)], discount_fen=100)

pieces = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(sorted(COMMANDS)),
    st.sampled_from([b"\x1dv0\x00\x02\x00\x03\x00", b"\x1b*\x21\x02\x00", b"\x1d(L\x04\x00"]),
    st.text(max_size=8).map(lambda text: text.encode("gb18030", "ignore")),
)
streams = st.lists(pieces, max_size=20).map(b"".join)


def tokens_of(stream: bytes, cuts: list[int] | None = None) -> list[Token]:
    tokenizer, tokens, at = Tokenizer(), [], 0
    for cut in [*sorted(cuts or []), len(stream)]:
        tokens += tokenizer.feed(stream[at:cut])
        at = max(at, cut)
    return tokens + tokenizer.finish()


def joined(tokens: list[Token]) -> list[Token]:
    """Put text and payload that came in pieces together again."""
    whole: list[Token] = []
    for token in tokens:
        last = whole[-1] if whole else None
        if isinstance(token, Text) and isinstance(last, Text):
            whole[-1] = Text(last.raw + token.raw)
        elif isinstance(token, Payload) and isinstance(last, Payload):
            whole[-1] = Payload(last.raw + token.raw)
        else:
            whole.append(token)
    return whole


@given(streams)
def test_no_byte_is_lost(stream: bytes) -> None:
    assert b"".join(token.raw for token in tokens_of(stream)) == stream


@given(streams, st.lists(st.integers(min_value=0, max_value=200), max_size=6))
def test_pieces_of_any_size_give_the_same_tokens(stream: bytes, cuts: list[int]) -> None:
    assert joined(tokens_of(stream, cuts)) == joined(tokens_of(stream))


@given(st.integers(min_value=0, max_value=len(SALE)))
def test_a_receipt_in_two_pieces_is_the_same_receipt(cut: int) -> None:
    assert joined(tokens_of(SALE, [cut])) == joined(tokens_of(SALE))


def test_a_receipt_has_no_unknown_byte() -> None:
    assert unknown_bytes(tokens_of(SALE)) == 0


@pytest.mark.parametrize(
    ("stream", "size"),
    [
        ("1b40", 0),
        ("1b7408", 1),
        ("1b24 1800", 2),
        ("1b70 0032fa", 3),
        ("1d5600", 1),
        ("1d564103", 2),
        ("1d4c 1000", 2),
        ("1d2101", 1),
        ("1c26", 0),
        ("1c2e", 0),
        ("1c5300 00", 2),
        ("1d763000 0100 0200 ffff", 8),
        ("1b2a00 0300 010203", 6),
        ("1b2a21 0100 010203", 6),
        ("1d6b 04 41424300", 5),
        ("1d6b 49 03 414243", 5),
        ("1d286b 0300 314350", 6),
        ("1d284c 0200 3002", 5),
        ("1d384c 02000000 3002", 7),
        ("1b44 081000", 3),
        ("1b26 03 4141 02 010203040506", 10),
        ("1c71 01 0100 0100 0102030405060708", 13),
        ("1d2a 0101 0102030405060708", 10),
        ("1c6701 00 00000000 0100 ff", 9),
        ("1c6702 00 00000000 0100", 8),
        ("1004 01", 1),
        ("1004 0701", 2),
        ("1014 010001", 3),
        ("1d7a 300101", 3),
    ],
)
def test_a_command_takes_its_parameters_and_no_more(stream: str, size: int) -> None:
    raw = bytes.fromhex(stream)
    command, text = tokens_of(raw + b"abc")
    assert command == Command(raw[:2], raw[2:], size)
    assert text == Text(b"abc")


@pytest.mark.parametrize("code", sorted(COMMANDS))
def test_every_command_ends(code: bytes) -> None:
    first = tokens_of(code + bytes(600))[0]
    assert isinstance(first, Command)
    assert first.code == code


def test_control_bytes_stand_alone() -> None:
    assert tokens_of(b"a\r\n\tb\x0c") == [
        Text(b"a"),
        Control(b"\r"),
        Control(b"\n"),
        Control(b"\t"),
        Text(b"b"),
        Control(b"\x0c"),
    ]


def test_a_foreign_command_is_unknown_and_its_parameters_are_text() -> None:
    tokens = tokens_of(b"\x1bYab\n")
    assert tokens == [Unknown(b"\x1bY"), Text(b"ab"), Control(b"\n")]
    assert unknown_bytes(tokens) == 2


def test_an_introducer_before_another_one_is_foreign_alone() -> None:
    assert tokens_of(b"\x1b\x1b@") == [Unknown(b"\x1b"), Command(b"\x1b@", b"", 0)]


def test_a_big_image_is_not_kept() -> None:
    head = b"\x1dv0\x00\x30\x00\x00\x10"
    size = 6 + 0x30 * 0x1000
    tokenizer = Tokenizer()
    command, *payload = tokenizer.feed(head + bytes(5_000))
    assert command == Command(b"\x1dv", head[2:] + bytes(10), size)
    assert [len(token.raw) for token in payload] == [4_990]
    assert tokenizer.inside_command
    assert tokenizer.finish() == [CutOff(b"")]


def test_a_nul_that_never_comes_is_not_waited_for() -> None:
    tokens = tokens_of(b"\x1bD" + b"x" * 300)
    assert joined(tokens) == [Command(b"\x1bD", b"", 0), Text(b"x" * 300)]


def test_images_that_never_say_their_size_are_given_up() -> None:
    stream = b"\x1cq\xff\xff\x00\xff\x00" + b"x" * 70_000
    tokens = tokens_of(stream)
    assert tokens[0] == Unknown(b"\x1cq")
    assert b"".join(token.raw for token in tokens) == stream


@pytest.mark.parametrize("stream", [b"\x1b", b"\x1b$\x01", b"\x1dk\x49\x05ab", b"\x1d(k\x05\x00a"])
def test_what_breaks_off_is_given_as_cut_off(stream: bytes) -> None:
    assert tokens_of(b"x" + stream) == [Text(b"x"), CutOff(stream)]

"""Bounds of the fields, and what must ascend."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire import codec
from retail_core.wire.kinds import ChangeKind, EventType
from retail_core.wire.messages import AckFrame, Change, ChangeFrame, ConsentGiven, Hello, UpFrame
from tests.factories import wire
from tests.factories.wire import uid
from tests.factories.wire_kinds import EXAMPLES, KINDS, decode_as, outcome


@pytest.mark.parametrize(
    "ranges", [((5, 4),), ((1, 5), (5, 6)), ((7, 8), (1, 2)), ((0, 1),), ((-3, 1),)]
)
def test_ranges_that_do_not_ascend_are_malformed(ranges: tuple[tuple[int, int], ...]) -> None:
    payload = msgspec.msgpack.encode(AckFrame(1, 7, ranges, 2))
    assert outcome(codec.decode_ack, payload) == FaultCode.WIRE_MALFORMED


@pytest.mark.parametrize("ranges", [(), ((1, 1),), ((1, 5), (6, 6)), ((3, 4), (9, 9))])
def test_ranges_that_ascend_are_read(ranges: tuple[tuple[int, int], ...]) -> None:
    frame = AckFrame(1, 7, ranges, 2)
    assert codec.decode_ack(codec.encode(frame)) == frame


def test_a_hello_waits_for_nothing_that_was_not_given_out() -> None:
    idle = Hello(1, 7, 43, 43, 0, 0, 0)
    assert codec.decode_hello(codec.encode(idle)) == idle
    ahead = Hello(1, 7, 44, 43, 0, 0, 0)
    assert outcome(codec.decode_hello, codec.encode(ahead)) == FaultCode.WIRE_MALFORMED


@pytest.mark.parametrize(
    ("prev_pos", "positions", "pos", "verdict"),
    [
        (5, (6, 9), 9, "good"),
        (5, (6, 6), 9, "good"),  # two changes of one transaction
        (5, (), 5, "good"),
        (5, (), 9, "good"),
        (0, (1,), 1, "good"),
        (5, (5,), 9, "bad"),
        (5, (4,), 9, "bad"),
        (5, (7, 6), 9, "bad"),
        (5, (10,), 9, "bad"),
        (5, (), 4, "bad"),
    ],
)
def test_positions_of_a_change_frame_ascend(
    prev_pos: int, positions: tuple[int, ...], pos: int, verdict: str
) -> None:
    changes = tuple(
        Change(at, ChangeKind.MEMBER_GONE, uid(1).bytes, 1, msgspec.Raw(b"\xc0"))
        for at in positions
    )
    payload = codec.encode(ChangeFrame(1, 3, prev_pos, pos, changes))
    wanted = None if verdict == "good" else FaultCode.WIRE_MALFORMED
    assert outcome(codec.decode_change, payload) == wanted


@pytest.mark.parametrize(
    ("frame", "detail"),
    [
        (AckFrame(1, 7, ((1, 5), (3, 9)), 2), "range 3..9 after 5"),
        (Hello(1, 7, 44, 43, 0, 0, 0), "unacked 44, next 43"),
        (ChangeFrame(1, 3, 9, 5, ()), "position 9 beyond 5"),
        (
            ChangeFrame(1, 3, 9, 12, (Change(8, "x", bytes(16), 1, msgspec.Raw(b"\xc0")),)),
            "position 8 after 9",
        ),
    ],
)
def test_what_does_not_ascend_is_named(frame: msgspec.Struct, detail: str) -> None:
    with pytest.raises(Fault) as caught:
        decode_as(type(frame), msgspec.msgpack.encode(frame))
    assert caught.value.fields == {"detail": detail}


def test_a_nul_in_a_sale_is_named() -> None:
    sale = msgspec.structs.replace(wire.sale(), source="a\0b")
    with pytest.raises(Fault) as caught:
        codec.decode_body("sale", codec.encode_body(sale))
    assert caught.value.fields == {"detail": "a text holds a NUL"}


def test_a_frame_carries_one_to_256_events() -> None:
    event = wire.event(0, ConsentGiven("k", "1", b"", "zh", "till"), EventType.CONSENT_GIVEN)
    for count, good in ((1, True), (256, True), (0, False), (257, False)):
        frame = msgspec.structs.replace(wire.up_frame(), events=(event,) * count)
        payload = codec.encode(frame)
        if good:
            assert len(codec.decode_up(payload).events) == count
        else:
            assert outcome(codec.decode_up, payload) == FaultCode.WIRE_MALFORMED


def test_a_sale_has_lines_but_not_too_many() -> None:
    for count, good in ((1, True), (limits.LINES_MAX, True), (0, False), (501, False)):
        sale = msgspec.structs.replace(
            wire.bare_sale(lines=1), lines=wire.bare_sale().lines[:1] * count
        )
        payload = codec.encode_body(sale)
        if good:
            assert codec.decode_body("sale", payload) == sale
        else:
            assert outcome(codec.decode_body, "sale", payload) == FaultCode.WIRE_MALFORMED


def texts_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every text of a message, through its plain lists."""
    if isinstance(value, str):
        return [path]
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [found for key, item in items for found in texts_in(item, (*path, key))]


def put(value: Any, path: tuple[Any, ...], text: str) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = text


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_holds_a_nul_or_is_endless(kind: type[msgspec.Struct]) -> None:
    payload = msgspec.msgpack.encode(EXAMPLES[kind])
    for path in texts_in(msgspec.msgpack.decode(payload)):
        if inside_a_body(kind, path):
            continue
        plain = msgspec.msgpack.decode(payload)
        for text in ("a\0b", "\0", "a\0\n", "x" * 201):
            put(plain, path, text)
            broken = msgspec.msgpack.encode(plain)
            assert outcome(decode_as, kind, broken) == FaultCode.WIRE_MALFORMED, path
        put(plain, path, "x" * 200)
        decode_as(kind, msgspec.msgpack.encode(plain))


def inside_a_body(kind: type[msgspec.Struct], path: tuple[Any, ...]) -> bool:
    """Bodies travel unopened in frames; they are checked when they are opened."""
    return (kind is UpFrame and path[2:3] == (6,)) or (kind is ChangeFrame and path[2:3] == (4,))


def integers(info: inspect.Type, name: str) -> Iterator[tuple[str, inspect.IntType]]:
    """Every integer of a message with the path to it."""
    parts: list[tuple[str, inspect.Type]] = []
    match info:
        case inspect.IntType():
            yield name, info
        case inspect.VarTupleType(item_type=item) | inspect.DictType(value_type=item):
            parts = [(name, item)]
        case inspect.TupleType(item_types=items) | inspect.UnionType(types=items):
            parts = [(name, item) for item in items]
        case inspect.StructType(fields=fields):
            parts = [(f"{name}.{field.name}", field.type) for field in fields]
        case _:
            pass
    for path, part in parts:
        yield from integers(part, path)


@pytest.mark.parametrize("kind", KINDS)
def test_every_integer_fits_a_signed_64_bit_column(kind: type[msgspec.Struct]) -> None:
    for name, found in integers(inspect.type_info(kind), kind.__name__):
        if not name.endswith(".v"):
            assert found.ge is not None, name
            assert found.le is not None, name
            assert -(1 << 63) <= found.ge <= found.le < 1 << 63, name

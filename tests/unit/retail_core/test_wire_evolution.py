"""Old and new peers understand each other, and their hash chains agree."""

from hashlib import sha256

import msgspec
import pytest

from retail_core.clock import TimeQuality
from retail_core.wire import codec
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Event
from tests.factories import wire
from tests.factories.wire import uid
from tests.factories.wire_kinds import BODIES, EXAMPLES, FRAMES, KINDS, decode_as


@pytest.mark.parametrize("kind", FRAMES)
def test_elements_of_a_newer_peer_are_passed_over(kind: type[msgspec.Struct]) -> None:
    plain = msgspec.msgpack.decode(codec.encode(EXAMPLES[kind]))
    newer = msgspec.msgpack.encode([*plain, "new", {"nested": [1, 2]}])
    assert FRAMES[kind](newer) == EXAMPLES[kind]


@pytest.mark.parametrize("kind", BODIES)
def test_elements_of_a_newer_body_are_passed_over(kind: type[msgspec.Struct]) -> None:
    example = EXAMPLES[kind]
    plain = msgspec.msgpack.decode(codec.encode_body(example))
    assert decode_as(kind, msgspec.msgpack.encode([*plain, None])) == example


@pytest.mark.parametrize("kind", KINDS)
def test_elements_an_older_peer_lacks_get_their_defaults(kind: type[msgspec.Struct]) -> None:
    example = EXAMPLES[kind]
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(example))
    required = len(plain) - len(kind.__struct_defaults__)
    payload = msgspec.msgpack.encode(plain[:required])
    older = decode_as(kind, payload)
    names = kind.__struct_fields__
    for name in names[:required]:
        assert getattr(older, name) == getattr(example, name)
    for name, default in zip(names[required:], kind.__struct_defaults__, strict=True):
        wanted = default if not hasattr(default, "factory") else default.factory()
        assert getattr(older, name) == wanted


def test_a_draft_carries_what_it_was_given() -> None:
    body = codec.encode_body(wire.sale())
    by = codec.Actors(till=uid(1), operator=uid(2), member=uid(3))
    event = codec.draft_event(uid(9), EventType.SALE, wire.AT, body, by)
    assert event == Event(
        uid(9).bytes, "sale", wire.AT.wall_ms, int(TimeQuality.SYNCED), wire.BOOT.bytes,
        wire.AT.mono_ms, msgspec.Raw(body), uid(1).bytes, uid(2).bytes, uid(3).bytes,
    )  # fmt: skip


def test_a_draft_of_nobody_names_nobody() -> None:
    event = codec.draft_event(uid(9), EventType.SALE, wire.AT, b"\xc0")
    assert (event.till, event.operator, event.member) == (None, None, None)


def test_the_chain_is_sha256_over_the_previous_hash_and_the_event() -> None:
    event = wire.event()
    wanted = sha256(codec.GENESIS_HASH + msgspec.msgpack.encode(event)).digest()
    assert codec.event_hash(codec.GENESIS_HASH, event) == wanted
    assert bytes(32) == codec.GENESIS_HASH


def test_the_chain_is_the_same_on_both_sides_of_the_wire() -> None:
    events = [wire.event(number) for number in range(3)]
    received = codec.decode_up(codec.encode(wire.up_frame(*events))).events
    ours = theirs = codec.GENESIS_HASH
    for mine, other in zip(events, received, strict=True):
        ours, theirs = codec.event_hash(ours, mine), codec.event_hash(theirs, other)
    assert ours == theirs


def test_a_field_of_a_newer_peer_does_not_break_the_chain() -> None:
    event = wire.event()
    plain = msgspec.msgpack.decode(codec.encode(wire.up_frame(event)))
    plain[7][0].append("a field of a later release")
    received = codec.decode_up(msgspec.msgpack.encode(plain)).events[0]
    assert codec.event_hash(bytes(32), received) == codec.event_hash(bytes(32), event)


@pytest.mark.parametrize("name", Event.__struct_fields__)
def test_every_field_of_an_event_is_chained(name: str) -> None:
    event = wire.event()
    other: object = {
        "type": "other",
        "body": msgspec.Raw(b"\xc0"),
        "wall_ms": 1,
        "mono_ms": 1,
        "time_quality": 0,
    }.get(name, bytes(16))
    changed = msgspec.structs.replace(event, **{name: other})
    assert codec.event_hash(bytes(32), changed) != codec.event_hash(bytes(32), event)
    assert codec.event_hash(b"\1" * 32, event) != codec.event_hash(bytes(32), event)

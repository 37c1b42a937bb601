"""Whatever arrives is a whole message or one of three faults."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire import codec
from retail_core.wire.kinds import ChangeKind, EventType
from retail_core.wire.member import FoundBy, MemberRecord, PhoneKey
from retail_core.wire.messages import (
    AckFrame,
    Change,
    ChangeFrame,
    CloudPresence,
    ConsentGiven,
    Hello,
    Presence,
    Published,
    UpFrame,
)
from tests.factories import wire
from tests.factories.shop_floor import make_record
from tests.factories.wire import anything, uid
from tests.factories.wire_kinds import BODIES, EXAMPLES, FRAMES, KINDS, decode_as, outcome


@given(st.data())
@pytest.mark.parametrize("kind", [UpFrame, Published, Presence, CloudPresence])
def test_any_frame_comes_back_whole(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    frame = msgspec.structs.replace(data.draw(anything(kind)), v=1)
    if isinstance(frame, UpFrame):  # one at the end of all numbers is refused
        frame = msgspec.structs.replace(frame, first_seq=min(frame.first_seq, 1 << 62))
    assert FRAMES[kind](codec.encode(frame)) == frame


def test_a_journal_at_the_end_of_all_numbers_is_refused() -> None:
    frame = wire.up_frame(wire.event(), first_seq=(1 << 63) - 1)
    with pytest.raises(Fault) as caught:
        codec.decode_up(codec.encode(frame))
    assert caught.value.code == FaultCode.WIRE_MALFORMED


@given(wire.ack_frames())
def test_any_ack_comes_back_whole(frame: AckFrame) -> None:
    frame = msgspec.structs.replace(frame, v=1)
    assert codec.decode_ack(codec.encode(frame)) == frame


@given(wire.hellos())
def test_any_hello_comes_back_whole(frame: Hello) -> None:
    frame = msgspec.structs.replace(frame, v=1)
    assert codec.decode_hello(codec.encode(frame)) == frame


@given(wire.change_frames())
def test_any_change_frame_comes_back_whole(frame: ChangeFrame) -> None:
    frame = msgspec.structs.replace(frame, v=1)
    assert codec.decode_change(codec.encode(frame)) == frame


@given(st.data())
@pytest.mark.parametrize("kind", [*BODIES, MemberRecord])
def test_any_body_comes_back_whole(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    body = data.draw(anything(kind))
    assert decode_as(kind, codec.encode_body(body)) == body


def test_a_body_is_read_out_of_the_frame_it_came_in() -> None:
    frame = codec.decode_up(codec.encode(wire.up_frame(wire.event())))
    assert codec.decode_body(frame.events[0].type, frame.events[0].body) == wire.sale()


# ---- what is refused ----------------------------------------------------------------------------


MALFORMED = {None, FaultCode.WIRE_MALFORMED}
REFUSED = {*MALFORMED, FaultCode.WIRE_VERSION}


@given(st.binary(max_size=400))
def test_arbitrary_bytes_raise_nothing_but_faults(payload: bytes) -> None:
    for kind in KINDS:
        assert outcome(decode_as, kind, payload) in (REFUSED if kind in FRAMES else MALFORMED)


@given(st.data())
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_message_raises_nothing_but_faults(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    payload = bytearray(msgspec.msgpack.encode(EXAMPLES[kind]))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(payload)))
    for damaged in (bytes(payload), bytes(payload[:cut])):
        assert outcome(decode_as, kind, damaged) in REFUSED


@pytest.mark.parametrize("kind", FRAMES)
def test_a_cut_frame_is_malformed(kind: type[msgspec.Struct]) -> None:
    payload = codec.encode(EXAMPLES[kind])
    assert outcome(FRAMES[kind], payload[:-1]) == FaultCode.WIRE_MALFORMED
    assert outcome(FRAMES[kind], payload + b"\x00") == FaultCode.WIRE_MALFORMED
    assert outcome(FRAMES[kind], b"") == FaultCode.WIRE_MALFORMED


def test_text_that_is_no_utf8_is_malformed() -> None:
    payload = codec.encode(wire.up_frame()).replace(b"\xa4sale", b"\xa4s\xffle")
    assert outcome(codec.decode_up, payload) == FaultCode.WIRE_MALFORMED


def test_bottomless_nesting_is_malformed() -> None:
    head = codec.encode(wire.up_frame()).split(b"\xa4sale")[0]
    deep = head + b"\xa4sale\x01\x01\xc4\x10" + bytes(16) + b"\x01" + b"\x91" * 100_000
    assert outcome(codec.decode_up, deep) == FaultCode.WIRE_MALFORMED


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_version_is_named(kind: type[msgspec.Struct], version: int) -> None:
    same_shape = msgspec.structs.replace(EXAMPLES[kind], v=version)
    other_shape = msgspec.msgpack.encode([version, "something", "else"])
    for payload in (msgspec.msgpack.encode(same_shape), other_shape):
        with pytest.raises(Fault) as caught:
            FRAMES[kind](payload)
        assert caught.value.code == FaultCode.WIRE_VERSION
        assert caught.value.fields == {"version": version}


def test_a_known_version_of_another_shape_is_malformed() -> None:
    payload = msgspec.msgpack.encode([1, "something", "else"])
    assert outcome(codec.decode_hello, payload) == FaultCode.WIRE_MALFORMED


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_over_the_limit_is_not_even_looked_at(kind: type[msgspec.Struct]) -> None:
    fits, over = bytes(limits.FRAME_BYTES_MAX), bytes(limits.FRAME_BYTES_MAX + 1)
    assert outcome(FRAMES[kind], fits) == FaultCode.WIRE_MALFORMED
    with pytest.raises(Fault) as caught:
        FRAMES[kind](over)
    assert caught.value.code == FaultCode.WIRE_TOO_LARGE
    assert caught.value.fields == {"limit": limits.FRAME_BYTES_MAX}


def test_nothing_over_the_limit_is_written() -> None:
    def presence(size: int) -> Presence:
        return Presence(1, "ok", bytes(16), 1, software="x" * size)

    around = len(codec.encode(presence(100_000))) - 100_000
    assert len(codec.encode(presence(limits.FRAME_BYTES_MAX - around))) == limits.FRAME_BYTES_MAX
    over = presence(limits.FRAME_BYTES_MAX - around + 1)
    assert outcome(codec.encode, over) == FaultCode.WIRE_TOO_LARGE


def test_a_body_leaves_room_for_the_frame_around_it() -> None:
    def consent(size: int) -> ConsentGiven:
        return ConsentGiven("k", "1", bytes(32), "x" * size, "till")

    around = len(codec.encode_body(consent(100_000))) - 100_000
    body = codec.encode_body(consent(limits.BODY_BYTES_MAX - around))
    assert len(body) == limits.BODY_BYTES_MAX
    event = codec.draft_event(uid(1), "consent.given", wire.AT, body)
    assert len(codec.encode(wire.up_frame(event))) <= limits.FRAME_BYTES_MAX
    over = consent(limits.BODY_BYTES_MAX - around + 1)
    assert outcome(codec.encode_body, over) == FaultCode.WIRE_TOO_LARGE


@pytest.mark.parametrize("bad", [1 << 64, -(1 << 63) - 1])
def test_a_number_that_fits_no_wire_is_a_fault_not_a_crash(bad: int) -> None:
    sale = msgspec.structs.replace(wire.sale(), total_fen=bad)
    assert outcome(codec.encode_body, sale) == FaultCode.WIRE_MALFORMED


def test_a_fault_says_what_was_wrong_for_whoever_repairs_it() -> None:
    with pytest.raises(Fault) as caught:
        codec.encode_body(msgspec.structs.replace(wire.sale(), total_fen=1 << 64))
    assert "serialize ints" in str(caught.value.fields["detail"])
    with pytest.raises(Fault) as caught:
        codec.decode_body("card.issued", b"\x92\x01\xc4\x00")
    assert caught.value.fields == {"detail": "Expected `str`, got `int` - at `$[0]`"}


def test_a_lone_surrogate_is_a_fault_not_a_crash() -> None:
    sale = msgspec.structs.replace(wire.sale(), till_receipt_no="\ud800")
    assert outcome(codec.encode_body, sale) == FaultCode.WIRE_MALFORMED


def test_an_unknown_type_of_event_is_malformed() -> None:
    with pytest.raises(Fault) as caught:
        codec.decode_body("sale2", codec.encode_body(wire.sale()))
    assert caught.value.code == FaultCode.WIRE_MALFORMED
    assert caught.value.fields == {"detail": "event type 'sale2'"}


@pytest.mark.parametrize("kind", [*BODIES, MemberRecord])
def test_a_body_of_another_type_is_malformed(kind: type[msgspec.Struct]) -> None:
    assert outcome(decode_as, kind, b"\x91\x01") == FaultCode.WIRE_MALFORMED
    assert outcome(decode_as, kind, b"") == FaultCode.WIRE_MALFORMED


# ---- for people ---------------------------------------------------------------------------------


def test_json_opens_bodies_and_writes_bytes_in_hex() -> None:
    shown = msgspec.json.decode(codec.to_json(wire.examples()["up"]))
    assert shown["tenant"] == wire.TENANT.hex
    assert shown["events"][0]["body"]["lines"][0]["name"] == "舒缓面霜"
    assert shown["events"][3]["body"] == {"kind": "ntag424", "uid_hash": bytes(range(32)).hex()}
    feed = msgspec.json.decode(codec.to_json(wire.examples()["change"]))
    assert feed["changes"][0]["body"]["tier"] == "gold"
    assert feed["changes"][1]["body"] == "c0"


@pytest.mark.parametrize(
    ("example", "kind", "shown"),
    [
        ("uses_back", ChangeKind.USES_BACK, {"day": 20260731, "uses": [["slot1", 2]]}),
        (
            "lease_epoch",
            ChangeKind.LEASE_EPOCH,
            {
                "device": wire.DEVICE.hex,
                "epoch": 2,
                "boot": wire.BOOT.hex,
                "frozen": False,
                "caps_word": 0,
                "share_from": 0,
                "alone_from": 0,
            },
        ),
        (
            "lease_recalled",
            ChangeKind.LEASE_RECALLED,
            {"device": wire.DEVICE.hex, "kind": "coupon", "right": uid(31).hex},
        ),
    ],
)
def test_json_opens_every_kind_of_change(
    example: str, kind: ChangeKind, shown: dict[str, object]
) -> None:
    body = msgspec.Raw(codec.encode_body(wire.examples()[example]))
    change = msgspec.json.decode(codec.to_json(Change(5, kind, uid(7).bytes, 2, body)))
    assert change == {"pos": 5, "kind": kind, "key": uid(7).hex, "ver": 2, "body": shown}


def test_a_receipts_end_for_each_range_or_none_at_all() -> None:
    ends = AckFrame(1, 77, ((1, 3), (5, 9)), 2, ends=(bytes(32), bytes(32)))
    assert codec.decode_ack(codec.encode(ends)) == ends
    for wrong in ((bytes(32),), (bytes(32),) * 3):
        odd = msgspec.structs.replace(ends, ends=wrong)
        with pytest.raises(Fault) as caught:
            codec.decode_ack(codec.encode(odd))
        assert caught.value.code is FaultCode.WIRE_MALFORMED
        assert caught.value.fields == {"detail": f"{len(wrong)} ends of 2 ranges"}


def test_the_last_sequence_of_all_still_has_a_next_one() -> None:
    last = (1 << 63) - 2
    assert codec.decode_up(codec.encode(wire.up_frame(first_seq=last))).first_seq == last
    with pytest.raises(Fault) as caught:
        codec.decode_up(codec.encode(wire.up_frame(first_seq=last + 1)))
    assert caught.value.fields == {"detail": f"1 events from {last + 1} on"}


def test_json_shows_an_unreadable_body_in_hex() -> None:
    event = codec.draft_event(uid(9), EventType.SALE, wire.AT, b"\x91\x01")
    assert msgspec.json.decode(codec.to_json(event))["body"] == "9101"


def test_json_is_indented() -> None:
    assert codec.to_json(wire.examples()["cloud_presence"]).startswith(b'{\n  "v": 1,\n')


def test_a_record_shown_keeps_the_secret_of_her_code() -> None:
    record = make_record(name="李敏", digit_secret=b"\x07not-for-logs\x07")
    assert "李敏" in repr(record)
    assert "not-for-logs" not in repr(record) + str([record])
    assert "digit_secret" not in repr(record)
    first, *others = (name for name in record.__struct_fields__ if name != "digit_secret")
    told = repr(record).removeprefix(f"MemberRecord({first}=")
    for name in others:
        _, found, told = told.partition(f", {name}=")
        assert found, name


def test_what_a_member_is_found_by_stands_at_the_same_places_of_her_whole_record() -> None:
    beginning = FoundBy.__struct_fields__
    assert beginning == MemberRecord.__struct_fields__[: len(beginning)]


def test_what_a_member_is_found_by_is_read_alone_as_with_all_the_rest() -> None:
    key = PhoneKey(key_id=bytes(8), public_key=bytes(range(32)))
    whole = make_record(
        phone_hash=bytes(32),
        phone_keys=(key,),
        cards=(bytes(range(32)),),
        digit_secret=bytes(32),
    )
    found = codec.decode_found_by(codec.encode_body(whole))
    assert (found.phone_hash, found.phone_keys) == (whole.phone_hash, whole.phone_keys)
    assert (found.cards, found.digit_secret) == (whole.cards, whole.digit_secret)


def test_a_record_of_before_digit_codes_is_found_by_the_rest() -> None:
    fields = msgspec.msgpack.decode(codec.encode_body(make_record()))
    old = fields[: MemberRecord.__struct_fields__.index("last_receipt")]
    found = codec.decode_found_by(msgspec.msgpack.encode(old))
    assert found.digit_secret == b""

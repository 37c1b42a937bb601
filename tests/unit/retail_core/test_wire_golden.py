"""The bytes in git are the contract with boxes already in shops."""

from collections.abc import Callable
from copy import deepcopy

import msgspec
import pytest

from retail_core.wire import codec, lane, persons, restored, rights, snapshot
from retail_core.wire.kinds import ChangeKind, EventType
from tests.factories.wire import examples
from tools import golden_wire

DECODERS: dict[str, Callable[[bytes], object]] = {
    "up": codec.decode_up,
    "ack": codec.decode_ack,
    "hello": codec.decode_hello,
    "change": codec.decode_change,
    "published": codec.decode_published,
    "presence": codec.decode_presence,
    "presence_sick": codec.decode_presence,
    "cloud_presence": codec.decode_cloud_presence,
    "body_sale": lambda raw: codec.decode_body(EventType.SALE, raw),
    "body_sale_bare": lambda raw: codec.decode_body(EventType.SALE, raw),
    "body_member_enrolled": lambda raw: codec.decode_body(EventType.MEMBER_ENROLLED, raw),
    "body_consent_given": lambda raw: codec.decode_body(EventType.CONSENT_GIVEN, raw),
    "body_card_issued": lambda raw: codec.decode_body(EventType.CARD_ISSUED, raw),
    "body_proof_suspect": lambda raw: codec.decode_body(EventType.PROOF_SUSPECT, raw),
    "body_proof_used": lambda raw: codec.decode_body(EventType.PROOF_USED, raw),
    "body_face_held": lambda raw: codec.decode_body(EventType.FACE_HELD, raw),
    "body_face_erased": lambda raw: codec.decode_body(EventType.FACE_ERASED, raw),
    "body_claim_issued": lambda raw: codec.decode_body(EventType.CLAIM_ISSUED, raw),
    "published_step": codec.decode_published,
    "snapshot_manifest": snapshot.open_manifest,
    "snapshot_row": lambda raw: msgspec.msgpack.decode(raw, type=snapshot.HeldRow),
    "buckets_apart": snapshot.open_apart,
    "bucket": snapshot.open_bucket,
    "check_in": lane.decode_check_in,
    "check_in_seen": lane.decode_seen,
    "persons_plan": persons.decode_plan,
    "box_standing": restored.decode_standing,
    "cloud_holds": restored.decode_holds,
    "rights_asked": rights.decode_asked,
    "rights_answer": rights.decode_answer,
    "body_member": codec.decode_member,
    "body_sale_redeeming": lambda raw: codec.decode_body(EventType.SALE, raw),
    "body_lease_hello": lambda raw: codec.decode_body(EventType.LEASE_HELLO, raw),
    "body_lease_returned": lambda raw: codec.decode_body(EventType.LEASE_RETURNED, raw),
    "uses_back": codec.decode_uses_gone,
    "body_refund": lambda raw: codec.decode_body(EventType.REFUND, raw),
    "body_gift_handed": lambda raw: codec.decode_body(EventType.GIFT_HANDED, raw),
    "body_call_answered": lambda raw: codec.decode_body(EventType.CALL_ANSWERED, raw),
    "body_till_agreement": lambda raw: codec.decode_body(EventType.TILL_AGREEMENT, raw),
    "body_return_unmatched": lambda raw: codec.decode_body(EventType.RETURN_UNMATCHED, raw),
    "lease_epoch": lambda raw: codec.decode_lease_change(ChangeKind.LEASE_EPOCH, raw),
    "lease_granted": lambda raw: codec.decode_lease_change(ChangeKind.LEASE_GRANTED, raw),
    "lease_recalled": lambda raw: codec.decode_lease_change(ChangeKind.LEASE_RECALLED, raw),
}


def test_the_golden_files_are_current() -> None:
    committed = {path.name: path.read_bytes() for path in golden_wire.FOLDER.iterdir()}
    for name, content in golden_wire.golden_files().items():
        assert committed.pop(name) == content, "run: python -m tools.golden_wire"
    assert not committed, "left over"


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_golden_bytes_are_read(name: str) -> None:
    committed = (golden_wire.FOLDER / f"{name}.bin").read_bytes()
    assert DECODERS[name](committed) == examples()[name]


def test_every_example_has_a_decoder() -> None:
    assert set(DECODERS) == set(examples())


def test_the_bytes_are_plain_msgpack() -> None:
    by_hand = bytes.fromhex("9b 01 4d 92 92 01 28 92 2a 2a 02 91 92 28 a4") + b"W101\x90\x01"
    by_hand += bytes.fromhex("cf") + (1_785_000_000_000).to_bytes(8, "big")
    by_hand += bytes.fromhex("90 00 00")  # tells of nothing published, and of no feed
    assert (golden_wire.FOLDER / "ack.bin").read_bytes() == by_hand


def test_nothing_of_the_committed_schema_is_broken() -> None:
    assert golden_wire.breaches(golden_wire.committed_schema(), golden_wire.schema()) == []


def test_every_message_of_the_wire_is_in_the_schema() -> None:
    assert set(golden_wire.committed_schema()) == set(golden_wire.wire_structs())


def with_fields(change: Callable[[list[golden_wire.Field]], None]) -> golden_wire.Schema:
    """The committed schema with a change to Hello's fields."""
    schema = deepcopy(golden_wire.committed_schema())
    change(schema["Hello"])
    return schema


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.pop(),
        lambda fields: fields[2].update(name="lowest"),
        lambda fields: fields[3].update(type="str"),
        lambda fields: fields[-1].update(default="x"),
        lambda fields: fields[-1].pop("default"),
        lambda fields: fields.insert(1, {"name": "new", "type": "int", "default": 0}),
        lambda fields: fields.reverse(),
    ],
)
def test_a_changed_field_is_a_breach(change: Callable[[list[golden_wire.Field]], None]) -> None:
    committed = golden_wire.committed_schema()
    found = golden_wire.breaches(committed, with_fields(change))
    assert found == ["Hello: its first 8 fields changed"]


def test_a_removed_message_is_a_breach() -> None:
    committed = golden_wire.committed_schema()
    present = {name: fields for name, fields in committed.items() if name != "Hello"}
    assert golden_wire.breaches(committed, present) == ["Hello: removed"]


def test_a_field_is_added_at_the_end_with_a_default() -> None:
    committed = golden_wire.committed_schema()
    new: golden_wire.Field = {"name": "new", "type": "int"}
    present = with_fields(lambda fields: fields.append(new))
    assert golden_wire.breaches(committed, present) == ["Hello.new: no default"]
    new["default"] = 0
    assert golden_wire.breaches(committed, present) == []


def test_a_message_may_be_added() -> None:
    committed = golden_wire.committed_schema()
    assert golden_wire.breaches(committed, {**committed, "Later": []}) == []


def test_every_body_of_an_event_is_in_the_schema() -> None:
    bodies = {type(body).__name__ for body in examples().values()}
    assert bodies <= set(golden_wire.wire_structs())

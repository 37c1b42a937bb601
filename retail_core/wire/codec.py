"""Bytes to messages and back: limits first, then the version, then every field.

Whatever arrives, a decoder returns a whole message or raises Fault WIRE_MALFORMED, WIRE_VERSION
or WIRE_TOO_LARGE; nothing else escapes. Unknown elements at the end are a newer peer's and are
passed over.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from retail_core import limits
from retail_core.clock import Instant
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire import checks
from retail_core.wire.framing import checked, read_frame, unpack, within_limit
from retail_core.wire.growth import CallAnswered, GiftHanded
from retail_core.wire.kinds import ChangeKind, EventType
from retail_core.wire.lease import (
    LeaseEpoch,
    LeaseGrant,
    LeaseHello,
    LeaseRecall,
    LeaseReturned,
)
from retail_core.wire.member import FoundBy, MemberRecord
from retail_core.wire.messages import (
    AckFrame,
    CardIssued,
    Change,
    ChangeFrame,
    ClaimIssued,
    CloudPresence,
    ConsentGiven,
    Event,
    FaceErased,
    FaceHeld,
    Hello,
    MemberEnrolled,
    Presence,
    ProofSuspect,
    ProofUsed,
    Published,
    Sale,
    UpFrame,
)
from retail_core.wire.packing import unpacked
from retail_core.wire.refund import Refund, UsesGone
from retail_core.wire.returns import ReturnUnmatched
from retail_core.wire.tills import TillAgreement

GENESIS_HASH = bytes(32)

Body = (
    Sale
    | MemberEnrolled
    | ConsentGiven
    | CardIssued
    | ProofUsed
    | ProofSuspect
    | FaceHeld
    | FaceErased
    | ClaimIssued
    | LeaseHello
    | LeaseReturned
    | Refund
    | GiftHanded
    | TillAgreement
    | ReturnUnmatched
    | CallAnswered
)
LeaseChange = LeaseEpoch | LeaseGrant | LeaseRecall


@dataclass(frozen=True, slots=True)
class Actors:
    """Who had a hand in an event, as far as known."""

    till: UUID | None = None
    operator: UUID | None = None
    member: UUID | None = None


NOBODY = Actors()

_encoder = msgspec.msgpack.Encoder()
_up = msgspec.msgpack.Decoder(UpFrame)
_ack = msgspec.msgpack.Decoder(AckFrame)
_hello = msgspec.msgpack.Decoder(Hello)
_change = msgspec.msgpack.Decoder(ChangeFrame)
_published = msgspec.msgpack.Decoder(Published)
_presence = msgspec.msgpack.Decoder(Presence)
_cloud_presence = msgspec.msgpack.Decoder(CloudPresence)
_member = msgspec.msgpack.Decoder(MemberRecord)
_found_by = msgspec.msgpack.Decoder(FoundBy)
_sale = msgspec.msgpack.Decoder(Sale)
_bodies: dict[str, msgspec.msgpack.Decoder[Any]] = {
    EventType.MEMBER_ENROLLED: msgspec.msgpack.Decoder(MemberEnrolled),
    EventType.CONSENT_GIVEN: msgspec.msgpack.Decoder(ConsentGiven),
    EventType.CARD_ISSUED: msgspec.msgpack.Decoder(CardIssued),
    EventType.PROOF_USED: msgspec.msgpack.Decoder(ProofUsed),
    EventType.PROOF_SUSPECT: msgspec.msgpack.Decoder(ProofSuspect),
    EventType.FACE_HELD: msgspec.msgpack.Decoder(FaceHeld),
    EventType.FACE_ERASED: msgspec.msgpack.Decoder(FaceErased),
    EventType.CLAIM_ISSUED: msgspec.msgpack.Decoder(ClaimIssued),
    EventType.LEASE_HELLO: msgspec.msgpack.Decoder(LeaseHello),
    EventType.LEASE_RETURNED: msgspec.msgpack.Decoder(LeaseReturned),
    EventType.REFUND: msgspec.msgpack.Decoder(Refund),
    EventType.GIFT_HANDED: msgspec.msgpack.Decoder(GiftHanded),
    EventType.TILL_AGREEMENT: msgspec.msgpack.Decoder(TillAgreement),
    EventType.RETURN_UNMATCHED: msgspec.msgpack.Decoder(ReturnUnmatched),
    EventType.CALL_ANSWERED: msgspec.msgpack.Decoder(CallAnswered),
}
_uses_gone = msgspec.msgpack.Decoder(UsesGone)
_lease_changes: dict[str, msgspec.msgpack.Decoder[Any]] = {
    ChangeKind.LEASE_EPOCH: msgspec.msgpack.Decoder(LeaseEpoch),
    ChangeKind.LEASE_GRANTED: msgspec.msgpack.Decoder(LeaseGrant),
    ChangeKind.LEASE_RECALLED: msgspec.msgpack.Decoder(LeaseRecall),
}


def encode(message: msgspec.Struct) -> bytes:
    """Return the bytes of a frame; Fault WIRE_TOO_LARGE above the limit of a frame."""
    payload = _pack(message)
    within_limit(payload)
    return payload


def encode_body(body: msgspec.Struct) -> bytes:
    """Return the bytes of an event's or change's body."""
    payload = _pack(body)
    within_limit(payload, limits.BODY_BYTES_MAX)
    return payload


def decode_up(payload: bytes) -> UpFrame:
    """Read a frame of events, plain or packed."""
    return checked(read_frame(_up, unpacked(payload)), checks.check_up)


def decode_ack(payload: bytes) -> AckFrame:
    """Read a frame of committed ranges."""
    return checked(read_frame(_ack, payload), checks.check_ack)


def decode_hello(payload: bytes) -> Hello:
    """Read a hello."""
    return checked(read_frame(_hello, payload), checks.check_hello)


def decode_change(payload: bytes) -> ChangeFrame:
    """Read a frame of the feed."""
    return checked(read_frame(_change, payload), checks.check_change)


def decode_published(payload: bytes) -> Published:
    """Read the announcement of a catalogue or bundle."""
    return read_frame(_published, payload)


def decode_presence(payload: bytes) -> Presence:
    """Read a device's presence."""
    return read_frame(_presence, payload)


def decode_cloud_presence(payload: bytes) -> CloudPresence:
    """Read ingest's presence."""
    return read_frame(_cloud_presence, payload)


def decode_member(raw: msgspec.Raw | bytes) -> MemberRecord:
    """Read the body of a member's change."""
    return unpack(_member, raw)


def decode_found_by(raw: msgspec.Raw | bytes) -> FoundBy:
    """Read of a member's record what she is found by, at a third of what all of it costs."""
    return unpack(_found_by, raw)


def decode_uses_gone(raw: msgspec.Raw | bytes) -> UsesGone:
    """Read the body of a change about a receipt's uses."""
    return unpack(_uses_gone, raw)


def decode_lease_change(kind: str, raw: msgspec.Raw | bytes) -> LeaseChange | None:
    """Read the body of a change about leases; None for a change of another kind."""
    decoder = _lease_changes.get(kind)
    if decoder is None:
        return None
    change: LeaseChange = unpack(decoder, raw)
    return change


def decode_body(type_: str, raw: msgspec.Raw | bytes) -> Body:
    """Read an event's body by the event's type."""
    if type_ == EventType.SALE:
        return checked(unpack(_sale, raw), checks.check_sale)
    decoder = _bodies.get(type_)
    if decoder is None:
        raise Fault(FaultCode.WIRE_MALFORMED, detail=f"event type {type_!r}")
    body: Body = unpack(decoder, raw)
    return body


def draft_event(event_id: UUID, type_: str, at: Instant, body: bytes, by: Actors = NOBODY) -> Event:
    """Build the event of an encoded body."""
    return Event(
        event_id=event_id.bytes,
        type=type_,
        wall_ms=at.wall_ms,
        time_quality=int(at.quality),
        boot_id=at.boot_id.bytes,
        mono_ms=at.mono_ms,
        body=msgspec.Raw(body),
        till=None if by.till is None else by.till.bytes,
        operator=None if by.operator is None else by.operator.bytes,
        member=None if by.member is None else by.member.bytes,
    )


def to_json(message: msgspec.Struct) -> bytes:
    """Return indented JSON for people: names, ids in hex, bodies opened where they can be read."""
    return msgspec.json.format(msgspec.json.encode(_plain(message)))


def event_hash(prev_hash: bytes, event: Event) -> bytes:
    """Return SHA-256(prev_hash || msgpack of the event's ten fields of v1).

    The fields are named one by one: a field that a later release adds at the end must not change
    the hash which an older peer computes.
    """
    chained = (
        event.event_id,
        event.type,
        event.wall_ms,
        event.time_quality,
        event.boot_id,
        event.mono_ms,
        event.body,
        event.till,
        event.operator,
        event.member,
    )
    return sha256(prev_hash + _encoder.encode(chained)).digest()


def _pack(message: msgspec.Struct) -> bytes:
    try:
        return _encoder.encode(message)
    except (ValueError, OverflowError) as error:  # a lone surrogate, an integer over 64 bits
        raise Fault(FaultCode.WIRE_MALFORMED, detail=str(error)) from error


def _plain(value: object) -> Any:
    match value:
        case msgspec.Struct():
            return {name: _plain_field(value, name) for name in value.__struct_fields__}
        case bytes() | msgspec.Raw():
            return bytes(value).hex()
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _plain_field(holder: msgspec.Struct, name: str) -> Any:
    value = getattr(holder, name)
    try:
        match holder:
            case Event(type=type_, body=body) if name == "body":
                return _plain(decode_body(type_, body))
            case Change(kind=ChangeKind.MEMBER, body=body) if name == "body":
                return _plain(decode_member(body))
            case Change(kind=ChangeKind.USES_BACK, body=body) if name == "body":
                return _plain(decode_uses_gone(body))
            case Change(kind=kind, body=body) if name == "body":
                return _plain(decode_lease_change(kind, body) or value)
    except Fault:
        return _plain(value)
    return _plain(value)

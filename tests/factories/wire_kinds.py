"""Every kind of wire message with its decoder and its example, for tests that walk them all."""

from collections.abc import Callable

import msgspec

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire import codec
from retail_core.wire.growth import CallAnswered, GiftHanded
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseHello, LeaseReturned
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import (
    AckFrame,
    CardIssued,
    ChangeFrame,
    CloudPresence,
    ConsentGiven,
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
from retail_core.wire.refund import Refund
from retail_core.wire.returns import ReturnUnmatched
from retail_core.wire.tills import TillAgreement
from tests.factories.wire import examples

FRAMES: dict[type[msgspec.Struct], Callable[[bytes], msgspec.Struct]] = {
    UpFrame: codec.decode_up,
    AckFrame: codec.decode_ack,
    Hello: codec.decode_hello,
    ChangeFrame: codec.decode_change,
    Published: codec.decode_published,
    Presence: codec.decode_presence,
    CloudPresence: codec.decode_cloud_presence,
}
BODIES: dict[type[msgspec.Struct], str] = {
    Sale: EventType.SALE,
    MemberEnrolled: EventType.MEMBER_ENROLLED,
    ConsentGiven: EventType.CONSENT_GIVEN,
    CardIssued: EventType.CARD_ISSUED,
    FaceHeld: EventType.FACE_HELD,
    FaceErased: EventType.FACE_ERASED,
    ProofUsed: EventType.PROOF_USED,
    ProofSuspect: EventType.PROOF_SUSPECT,
    LeaseHello: EventType.LEASE_HELLO,
    LeaseReturned: EventType.LEASE_RETURNED,
    Refund: EventType.REFUND,
    GiftHanded: EventType.GIFT_HANDED,
    TillAgreement: EventType.TILL_AGREEMENT,
    ReturnUnmatched: EventType.RETURN_UNMATCHED,
    CallAnswered: EventType.CALL_ANSWERED,
}
KINDS: tuple[type[msgspec.Struct], ...] = (*FRAMES, *BODIES, MemberRecord)
EXAMPLES = {type(message): message for message in reversed(examples().values())}


def decode_as(kind: type[msgspec.Struct], payload: bytes) -> msgspec.Struct:
    """Decode a frame or a body as a message of this kind."""
    if kind in FRAMES:
        return FRAMES[kind](payload)
    return (
        codec.decode_member(payload)
        if kind is MemberRecord
        else codec.decode_body(BODIES[kind], payload)
    )


def outcome(call: Callable[..., object], *arguments: object) -> FaultCode | None:
    """Return the code of the fault which a call raises, None when it succeeds."""
    try:
        call(*arguments)
    except Fault as fault:
        return fault.code
    return None

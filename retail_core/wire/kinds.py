"""What a box can tell the cloud, and what a store's feed carries."""

from enum import StrEnum


class EventType(StrEnum):
    """What a box can tell the cloud; the value is the type on the wire."""

    SALE = "sale"
    MEMBER_ENROLLED = "member.enrolled"
    CARD_ISSUED = "card.issued"
    CONSENT_GIVEN = "consent.given"
    PROOF_USED = "proof.used"
    PROOF_SUSPECT = "proof.suspect"
    FACE_HELD = "face.held"
    FACE_ERASED = "face.erased"
    CLAIM_ISSUED = "claim.issued"
    LEASE_HELLO = "lease.hello"
    LEASE_RETURNED = "lease.returned"
    REFUND = "refund"
    GIFT_HANDED = "gift.handed"
    TILL_AGREEMENT = "till.agreement"
    RETURN_UNMATCHED = "return.unmatched"
    CALL_ANSWERED = "call.answered"


class ChangeKind(StrEnum):
    """What a change of the feed carries."""

    MEMBER = "member"
    MEMBER_GONE = "member.gone"
    MEMBER_LEFT = "member.left"  # this store's set, not the chain
    FACE_ENABLEMENT = "face.enablement"
    FLEET = "fleet"  # the box of `key` is to ask: its twin or its commands have changed
    LEASE_EPOCH = "lease.epoch"
    LEASE_GRANTED = "lease.granted"
    LEASE_RECALLED = "lease.recalled"
    USES_BACK = "uses.back"  # of a receipt this store sold

"""What each factor is worth and what may be done on it; a face alone never spends."""

from enum import IntEnum, StrEnum


class Assurance(IntEnum):
    """How sure it is that this member stands here; a higher level allows all of a lower one."""

    NONE = 0
    HINT = 1
    LOW = 2
    HIGH = 3


class Factor(StrEnum):
    """How a member was recognised."""

    FACE_FRAME = "face_frame"
    FACE_VOTE = "face_vote"
    PHONE_NUMBER = "phone_number"
    STATIC_QR = "static_qr"
    CARD_UID = "card_uid"
    MEMBER_CODE = "member_code"
    SUN_CARD = "sun_card"
    PHONE_PAGE = "phone_page"
    STAFF_OVERRIDE = "staff_override"


class Action(StrEnum):
    """What a till wants to do with a member."""

    PREFETCH = "prefetch"
    SHOW_MEMBER = "show_member"
    EARN = "earn"
    MEMBER_PRICE = "member_price"
    SEE_WALLET = "see_wallet"
    REDEEM_POINTS = "redeem_points"
    REDEEM_COUPON = "redeem_coupon"


_WORTH = {
    Factor.FACE_FRAME: Assurance.HINT,
    Factor.FACE_VOTE: Assurance.LOW,
    Factor.PHONE_NUMBER: Assurance.LOW,
    Factor.STATIC_QR: Assurance.LOW,
    Factor.CARD_UID: Assurance.LOW,
    Factor.MEMBER_CODE: Assurance.HIGH,
    Factor.SUN_CARD: Assurance.HIGH,
    Factor.PHONE_PAGE: Assurance.HIGH,
    Factor.STAFF_OVERRIDE: Assurance.HIGH,
}

_NEEDS = {
    Action.PREFETCH: Assurance.HINT,
    Action.SHOW_MEMBER: Assurance.LOW,
    Action.EARN: Assurance.LOW,
    Action.MEMBER_PRICE: Assurance.LOW,
    Action.SEE_WALLET: Assurance.HIGH,
    Action.REDEEM_POINTS: Assurance.HIGH,
    Action.REDEEM_COUPON: Assurance.HIGH,
}


def assurance_of(factor: Factor) -> Assurance:
    """Return what a factor is worth."""
    return _WORTH[factor]


def allows(assurance: Assurance, action: Action) -> bool:
    """Return whether an action may be done at this level."""
    return assurance >= _NEEDS[action]

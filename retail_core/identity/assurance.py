"""What each factor is worth and what may be done on it; a face alone never spends."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal


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
    DIGIT_CODE = "digit_code"
    SUN_CARD = "sun_card"
    PHONE_PAGE = "phone_page"
    SMS_CODE = "sms_code"
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
    # Every store that holds her knows the secret: what a stolen box could forge never spends.
    Factor.DIGIT_CODE: Assurance.LOW,
    Factor.MEMBER_CODE: Assurance.HIGH,
    Factor.SUN_CARD: Assurance.HIGH,
    Factor.PHONE_PAGE: Assurance.HIGH,
    Factor.SMS_CODE: Assurance.HIGH,
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


_FACES = frozenset({Factor.FACE_FRAME, Factor.FACE_VOTE})
_WORTH_A_TURN = frozenset({Action.EARN, Action.MEMBER_PRICE})


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """When a store asks who was known by the face to turn the head; it never lets a face spend."""

    when: Literal["off", "above_fen", "always"] = "off"
    above_fen: int = 0

    def asks(self, action: Action, fen: int) -> bool:
        """Return whether this act, on a basket of this amount, needs a turn of the head."""
        if action not in _WORTH_A_TURN or self.when == "off":
            return False
        return self.when == "always" or fen > self.above_fen


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member who stands at a till was recognised; `turned`: she passed the head turn."""

    factor: Factor
    turned: bool = False

    @property
    def assurance(self) -> Assurance:
        """What it is worth."""
        return assurance_of(self.factor)

    def may(self, action: Action, policy: TurnPolicy, fen: int = 0) -> bool:
        """Return whether she may do this, on a basket of `fen`."""
        if not allows(self.assurance, action):
            return False
        return self.turned or self.factor not in _FACES or not policy.asks(action, fen)

    def may_now(self, policy: TurnPolicy, fen: int = 0) -> tuple[Action, ...]:
        """Return everything she may do."""
        return tuple(action for action in Action if self.may(action, policy, fen))

    def turn_would_allow(self, policy: TurnPolicy) -> tuple[Action, ...]:
        """Return what a turn of the head would add, on a basket of any amount."""
        if self.turned or self.factor not in _FACES:
            return ()
        return tuple(
            action
            for action in Action
            if allows(self.assurance, action) and policy.asks(action, policy.above_fen + 1)
        )


# A till that names a member was told who she is, as by a phone number.
NAMED_BY_TILL = Standing(Factor.PHONE_NUMBER)

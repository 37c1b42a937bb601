"""What a shop is told of a member's place in the growth plan, of her coupons and her gifts.

Days are business days as 20260731. A coupon and a gift are rights that are lent like points: a shop
sees them here and may use them up only where its own device holds the lease of the same id.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core import limits
from retail_core.wire.fields import Count, Fen, Id, Text


class BirthSaid(msgspec.Struct, array_like=True, frozen=True):
    """A birthday as it was said: month and day, of the solar year or the lunar one."""

    month: Count
    day: Count
    lunar: bool = False
    leap: bool = False


class CouponHeld(msgspec.Struct, array_like=True, frozen=True):
    """A coupon in a member's hand; `rule` is its rule in the bundle."""

    id: Id
    rule: Text
    first_day: Count
    last_day: Count


class RuleUse(msgspec.Struct, array_like=True, frozen=True):
    """How often she used an offer, coupon or gift of the bundle."""

    rule: Text
    ever: Count
    today: Count = 0


class GiftDue(msgspec.Struct, array_like=True, frozen=True):
    """A gift waiting for her: `store` where it must be picked up, None anywhere.

    `kind` says what it was given for: newcomer, birthday, tier, task, mall, referral. A gift with
    no `ready` is promised: the cloud has not confirmed yet that it is hers.
    """

    id: Id
    kind: Text
    sku: Text
    name: Text
    last_day: Count
    store: Id | None = None
    ready: bool = True


class TierAsk(msgspec.Struct, array_like=True, frozen=True):
    """What a tier still asks: with `both` spending and visits, else either; 0 where it is met."""

    tier: Text
    fen: Fen
    visits: Count
    both: bool = True


class TierStanding(msgspec.Struct, array_like=True, frozen=True):
    """Why she holds her tier, what keeps it and what the next one asks.

    `spend_fen` and `visits` count from `counted_from` on; the tier holds through `until`, and
    `grace_until` through the grace after it (0 when it is not running).
    """

    since: Count
    until: Count
    counted_from: Count
    spend_fen: Fen
    visits: Count
    grace_until: Count = 0
    keep: TierAsk | None = None
    next: TierAsk | None = None


class TaskReached(msgspec.Struct, array_like=True, frozen=True):
    """How far she is with a task of the bundle: a number for each thing it asks, in its order.

    It holds for the period named; `last_day` is the last day something counted, 0 for none.
    """

    task: Text
    period: Text
    has: tuple[Count, ...]
    last_day: Count = 0


Coupons = Annotated[tuple[CouponHeld, ...], Meta(max_length=limits.MEMBER_COUPONS_MAX)]
Uses = Annotated[tuple[RuleUse, ...], Meta(max_length=limits.MEMBER_USES_MAX)]
Gifts = Annotated[tuple[GiftDue, ...], Meta(max_length=limits.MEMBER_GIFTS_MAX)]
Tasks = Annotated[tuple[TaskReached, ...], Meta(max_length=limits.TASKS_MAX)]

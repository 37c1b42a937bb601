"""Coupons and gifts in members' hands, and how they travel."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from retail_core.growth.account import day_number
from retail_core.wire.standing import CouponHeld, GiftDue


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon given to a member; `source` says what for, once for each source."""

    right: UUID
    member: UUID
    rule: str
    source: str
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift given to a member; `store` where it must be picked up, None anywhere."""

    right: UUID
    member: UUID
    kind: str
    sku: str
    name: str
    source: str
    store: UUID | None
    last_day: date
    ready: bool = True


def coupon_told(coupon: Coupon) -> CouponHeld:
    """Return a coupon as it travels."""
    first, last = day_number(coupon.first_day), day_number(coupon.last_day)
    return CouponHeld(coupon.right.bytes, coupon.rule, first, last)


def gift_told(gift: Gift) -> GiftDue:
    """Return a gift as it travels."""
    return GiftDue(
        gift.right.bytes,
        gift.kind,
        gift.sku,
        gift.name,
        day_number(gift.last_day),
        None if gift.store is None else gift.store.bytes,
        gift.ready,
    )

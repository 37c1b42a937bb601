"""Rules on the receipt: coupons, of which one may be used, and gifts."""

import msgspec

from retail_core.pricing.rules.conditions import names_all
from retail_core.pricing.rules.fields import (
    Count,
    Discount,
    Fen,
    FenAbove,
    GiftUnits,
    Id,
    Label,
    Name,
    WallTime,
)
from retail_core.pricing.rules.offers import OfferBase


class CouponBase(OfferBase, frozen=True, kw_only=True):
    """What every coupon has; `automatic` ones need not be held.

    Without `items` (and `except_items`) the whole receipt counts, as it is after item offers; with
    them, the units they name that are in no set. Nothing off below `threshold_fen`.
    """

    automatic: bool = False
    threshold_fen: Fen = 0
    with_points: bool = True


class ThresholdCoupon(CouponBase, frozen=True, kw_only=True, tag_field="kind", tag="threshold"):
    """`fen_off` from `threshold_fen` on; with `repeat`, for every full threshold."""

    fen_off: FenAbove
    repeat: bool = False


class PercentCoupon(CouponBase, frozen=True, kw_only=True, tag_field="kind", tag="percent"):
    """What counts costs `permille` thousandths; at most `max_off_fen` is taken off."""

    permille: Discount
    max_off_fen: FenAbove | None = None


Coupon = ThresholdCoupon | PercentCoupon


class Gift(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="gift"):
    """Articles given on top once `need` units or `threshold_fen` of the named goods are bought.

    A gift never changes which price is chosen: it is settled on what is charged.
    """

    sku: Name
    units: GiftUnits = 1
    need: Count = 0
    threshold_fen: Fen = 0
    repeat: bool = False


def is_whole_receipt(coupon: CouponBase) -> bool:
    """Tell whether everything on the receipt counts towards a coupon."""
    return names_all(coupon.items) and coupon.except_items is None


class Held(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coupon in a member's hand: `coupon` names its rule, `chain` who gave it out."""

    id: Id
    coupon: Id
    chain: Label = ""
    expires: WallTime | None = None

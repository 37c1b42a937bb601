"""Rules on the receipt: coupons, of which one may be used, and gifts."""

from datetime import datetime

import msgspec

from retail_core.pricing.offers import OfferBase


class CouponBase(OfferBase, frozen=True, kw_only=True):
    """What every coupon has; `automatic` ones need not be held.

    Without `items` (and `except_items`) the whole receipt counts, as it is after item offers; with
    them, the units they name that are in no set. Nothing off below `threshold_fen`.
    """

    automatic: bool = False
    threshold_fen: int = 0
    with_points: bool = True


class ThresholdCoupon(CouponBase, frozen=True, kw_only=True, tag_field="kind", tag="threshold"):
    """`fen_off` from `threshold_fen` on; with `repeat`, for every full threshold."""

    fen_off: int
    repeat: bool = False


class PercentCoupon(CouponBase, frozen=True, kw_only=True, tag_field="kind", tag="percent"):
    """What counts costs `permille` thousandths; at most `max_off_fen` is taken off."""

    permille: int
    max_off_fen: int | None = None


Coupon = ThresholdCoupon | PercentCoupon


class Gift(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="gift"):
    """Articles given on top once `need` units or `threshold_fen` of the named goods are bought.

    A gift never changes which price is chosen: it is settled on what is charged.
    """

    sku: str
    units: int = 1
    need: int = 0
    threshold_fen: int = 0
    repeat: bool = False


def is_whole_receipt(coupon: Coupon) -> bool:
    """Tell whether everything on the receipt counts towards a coupon."""
    items = coupon.items
    named = items.skus or items.categories or items.brands or items.tags
    return not named and coupon.except_items is None


class Held(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coupon in a member's hand: `coupon` names its rule, `chain` who gave it out."""

    id: str
    coupon: str
    chain: str = ""
    expires: datetime | None = None

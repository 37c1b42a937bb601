"""What an offer, a coupon or points take off, by their rule alone: no search, nothing to choose.

This is the plain reading of docs/reference/offers.md. Verification recomputes a certificate with
it, so it shares no formula with the search.
"""

from collections.abc import Iterator, Sequence

from retail_core.money import percent_of
from retail_core.pricing.rules.bundle import PointsRule
from retail_core.pricing.rules.coupons import Coupon, PercentCoupon
from retail_core.pricing.rules.offers import (
    PERMILLE,
    MixAndMatch,
    SetAmount,
    SetOffer,
    SetPercent,
    SetPrice,
    SlotBundle,
)


def set_fen_off(offer: SetOffer | SlotBundle, prices: Sequence[int]) -> int:
    """Return what an offer takes off the units it took, given their unit prices."""
    match offer:
        case MixAndMatch():
            cheap = _cheapest(offer, sorted(prices, reverse=True))
            return sum(_saved(price, offer.permille) for price in cheap)
        case SetPrice():
            return sum(prices) - len(prices) // offer.need * offer.price_fen
        case SetPercent():
            return sum(_saved(price, offer.permille) for price in prices)
        case SetAmount():
            return len(prices) // offer.need * offer.fen_off
        case SlotBundle():
            return _bundle_fen_off(offer, prices)


def _cheapest(offer: MixAndMatch, dearest_first: Sequence[int]) -> Iterator[int]:
    for start in range(0, len(dearest_first), offer.need):
        yield from dearest_first[start + offer.need - offer.free : start + offer.need]


def _saved(price: int, permille: int) -> int:
    return price - percent_of(price, permille)


def _bundle_fen_off(offer: SlotBundle, prices: Sequence[int]) -> int:
    if offer.permille is not None:
        return sum(_saved(price, offer.permille) for price in prices)
    bundles = len(prices) // set_need(offer)
    if offer.fen_off is not None:
        return bundles * offer.fen_off
    return sum(prices) - bundles * (offer.price_fen or 0)


def set_need(offer: SetOffer | SlotBundle) -> int:
    """Return how many units one set or bundle takes."""
    if isinstance(offer, SlotBundle):
        return sum(slot.need for slot in offer.slots)
    return offer.need


def coupon_fen_off(coupon: Coupon, base_fen: int) -> int:
    """Return what a coupon takes off what counts towards it."""
    if base_fen < coupon.threshold_fen:
        return 0
    if isinstance(coupon, PercentCoupon):
        off = _saved(base_fen, coupon.permille)
        return off if coupon.max_off_fen is None else min(off, coupon.max_off_fen)
    times = base_fen // coupon.threshold_fen if coupon.repeat and coupon.threshold_fen else 1
    return min(base_fen, times * coupon.fen_off)


def points_usable(rule: PointsRule, total_fen: int, wanted: int, free: int) -> int:
    """Return how many points pay for a total: all that may be used of what is wanted."""
    if total_fen < rule.min_total_fen:
        return 0
    payable = min(total_fen * rule.max_permille // PERMILLE, total_fen) // rule.fen_per_point
    usable = min(wanted, free, payable) // rule.step * rule.step
    return usable if usable >= max(1, rule.min_points) else 0

"""Why an offer or a coupon that concerns a basket took nothing off."""

from collections.abc import Iterable, Iterator, Sequence

from retail_core.checkout.basket import BasketLine, line_shelf_fen, whole_units
from retail_core.pricing.certificate import AppliedOffer, Reason, RejectedOffer, UsedCoupon
from retail_core.pricing.gains import set_fen_off, set_need
from retail_core.pricing.matching.matches import CouponMatch, Match, Matches
from retail_core.pricing.rules.offers import SlotBundle, UnitOffer


def lost_offers(
    lines: Sequence[BasketLine], matches: Iterable[Match], applied: Iterable[AppliedOffer]
) -> Iterator[RejectedOffer]:
    """Yield the offers that name an article and took nothing off."""
    won = {offer.offer_id for offer in applied}
    for match in matches:
        if match.offer.id not in won:
            reason = match.reason or _why_lost(lines, match)
            yield RejectedOffer(match.offer.id, match.offer.name, reason)


def _why_lost(lines: Sequence[BasketLine], match: Match) -> Reason:
    offer = match.offer
    if isinstance(offer, UnitOffer):
        return Reason.BEATEN if any(match.fen_off) else Reason.NO_SAVING
    if isinstance(offer, SlotBundle):
        needs = [slot.need for slot in offer.slots]
        fitting = [sum(whole_units(lines[place]) for place in places) for places in match.slots]
        if any(units < need for units, need in zip(fitting, needs, strict=True)):
            return Reason.TOO_FEW_UNITS
        return Reason.BEATEN
    dearest = _dearest(lines, match.lines, set_need(offer))
    if len(dearest) < set_need(offer):
        return Reason.TOO_FEW_UNITS
    return Reason.BEATEN if set_fen_off(offer, dearest) > 0 else Reason.NO_SAVING


def _dearest(lines: Sequence[BasketLine], places: Iterable[int], need: int) -> list[int]:
    """Return the prices of the `need` dearest units: no set of an offer saves more."""
    prices: list[int] = []
    for place in sorted(places, key=lambda place: -lines[place].unit_price_fen):
        units = min(whole_units(lines[place]), need - len(prices))
        prices += [lines[place].unit_price_fen] * units
    return prices


def lost_coupons(
    lines: Sequence[BasketLine], matches: Matches, used: UsedCoupon | None, before_coupon_fen: int
) -> Iterator[RejectedOffer]:
    """Yield the coupons that were held or come by themselves and were not used.

    `before_coupon_fen` is the net total after item offers.
    """
    for match in matches.coupons:
        name = match.held.id if match.held else match.coupon.id
        if used is None or (used.held_id or used.coupon_id) != name:
            reason = match.reason or _below(lines, match, before_coupon_fen)
            yield RejectedOffer(name, match.coupon.name, reason)
    for held, reason in matches.strangers:
        yield RejectedOffer(held.id, held.coupon, reason)


def _below(lines: Sequence[BasketLine], match: CouponMatch, before_coupon_fen: int) -> Reason:
    """Tell whether all that could count as things were chosen is below a coupon's threshold."""
    counted = before_coupon_fen
    if not match.whole:
        counted = min(counted, sum(line_shelf_fen(lines[place]) for place in match.lines))
    return Reason.BELOW_THRESHOLD if counted < match.coupon.threshold_fen else Reason.BEATEN

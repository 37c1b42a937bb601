"""Price a basket: the best of all choices of offers, coupon and points, and how it came about.

Each whole unit is in at most one offer; a weighed line can only have a price per unit. A price per
unit is rounded per unit, half a fen up. What a set saves is split over its lines by what their
units cost. Least due comes first; ties go to fewer points, to no coupon, to fewer sets, then to
higher priority, then to the lower offer id.
"""

from retail_core import limits
from retail_core.checkout.basket import Basket, check_basket
from retail_core.pricing.assembly import Till
from retail_core.pricing.certificate import (
    AppliedOffer,
    PricedBasket,
    PricedLine,
    Reason,
    RejectedOffer,
    UsedCoupon,
    UsedPoints,
    certificate_hash,
)
from retail_core.pricing.formulation import Formulation, applied_units, formulate, points_terms
from retail_core.pricing.gifts import settle_gifts
from retail_core.pricing.losers import lost_coupons, lost_offers
from retail_core.pricing.matching.matches import Matches, match_rules
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.context import ANY_STORE, MemberContext, StoreContext
from retail_core.pricing.solver.answers import Answer, Question
from retail_core.pricing.solver.joint import solve_question
from retail_core.pricing.solver.model import Limits

__all__ = [
    "AppliedOffer",
    "MemberContext",
    "PricedBasket",
    "PricedLine",
    "Reason",
    "RejectedOffer",
    "certificate_hash",
    "price_basket",
]


def price_basket(
    basket: Basket,
    bundle: RuleBundle,
    member: MemberContext | None,
    *,
    store: StoreContext = ANY_STORE,
    points_wanted: int = 0,
    stop: Limits | None = None,
) -> PricedBasket:
    """Return the least to pay found within the limits, else a till's (Faults of `check_basket`)."""
    stop = stop or Limits(limits.SOLVER_NODES_MAX, limits.SOLVER_GUARD_MS)
    check_basket(basket)
    matches = match_rules(basket, bundle, member, store)
    formulation = formulate(basket.lines, matches)
    free = 0 if member is None else member.points_free
    points = points_terms(matches.points, free, points_wanted)
    question = Question(formulation.problem, formulation.candidates, points, stop.guard_ms)
    answer = solve_question(question, stop.nodes)
    return _account(basket, bundle.version, matches, formulation, answer)


def _account(
    basket: Basket, version: int, matches: Matches, formulation: Formulation, answer: Answer
) -> PricedBasket:
    till = Till(basket.lines)
    _take_offers(till, formulation, answer)
    coupon = _take_coupon(till, basket, formulation, answer)
    lines = till.priced_lines()
    applied = till.applied()
    shelf = sum(line.shelf_fen for line in lines)
    total = sum(line.net_fen for line in lines)
    gifts, refused = settle_gifts(basket.lines, lines, matches.gifts)
    rejected = (
        *lost_offers(basket.lines, matches.offers, applied),
        *lost_coupons(basket.lines, matches, coupon, shelf - answer.settled.saved_fen),
        *refused,
    )
    used = answer.due.points
    return PricedBasket(
        lines=lines,
        shelf_fen=shelf,
        total_fen=total,
        saved_fen=shelf - total,
        status="incumbent" if answer.gap_fen else "optimal",
        gap_fen=answer.gap_fen,
        applied=applied,
        rejected=tuple(sorted(rejected, key=lambda entry: entry.offer_id)),
        bundle_version=version,
        nodes=answer.nodes,
        coupon=coupon,
        points=UsedPoints(used, total - answer.due.due_fen) if used else None,
        gifts=gifts,
    )


def _take_offers(till: Till, formulation: Formulation, answer: Answer) -> None:
    """Let sets draw their units first, then the prices per unit, stronger offers first."""
    for is_set in (True, False):
        for number in sorted(answer.settled.uses):
            terms = formulation.problem.offers[number]
            if terms.is_set is not is_set:
                continue
            offer = formulation.offers[number]
            demand = list(applied_units(answer.choice, number))
            if is_set:
                places = [(formulation.places[place], units) for place, units in demand]
                till.take_set(offer, places, answer.settled.saved[number])
            else:
                for place, units in demand:
                    off = formulation.problem.off(place, number)
                    till.take_units(offer, formulation.places[place], units, off)


def _take_coupon(
    till: Till, basket: Basket, formulation: Formulation, answer: Answer
) -> UsedCoupon | None:
    match = formulation.coupons[answer.candidate]
    terms = formulation.candidates[answer.candidate].coupon
    if match is None or terms is None:
        return None
    net = formulation.problem.shelf_fen - answer.settled.saved_fen
    off = terms.off_fen(net if terms.whole else answer.settled.base_fen)
    places = tuple(range(len(basket.lines))) if match.whole else match.lines
    till.take_coupon(match.coupon.id, places, off, whole=match.whole)
    return UsedCoupon(match.held.id if match.held else "", match.coupon.id, match.coupon.name, off)

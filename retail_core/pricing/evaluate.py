"""Price a basket: the cheapest combination of offers, with the account of how it came about.

Each whole unit is in at most one offer; a weighed line can only have a price per unit. A price per
unit is rounded per unit, half a fen up. What a set saves is split over its lines by what their
units cost. Ties go to fewer sets, then to higher priority, then to the lower offer id.
"""

from collections.abc import Iterable, Sequence

from retail_core import limits
from retail_core.checkout.basket import (
    Basket,
    BasketLine,
    check_basket,
)
from retail_core.pricing.assembly import Till, UnitPrice
from retail_core.pricing.bundle import RuleBundle
from retail_core.pricing.certificate import (
    AppliedOffer,
    PricedBasket,
    PricedLine,
    Reason,
    RejectedOffer,
    certificate_hash,
)
from retail_core.pricing.context import ANY_STORE, MemberContext, StoreContext
from retail_core.pricing.formulation import Formulation, formulate
from retail_core.pricing.matching import Match, match_offers
from retail_core.pricing.offers import UnitOffer
from retail_core.pricing.solver.sets import Taken
from retail_core.pricing.solver.solve import solve
from retail_core.pricing.unit_prices import unit_fen_off

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
    nodes_max: int = limits.SOLVER_NODES_MAX,
) -> PricedBasket:
    """Return the cheapest price found within the node limit (Faults of `check_basket`)."""
    check_basket(basket)
    matches = match_offers(basket, bundle, member, store)
    prices = _unit_prices(basket.lines, matches)
    formulation = formulate(basket.lines, matches, prices)
    solution = solve(formulation.problem, nodes_max)

    till = Till(basket.lines)
    _take_sets(till, formulation, solution.taken)
    till.take_singles(prices)
    applied = till.applied()
    lines = till.priced_lines()
    shelf = sum(line.shelf_fen for line in lines)
    total = sum(line.net_fen for line in lines)
    return PricedBasket(
        lines=lines,
        shelf_fen=shelf,
        total_fen=total,
        saved_fen=shelf - total,
        status="incumbent" if solution.gap_fen else "optimal",
        gap_fen=solution.gap_fen,
        applied=applied,
        rejected=_rejected(basket.lines, matches, applied, formulation.hopeless),
        bundle_version=bundle.version,
        nodes=solution.nodes,
    )


def _unit_prices(lines: Sequence[BasketLine], matches: Iterable[Match]) -> dict[int, UnitPrice]:
    """Return the best price per unit by place of line; the stronger offer wins a tie."""
    best: dict[int, UnitPrice] = {}
    for match in matches:
        if match.reason is None and isinstance(match.offer, UnitOffer):
            for place in match.lines:
                off = unit_fen_off(match.offer, lines[place])
                if off > (best[place].fen_off if place in best else 0):
                    best[place] = UnitPrice(match.offer, off)
    return best


def _take_sets(till: Till, formulation: Formulation, taken: Taken) -> None:
    for rule, offer in enumerate(formulation.offers):
        demand = [
            (formulation.places[place], units)
            for (owner, place), units in sorted(taken.items())
            if owner == rule
        ]
        if demand:
            till.take_set(offer, demand, formulation.problem.rule_gain_fen(rule, taken))


def _rejected(
    lines: Sequence[BasketLine],
    matches: Iterable[Match],
    applied: Iterable[AppliedOffer],
    hopeless: dict[str, Reason],
) -> tuple[RejectedOffer, ...]:
    won = {offer.offer_id for offer in applied}
    lost = sorted(
        (match for match in matches if match.offer.id not in won), key=lambda match: match.offer.id
    )
    return tuple(
        RejectedOffer(
            match.offer.id,
            match.offer.name,
            match.reason or hopeless.get(match.offer.id) or _why_lost(lines, match),
        )
        for match in lost
    )


def _why_lost(lines: Sequence[BasketLine], match: Match) -> Reason:
    offer = match.offer
    if isinstance(offer, UnitOffer) and not any(
        unit_fen_off(offer, lines[place]) for place in match.lines
    ):
        return Reason.NO_SAVING
    return Reason.BEATEN

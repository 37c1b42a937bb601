"""Price a basket: the cheapest combination of offers, with the account of how it came about."""

from dataclasses import dataclass

from retail_core import limits
from retail_core.checkout.basket import Basket, check_basket, line_shelf_fen
from retail_core.pricing.certificate import (
    AppliedOffer,
    PricedBasket,
    PricedLine,
    Reason,
    RejectedOffer,
    certificate_hash,
)
from retail_core.pricing.offers import RuleBundle

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


@dataclass(frozen=True, slots=True)
class MemberContext:
    """What pricing may know of the member: tier code and tags."""

    tier: str
    tags: frozenset[str] = frozenset()


def price_basket(
    basket: Basket,
    bundle: RuleBundle,
    member: MemberContext | None,
    *,
    nodes_max: int = limits.SOLVER_NODES_MAX,
) -> PricedBasket:
    """Return the cheapest price (Faults of `check_basket`)."""
    check_basket(basket)
    lines = tuple(
        PricedLine(
            line.line, line.sku, line.name, line.qty_milli, shelf := line_shelf_fen(line), shelf, ()
        )
        for line in basket.lines
    )
    shelf = sum(line.shelf_fen for line in lines)
    return PricedBasket(lines, shelf, shelf, 0, "optimal", 0, (), (), bundle.version, 0)

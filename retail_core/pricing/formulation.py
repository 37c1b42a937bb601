"""State the set problem of a basket: equal units as classes, set offers that can still win."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from retail_core.checkout.basket import BasketLine, whole_units
from retail_core.pricing.assembly import UnitPrice
from retail_core.pricing.certificate import Reason
from retail_core.pricing.matching import Match
from retail_core.pricing.offers import MixAndMatch, Offer, SetPrice
from retail_core.pricing.solver.reduction import hopeless
from retail_core.pricing.solver.sets import Problem, SetRule, UnitClass


@dataclass(frozen=True, slots=True)
class Formulation:
    """The problem, and the way back from it: offers by rule, places of lines by class."""

    problem: Problem
    offers: tuple[Offer, ...]
    places: tuple[tuple[int, ...], ...]
    hopeless: dict[str, Reason]


def formulate(
    lines: Sequence[BasketLine], matches: Iterable[Match], prices: Mapping[int, UnitPrice]
) -> Formulation:
    """Build the problem from matches in order of strength and each line's best price per unit."""
    units = {
        place: _units_of(line, prices.get(place))
        for place, line in enumerate(lines)
        if whole_units(line)
    }
    by_price = sorted(units, key=lambda place: -units[place].price_fen)
    offers: list[Offer] = []
    rules: list[SetRule] = []
    lost: dict[str, Reason] = {}
    named: dict[int, list[int]] = {place: [] for place in units}
    for offer, places, rule in _set_offers(matches):
        taking = [place for place in by_price if place in places]
        reason = hopeless(rule, [units[place] for place in taking])
        if reason is not None:
            lost[offer.id] = reason
            continue
        for place in taking:
            named[place].append(len(rules))
        offers.append(offer)
        rules.append(rule)
    classes = _merge(units, named)
    return Formulation(
        Problem(tuple(rules), tuple(classes)), tuple(offers), tuple(classes.values()), lost
    )


def _units_of(line: BasketLine, price: UnitPrice | None) -> UnitClass:
    single = price.fen_off if price else 0
    return UnitClass(line.unit_price_fen, single, whole_units(line), ())


def _set_offers(matches: Iterable[Match]) -> Iterable[tuple[Offer, frozenset[int], SetRule]]:
    for match in matches:
        if match.reason is None:
            match match.offer:
                case MixAndMatch(need=need, free=free) as offer:
                    yield offer, frozenset(match.lines), SetRule(need, need - free, 0)
                case SetPrice(need=need, price_fen=price_fen) as offer:
                    yield offer, frozenset(match.lines), SetRule(need, 0, price_fen)
                case _:
                    continue


def _merge(
    units: Mapping[int, UnitClass], named: Mapping[int, Sequence[int]]
) -> dict[UnitClass, tuple[int, ...]]:
    """Return the classes, dearest first, with the places of their lines."""
    alike: dict[tuple[int, int, tuple[int, ...]], list[int]] = defaultdict(list)
    for place, rules in named.items():
        if rules:
            entry = units[place]
            alike[-entry.price_fen, entry.single_fen, tuple(rules)].append(place)
    return {
        UnitClass(-price, single, sum(units[place].units for place in places), rules): tuple(places)
        for (price, single, rules), places in sorted(alike.items())
    }

"""What would make a basket cheaper if a little more were bought; found by pricing it again.

Tried are one more unit of each article that a set or bundle in reach names (the basket's own, and
those the till says it could add), and, for coupons and gifts under their threshold, the goods that
are missing. What is reported was priced, not guessed: the solver saw the larger basket.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from retail_core import limits
from retail_core.checkout.basket import MILLI, Basket, BasketLine, line_shelf_fen, whole_units
from retail_core.errors import Fault
from retail_core.pricing.certificate import NearMiss, PricedBasket
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.matching.matches import CouponMatch, Matches, match_rules
from retail_core.pricing.proof.document import Asked
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.offers import UnitOffer
from retail_core.pricing.solver.model import Limits

TRIALS_MAX = 24
KEPT_MAX = 3
_GOODS = "\x00goods"  # an article that no rule names


def near_misses(
    asked: Asked,
    bundle: RuleBundle,
    priced: PricedBasket,
    *,
    others: Sequence[BasketLine] = (),
    nodes_max: int = limits.SOLVER_NODES_MAX,
) -> tuple[NearMiss, ...]:
    """Return at most three, the greatest saving first; `others` are articles that could be added.

    At most `TRIALS_MAX` baskets are priced, and together they get as many nodes as one pricing.
    """
    search = _Search(asked, bundle, priced, nodes_max // TRIALS_MAX)
    found = [*search.by_threshold(), *search.by_unit(others)]
    best: dict[str, NearMiss] = {}
    for miss in sorted(found, key=_order):
        best.setdefault(miss.offer_id, miss)
    return tuple(sorted(best.values(), key=_order)[:KEPT_MAX])


def _order(miss: NearMiss) -> tuple[int, int, str, str]:
    return -miss.saves_fen, miss.fen, miss.offer_id, miss.sku


@dataclass(frozen=True, slots=True)
class _Used:
    """What a rule takes off, and under which name."""

    name: str
    fen_off: int


class _Search:
    def __init__(
        self, asked: Asked, bundle: RuleBundle, priced: PricedBasket, nodes_max: int
    ) -> None:
        self._asked = asked
        self._bundle = bundle
        self._now = priced
        self._nodes_max = max(1, nodes_max)
        self._used = _used(priced)
        self._matches = match_rules(asked.basket, bundle, asked.member, asked.store)
        self._trials = TRIALS_MAX

    def by_threshold(self) -> Iterator[NearMiss]:
        """Yield coupons on the whole receipt that some more goods would reach."""
        for match in self._matches.coupons:
            missing = match.coupon.threshold_fen - self._now.before_coupon_fen
            if match.whole and match.reason is None and missing > 0:
                yield from self._with_goods(match, missing)

    def _with_goods(self, match: CouponMatch, missing: int) -> Iterator[NearMiss]:
        then = self._price(_goods(self._asked.basket, missing))
        if then is None or then.coupon is None or then.coupon.coupon_id != match.coupon.id:
            return
        saves = self._now.due_fen + missing - then.due_fen
        if saves > 0:
            yield NearMiss(match.coupon.id, match.coupon.name, saves, fen=missing)

    def by_unit(self, others: Sequence[BasketLine]) -> Iterator[NearMiss]:
        """Yield what one more unit of an article would bring."""
        for line in _candidates(self._asked.basket, self._matches, others):
            single = self._alone(line)
            then = self._price(_one_more(self._asked.basket, line))
            if then is None or single is None:
                continue
            saves = self._now.due_fen + single - then.due_fen
            gained = self._most_gained(then)
            if saves > 0 and gained is not None:
                offer_id, used = gained
                yield NearMiss(
                    offer_id, used.name, saves, sku=line.sku, units=1, due_fen=then.due_fen
                )

    def _alone(self, line: BasketLine) -> int | None:
        """Return what the unit costs by the offers on single units, so only sets count."""
        off = max(
            (
                match.fen_off[match.lines.index(place)]
                for match in self._matches.offers
                if isinstance(match.offer, UnitOffer) and match.reason is None
                for place in match.lines
                if self._asked.basket.lines[place].sku == line.sku
            ),
            default=0,
        )
        return max(0, line.unit_price_fen - off)

    def _most_gained(self, then: PricedBasket) -> tuple[str, _Used] | None:
        """Return the rule, no price per unit, that takes most more off than now."""
        gains = [
            (used.fen_off - self._used.get(offer_id, _Used("", 0)).fen_off, offer_id, used)
            for offer_id, used in _used(then).items()
            if offer_id not in self._unit_offers()
        ]
        more = [gain for gain in gains if gain[0] > 0]
        if not more:
            return None
        _, offer_id, used = min(more, key=lambda gain: (-gain[0], gain[1]))
        return offer_id, used

    def _unit_offers(self) -> frozenset[str]:
        return frozenset(offer.id for offer in self._bundle.offers if isinstance(offer, UnitOffer))

    def _price(self, basket: Basket) -> PricedBasket | None:
        """Price another basket; None when there were enough trials or no till could mean it."""
        if self._trials == 0:
            return None
        self._trials -= 1
        try:
            return price_basket(
                basket,
                self._bundle,
                self._asked.member,
                store=self._asked.store,
                points_wanted=self._asked.points_wanted,
                stop=Limits(self._nodes_max, limits.SOLVER_GUARD_MS),
            )
        except Fault:
            return None


def _used(priced: PricedBasket) -> dict[str, _Used]:
    used = {one.offer_id: _Used(one.name, one.fen_off) for one in priced.applied}
    if priced.coupon:
        used[priced.coupon.coupon_id] = _Used(priced.coupon.name, priced.coupon.fen_off)
    return used


def _goods(basket: Basket, fen: int) -> Basket:
    number = max(line.line for line in basket.lines) + 1
    goods = BasketLine(number, _GOODS, None, _GOODS, fen, MILLI)
    return replace(basket, lines=(*basket.lines, goods))


def _one_more(basket: Basket, line: BasketLine) -> Basket:
    """Add a unit, to the line of that article when there is one at that price."""
    for place, own in enumerate(basket.lines):
        if own.line == line.line and own.sku == line.sku:
            lines = list(basket.lines)
            lines[place] = replace(own, qty_milli=own.qty_milli + MILLI)
            return replace(basket, lines=tuple(lines))
    number = max(own.line for own in basket.lines) + 1
    return replace(basket, lines=(*basket.lines, replace(line, line=number, qty_milli=MILLI)))


def _candidates(
    basket: Basket, matches: Matches, others: Sequence[BasketLine]
) -> Iterator[BasketLine]:
    """Yield articles to try, each once: the basket's that a set in reach names, then the others."""
    named = {
        place
        for match in matches.offers
        if match.reason is None and not isinstance(match.offer, UnitOffer)
        for place in match.lines
    }
    if any(match.reason is None for match in matches.coupons):
        named |= {place for match in matches.coupons if not match.whole for place in match.lines}
    seen: set[str] = set()
    own = sorted((basket.lines[place] for place in named), key=_cheap_first)
    for line in (*own, *others):
        if line.sku not in seen and whole_units(line) and line_shelf_fen(line):
            seen.add(line.sku)
            yield line


def _cheap_first(line: BasketLine) -> tuple[int, int]:
    return line.unit_price_fen, line.line

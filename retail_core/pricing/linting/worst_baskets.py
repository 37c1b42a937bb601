"""What only shows when baskets are priced: the solver looks for the worst ones.

Baskets grow and shrink by one unit at a time, from the smallest basket of each rule, as long as
they get worse for the shop. The worst basket found is a proof; that there is no worse one is not.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest

from retail_core.checkout.basket import MILLI
from retail_core.errors import Fault
from retail_core.pricing.certificate import PricedBasket, Reason
from retail_core.pricing.gains import set_need
from retail_core.pricing.linting.findings import Lint, LintFinding
from retail_core.pricing.linting.stage import Goods, Scene, Shelf, Stage
from retail_core.pricing.proof.depends import rules_of
from retail_core.pricing.proof.document import Asked
from retail_core.pricing.proof.verify import price_again
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.coupons import Coupon, Gift
from retail_core.pricing.rules.offers import PERMILLE, OfferBase, SetOffer, SlotBundle

NODES = 20_000
TRIALS_MAX = 6_000
BESIDES_MAX = 24
SEEDS_CLIMBED = 12
PRICES_A_RULE = 5
SEEDS_A_RULE = 28

Units = dict[int, int]  # place of the goods -> units


@dataclass(frozen=True, slots=True)
class Limits:
    """How far to look: units in a basket, and the most that may come off, in thousandths."""

    units_max: int
    max_off_permille: int | None


@dataclass(frozen=True, slots=True)
class Tried:
    """A basket that was priced, and what its goods cost the shop (None when not known)."""

    asked: Asked
    priced: PricedBasket
    cost_fen: int | None

    @property
    def off_permille(self) -> int:
        """What came off, in thousandths of the shelf price."""
        shelf = self.priced.shelf_fen
        return (shelf - self.priced.due_fen) * PERMILLE // shelf if shelf else 0

    @property
    def loss_permille(self) -> int:
        """What the shop loses on it, in thousandths of the cost; 0 when nothing."""
        if not self.cost_fen or self.priced.shelf_fen < self.cost_fen:
            return 0
        return max(0, (self.cost_fen - self.priced.due_fen) * PERMILLE // self.cost_fen)


def check_by_search(bundle: RuleBundle, shelf: Shelf, limits: Limits) -> Iterator[LintFinding]:
    """Yield offers that always lose, baskets under cost, and the worst stacking."""
    search = _Search(bundle, shelf, limits)
    for rule in rules_of(bundle):
        search.seed(rule)
    yield from search.losers()
    worst = search.worst(lambda tried: tried.loss_permille)
    if worst is not None and worst.loss_permille > 0:
        yield LintFinding(
            Lint.UNDER_COST,
            _used(worst.priced),
            {"due": worst.priced.due_fen, "cost": worst.cost_fen},
            worst.asked,
        )
    cap = limits.max_off_permille
    worst = None if cap is None else search.worst(lambda tried: tried.off_permille)
    if worst is not None and cap is not None and worst.off_permille > cap:
        fields: dict[str, object] = {"off": worst.off_permille, "cap": cap}
        yield LintFinding(Lint.STACKING, _used(worst.priced), fields, worst.asked)


def _used(priced: PricedBasket) -> tuple[str, ...]:
    used = [offer.offer_id for offer in priced.applied]
    return tuple(used + ([priced.coupon.coupon_id] if priced.coupon else []))


class _Search:
    def __init__(self, bundle: RuleBundle, shelf: Shelf, limits: Limits) -> None:
        self._bundle = bundle
        self._shelf = shelf
        self._goods = shelf.goods
        self._limits = limits
        self._stage = Stage(bundle)
        self._stock = max((rule.when.stock_from or 0 for rule in rules_of(bundle)), default=0)
        self._beside: list[list[int]] = []
        self._seeds: list[tuple[Scene, Units, Tried]] = []
        self._won: set[str] = set()
        self._lost: dict[str, dict[Reason, Tried]] = {}
        self._trials = max(TRIALS_MAX, SEEDS_A_RULE * len(tuple(rules_of(bundle))))

    # ---- the smallest baskets of each rule ------------------------------------------------------

    def seed(self, rule: OfferBase) -> None:
        """Price the baskets that a rule is made for, where it may be had."""
        scenes = self._stage.scenes_for(rule) or [self._stage.any_scene()]
        baskets = list(self._baskets_of(rule))
        self._beside.append([place for units in baskets for place in units])
        for units in baskets:
            for scene in scenes:
                tried = self._price(scene, units)
                if tried is not None:
                    self._note(tried)
                    self._seeds.append((scene, units, tried))

    def _baskets_of(self, rule: OfferBase) -> Iterator[Units]:
        if isinstance(rule, SlotBundle):
            yield from self._of_bundle(rule)
            return
        for place in self._some(self._shelf.named(rule)):
            yield {place: self._units_of(rule, place)}

    def _units_of(self, rule: OfferBase, place: int) -> int:
        price = self._goods[place].line.unit_price_fen or 1
        units = 1
        if isinstance(rule, Coupon | Gift):
            need = rule.need if isinstance(rule, Gift) else 1
            units = max(need, -(-rule.threshold_fen // price), 1)
        elif isinstance(rule, SetOffer):
            units = set_need(rule)
        return min(units, self._limits.units_max)

    def _some(self, places: Sequence[int]) -> list[int]:
        """Return a few: the one with the least margin, and some from the cheapest to the dearest.

        Those between matter: which units just reach a threshold is a question of their prices.
        """
        by_price = list(
            {self._price_of(at): at for at in sorted(places, key=self._price_of)}.values()
        )
        steps = min(PRICES_A_RULE, len(by_price)) - 1
        spread = [
            by_price[step * (len(by_price) - 1) // max(1, steps)] for step in range(steps + 1)
        ]
        least = sorted(places, key=lambda place: _margin(self._goods[place]))
        return list(dict.fromkeys([*spread, *least[:1]]))

    def _price_of(self, place: int) -> int:
        return self._goods[place].line.unit_price_fen

    def _of_bundle(self, rule: SlotBundle) -> Iterator[Units]:
        for which in (0, -1):
            units: Units = {}
            for slot in rule.slots:
                places = sorted(self._shelf.of_items(slot.items), key=self._price_of)
                if places:
                    units[places[which]] = units.get(places[which], 0) + slot.need
            if units:
                yield units

    # ---- pricing --------------------------------------------------------------------------------

    def _price(self, scene: Scene, units: Units) -> Tried | None:
        if self._trials == 0 or not units:
            return None
        self._trials -= 1
        lines = [
            replace(self._goods[place].line, line=number, qty_milli=count * MILLI)
            for number, (place, count) in enumerate(sorted(units.items()), start=1)
        ]
        stock = {line.sku: self._stock for line in lines} if self._stock else {}
        asked = replace(scene, store=replace(scene.store, stock=stock)).ask(lines)
        try:
            priced = price_again(asked, self._bundle, NODES)
        except Fault:
            return None
        return Tried(asked, priced, self._cost(units))

    def _cost(self, units: Units) -> int | None:
        costs = [(self._goods[place].cost_fen, count) for place, count in units.items()]
        if any(cost is None for cost, _ in costs):
            return None
        return sum((cost or 0) * count for cost, count in costs)

    def _note(self, tried: Tried) -> None:
        self._won.update(_used(tried.priced))
        self._won.update(gift.gift_id for gift in tried.priced.gifts)
        for rejected in tried.priced.rejected:
            self._lost.setdefault(rejected.offer_id, {}).setdefault(rejected.reason, tried)

    # ---- what came of it ------------------------------------------------------------------------

    def losers(self) -> Iterator[LintFinding]:
        """Yield rules that took nothing off in any basket made for them."""
        for rule in rules_of(self._bundle):
            if rule.id in self._won:
                continue
            lost = self._lost.get(rule.id, {})
            if Reason.BEATEN in lost:
                tried = lost[Reason.BEATEN]
                winners = ", ".join(_used(tried.priced))
                yield LintFinding(Lint.ALWAYS_LOSES, (rule.id,), {"winners": winners}, tried.asked)
            elif Reason.NO_SAVING in lost:
                yield LintFinding(Lint.NEVER_SAVES, (rule.id,), shown=lost[Reason.NO_SAVING].asked)
            else:
                reasons = tuple(sorted(reason.value for reason in lost))
                yield LintFinding(Lint.NOT_TRIED, (rule.id,), {"reasons": reasons})

    def worst(self, badness: Callable[[Tried], int]) -> Tried | None:
        """Return the worst basket found, growing and shrinking the worst seeds."""
        ranked: dict[tuple[tuple[int, int], ...], tuple[Scene, Units, Tried]] = {}
        for seed in sorted(self._seeds, key=lambda seed: -badness(seed[2])):
            ranked.setdefault(tuple(sorted(seed[1].items())), seed)
        besides = self._besides()
        best: Tried | None = None
        for scene, units, tried in list(ranked.values())[:SEEDS_CLIMBED]:
            # Each its share: one that climbs far leaves something for the next.
            self._trials = TRIALS_MAX // SEEDS_CLIMBED
            found = self._climb(scene, units, tried, badness, besides)
            if best is None or badness(found) > badness(best):
                best = found
        return best

    def _besides(self) -> tuple[int, ...]:
        """Return what is put into baskets beside what is there: of each rule's goods in turn."""
        turns = (place for turn in zip_longest(*self._beside) for place in turn)
        named = dict.fromkeys(place for place in turns if place is not None)
        return tuple(islice(named, BESIDES_MAX))

    def _climb(
        self,
        scene: Scene,
        units: Units,
        tried: Tried,
        badness: Callable[[Tried], int],
        besides: Sequence[int],
    ) -> Tried:
        while True:
            better: tuple[Units, Tried] | None = None
            for other in self._neighbours(units, besides):
                found = self._price(scene, other)
                if found is not None and badness(found) > badness(
                    tried if better is None else better[1]
                ):
                    better = other, found
            if better is None:
                return tried
            units, tried = better

    def _neighbours(self, units: Units, besides: Sequence[int]) -> Iterator[Units]:
        for place in units:
            fewer = {**units, place: units[place] - 1}
            yield {at: count for at, count in fewer.items() if count}
        if sum(units.values()) < self._limits.units_max:
            for place in besides:
                yield {**units, place: units.get(place, 0) + 1}


def _margin(goods: Goods) -> int:
    if goods.cost_fen is None:
        return 0
    return (goods.line.unit_price_fen - goods.cost_fen) * PERMILLE // max(1, goods.cost_fen)

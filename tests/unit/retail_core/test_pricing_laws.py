"""Laws of pricing, against a brute force that knows nothing of classes, bounds or components."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retail_core.checkout.basket import Basket, BasketLine, line_shelf_fen
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.offers import MixAndMatch, Offer, SetPrice, TierPrice, TimeSlotPrice
from retail_core.pricing.rules.slots import WeekSlot
from retail_core.pricing.solver.model import Limits
from tests.factories.pricing import FRIDAY_NOON

ALL_WEEK = tuple(WeekSlot(day, "00:00", "24:00") for day in range(7))
TAGS = "abcd"
EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "60"))
Law = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
selectors = st.builds(
    ItemSelector, tags=st.frozensets(st.sampled_from(TAGS), min_size=1, max_size=2)
) | st.just(ItemSelector())
permilles = st.sampled_from([500, 700, 800, 900, 950, 985])


@st.composite
def offers(draw: st.DrawFn, number: int) -> Offer:
    offer_id = f"o{number}"
    items = draw(selectors)
    match draw(st.sampled_from(["tier", "slot", "mix", "mix", "set", "set"])):
        case "tier":
            return TierPrice(id=offer_id, name="n", items=items, permille=draw(permilles))
        case "slot":
            return TimeSlotPrice(
                id=offer_id, name="n", items=items, permille=draw(permilles), slots=ALL_WEEK
            )
        case "mix":
            need = draw(st.integers(2, 4))
            free = draw(st.integers(1, need - 1))
            return MixAndMatch(id=offer_id, name="n", items=items, need=need, free=free)
        case _:
            need = draw(st.integers(2, 3))
            price = need * draw(st.integers(0, 60))
            return SetPrice(id=offer_id, name="n", items=items, need=need, price_fen=price)


@st.composite
def bundles(draw: st.DrawFn, most: int = 4) -> RuleBundle:
    count = draw(st.integers(0, most))
    return RuleBundle(version=1, offers=tuple(draw(offers(n)) for n in range(count)))


@st.composite
def baskets(draw: st.DrawFn, units_max: int = 8) -> Basket:
    lines: list[BasketLine] = []
    left = draw(st.integers(1, units_max))
    while left:
        units = draw(st.integers(1, left))
        weighed = draw(st.integers(0, 9)) == 0
        lines.append(
            BasketLine(
                line=len(lines) + 1,
                sku=f"S{len(lines)}",
                article_id=None,
                name="n",
                unit_price_fen=draw(st.integers(0, 12)) * draw(st.sampled_from([1, 10, 11])),
                qty_milli=draw(st.sampled_from([1, 437, 1500])) if weighed else units * 1000,
                tags=draw(st.frozensets(st.sampled_from(TAGS), max_size=2)),
            )
        )
        left -= units
    return Basket(tuple(lines), FRIDAY_NOON)


def _names(offer: Offer, line: BasketLine) -> bool:
    return offer.items == ItemSelector() or bool(offer.items.tags & line.tags)


def _price(offer: Offer, fen: int) -> int:
    assert isinstance(offer, TierPrice | TimeSlotPrice)
    assert offer.permille is not None
    return int((fen * offer.permille + 500) // 1000)


def _cheapest(lines: Sequence[BasketLine], rules: Sequence[Offer]) -> int:
    """Try, for the first unit left, every price per unit and every set it can be in."""
    each = [o for o in rules if isinstance(o, TierPrice | TimeSlotPrice)]
    sets = [o for o in rules if isinstance(o, MixAndMatch | SetPrice)]
    units: list[BasketLine] = []
    total = 0
    for line in lines:
        if line.qty_milli % 1000:
            shelf = line_shelf_fen(line)
            total += min([shelf, *(_price(o, shelf) for o in each if _names(o, line))])
        else:
            units += [line] * (line.qty_milli // 1000)

    @cache
    def best(left: frozenset[int]) -> int:
        if not left:
            return 0
        first = min(left)
        fen = units[first].unit_price_fen
        alone = min([fen, *(_price(o, fen) for o in each if _names(o, units[first]))])
        answers = [alone + best(left - {first})]
        for offer in sets:
            named = [unit for unit in left if _names(offer, units[unit])]
            for chosen in combinations(sorted(named), offer.need):
                if first in chosen:
                    fens = sorted((units[unit].unit_price_fen for unit in chosen), reverse=True)
                    cost = (
                        sum(fens[: offer.need - offer.free])
                        if isinstance(offer, MixAndMatch)
                        else offer.price_fen
                    )
                    answers.append(cost + best(left - set(chosen)))
        return min(answers)

    return total + best(frozenset(range(len(units))))


@Law
@given(baskets(), bundles())
def test_equals_brute_force(basket: Basket, bundle: RuleBundle) -> None:
    priced = price_basket(basket, bundle, None)
    assert priced.status == "optimal"
    assert priced.gap_fen == 0
    assert priced.total_fen == _cheapest(basket.lines, bundle.offers)


@Law
@given(baskets(24), bundles(6), st.sampled_from([0, 40, 400, 200_000]))
def test_the_account_adds_up(basket: Basket, bundle: RuleBundle, nodes_max: int) -> None:
    priced = price_basket(basket, bundle, None, stop=Limits(nodes_max))
    assert [line.line for line in priced.lines] == [line.line for line in basket.lines]
    for line, entered in zip(priced.lines, basket.lines, strict=True):
        assert line.shelf_fen == line_shelf_fen(entered)
        assert line.net_fen + sum(fen for _, fen in line.offers) == line.shelf_fen
        assert 0 <= line.net_fen <= line.shelf_fen
        assert all(fen > 0 for _, fen in line.offers)
    assert priced.total_fen == sum(line.net_fen for line in priced.lines)
    assert priced.shelf_fen - priced.saved_fen == priced.total_fen
    for applied in priced.applied:
        shares = [
            fen
            for line in priced.lines
            for offer_id, fen in line.offers
            if offer_id == applied.offer_id
        ]
        assert applied.fen_off == sum(shares) > 0
    won = {offer.offer_id for offer in priced.applied}
    lost = {offer.offer_id for offer in priced.rejected}
    assert not won & lost
    assert len(won) + len(lost) == len(priced.applied) + len(priced.rejected)
    assert priced.nodes <= nodes_max


@Law
@given(baskets(16), bundles(5), st.sampled_from([0, 30, 100]))
def test_the_gap_covers_what_was_missed(basket: Basket, bundle: RuleBundle, nodes_max: int) -> None:
    best = price_basket(basket, bundle, None)
    hasty = price_basket(basket, bundle, None, stop=Limits(nodes_max))
    assert best.status == "optimal"
    assert best.total_fen <= hasty.total_fen <= best.total_fen + hasty.gap_fen
    assert (hasty.status == "optimal") == (hasty.gap_fen == 0)


@Law
@given(baskets(16), bundles(4), offers(9))
def test_one_more_offer_never_raises_the_total(
    basket: Basket, bundle: RuleBundle, offer: Offer
) -> None:
    before = price_basket(basket, bundle, None)
    more = RuleBundle(version=2, offers=(*bundle.offers, offer))
    assert price_basket(basket, more, None).total_fen <= before.total_fen


@Law
@given(st.data(), baskets(16), bundles(4))
def test_the_order_of_lines_and_offers_does_not_matter(
    data: st.DataObject, basket: Basket, bundle: RuleBundle
) -> None:
    shuffled = replace(basket, lines=tuple(data.draw(st.permutations(basket.lines))))
    again = RuleBundle(version=1, offers=tuple(data.draw(st.permutations(bundle.offers))))
    first, second = (price_basket(basket, bundle, None), price_basket(shuffled, again, None))
    assert second.total_fen == first.total_fen
    assert second.applied == first.applied
    assert second.rejected == first.rejected
    assert sorted(second.lines, key=lambda line: line.line) == list(first.lines)


@Law
@given(baskets(10), bundles(4))
def test_splitting_a_line_into_units_changes_nothing(basket: Basket, bundle: RuleBundle) -> None:
    split: list[BasketLine] = []
    for line in basket.lines:
        whole = line.qty_milli % 1000 == 0
        for _ in range(line.qty_milli // 1000 if whole else 1):
            qty = 1000 if whole else line.qty_milli
            split.append(replace(line, line=len(split) + 1, qty_milli=qty))
    one_by_one = price_basket(replace(basket, lines=tuple(split)), bundle, None)
    assert one_by_one.total_fen == price_basket(basket, bundle, None).total_fen

"""Near misses: said only when the larger basket was priced and saves what is promised."""

from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.checkout.basket import BasketLine
from retail_core.pricing.certificate import NearMiss
from retail_core.pricing.proof.document import Asked
from retail_core.pricing.proof.near_miss import KEPT_MAX, near_misses
from retail_core.pricing.proof.verify import price_again
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.context import ANY_STORE
from retail_core.pricing.rules.coupons import ThresholdCoupon
from retail_core.pricing.rules.offers import MixAndMatch
from tests.factories.pricing import basket, bundle, line, mix, set_price, tier
from tools.verify_pricing.cases import Maker


def misses(
    rules: RuleBundle, *lines: BasketLine, others: tuple[BasketLine, ...] = ()
) -> tuple[NearMiss, ...]:
    asked = Asked(basket=basket(*lines), member=None, store=ANY_STORE)
    return near_misses(asked, rules, price_again(asked, rules), others=others)


def test_one_more_cola_makes_the_second_half_price() -> None:
    second_half = MixAndMatch(id="half", name="第二件半价", need=2, free=1, permille=500)
    cola = line(1, 700, sku="cola")
    assert misses(bundle(second_half), cola) == (
        NearMiss("half", "第二件半价", 350, sku="cola", units=1, due_fen=1050),
    )


def test_so_much_more_reaches_a_coupon() -> None:
    off = ThresholdCoupon(
        id="c", name="满300减30", automatic=True, threshold_fen=30_000, fen_off=3_000
    )
    rules = RuleBundle(version=1, coupons=(off,))
    assert misses(rules, line(1, 24_842)) == (NearMiss("c", "满300减30", 3_000, fen=5_158),)


def test_a_coupon_that_is_reached_is_no_near_miss() -> None:
    off = ThresholdCoupon(id="c", name="c", automatic=True, threshold_fen=1_000, fen_off=100)
    assert misses(RuleBundle(version=1, coupons=(off,)), line(1, 1_000)) == ()


def test_a_price_per_unit_is_not_sold_as_a_near_miss() -> None:
    assert misses(bundle(tier("t", 900)), line(1, 1_000)) == ()


def test_an_article_of_the_shelf_may_fill_a_set() -> None:
    others = (line(9, 500, sku="tea", tags="a"),)
    rules = bundle(set_price("s", 2, 900, "a"))
    assert misses(rules, line(1, 600, sku="milk", tags="a"), others=others)[0].saves_fen == 300
    tea = misses(rules, line(1, 600, tags="b"), others=others)
    assert tea == ()


def test_one_near_miss_an_offer_and_few_in_all() -> None:
    rules = bundle(*(mix(f"m{place}", 2, 1, "abcdef"[place]) for place in range(6)))
    lines = (line(place + 1, 100 + place, tags="abcdef"[place]) for place in range(6))
    found = misses(rules, *lines)
    assert len(found) == KEPT_MAX
    assert [one.saves_fen for one in found] == [105, 104, 103]


@given(st.integers(0, 100_000))
@settings(max_examples=25, deadline=None)
def test_what_is_promised_is_what_the_larger_basket_costs(seed: int) -> None:
    case = Maker(seed).case()
    asked = Asked(
        basket=case.basket, member=case.member, store=case.store, points_wanted=case.points_wanted
    )
    priced = price_again(asked, case.bundle)
    by_price = sorted(case.basket.lines, key=lambda entry: entry.unit_price_fen)
    prices = {entry.sku: entry.unit_price_fen for entry in by_price}
    for miss in near_misses(asked, case.bundle, priced):
        assert miss.saves_fen > 0
        if miss.due_fen is not None:
            assert miss.due_fen <= priced.due_fen + prices[miss.sku] - miss.saves_fen

"""Gifts and coupons on the account: what is given, what is split, what lost and why."""

from datetime import timedelta

import pytest

from retail_core.pricing.certificate import GivenGift, PricedBasket, Reason, UsedCoupon, UsedPoints
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.rules.bundle import PointsRule, RuleBundle
from retail_core.pricing.rules.context import ANY_STORE, MemberContext, StoreContext
from retail_core.pricing.rules.coupons import Coupon, Gift, Held, PercentCoupon, ThresholdCoupon
from retail_core.pricing.rules.offers import Caps, Offer
from tests.factories.pricing import FRIDAY_NOON, TIERS, basket, line, mix, tagged, tier

LINES = basket(line(1, 1000, 3, tags="a"), line(2, 500, 2, tags="b"))


def price(
    *offers: Offer,
    coupons: tuple[Coupon, ...] = (),
    gifts: tuple[Gift, ...] = (),
    member: MemberContext | None = None,
    store: StoreContext = ANY_STORE,
    points: int = 0,
) -> PricedBasket:
    rules = RuleBundle(
        version=1,
        tier_names=TIERS,
        offers=offers,
        coupons=coupons,
        gifts=gifts,
        points=PointsRule(id="p", step=100),
    )
    return price_basket(LINES, rules, member, store=store, points_wanted=points)


def reasons(priced: PricedBasket) -> dict[str, Reason]:
    return {entry.offer_id: entry.reason for entry in priced.rejected}


@pytest.mark.parametrize(
    ("gift", "units"),
    [
        (Gift(id="g", name="g", sku="X", items=tagged("a"), need=3), 1),
        (Gift(id="g", name="g", sku="X", items=tagged("a"), need=1, repeat=True), 3),
        (Gift(id="g", name="g", sku="X", units=2, threshold_fen=2000, repeat=True), 4),
        (
            Gift(id="g", name="g", sku="X", need=1, repeat=True, caps=Caps(per_receipt=2)),
            2,
        ),
    ],
)
def test_gifts_are_given_on_what_is_charged(gift: Gift, units: int) -> None:
    assert price(gifts=(gift,)).gifts == (GivenGift("g", "g", "X", units),)


@pytest.mark.parametrize(
    ("gift", "store", "reason"),
    [
        (Gift(id="g", name="g", sku="X", need=6), ANY_STORE, Reason.TOO_FEW_UNITS),
        (Gift(id="g", name="g", sku="X", threshold_fen=4001), ANY_STORE, Reason.BELOW_THRESHOLD),
        (
            Gift(id="g", name="g", sku="X", units=2),
            StoreContext(stock={"X": 1}),
            Reason.STOCK_TOO_LOW,
        ),
    ],
)
def test_gifts_that_are_not_given_say_why(gift: Gift, store: StoreContext, reason: Reason) -> None:
    priced = price(gifts=(gift,), store=store)
    assert (priced.gifts, reasons(priced)) == ((), {"g": reason})


def test_a_gift_never_changes_the_price() -> None:
    gift = Gift(id="g", name="g", sku="X", threshold_fen=4000)
    priced = price(tier("t", 900), gifts=(gift,))
    assert priced.due_fen == 3600
    assert reasons(priced) == {"g": Reason.BELOW_THRESHOLD}


def test_a_coupon_is_split_over_what_counted() -> None:
    coupon = ThresholdCoupon(
        id="k", name="K", automatic=True, items=tagged("a"), threshold_fen=1000, fen_off=100
    )
    # two of three are in a set and do not count: what counts is one unit of line 1
    priced = price(mix("m", 2, 1, "a"), coupons=(coupon,))
    assert priced.coupon == UsedCoupon("", "k", "K", 100)
    assert [entry.offers for entry in priced.lines] == [(("k", 100), ("m", 1000)), ()]
    whole = PercentCoupon(id="k", name="K", automatic=True, permille=900)
    priced = price(coupons=(whole,))
    assert [entry.offers for entry in priced.lines] == [(("k", 300),), (("k", 100),)]


def test_of_equal_coupons_the_first_to_expire_is_used() -> None:
    coupon = ThresholdCoupon(id="k", name="K", fen_off=100)
    held = tuple(
        Held(id=name, coupon="k", expires=None if days is None else FRIDAY_NOON + timedelta(days))
        for name, days in (("a", None), ("b", 3), ("c", 1))
    )
    priced = price(coupons=(coupon,), member=MemberContext("gold", coupons=held))
    assert priced.coupon == UsedCoupon("c", "k", "K", 100)
    assert reasons(priced) == {"a": Reason.BEATEN, "b": Reason.BEATEN}


def test_a_coupon_out_of_reach_says_so() -> None:
    coupons = tuple(
        ThresholdCoupon(
            id=name, name=name, automatic=True, items=tagged(tags), threshold_fen=fen, fen_off=1
        )
        for name, tags, fen in (("w", "", 4001), ("r", "b", 1001))
    )
    priced = price(coupons=coupons)
    assert priced.coupon is None
    assert reasons(priced) == {"w": Reason.BELOW_THRESHOLD, "r": Reason.BELOW_THRESHOLD}


def test_points_pay_in_whole_steps() -> None:
    member = MemberContext("gold", points_free=1234)
    priced = price(member=member, points=5000)
    assert priced.points == UsedPoints(1200, 1200)
    assert (priced.total_fen, priced.due_fen) == (4000, 2800)
    assert price(member=member, points=99).points is None

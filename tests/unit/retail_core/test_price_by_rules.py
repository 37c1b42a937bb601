"""A certificate made by other rules than it names: each way it can be against them is found.

The price is worked out by one bundle and checked against another that passes for it.
"""

from collections.abc import Sequence

import msgspec
import pytest

from retail_core.checkout.basket import BasketLine
from retail_core.pricing.gains import coupon_fen_off, points_usable, set_fen_off, set_need
from retail_core.pricing.proof.arithmetic import Flaw
from retail_core.pricing.proof.document import Asked, Certificate, certify
from retail_core.pricing.proof.verify import Verdict, price_again, verify
from retail_core.pricing.rules.bundle import Campaign, PointsRule, RuleBundle
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.context import ANY_STORE, MemberContext
from retail_core.pricing.rules.coupons import Coupon, PercentCoupon, ThresholdCoupon
from retail_core.pricing.rules.offers import (
    BundleSlot,
    Caps,
    MixAndMatch,
    Offer,
    SetAmount,
    SetPercent,
    SetPrice,
    SlotBundle,
    TierPrice,
)
from tests.factories.pricing import TIERS, basket, line, mix, tagged, tier

SHA = bytes(range(32))
MEMBER = MemberContext("gold", points_free=5_000)
LINES = (line(1, 1_000, 2, tags="a"), line(2, 600, 2, tags="b"))
change = msgspec.structs.replace


def rules(*offers: Offer, **others: object) -> RuleBundle:
    return RuleBundle(version=7, offers=offers, tier_names=TIERS, **others)  # type: ignore[arg-type]


def proof(
    by: RuleBundle, *lines: BasketLine, points: int = 0, member: MemberContext | None = MEMBER
) -> Certificate:
    asked = Asked(
        basket=basket(*(lines or LINES)), member=member, store=ANY_STORE, points_wanted=points
    )
    return certify(asked, price_again(asked, by), by, SHA)


def flaws(certificate: Certificate, named: RuleBundle) -> set[Flaw]:
    found = verify(certificate, named, SHA)
    assert found.verdict is (Verdict.WRONG if found.findings else Verdict.EQUAL)
    return {one.flaw for one in found.findings}


PLAIN = rules(tier("t", 900, "a"), mix("m", 2, 1, "b"))
HALF = TierPrice(id="t", name="t", items=tagged("a"), permille=900)
PAIR = MixAndMatch(id="m", name="m", items=tagged("b"), need=2)


@pytest.mark.parametrize(
    ("named", "flaw"),
    [
        (rules(tier("t", 900, "a")), Flaw.OFFER_UNKNOWN),
        (rules(tier("t", 900, "b"), PAIR), Flaw.OFFER_UNITS),
        (rules(tier("t", 800, "a"), PAIR), Flaw.OFFER_GAIN),
        (rules(HALF, mix("m", 4, 1, "b")), Flaw.OFFER_UNITS),
        (rules(tier("t", 900, "a", "standard"), PAIR), Flaw.OFFER_NOT_ELIGIBLE),
        (rules(change(HALF, caps=Caps(per_receipt=1)), PAIR), Flaw.OFFER_CAP),
        (rules(change(HALF, exclusive="x"), change(PAIR, exclusive="x")), Flaw.EXCLUSIVE_TWICE),
        (
            rules(change(HALF, campaign="c"), PAIR, campaigns=(Campaign(id="c", budget_fen=199),)),
            Flaw.BUDGET_OVER,
        ),
        (
            rules(change(HALF, campaign="c"), PAIR, campaigns=(Campaign(id="c", uses=1),)),
            Flaw.BUDGET_OVER,
        ),
    ],
)
def test_an_item_offer_against_its_rule(named: RuleBundle, flaw: Flaw) -> None:
    certificate = proof(PLAIN)
    assert flaws(certificate, PLAIN) == set()
    assert flaw in flaws(certificate, named)


def coupon(**others: object) -> ThresholdCoupon:
    given: dict[str, object] = {"threshold_fen": 2_000, "fen_off": 300}
    return ThresholdCoupon(id="c", name="c", automatic=True, **(given | others))  # type: ignore[arg-type]


WITH_COUPON = rules(HALF, coupons=(coupon(),))


@pytest.mark.parametrize(
    ("other", "flaw"),
    [
        (coupon(fen_off=200), Flaw.COUPON_OFF),
        (coupon(threshold_fen=5_000), Flaw.COUPON_OFF),
        (coupon(tiers=frozenset({"standard"})), Flaw.OFFER_NOT_ELIGIBLE),
        (coupon(items=tagged("a"), threshold_fen=0), Flaw.OFFER_SPLIT),
    ],
)
def test_a_coupon_against_its_rule(other: Coupon, flaw: Flaw) -> None:
    certificate = proof(WITH_COUPON)
    assert flaws(certificate, WITH_COUPON) == set()
    assert flaw in flaws(certificate, rules(HALF, coupons=(other,)))


def test_a_coupon_that_nobody_holds() -> None:
    held = rules(HALF, coupons=(change(coupon(), automatic=False),))
    assert flaws(proof(WITH_COUPON), held) == {Flaw.OFFER_UNKNOWN}


def test_a_coupon_on_some_goods_leaves_out_what_is_in_sets() -> None:
    some = rules(PAIR, HALF, coupons=(coupon(items=tagged("ab"), threshold_fen=1_800),))
    certificate = proof(some)
    assert certificate.result.coupon is not None
    assert flaws(certificate, some) == set()
    higher = rules(PAIR, HALF, coupons=(coupon(items=tagged("ab"), threshold_fen=1_801),))
    assert flaws(certificate, higher) == {Flaw.COUPON_OFF}


POINTS = rules(HALF, points=PointsRule(id="p", step=100))


@pytest.mark.parametrize(
    "other",
    [
        None,
        PointsRule(id="p", step=1_000),
        PointsRule(id="p", step=100, max_permille=100),
        PointsRule(id="p", step=100, min_points=2_000),
        PointsRule(id="p", step=100, min_total_fen=9_000),
        PointsRule(id="p", step=100, fen_per_point=2),
    ],
)
def test_points_against_their_rule(other: PointsRule | None) -> None:
    certificate = proof(POINTS, points=1_550)
    assert certificate.result.points is not None
    assert certificate.result.points.points == 1_500
    assert flaws(certificate, POINTS) == set()
    assert Flaw.POINTS_OFF in flaws(certificate, rules(HALF, points=other))


def test_points_beside_a_coupon_that_allows_none() -> None:
    free = rules(HALF, coupons=(coupon(),), points=PointsRule(id="p"))
    certificate = proof(free, points=500)
    strict = change(free, coupons=(coupon(with_points=False),))
    assert flaws(certificate, free) == set()
    assert flaws(certificate, strict) == {Flaw.POINTS_OFF}


def slots(*tags: str, **way: int) -> SlotBundle:
    parts = tuple(BundleSlot(items=tagged(tag)) for tag in tags)
    return SlotBundle(id="k", name="k", slots=parts, **(way or {"fen_off": 500}))  # type: ignore[arg-type]


def test_a_bundle_is_filled_slot_by_slot() -> None:
    right = rules(slots("a", "b"))
    certificate = proof(right)
    assert certificate.result.applied[0].uses == 2
    assert flaws(certificate, right) == set()
    assert flaws(certificate, rules(slots("a", "a"))) == {Flaw.OFFER_UNITS}
    # every unit fits the first slot, and two of them have to move on for the others to sit
    crossed = rules(slots("ab", "a"))
    both = (line(1, 1_000, 2, tags="a"), line(2, 600, 2, tags="b"))
    assert flaws(proof(crossed, *both), crossed) == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lines", [1, 1]),
        ("lines", [9]),
        ("units", [3]),
        ("units", [0]),
        ("units", []),
        ("units", [1, 1]),
    ],
)
def test_units_that_cannot_be(field: str, value: Sequence[int]) -> None:
    raw = msgspec.to_builtins(proof(rules(HALF)))
    raw["result"]["applied"][0][field] = value
    assert Flaw.OFFER_UNITS in flaws(msgspec.convert(raw, Certificate), rules(HALF))


def test_no_unit_is_in_two_offers() -> None:
    raw = msgspec.to_builtins(proof(rules(HALF), line(1, 1_000, 1, tags="ab")))
    other = {"offer_id": "u", "name": "u", "fen_off": 50, "lines": [1], "uses": 1, "units": [1]}
    raw["result"]["applied"] = [*raw["result"]["applied"], other]
    raw["result"]["lines"][0]["offers"] = [["t", 100], ["u", 50]]
    raw["result"]["lines"][0]["net_fen"] = 850
    raw["result"] |= {"total_fen": 850, "due_fen": 850, "before_coupon_fen": 850, "saved_fen": 150}
    twice = rules(HALF, tier("u", 950, "b"))
    assert Flaw.OFFER_UNITS in flaws(msgspec.convert(raw, Certificate), twice)


@pytest.mark.parametrize(
    ("offer", "prices", "off"),
    [
        (MixAndMatch(id="m", name="m", need=3, free=1), (500, 300, 400, 900, 100, 200), 500),
        (MixAndMatch(id="m", name="m", need=3, free=2), (500, 300, 400), 700),
        (MixAndMatch(id="m", name="m", need=2, permille=500), (301, 301), 150),
        (SetPrice(id="s", name="s", need=2, price_fen=500), (400, 300, 200, 350), 250),
        (SetPercent(id="s", name="s", need=2, permille=850), (333, 101), 65),
        (SetAmount(id="s", name="s", need=2, fen_off=99), (400, 300, 200, 350), 198),
        (slots("a", "b", price_fen=500), (400, 300, 200, 350), 250),
        (slots("a", "b", fen_off=99), (400, 300, 200, 350), 198),
        (slots("a", "b", permille=850), (333, 101), 65),
    ],
)
def test_what_each_kind_takes_off(offer: Offer, prices: tuple[int, ...], off: int) -> None:
    assert not isinstance(offer, TierPrice)
    assert set_fen_off(offer, prices) == off  # type: ignore[arg-type]
    assert set_need(offer) in {2, 3}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "base", "off"),
    [
        (coupon(), 1_999, 0),
        (coupon(), 2_000, 300),
        (coupon(), 6_000, 300),
        (coupon(repeat=True), 5_999, 600),
        (coupon(threshold_fen=0), 100, 100),
        (coupon(threshold_fen=0, repeat=True), 1_000, 300),
        (PercentCoupon(id="c", name="c", permille=850), 333, 50),
        (PercentCoupon(id="c", name="c", permille=850, max_off_fen=40), 333, 40),
        (PercentCoupon(id="c", name="c", permille=850, threshold_fen=334), 333, 0),
    ],
)
def test_what_a_coupon_takes_off(rule: Coupon, base: int, off: int) -> None:
    assert coupon_fen_off(rule, base) == off


@pytest.mark.parametrize(
    ("rule", "total", "wanted", "free", "used"),
    [
        ({}, 1_000, 300, 999, 300),
        ({}, 1_000, 300, 200, 200),
        ({}, 1_000, 3_000, 9_999, 1_000),
        ({"fen_per_point": 3}, 1_000, 3_000, 9_999, 333),
        ({"max_permille": 500}, 999, 3_000, 9_999, 499),
        ({"step": 100}, 1_000, 399, 999, 300),
        ({"min_points": 300}, 1_000, 299, 999, 0),
        ({"min_points": 300}, 1_000, 300, 999, 300),
        ({"min_total_fen": 1_001}, 1_000, 300, 999, 0),
        ({"min_total_fen": 1_000}, 1_000, 300, 999, 300),
        ({}, 1_000, 0, 999, 0),
    ],
)
def test_how_many_points_pay(
    rule: dict[str, int], total: int, wanted: int, free: int, used: int
) -> None:
    asked = PointsRule(id="p", **rule)
    assert points_usable(asked, total, wanted, free) == used


def test_everything_named_means_everything() -> None:
    every = rules(change(HALF, items=ItemSelector()))
    assert flaws(proof(every), every) == set()


@pytest.mark.parametrize(
    ("bend", "flaw"),
    [
        ({"lines": []}, Flaw.LINES_DIFFER),
        ({"sha256": "00"}, Flaw.RESULT_HASH),
        ({"gap_fen": 9}, Flaw.RESULT_HASH),
        ({"before_coupon_fen": 1}, Flaw.SUM_TOTAL),
        ({"saved_fen": 1}, Flaw.SUM_TOTAL),
        ({"shelf_fen": 1}, Flaw.SUM_SHELF),
        ({"due_fen": 1}, Flaw.SUM_DUE),
        ({"applied": []}, Flaw.OFFER_NOT_APPLIED),
    ],
)
def test_sums_that_do_not_hold(bend: dict[str, object], flaw: Flaw) -> None:
    raw = msgspec.to_builtins(proof(PLAIN))
    raw["result"] |= bend
    assert flaw in flaws(msgspec.convert(raw, Certificate), PLAIN)


def test_a_line_above_its_shelf_price() -> None:
    raw = msgspec.to_builtins(proof(PLAIN))
    first, second = raw["result"]["lines"]
    raw["result"]["lines"] = [first | {"net_fen": 2_100, "offers": [["t", -100]]}, second]
    assert Flaw.LINE_ABOVE_SHELF in flaws(msgspec.convert(raw, Certificate), PLAIN)

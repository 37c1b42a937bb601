"""Small functions at their edges, whole: each is asked what a sum, a fault or a word depends on."""

from datetime import datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.checkout.receipt import CouponUse, Receipt, ReceiptLine
from retail_core.errors import Fault
from retail_core.loyalty.earning import paid_in_money
from retail_core.loyalty.lease_placement import PlacementRule, spread
from retail_core.loyalty.postings import Posting
from retail_core.loyalty.refunds import Returned, Standing, plan_refund, standing_points
from retail_core.loyalty.spending import check_enough
from retail_core.pricing.linting.findings import Lint
from retail_core.pricing.linting.stage import Goods, Shelf, Stage
from retail_core.pricing.linting.static import check_static
from retail_core.pricing.proof.arithmetic import Finding, Flaw
from retail_core.pricing.proof.document import Asked, certify
from retail_core.pricing.proof.verify import price_again, verify
from retail_core.pricing.rules.conditions import Conditions
from retail_core.pricing.rules.context import ANY_STORE
from retail_core.pricing.rules.offers import Offer, TierPrice, TimeSlotPrice
from retail_core.pricing.rules.reading import Misfit, decode
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.pricing.rules.slots import WeekSlot
from retail_core.pricing.solver.receipt import PointsTerms
from tests.factories.pricing import TIERS, basket, bundle, line, mix, tagged, tier

TERMS = st.builds(
    PointsTerms,
    fen_per_point=st.sampled_from([1, 2, 5]),
    step=st.sampled_from([1, 7, 20]),
    least=st.sampled_from([1, 15]),
    most=st.integers(0, 60),
    min_total_fen=st.sampled_from([0, 50]),
    max_permille=st.sampled_from([0, 300, 1000]),
)


@settings(max_examples=200, deadline=None)
@given(TERMS, st.integers(0, 60))
def test_the_first_total_on_which_points_pay_is_the_first(terms: PointsTerms, more: int) -> None:
    points = terms.least + more
    paying = (total for total in range(1_200) if terms.usable(total) >= points)
    assert terms.first_with(points) == next(paying, -1)


@given(st.lists(st.integers(0, 900), min_size=1, max_size=5), st.data())
def test_what_points_paid_is_not_money(nets: list[int], data: st.DataObject) -> None:
    points_fen = data.draw(st.integers(0, sum(nets)))
    paid = paid_in_money(nets, points_fen)
    assert sum(paid) == sum(nets) - points_fen
    assert all(0 <= one <= net for one, net in zip(paid, nets, strict=True))


@pytest.mark.parametrize(
    ("free", "wanted", "code", "fields"),
    [
        (10, 11, "L102", {"free": 10, "wanted": 11}),
        (10, 0, "L104", {"points": 0}),
        (-5, -1, "L104", {"points": -1}),
    ],
)
def test_what_cannot_be_spent(free: int, wanted: int, code: str, fields: dict[str, int]) -> None:
    with pytest.raises(Fault) as refused:
        check_enough(free, wanted)
    assert (refused.value.code.value, refused.value.fields) == (code, fields)
    check_enough(wanted=10, free=10)


def test_what_is_excepted_is_not_named_and_nothing_else_is() -> None:
    goods = [Goods(line(number, 100, tags=tags), None) for number, tags in enumerate("abc", 1)]
    both = Goods(line(4, 100, tags="ab"), None)
    rule = TierPrice(id="t", name="t", permille=900, items=tagged("a"), except_items=tagged("b"))
    assert Shelf([*goods, both]).named(rule) == (0,)


def test_a_file_nested_too_deep_is_said_to_be() -> None:
    found = decode(b"[" * 100_000, list)
    assert isinstance(found, Misfit)
    assert (found.place, found.said, found.said.zh) == ("", "it is nested too deep", "嵌套过深")


SALES = st.dictionaries(st.uuids(), st.integers(0, 50), min_size=1)


@given(SALES, st.integers(-5, 999), st.sampled_from([0, 333, 1000]))
def test_a_budget_less_its_reserve_is_spread_by_sales(
    sales: dict[UUID, int], budget: int, reserve_permille: int
) -> None:
    found = spread(budget, sales, PlacementRule(reserve_permille=reserve_permille))
    if not sum(sales.values()):
        assert found == {}
        return
    lendable = max(0, budget) * (1000 - reserve_permille) // 1000
    assert sum(found.values()) == lendable
    for store, part in found.items():
        assert abs(part * sum(sales.values()) - lendable * sales[store]) < sum(sales.values())


def test_a_coupon_on_a_gram_comes_back_with_it() -> None:
    used = (CouponUse("k", frozenset({1})), CouponUse("both", frozenset({1, 2})))
    receipt = Receipt(UUID(int=5), (ReceiptLine(1, 1, 9), ReceiptLine(2, 1, 8)), coupons=used)
    first = plan_refund(Standing(receipt, (), {}), [Returned(1, 1)])
    assert (first.money_fen, first.coupons, first.returned) == (9, ("k",), {1: 1, 2: 0})
    after = Standing(receipt, (), first.returned, refunded_fen=9, refunds=1)
    assert plan_refund(after, [Returned(2, 1)]).coupons == ("both",)


def at_noon(name: str, permille: int, *days: int) -> TimeSlotPrice:
    slots = tuple(WeekSlot(day, "11:00", "14:00") for day in days)
    return TimeSlotPrice(id=name, name=name, permille=permille, slots=slots)


@pytest.mark.parametrize(
    ("strong", "weak", "outdone"),
    [
        (at_noon("a", 800, 1, 2), at_noon("b", 900, 1), True),
        (at_noon("a", 800, 1, 2), at_noon("b", 900, 1, 2), True),
        (at_noon("a", 800, 1), at_noon("b", 900, 1, 2), False),
        (at_noon("a", 800, 1), tier("b", 900), False),
        (tier("a", 800), at_noon("b", 900, 1), True),
        (tier("a", 800, "", "gold", "standard"), tier("b", 900, "", "gold"), True),
        (tier("a", 800, "", "gold"), tier("b", 900, "", "gold", "standard"), False),
        (tier("a", 800, "", "gold"), tier("b", 900), False),
    ],
)
def test_an_offer_outdoes_only_whom_it_is_open_to(
    strong: Offer, weak: Offer, *, outdone: bool
) -> None:
    found = check_static(RuleBundle(version=1, offers=(strong, weak), tier_names=TIERS))
    named = [one.rules for one in found if one.kind is Lint.DOMINATED]
    assert named == ([("b", "a")] if outdone else [])


def test_two_of_one_exclusive_group_are_named_with_their_number() -> None:
    offers = (tier("t", 900, "a"), mix("m", 2, 1, "b"))
    asked = Asked(
        basket=basket(line(1, 500, tags="a"), line(2, 300, 2, tags="b")),
        member=None,
        store=ANY_STORE,
    )
    free = bundle(*offers)
    certificate = certify(asked, price_again(asked, free), free, bytes(32))
    tied = bundle(*(msgspec.structs.replace(offer, exclusive="x") for offer in offers))
    assert verify(certificate, tied, bytes(32)).findings == (
        Finding(Flaw.EXCLUSIVE_TWICE, rule="x", found="2", expected="1"),
    )


def test_only_what_was_earned_and_spent_stands() -> None:
    accounts = ("brand:a:clearing", "brand:b:clearing")
    booked = [
        Posting(2, "r", kind, 0, *accounts, points, UUID(int=1))
        for kind, points in (
            ("earn", 9), ("earn.reversed", 2), ("earn.owed", 3), ("earn.restored", 1),
            ("redeem", 4), ("qualify", 5), ("lease", 6), ("merge", 7), ("expire", 8),
        )
    ]  # fmt: skip
    assert standing_points(booked) == {
        (2, "r", "earn"): 5, (2, "r", "redeem"): 4, (2, "r", "qualify"): 5,
    }  # fmt: skip


def test_hours_are_tried_from_their_minute_on_after_a_rule_begins() -> None:
    begins = datetime(2026, 3, 2, 10, 20, 30, 40)  # noqa: DTZ001 - wall time, a Monday
    rule = TimeSlotPrice(
        id="t",
        name="t",
        permille=900,
        slots=(WeekSlot(0, "09:15", "10:00"),),
        when=Conditions(valid_from=begins),
    )
    opened = {scene.opened for scene in Stage(bundle(rule)).scenes_for(rule)}
    assert opened == {datetime(2026, 3, 9, 9, 15)}  # noqa: DTZ001 - the next Monday

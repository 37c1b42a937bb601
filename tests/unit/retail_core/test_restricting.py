"""Restrictions, and all that is not known, can only take away: what is due never falls."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as with_fields

from retail_core.checkout.basket import Basket
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.rules.bundle import PointsRule, Restriction, RuleBundle
from retail_core.pricing.rules.conditions import Conditions, ItemSelector
from retail_core.pricing.rules.context import MemberContext, StoreContext
from retail_core.pricing.rules.coupons import Held, ThresholdCoupon
from retail_core.pricing.rules.offers import (
    BundleSlot,
    Caps,
    MixAndMatch,
    Offer,
    SetAmount,
    SetPercent,
    SetPrice,
    SlotBundle,
    TagPrice,
    TierPrice,
)
from retail_core.pricing.rules.restricting import limits_in
from tests.factories.pricing import basket, line, tagged

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "60"))
Law = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
IDS = ("o0", "o1", "o2", "c0", "c1")
MEMBER = MemberContext(
    "gold",
    frozenset({"t"}),
    points_free=600,
    coupons=(Held(id="h0", coupon="c0"), Held(id="h1", coupon="c1")),
)


def common(draw: st.DrawFn, name: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "items": draw(st.sampled_from([ItemSelector(), tagged("a"), tagged("b"), tagged("ab")])),
        "exclusive": draw(st.sampled_from(["", "", "x"])),
        "caps": draw(st.sampled_from([Caps(), Caps(per_receipt=1), Caps(per_store_day=2)])),
        "when": draw(
            st.sampled_from([Conditions(), Conditions(), Conditions(birthday_within_days=9)])
        ),
    }


PARTS = (BundleSlot(items=tagged("a")), BundleSlot(items=tagged("b")))
ANYTHING = {"items": ItemSelector()}


@st.composite
def offers(draw: st.DrawFn, name: str) -> Offer:
    base, fen = common(draw, name), draw(st.integers(1, 400))
    made: tuple[Offer, ...] = (
        TierPrice(**base, permille=draw(st.sampled_from([700, 900]))),
        TagPrice(**base, member_tags=frozenset("t"), fen_off=fen),
        MixAndMatch(**base, need=draw(st.integers(2, 3))),
        SetPrice(**base, need=2, price_fen=fen),
        SetPercent(**base, need=2, permille=850),
        SetAmount(**base, need=3, fen_off=fen),
        SlotBundle(**base | ANYTHING, slots=PARTS, fen_off=fen),
    )
    return draw(st.sampled_from(made))


@st.composite
def bundles(draw: st.DrawFn) -> RuleBundle:
    return RuleBundle(
        version=1,
        offers=tuple(draw(offers(f"o{number}")) for number in range(draw(st.integers(0, 3)))),
        coupons=tuple(
            ThresholdCoupon(
                **common(draw, f"c{number}"),
                threshold_fen=draw(st.integers(0, 900)),
                fen_off=draw(st.integers(1, 300)),
                with_points=draw(st.booleans()),
            )
            for number in range(draw(st.integers(0, 2)))
        ),
        points=PointsRule(id="p", step=draw(st.sampled_from([1, 100])), max_permille=500),
    )


baskets = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 3), st.sampled_from(["a", "b", "ab", ""])),
    min_size=1,
    max_size=3,
).map(
    lambda rows: basket(
        *(line(n, price, units, tags=tags) for n, (price, units, tags) in enumerate(rows, start=1))
    )
)
restrictions = st.builds(
    Restriction,
    stores=st.frozensets(st.sampled_from(["S1", "S2"])),
    regions=st.frozensets(st.sampled_from(["east", "west"])),
    off=st.frozensets(st.sampled_from(IDS), max_size=2),
    per_receipt=st.dictionaries(st.sampled_from(IDS), st.integers(1, 2), max_size=2),
    points_off=st.booleans(),
)
HERE = StoreContext(store="S1", region="east", stock={"S1": 9})


def due(
    at: Basket, rules: RuleBundle, member: MemberContext | None = MEMBER, store: StoreContext = HERE
) -> int:
    priced = price_basket(at, rules, member, store=store, points_wanted=500)
    assert priced.status == "optimal"
    return priced.due_fen


@Law
@given(baskets, bundles(), st.lists(restrictions, max_size=2))
def test_no_restriction_ever_lowers_what_is_due(
    at: Basket, rules: RuleBundle, limits: list[Restriction]
) -> None:
    assert due(at, with_fields(rules, restrictions=tuple(limits))) >= due(at, rules)


@Law
@given(baskets, bundles())
def test_not_knowing_never_lowers_what_is_due(at: Basket, rules: RuleBundle) -> None:
    known = due(at, rules)
    assert due(at, rules, store=replace(HERE, clock_known=False)) >= known
    assert due(at, rules, store=replace(HERE, use_known=False)) >= known
    assert due(at, rules, member=None) >= known


@given(st.lists(restrictions, max_size=4))
def test_all_restrictions_of_a_place_count_and_no_others(limits: list[Restriction]) -> None:
    found = limits_in(RuleBundle(version=1, restrictions=tuple(limits)), HERE)
    here = [r for r in limits if "S1" in r.stores or "east" in r.regions]
    assert found.off == frozenset().union(*(r.off for r in here))
    assert found.points_off is any(r.points_off for r in here)
    assert found.per_receipt == lowest(r.per_receipt for r in here)


def lowest(caps: Any) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for some in caps:
        for name, cap in some.items():
            found[name] = min(cap, found.get(name, cap))
    return found


def test_a_restriction_without_a_place_applies_nowhere() -> None:
    nowhere = Restriction(off=frozenset({"o"}))
    for store in (HERE, StoreContext()):
        rules = RuleBundle(version=1, restrictions=(nowhere,))
        assert limits_in(rules, store).off == frozenset()

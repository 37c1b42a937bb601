"""Restrictions, and all that is not known, can only take away: what is due never falls."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from random import Random
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
from retail_core.pricing.rules.restricting import Limits, limits_in, points_in
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
PLACES: dict[str, st.SearchStrategy[Any]] = {
    "stores": st.frozensets(st.sampled_from(["S1", "S2"])),
    "regions": st.frozensets(st.sampled_from(["east", "west"])),
}
# Everything that a region or a store may say. A field that is new is missing here: `TAKEN` says so.
SAYS: dict[str, st.SearchStrategy[Any]] = {
    "off": st.frozensets(st.sampled_from(IDS), max_size=2),
    "per_receipt": st.dictionaries(st.sampled_from(IDS), st.integers(1, 2), max_size=2),
    "points_off": st.booleans(),
}
restrictions = st.builds(Restriction, **PLACES, **SAYS)
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


# How what is taken away shows: the more of it, the larger.
TAKEN: dict[str, Callable[[Limits, str], float]] = {
    "off": lambda found, name: float(name in found.off),
    "per_receipt": lambda found, name: -found.per_receipt.get(name, math.inf),
    "points_off": lambda found, _: float(found.points_off),
}


def test_every_field_of_a_restriction_is_tried_here() -> None:
    fields = set(Restriction.__struct_fields__)
    assert fields == PLACES.keys() | SAYS.keys()
    assert SAYS.keys() == TAKEN.keys() == {one.name for one in dataclass_fields(Limits)}


@Law
@given(st.lists(restrictions, max_size=3), restrictions, st.integers(0, 3), st.randoms())
def test_one_more_word_of_a_lower_place_never_gives_back_what_is_taken(
    limits: list[Restriction], more: Restriction, place: int, rng: Random
) -> None:
    """Whatever any field of it says, wherever it stands: nothing is granted that was not."""

    def found(some: list[Restriction]) -> Limits:
        return limits_in(RuleBundle(version=1, restrictions=tuple(some)), HERE)

    before, both = found(limits), [*limits[:place], more, *limits[place:]]
    after = found(both)
    for name, taken in TAKEN.items():
        for rule in IDS:
            assert taken(after, rule) >= taken(before, rule), name
    assert found(rng.sample(both, len(both))) == after, "the order says nothing"


@Law
@given(baskets, bundles(), st.lists(restrictions, max_size=2), restrictions)
def test_a_store_adds_to_its_region_and_lifts_nothing(
    at: Basket, rules: RuleBundle, limits: list[Restriction], store: Restriction
) -> None:
    """Neither offers nor coupons nor points come back, and no rule is used more often."""
    region = [with_fields(one, regions=frozenset({"east"})) for one in limits]
    bundle = with_fields(rules, restrictions=tuple(region))
    own = with_fields(store, stores=frozenset({"S1"}))
    within = with_fields(rules, restrictions=(*region, own))
    assert due(at, within) >= due(at, bundle)
    priced = price_basket(at, within, MEMBER, store=HERE, points_wanted=500)
    taken = limits_in(within, HERE)
    used = {one.offer_id: one.uses for one in priced.applied}
    if priced.coupon is not None:
        used[priced.coupon.coupon_id] = 1
    assert not used.keys() & taken.off
    assert all(times <= taken.per_receipt.get(rule, times) for rule, times in used.items())
    if taken.points_off:
        assert priced.points is None
        assert points_in(within, HERE) is None


def test_a_restriction_without_a_place_applies_nowhere() -> None:
    nowhere = Restriction(off=frozenset({"o"}))
    for store in (HERE, StoreContext()):
        rules = RuleBundle(version=1, restrictions=(nowhere,))
        assert limits_in(rules, store).off == frozenset()

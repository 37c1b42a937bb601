"""A night over made-up chains: what is suggested holds together, whatever was sold."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.insight.stock.facts import (
    Article,
    Facts,
    People,
    Place,
    SegmentSold,
    Sold,
    Stock,
    VisitDay,
)
from retail_core.insight.stock.planning import groups_of, reckon
from retail_core.insight.stock.policy import StockPolicy
from retail_core.insight.stock.rates import Rates
from retail_core.insight.stock.slow import Lying, cover_days, is_slow
from retail_core.insight.stock.suggesting import Suggestion
from retail_core.insight.stock.visiting import AHEAD_DAYS, look_ahead, weekday_index
from retail_core.texts.faults import FaultCode

UNTIL = date(2026, 11, 1).toordinal()
PLACES = (
    Place("s1", "east"),
    Place("s2", "east"),
    Place("s3", "west"),
    Place("w", "", warehouse=True, serves=frozenset({"s1", "s2"})),
)
ARTICLE = Article("a", 2_000, 1_200)


def chain(
    units: tuple[int, int, int, int],
    sold: tuple[int, int, int] = (90, 9, 40),
    *,
    days: int = 90,
    last: int = 1,
) -> Facts:
    """Return a chain where every day is as the other, of one article in three shops."""
    visits = [
        VisitDay(day, region, 4, 6)
        for day in range(UNTIL - days + 1, UNTIL + 1)
        for region in ("east", "west")
    ]
    rows = [
        Sold("a", place.place, count / 2, count / 2, count, float(count), UNTIL - last)
        for place, count in zip(PLACES, sold, strict=False)
        if count
    ]
    stock = [
        Stock(place.place, "a", count, UNTIL - days)
        for place, count in zip(PLACES, units, strict=True)
    ]
    return Facts(UNTIL, 90, (), visits, rows, PLACES, [ARTICLE], stock)


def of(facts: Facts, kind: str, **policy: int) -> list[Suggestion]:
    found = reckon(facts, StockPolicy.of(policy)).suggestions
    return [one for one in found if one.kind == kind]


UNITS = st.tuples(*(st.integers(-3, 80) for _ in range(4)))
SOLD = st.tuples(*(st.integers(0, 200) for _ in range(3)))


@settings(max_examples=40, deadline=None)
@given(UNITS, SOLD)
def test_nothing_leaves_that_is_not_there(
    units: tuple[int, int, int, int], sold: tuple[int, int, int]
) -> None:
    moves = of(chain(units, sold), "supply") + of(chain(units, sold), "transfer")
    there = dict(zip((place.place for place in PLACES), units, strict=True))
    for place, count in there.items():
        assert sum(one.units for one in moves if one.source == place) <= max(count, 0)
    assert all(one.source != one.target and one.units > 0 for one in moves)
    assert all(one.value_fen > one.cost_fen and 0 <= one.confidence <= 1 for one in moves)
    # The warehouse serves the east alone.
    assert not [one for one in moves if one.source == "w" and one.target == "s3"]


@settings(max_examples=25, deadline=None)
@given(UNITS, SOLD, st.integers(1_300, 30_000))
def test_the_dearer_being_short_the_more_is_bought(
    units: tuple[int, int, int, int], sold: tuple[int, int, int], price: int
) -> None:
    facts = chain(units, sold)
    bought = [
        sum(one.units for one in of(replace(facts, articles=[Article("a", fen, 1_200)]), "buy"))
        for fen in (price, price * 2, price * 4)
    ]
    assert all(less <= more for less, more in pairwise(bought))


@settings(max_examples=25, deadline=None)
@given(SOLD, st.integers(1, 60))
def test_what_is_on_its_way_is_not_bought_again(sold: tuple[int, int, int], coming: int) -> None:
    facts = chain((0, 0, 0, 0), sold)
    first = {one.target: one.units for one in of(facts, "buy", handling_fen=0)}
    rows = [replace(row, coming=coming if row.place == "s3" else 0) for row in facts.stock]
    then = {one.target: one.units for one in of(replace(facts, stock=rows), "buy", handling_fen=0)}
    assert then.get("s3", 0) == max(0, first.get("s3", 0) - coming)
    assert then.get("w", 0) == first.get("w", 0)


def test_a_warehouse_fills_its_shops_and_a_neighbour_the_rest() -> None:
    facts = chain((0, 60, 5, 6))
    supplied, moved = of(facts, "supply"), of(facts, "transfer")
    assert [(one.source, one.target) for one in supplied + moved if one.target == "s1"]
    assert sum(one.units for one in supplied) <= 6
    assert {one.target for one in moved} <= {"s1", "s3"}
    assert all(one.source == "s2" for one in moved)


def test_what_is_far_goes_only_where_it_pays() -> None:
    near = of(chain((0, 60, 60, 0)), "transfer", near_fen=10, far_fen=700)
    assert {(one.source, one.target) for one in near} == {("s2", "s1")}
    assert of(chain((0, 0, 80, 0)), "transfer", far_fen=900) == []


def test_who_orders_for_whom() -> None:
    stocked = ("s1", "s2", "s3", "w")
    assert groups_of(PLACES, stocked) == [("w", ["s1", "s2"]), ("s3", ["s3"])]
    everywhere = Place("v", "", warehouse=True)
    assert groups_of((*PLACES, everywhere), (*stocked, "v")) == [
        *(("v", ["s1", "s2", "s3"]), ("w", []))
    ]


def test_rates_add_up() -> None:
    facts = chain((1, 1, 1, 1))
    coming = look_ahead(facts)
    wanted = Rates(facts, coming).wanted("a")
    # 99 units in 90 days in the east, 40 in the west, both drawn a little towards the chain's mean.
    east, west = (float(wanted.regions[region].sum()) for region in ("east", "west"))
    assert 99 / 90 * AHEAD_DAYS > east > 0.9 * 99 / 90 * AHEAD_DAYS
    assert 40 / 90 * AHEAD_DAYS < west < 1.1 * 40 / 90 * AHEAD_DAYS
    assert east + west == pytest.approx(139 / 90 * AHEAD_DAYS, rel=0.01)
    assert wanted.shares["s1"] + wanted.shares["s2"] == pytest.approx(1)
    assert wanted.over("s1", 10) > 5 * wanted.over("s2", 10)
    assert wanted.over("w", 10) == 0
    # Beyond what is looked at it goes on at the mean.
    assert wanted.over("s3", 2 * AHEAD_DAYS) == pytest.approx(2 * wanted.over("s3", AHEAD_DAYS))


def test_weekdays_need_eight_weeks_and_are_drawn_towards_each_other() -> None:
    saturday = [VisitDay(day, "east", 0, 70 if day % 7 == 6 else 10) for day in range(700, 770)]
    index = weekday_index(saturday, 70)
    assert index.mean() == pytest.approx(1)
    assert index.argmax() == date.fromordinal(706 - 706 % 7 + 6).weekday()
    assert 1 < index.max() < 70 / np.mean([70, *[10] * 6])
    assert list(weekday_index(saturday, 55)) == [1.0] * 7


def test_people_who_came_back_come_by_their_model() -> None:
    people = [
        People("east", "", repeat, UNTIL - age, UNTIL - silent if repeat else UNTIL - age, 9)
        for age in range(20, 90, 7)
        for repeat in range(4)
        for silent in (2, 12)
    ]
    facts = replace(chain((1, 1, 1, 1)), people=people)
    coming = look_ahead(facts)
    assert coming.model is not None
    assert coming.model.r > 0
    assert float(coming.again["east"].sum()) > 100
    assert float(coming.again["west"].sum()) == 0
    assert not coming.by_month
    assert coming.by_weekday
    # Guests come as they did.
    assert float(coming.others["west"].sum()) == pytest.approx(6 * AHEAD_DAYS)


def test_a_segment_gets_what_its_people_buy() -> None:
    facts = replace(
        chain((1, 1, 1, 1)),
        segment_sold=[SegmentSold("vip", "east", "a", 45.0)],
        segment_visits={("vip", "east"): 90},
    )
    (outlook,) = reckon(facts, StockPolicy()).outlooks
    ((segment, region, mean),) = outlook.segments
    assert (segment, region) == ("vip", "east")
    assert mean == pytest.approx(45 / 90 * 90 / 90 * AHEAD_DAYS, rel=0.01)


def test_what_lies_is_sold_off_with_what_its_people_buy() -> None:
    facts = chain((60, 0, 0, 0), (2, 0, 0), last=80)
    other = [Sold("b", place, 90.0, 90.0, 180, 180.0, UNTIL - 1) for place in ("s1", "s2", "s3")]
    facts = replace(
        facts,
        articles=[ARTICLE, Article("b", 3_000, 900)],
        sold=[*facts.sold, *other],
        stock=[*facts.stock, *(Stock(one, "b", 400, UNTIL - 90) for one in ("s1", "s2", "s3"))],
        segment_sold=[SegmentSold("vip", "east", "a", 2.0), SegmentSold("vip", "east", "b", 30.0)],
        segment_visits={("vip", "east"): 20},
    )
    (slow,) = of(facts, "slow")
    assert (slow.sku, slow.target, slow.units) == ("a", "east", 60)
    assert (slow.partner, slow.segment) == ("b", "vip")
    assert slow.reasons["price_fen"] == 5_000 * 850 // 1_000
    assert slow.value_fen > 0
    assert slow.confidence > 0.99
    # Never below what both cost.
    dear = replace(facts, articles=[ARTICLE, Article("b", 3_000, 3_300)])
    (slow,) = of(dear, "slow", bundle_permille=500)
    assert slow.reasons["price_fen"] >= 4_500
    # Without a partner it is told all the same.
    alone = replace(facts, articles=[ARTICLE])
    assert [one.partner for one in of(alone, "slow")] == [""]


@given(st.integers(1, 500), st.floats(0, 5), st.integers(0, 400))
def test_slow_is_silent_for_long_or_enough_for_a_year(
    units: int, per_day: float, quiet: int
) -> None:
    policy = StockPolicy()
    lying = Lying(units, per_day, 3.0, quiet)
    found = is_slow(lying, policy)
    late = per_day > 0 and quiet * per_day > 3 and cover_days(lying) > policy.group_days
    assert found == (quiet >= 28 and (late or cover_days(lying) > 365))


def test_nobody_sold_anything_and_nothing_is_counted() -> None:
    nothing = Facts(UNTIL, 90, (), (), (), (), (), ())
    found = reckon(nothing, StockPolicy())
    assert (found.suggestions, found.outlooks, found.model) == ((), (), None)
    counted = reckon(chain((5, 0, 0, 0), (0, 0, 0)), StockPolicy())
    assert [one.kind for one in counted.suggestions] == ["slow"]
    assert all(place.days is None for place in counted.outlooks[0].places)


@pytest.mark.parametrize(
    ("name", "value"), [("lead_days", 0), ("no_such", 1), ("service_permille", 1_000)]
)
def test_a_policy_that_cannot_be_is_refused(name: str, value: int) -> None:
    with pytest.raises(Fault) as caught:
        StockPolicy.of({name: value})
    assert caught.value.code is FaultCode.STOCK_POLICY
    assert StockPolicy.of({"lead_days": 30}).group_days == 39

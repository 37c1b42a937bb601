"""Where points are lent: never more than there is, never less for more."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from retail_core.loyalty.lease_placement import (
    HALF_LIFE_DAYS,
    PlacementRule,
    Visit,
    affinity,
    place,
    spread,
)

HOME, WORK, MALL = UUID(int=1), UUID(int=2), UUID(int=3)
STORES = st.sampled_from([HOME, WORK, MALL])
VISITS = st.lists(st.builds(Visit, STORES, st.integers(-1, 400)), max_size=12)
BALANCES = st.integers(0, 100_000)
RULES = st.builds(
    PlacementRule,
    st.integers(1, 90),
    st.integers(0, 1_000),
    st.integers(0, 1_000),
    st.integers(1, 50),
)


@given(BALANCES, VISITS, RULES)
def test_the_reserve_stays_free(balance: int, visits: list[Visit], rule: PlacementRule) -> None:
    placed = place(balance, visits, rule)
    assert sum(placed.values()) <= balance * (1_000 - rule.reserve_permille) // 1_000
    assert all(part >= rule.least_amount for part in placed.values())
    assert set(placed) <= {visit.store for visit in visits}


@given(BALANCES, st.integers(0, 1_000), VISITS, RULES)
def test_a_larger_balance_lends_no_store_less(
    balance: int, more: int, visits: list[Visit], rule: PlacementRule
) -> None:
    before, after = place(balance, visits, rule), place(balance + more, visits, rule)
    assert all(part <= after[store] for store, part in before.items())


@given(BALANCES, VISITS, STORES, st.integers(0, 100), RULES)
def test_one_more_visit_lends_that_store_no_less(
    balance: int, visits: list[Visit], store: UUID, days: int, rule: PlacementRule
) -> None:
    before = place(balance, visits, rule)
    after = place(balance, [*visits, Visit(store, days)], rule)
    assert before.get(store, 0) <= after.get(store, 0)


@given(BALANCES, VISITS, st.randoms())
def test_the_order_of_visits_does_not_matter(
    balance: int, visits: list[Visit], rnd: object
) -> None:
    mixed = list(visits)
    rnd.shuffle(mixed)  # type: ignore[attr-defined]
    assert place(balance, mixed) == place(balance, visits)


def test_a_visit_weighs_half_after_a_half_life() -> None:
    now, then = affinity([Visit(HOME, 0), Visit(WORK, HALF_LIFE_DAYS)])
    assert now == (HOME, 2 * then[1])
    assert affinity([Visit(HOME, 10_000)]) == ((HOME, 1),)


def test_a_member_who_moved_house_is_followed() -> None:
    visits = [Visit(HOME, days) for days in range(200, 400, 10)]
    visits += [Visit(WORK, days) for days in range(0, 60, 10)]
    assert set(place(1_000, visits)) == {WORK}


def test_two_stores_she_likes_alike_share() -> None:
    assert place(1_000, [Visit(HOME, 1), Visit(WORK, 1)]) == {HOME: 450, WORK: 450}
    assert place(1_000, [Visit(HOME, 1)] * 3 + [Visit(WORK, 1)]) == {HOME: 900}


def test_nobody_knows_where_a_stranger_comes() -> None:
    assert place(1_000, []) == {}
    assert place(9, [Visit(HOME, 1)]) == {}


def test_a_budget_is_spread_by_sales() -> None:
    rule = PlacementRule(reserve_permille=100)
    assert spread(1_000, {HOME: 3, WORK: 1, MALL: 0}, rule) == {HOME: 675, WORK: 225, MALL: 0}
    assert spread(1_000, {HOME: 0}, rule) == {}
    assert spread(-5, {HOME: 1}, rule) == {HOME: 0}

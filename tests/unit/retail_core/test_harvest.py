"""What stands out in a clerk's day."""

from itertools import combinations, pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from retail_core.insight.harvest import Harvest, HarvestRule, SoldTo, find_harvests, visits

ANN, BEA = UUID(int=1), UUID(int=2)
MINUTE = 60_000
RULE = HarvestRule()


def sales(*minutes: int, member: UUID = ANN) -> list[SoldTo]:
    """Sales to a member at these minutes of the day."""
    return [SoldTo(at * MINUTE, UUID(int=member.int * 10_000 + at), member) for at in minutes]


SALES = st.lists(
    st.builds(
        lambda at, member: SoldTo(at * MINUTE, UUID(int=member * 10_000 + at), UUID(int=member)),
        st.integers(0, 90),
        st.integers(1, 3),
    ),
    max_size=12,
)
OWN = st.frozensets(st.integers(1, 3).map(lambda number: UUID(int=number)))
RULES = st.builds(HarvestRule, st.integers(0, 4), st.integers(1, 30))


def test_a_clerks_own_card_stands_out_at_once() -> None:
    (found,) = find_harvests(sales(5), frozenset({ANN}), RULE)
    assert found == Harvest("own_card", ANN, tuple(sales(5)))


def test_one_member_too_often_stands_out() -> None:
    often = sales(0, 60, 120, 180)
    assert find_harvests(often[:3], frozenset(), RULE) == ()
    (found,) = find_harvests([*often, *sales(30, member=BEA)], frozenset(), RULE)
    assert (found.sign, found.member, len(found.sales)) == ("harvest", ANN, 4)


def test_coming_back_for_a_bag_is_no_visit() -> None:
    assert find_harvests(sales(0, 2, 4, 6, 8, 60, 62), frozenset(), RULE) == ()


@given(SALES, OWN, RULES, st.randoms())
def test_order_and_repetition_change_nothing(
    given_: list[SoldTo], own: frozenset[UUID], rule: HarvestRule, luck: object
) -> None:
    turned = [*given_, *given_]
    luck.shuffle(turned)  # type: ignore[attr-defined]  # hypothesis's random
    assert find_harvests(turned, own, rule) == find_harvests(given_, own, rule)


@given(SALES, SALES, OWN, RULES)
def test_one_sale_more_hides_nothing(
    before: list[SoldTo], more: list[SoldTo], own: frozenset[UUID], rule: HarvestRule
) -> None:
    first = {(one.sign, one.member) for one in find_harvests(before, own, rule)}
    then = {(one.sign, one.member) for one in find_harvests([*before, *more], own, rule)}
    assert first <= then


@given(SALES, st.integers(1, 30))
def test_visits_are_the_most_that_lie_apart(given_: list[SoldTo], gap: int) -> None:
    times = sorted({sale.at_ms for sale in given_})[:8]
    some = [sale for sale in given_ if sale.at_ms in times]
    best = max(
        len(chosen)
        for size in range(len(times) + 1)
        for chosen in combinations(times, size)
        if all(b - a >= gap * MINUTE for a, b in pairwise(chosen))
    )
    assert visits(some, gap) == best


@given(SALES, OWN, RULES)
def test_whoever_is_named_was_sold_to(
    given_: list[SoldTo], own: frozenset[UUID], rule: HarvestRule
) -> None:
    for found in find_harvests(given_, own, rule):
        assert set(found.sales) == {sale for sale in given_ if sale.member == found.member}
        assert (found.sign == "own_card") == (found.member in own)

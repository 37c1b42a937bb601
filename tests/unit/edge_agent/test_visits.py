"""How surely a member is known at a counter with several tills."""

from uuid import UUID

import pytest

from edge_agent.api.visits import Visits
from edge_agent.domain.lanes import LaneTills, Place
from edge_agent.services.members.till_sessions import TillSessions
from retail_core.identity.assurance import NAMED_BY_TILL, Factor, Standing
from tests.fakes.clock import FakeClock

RINGS, PRINTS, ELSEWHERE = UUID(int=1), UUID(int=2), UUID(int=3)
ANN, BEA = UUID(int=11), UUID(int=12)
NUMBER, CODE = Standing(Factor.PHONE_NUMBER), Standing(Factor.MEMBER_CODE)


@pytest.fixture
def visits() -> Visits:
    lanes = (
        LaneTills("1", "", (RINGS, PRINTS), prints=(PRINTS,)),
        LaneTills("2", "", (ELSEWHERE,)),
    )
    return Visits(TillSessions(FakeClock()), lanes)


@pytest.mark.parametrize(("first", "then"), [(RINGS, PRINTS), (PRINTS, RINGS)])
def test_a_code_weighs_more_than_the_number_typed_at_the_till_beside_it(
    visits: Visits, first: UUID, then: UUID
) -> None:
    visits.begun(Place("1", first), ANN, NUMBER)
    visits.begun(Place("1", then), ANN, CODE)
    for till in (RINGS, PRINTS, None):
        assert visits.standing(Place("1", till), ANN) == CODE


def test_what_was_shown_at_another_counter_or_by_another_person_says_nothing(
    visits: Visits,
) -> None:
    visits.begun(Place("1", RINGS), ANN, NUMBER)
    visits.begun(Place("1", PRINTS), BEA, CODE)
    visits.begun(Place("2", ELSEWHERE), ANN, CODE)
    assert visits.standing(Place("1", RINGS), ANN) == NUMBER
    visits.leave(Place("1"))
    assert visits.standing(Place("1", RINGS), ANN) == NAMED_BY_TILL


def test_a_screen_books_under_a_till_that_can_ask(visits: Visits) -> None:
    assert visits.sells_at(visits.beside_screen("1")) == RINGS
    assert visits.sells_at(Place("1", RINGS)) == RINGS
    assert visits.sells_at(Place("2")) == ELSEWHERE


def test_where_the_only_till_prints_a_screen_books_under_that_one() -> None:
    alone = Visits(TillSessions(FakeClock()), (LaneTills("1", "", (PRINTS,), prints=(PRINTS,)),))
    assert alone.sells_at(alone.beside_screen("1")) == PRINTS

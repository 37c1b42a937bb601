"""From one embedder to the next, and a candidate on trial: who, until when, what differs."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.identity.face_match import Accept, Ask, Decision, Unknown
from retail_core.identity.shadowing import ShadowCounts, Verdict, compare
from retail_core.identity.succession import DAY_MS, Held, Succession, plan_succession

ANNA, BERTA, CLARA = (UUID(int=number) for number in (1, 2, 3))
NEW, OLD, OLDER = "new@2", "old@1", "older@0"
BEGAN = 1_000_000
HELD = (
    Held(CLARA, (OLD,)),
    Held(ANNA, (NEW, OLD)),
    Held(BERTA, (NEW,)),
)


def plan(*held: Held, days_later: float | None = 1) -> Succession:
    now = None if days_later is None else BEGAN + int(days_later * DAY_MS)
    return plan_succession(held, NEW, BEGAN, now, 90)


def test_while_it_runs_only_replaced_templates_go() -> None:
    found = plan(*HELD)
    assert found == Succession(2, (CLARA,), ((ANNA, OLD),), over=False)
    assert found.running


def test_on_the_day_all_old_templates_go() -> None:
    found = plan(*HELD, days_later=90)
    assert found == Succession(2, (), ((ANNA, OLD), (CLARA, OLD)), over=True)
    assert not found.running
    assert plan(*HELD, days_later=89.999).running


def test_without_a_known_time_the_day_never_comes() -> None:
    assert plan(*HELD, days_later=None) == plan(*HELD)


def test_every_older_model_goes_with_the_one_before() -> None:
    assert plan(Held(ANNA, (OLDER, NEW, OLD))).erase == ((ANNA, OLD), (ANNA, OLDER))


def test_who_has_nothing_is_nobodys_business() -> None:
    found = plan(Held(ANNA, ()))
    assert found == Succession(0, (), (), over=False)
    assert not found.running


MODELS = st.lists(st.sampled_from([NEW, OLD, OLDER]), unique=True)


@given(st.dictionaries(st.integers(1, 50), MODELS, max_size=20), st.floats(0, 200))
def test_nobody_is_lost_and_nothing_new_is_erased(
    people: dict[int, list[str]], days: float
) -> None:
    held = [Held(UUID(int=number), models) for number, models in people.items()]
    found = plan(*held, days_later=days)
    assert all(model != NEW for _, model in found.erase)
    assert found.done == sum(NEW in models for models in people.values())
    with_old_only = {one.member_id for one in held if one.models and NEW not in one.models}
    assert set(found.pending) == (set() if found.over else with_old_only)
    # carried out, the plan leaves nothing to erase
    after = [
        Held(one.member_id, [m for m in one.models if (one.member_id, m) not in found.erase])
        for one in held
    ]
    assert plan(*after, days_later=days).erase == ()


A, B, ASK, NONE = Accept(ANNA, 0.7), Accept(BERTA, 0.9), Ask((ANNA,)), Unknown()


@pytest.mark.parametrize(
    ("acting", "candidate", "known", "verdict"),
    [
        (A, A, {ANNA}, Verdict.AGREE),
        (A, Accept(ANNA, 0.99), set(), Verdict.AGREE),
        (A, B, {ANNA}, Verdict.WOULD_ACCEPT_OTHER),
        (A, B, set(), Verdict.WOULD_ACCEPT_OTHER),
        (A, NONE, {ANNA}, Verdict.WOULD_MISS),
        (A, ASK, {ANNA}, Verdict.WOULD_MISS),
        (A, NONE, {BERTA}, Verdict.LEARNING),
        (NONE, NONE, set(), Verdict.AGREE),
        (NONE, ASK, set(), Verdict.AGREE),
        (ASK, NONE, set(), Verdict.AGREE),
        (NONE, A, {ANNA}, Verdict.WOULD_ACCEPT_OTHER),
        (ASK, A, {ANNA}, Verdict.WOULD_ACCEPT_OTHER),
    ],
)
def test_verdicts(
    acting: Decision, candidate: Decision, known: set[UUID], verdict: Verdict
) -> None:
    assert compare(acting, candidate, known) is verdict


def test_every_verdict_is_counted_under_its_name() -> None:
    assert {verdict.value for verdict in Verdict} | {"dropped"} == set(ShadowCounts.__slots__)

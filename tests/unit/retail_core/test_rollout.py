"""Rings: no box is reached before the ring in front of it has proved the release."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.fleet.commands import WAVES_PERMILLE
from retail_core.fleet.rollout import (
    BAD,
    HAS_IT,
    TRADE_SALES_MIN,
    BoxStage,
    Going,
    Policy,
    RolloutState,
    Standing,
    Trade,
    goes_on,
    noted,
    overdue,
    rings_of,
    wished,
)
from retail_core.texts.faults import FaultCode

B = BoxStage
NOW = 10**12
QUICK = Policy(rest_minutes=0, approve=())
RUNNING = Going("running", 0, NOW)
STAGES = st.sampled_from(list(BoxStage))
BOXES = st.lists(st.builds(Standing, st.integers(0, 3), STAGES), min_size=1, max_size=40)


def proved(ring: int) -> Standing:
    return Standing(ring, B.PROVED)


@given(boxes=BOXES, failures=st.integers(0, 3), now_ms=st.integers(NOW, NOW + 10**8))
def test_no_ring_opens_without_proof_and_failures_stop(
    boxes: list[Standing], failures: int, now_ms: int
) -> None:
    policy = Policy(failures_max=failures, approve=())
    after = goes_on(RUNNING, policy, boxes, Trade(), now_ms)
    first = [one for one in boxes if one.ring == 0]
    bad = sum(one.stage in BAD for one in first)
    assert (after.state == "stopped") == (bad > failures)
    if after.ring > 0:
        good = sum(one.stage is B.PROVED for one in first)
        heard = sum(one.stage is not B.REVERTED for one in first)
        assert good * 1_000 >= policy.success_permille * heard
        assert heard or not first, "shops that sold nothing open no ring by themselves"
        assert now_ms - NOW >= policy.rest_minutes * 60_000
    if after.state == "stopped":
        assert all((wished(after, one) == "back") == (one.stage in HAS_IT) for one in boxes), (
            "who has it goes back, nobody else takes it"
        )


@given(box=st.builds(Standing, st.integers(0, 3), STAGES), ring=st.integers(0, 3))
def test_no_box_outside_the_open_rings_takes_it(box: Standing, ring: int) -> None:
    going = Going("running", ring, NOW)
    if box.ring > ring and box.stage not in HAS_IT:
        assert wished(going, box) == "nothing"
    for state in ("waiting", "paused"):
        held = wished(Going(state, ring, NOW), box)
        assert (held == "take") == (box.stage in HAS_IT), "a pause stops no trial under way"


@given(count=st.integers(1, 300), number=st.integers(1, 50))
def test_rings_have_their_shares_and_the_first_is_never_empty(count: int, number: int) -> None:
    rings = rings_of(number, [UUID(int=one) for one in range(count)])
    sizes = [list(rings.values()).count(ring) for ring in range(len(WAVES_PERMILLE))]
    assert sum(sizes) == count
    assert sizes[0] >= 1
    assert sizes[0] <= max(1, count * WAVES_PERMILLE[0] // 1_000)


def test_each_release_draws_anew() -> None:
    boxes = [UUID(int=one) for one in range(200)]
    first = {box for box, ring in rings_of(1, boxes).items() if ring == 0}
    assert len({frozenset(box for box, ring in rings_of(number, boxes).items() if ring == 0)
                for number in range(1, 9)}) > 1, first  # fmt: skip


def test_a_ring_that_asks_for_a_person_pauses_until_one_agreed() -> None:
    policy = Policy(rest_minutes=0, approve=(0,))
    boxes = [proved(0), Standing(1, B.HELD)]
    paused = goes_on(RUNNING, policy, boxes, Trade(), NOW)
    assert (paused.state, paused.why, paused.ring) == ("paused", "approval", 0)
    agreed = Going("running", 0, NOW, agreed=(0,))
    assert goes_on(agreed, policy, boxes, Trade(), NOW) == Going("running", 1, NOW, "", (0,))


def test_sales_that_stay_away_stop_it() -> None:
    boxes = [Standing(0, B.TRYING), Standing(1, B.HELD)]
    few = Trade(now=11, before=TRADE_SALES_MIN)
    after = goes_on(RUNNING, QUICK, boxes, few, NOW)
    assert (after.state, after.why) == ("stopped", "sales")
    quiet = Trade(now=0, before=TRADE_SALES_MIN - 1)
    assert goes_on(RUNNING, QUICK, boxes, quiet, NOW) == RUNNING
    enough = Trade(now=12, before=TRADE_SALES_MIN)
    assert goes_on(RUNNING, QUICK, boxes, enough, NOW) == RUNNING


def test_the_last_ring_is_waited_for() -> None:
    last = Going("running", 3, NOW)
    slow = [*(proved(3) for _ in range(19)), Standing(3, B.READY)]
    assert goes_on(last, QUICK, slow, Trade(), NOW) == last
    assert goes_on(last, QUICK, slow[:19], Trade(), NOW).state == "done"


def test_a_box_that_has_gone_back_says_so_and_stays_so() -> None:
    assert noted(B.PROVED, B.FAILED, "stopped") is B.REVERTED
    assert noted(B.REVERTED, B.TRYING, "stopped") is B.REVERTED
    assert noted(B.TRYING, B.FAILED, "running") is B.FAILED
    assert noted(B.OFFERED, B.HELD, "running") is B.OFFERED


def test_a_ring_in_which_nobody_sold_is_a_persons_to_judge() -> None:
    silent = [Standing(0, B.REVERTED), Standing(1, B.HELD)]
    paused = goes_on(RUNNING, QUICK, silent, Trade(), NOW)
    assert paused == Going("paused", 0, NOW, "quiet")
    agreed = replace(RUNNING, agreed=(0,))
    assert goes_on(agreed, QUICK, silent, Trade(), NOW).ring == 1
    one_sold = [proved(0), *silent]
    assert goes_on(RUNNING, QUICK, one_sold, Trade(), NOW).ring == 1
    waits = [Standing(0, B.TRYING), *silent]
    assert goes_on(RUNNING, QUICK, waits, Trade(), NOW) == RUNNING
    last = [proved(0), Standing(0, B.REVERTED)]
    assert goes_on(RUNNING, QUICK, last, Trade(), NOW).state == "done"


def test_a_trial_ends_when_its_time_is_over() -> None:
    policy = Policy(trial_minutes=2)
    assert not overdue(B.TRYING, NOW, policy, NOW + 120_000)
    assert overdue(B.TRYING, NOW, policy, NOW + 120_001)
    assert not overdue(B.PROVED, NOW, policy, NOW + 10**9)
    box = Standing(0, B.TRYING)
    assert wished(RUNNING, box, is_over=True) == "back"
    assert noted(B.TRYING, B.FAILED, "running", was_called=True) is B.REVERTED
    assert wished(RUNNING, Standing(0, B.REVERTED)) == "nothing"


WEEK = 7 * 24 * 60
WRONG = [
    ("sales", 0, 1),
    ("sales", 1_001, 1_000),
    ("well_minutes", -1, 0),
    ("well_minutes", WEEK + 1, WEEK),
    ("success_permille", 0, 1),
    ("success_permille", 1_001, 1_000),
    ("failures_max", -1, 0),
    ("trade_permille", -1, 0),
    ("trade_permille", 1_001, 1_000),
    ("rest_minutes", -1, 0),
    ("rest_minutes", WEEK + 1, WEEK),
    ("window_from", -1, 0),
    ("window_from", 1_440, 1_439),
    ("window_to", -1, 0),
    ("window_to", 1_440, 1_439),
    ("hold_minutes", -1, 0),
    ("hold_minutes", WEEK + 1, WEEK),
    ("trial_minutes", 0, 1),
    ("trial_minutes", 43_201, 43_200),
]


@pytest.mark.parametrize(("name", "wrong", "right"), WRONG)
def test_rules_that_prove_nothing_are_refused_by_name(name: str, wrong: int, right: int) -> None:
    changed: dict[str, Any] = {name: right}
    replace(Policy(), **changed).check()
    changed[name] = wrong
    with pytest.raises(Fault) as caught:
        replace(Policy(), **changed).check()
    assert caught.value.code is FaultCode.RELEASE_POLICY_WRONG
    assert caught.value.fields == {"what": name}


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(Fault) as caught:
        Policy(sales=0, failures_max=-1, window_to=-1).check()
    assert caught.value.fields == {"what": "sales, failures_max, window_to"}


@pytest.mark.parametrize("state", ["waiting", "running", "paused", "stopped", "done"])
@pytest.mark.parametrize("stage", BoxStage)
@pytest.mark.parametrize("ring", [0, 1, 2])
def test_what_is_wanted_of_each_box(state: RolloutState, stage: BoxStage, ring: int) -> None:
    going = Going(state, 1, NOW)
    if stage in {B.TRYING, B.PROVED}:
        wanted = "back" if state == "stopped" else "take"
    elif stage in {B.FAILED, B.REFUSED, B.REVERTED} or ring > 1:
        wanted = "nothing"
    else:
        wanted = "take" if state in {"running", "done"} else "nothing"
    assert wished(going, Standing(ring, stage)) == wanted


def test_a_ring_is_proved_by_just_its_share() -> None:
    policy = Policy(rest_minutes=0, approve=(), success_permille=900)
    nine = [*(proved(0) for _ in range(9)), Standing(0, B.TRYING), Standing(1, B.HELD)]
    assert goes_on(RUNNING, policy, nine, Trade(), NOW).ring == 1
    eight = [*(proved(0) for _ in range(8)), Standing(0, B.TRYING), Standing(0, B.READY)]
    assert goes_on(RUNNING, policy, [*eight, Standing(1, B.HELD)], Trade(), NOW) == RUNNING


def test_a_ring_rests_before_the_next_one_opens() -> None:
    policy = Policy(rest_minutes=2, approve=())
    boxes = [proved(0), Standing(2, B.HELD), Standing(3, B.HELD)]
    assert goes_on(RUNNING, policy, boxes, Trade(), NOW + 119_999) == RUNNING
    opened = goes_on(RUNNING, policy, boxes, Trade(), NOW + 120_000)
    assert opened == Going("running", 2, NOW + 120_000), "an empty ring is passed over"


def test_one_failure_more_than_allowed_stops_and_says_why() -> None:
    policy = Policy(failures_max=1)
    going = Going("running", 1, NOW, agreed=(0,))
    bad = [Standing(0, B.FAILED), Standing(1, B.REFUSED), Standing(2, B.HELD)]
    stopped = goes_on(going, policy, bad, Trade(), NOW)
    assert stopped == Going("stopped", 1, NOW, "failures", (0,))
    later = [Standing(0, B.FAILED), Standing(2, B.REFUSED), Standing(1, B.HELD)]
    assert goes_on(going, policy, later, Trade(), NOW) == going, "a ring that is not open is none"


def test_a_release_that_is_everywhere_is_done_and_keeps_who_agreed() -> None:
    last = Going("running", 3, NOW, "", (0, 2))
    boxes = [proved(0), Standing(1, B.FAILED), proved(3)]
    policy = Policy(rest_minutes=0, approve=(0, 3), failures_max=1)
    assert goes_on(last, policy, boxes, Trade(), NOW) == Going("done", 3, NOW, "", (0, 2))
    for stage in (B.TRYING, B.READY, B.HELD):
        assert goes_on(last, policy, [*boxes, Standing(0, stage)], Trade(), NOW) == last, stage


def test_a_pause_keeps_who_agreed_to_the_rings_before() -> None:
    going = Going("running", 1, NOW, agreed=(0,))
    boxes = [proved(0), proved(1), Standing(2, B.HELD)]
    policy = Policy(rest_minutes=0, approve=(0, 1))
    assert goes_on(going, policy, boxes, Trade(), NOW) == Going("paused", 1, NOW, "approval", (0,))

"""A release proves itself by selling; it is switched to when nobody is being served."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.fleet.update_trial import (
    BREAKS_MIN,
    DAY_MINUTES,
    STOPPED_MS,
    WELL_MS,
    Trial,
    Verdict,
    Wait,
    Window,
    judge,
    waits_for,
)

NUMBERS = st.integers(0, 500)
MINUTES = st.integers(0, DAY_MINUTES - 1)


@given(sales=NUMBERS, breaks=NUMBERS, needed=st.integers(1, 50))
def test_nothing_is_proved_without_its_sales(sales: int, breaks: int, needed: int) -> None:
    verdict, code = judge(Trial(sales, breaks, well_ms=10 * WELL_MS), needed)
    if verdict is Verdict.PROVED:
        assert sales >= needed
        assert breaks < BREAKS_MIN or breaks * 10 < sales + breaks
    assert bool(code) == (verdict is Verdict.FAILED)


@pytest.mark.parametrize(
    ("trial", "verdict"),
    [
        (Trial(sales=20, well_ms=WELL_MS - 1), Verdict.GOES_ON),
        (Trial(sales=19, well_ms=WELL_MS), Verdict.GOES_ON),
        (Trial(sales=20, well_ms=WELL_MS), Verdict.PROVED),
        (Trial(sales=20, breaks=1, well_ms=WELL_MS), Verdict.PROVED),
        (Trial(sales=0, breaks=1), Verdict.GOES_ON),
        (Trial(sales=0, breaks=2), Verdict.FAILED),
        (Trial(sales=18, breaks=2), Verdict.FAILED),
        (Trial(sales=19, breaks=2, well_ms=WELL_MS), Verdict.GOES_ON),
        (Trial(sales=20, well_ms=WELL_MS, stopped_ms=1), Verdict.GOES_ON),
        (Trial(sales=99, well_ms=WELL_MS, stopped_ms=STOPPED_MS), Verdict.FAILED),
    ],
)
def test_the_edges(trial: Trial, verdict: Verdict) -> None:
    needed = 21 if trial.sales == 19 and trial.breaks == 2 else 20
    assert judge(trial, needed)[0] is verdict


@given(start=MINUTES, length=st.integers(1, DAY_MINUTES - 1), after=MINUTES)
def test_a_window_is_as_long_as_it_says_over_midnight_too(
    start: int, length: int, after: int
) -> None:
    window = Window(start, (start + length) % DAY_MINUTES)
    assert window.holds((start + after) % DAY_MINUTES) == (after < length)


def test_from_equals_to_is_any_time() -> None:
    assert all(Window(60, 60).holds(minute) for minute in range(DAY_MINUTES))


@pytest.mark.parametrize(
    ("minute", "basket_ms", "waits"),
    [
        (None, None, Wait.CLOCK),
        (600, None, Wait.WINDOW),
        (180, 0, Wait.BASKET),
        (180, 1_799_999, Wait.BASKET),
        (180, 1_800_000, Wait.NOTHING),
        (180, None, Wait.NOTHING),
    ],
)
def test_what_a_switch_waits_for(minute: int | None, basket_ms: int | None, waits: Wait) -> None:
    assert waits_for(Window(120, 300), minute, basket_ms, 1_800_000) is waits


def test_without_a_window_no_clock_is_needed() -> None:
    assert waits_for(Window(), None, None, 0) is Wait.NOTHING

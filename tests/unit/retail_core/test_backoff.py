"""Waiting: spread over the whole window, doubled up to a ceiling."""

import bisect
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.sync.backoff import full_jitter, resend_after_ms


@pytest.mark.parametrize(
    ("attempt", "ceiling"),
    [(0, 4_000), (1, 8_000), (2, 16_000), (3, 30_000), (4, 30_000), (10_000, 30_000)],
)
def test_the_window_doubles_up_to_half_a_minute(attempt: int, ceiling: int) -> None:
    assert full_jitter(attempt, 0) == 0
    assert full_jitter(attempt, 500) == ceiling // 2
    assert full_jitter(attempt, 333) == ceiling * 333 // 1_000
    assert type(full_jitter(attempt, 500)) is int
    assert full_jitter(attempt, 1_000) == ceiling


@given(st.integers(0, 100), st.integers(0, 1_000))
def test_no_wait_leaves_the_window(attempt: int, permille: int) -> None:
    assert 0 <= full_jitter(attempt, permille) <= 30_000


@pytest.mark.parametrize("away_ms", [0, 300, 1_000, 2_000, 3_000, 5_000, 10_000, 30_000])
def test_a_herd_of_a_thousand_stays_under_what_a_broker_can_greet(away_ms: int) -> None:
    """Half a core greets 500 certified boxes a second, however long the broker was away."""
    back = sorted(_back_ms(away_ms, random.Random(number)) for number in range(1_000))  # noqa: S311 -- no secrets
    most = max(bisect.bisect_right(back, first + 1_000) - at for at, first in enumerate(back))
    assert most < 500


def _back_ms(away_ms: int, draw: random.Random) -> int:
    at = 0
    for attempt in itertools.count():
        at += full_jitter(attempt, draw.randint(0, 1_000))
        if at >= away_ms:
            break
    return at


def test_a_herd_spreads_evenly() -> None:
    waits = [full_jitter(6, permille) for permille in range(1_001)]
    assert {later - earlier for earlier, later in itertools.pairwise(waits)} == {30}


@pytest.mark.parametrize(
    ("attempt", "rtt_ms", "wanted"),
    [
        (1, 0, 1_500),
        (1, 375, 1_500),
        (1, 400, 1_600),
        (2, 0, 3_000),
        (3, 400, 6_400),
        (5, 0, 24_000),
        (6, 0, 30_000),
        (99, 0, 30_000),
        (1, 60_000, 30_000),
    ],
)
def test_a_frame_is_resent_after_four_round_trips_and_ever_later(
    attempt: int, rtt_ms: int, wanted: int
) -> None:
    assert resend_after_ms(attempt, rtt_ms) == wanted

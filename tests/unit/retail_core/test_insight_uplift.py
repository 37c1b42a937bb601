"""What a campaign brought, against published figures and scipy; and when it ends by itself."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from retail_core.insight.campaigns.plan import plan_of
from retail_core.insight.campaigns.stopping import Spent, people_left, stop
from retail_core.insight.campaigns.uplift import (
    ArmSum,
    conversion_difference,
    spend_difference,
    t_quantile,
    uplift,
)
from tests.unit.retail_core.test_insight_campaigns import said

TODAY = date(2026, 11, 10)
PLAN = plan_of(said(budget_fen=10_000_000))


def arm(spends: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> ArmSum:
    values = [int(one) for one in spends]
    bought = sum(one > 0 for one in values)
    return ArmSum(len(values), bought, sum(values), sum(one * one for one in values))


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        # Newcombe (1998), table II, method 10: the paper's own examples.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombes_own_examples(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = conversion_difference(
        ArmSum(one[1], one[0]), ArmSum(other[1], other[0]), confidence=0.95
    )
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_welchs_interval_is_scipys() -> None:
    drawn = np.random.default_rng(5)
    one, other = drawn.poisson(900, 40), drawn.poisson(700, 23) * 3
    found = spend_difference(arm(one), arm(other), 0.95)
    wanted = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert found is not None
    assert found.low == pytest.approx(wanted.low, abs=0.05)
    assert found.high == pytest.approx(wanted.high, abs=0.05)


@given(st.floats(0.5, 0.999), st.floats(5, 500))
def test_the_quantile_of_t(probability: float, freedom: float) -> None:
    rough = 0.03 if freedom < 8 and probability > 0.99 else 0.004
    assert t_quantile(probability, freedom) == pytest.approx(
        stats.t.ppf(probability, freedom), abs=rough
    )


@given(st.integers(1, 400), st.integers(0, 400), st.integers(1, 400), st.integers(0, 400))
def test_the_interval_holds_the_difference_and_turns_with_the_arms(
    n: int, a: int, m: int, b: int
) -> None:
    one, other = ArmSum(n, min(a, n)), ArmSum(m, min(b, m))
    found, turned = (conversion_difference(*arms, 0.95) for arms in ((one, other), (other, one)))
    assert found is not None
    assert turned is not None
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low == pytest.approx(-turned.high)


def test_too_few_say_nothing() -> None:
    assert conversion_difference(ArmSum(0), ArmSum(9, 1), 0.95) is None
    assert spend_difference(ArmSum(1, 1, 5, 25), ArmSum(9, 1, 3, 9), 0.95) is None
    assert spend_difference(ArmSum(50), ArmSum(50), 0.95) is None
    assert spend_difference(ArmSum(2, 2, 5, 25), ArmSum(2, 1, 3, 9), 0.95) is None


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """A thousand campaigns that change nothing, and as many that do: about 95 in 100."""
    drawn = np.random.default_rng(8)
    for planted in (0.0, 0.05):
        hits = 0
        for _ in range(1_000):
            one = ArmSum(900, int(drawn.binomial(900, 0.1 + planted)))
            other = ArmSum(150, int(drawn.binomial(150, 0.1)))
            found = conversion_difference(one, other, 0.95)
            assert found is not None
            hits += found.low <= planted <= found.high
        assert 925 <= hits <= 975


class TestStop:
    def test_it_goes_on(self) -> None:
        assert stop(PLAN, uplift(ArmSum(), ArmSum()), Spent(), TODAY) is None

    def test_its_last_day_and_its_money(self) -> None:
        nothing = uplift(ArmSum(), ArmSum())
        assert stop(PLAN, nothing, Spent(), date(2026, 12, 1)) == "end"
        assert stop(PLAN, nothing, Spent(5_000_000, 0, 4_999_500), TODAY) == "budget"
        assert people_left(PLAN, Spent()) == 10_000_000 // 1_005
        assert people_left(plan_of(said(benefit_fen=0, message_fen=0)), Spent()) is None

    def test_harm_beyond_doubt_and_no_earlier(self) -> None:
        worse = uplift(ArmSum(5_000, 300), ArmSum(1_000, 150))
        doubtful = uplift(ArmSum(5_000, 500), ArmSum(1_000, 130))
        assert doubtful.conversion is not None
        assert doubtful.conversion.high < 0  # by 95 %, which looking every day does not allow
        assert stop(PLAN, worse, Spent(), TODAY) == "harm"
        assert stop(PLAN, doubtful, Spent(), TODAY) is None
        assert stop(PLAN, uplift(ArmSum(99, 0), ArmSum(99, 50)), Spent(), TODAY) is None

    def test_what_cannot_pay_ends(self) -> None:
        drawn = np.random.default_rng(3)
        one, other = arm(drawn.poisson(2_000, 3_000)), arm(drawn.poisson(2_000, 500))
        same = uplift(one, other)
        assert stop(PLAN, same, Spent(used_fen=3_000_000), TODAY) == "loss"
        assert stop(PLAN, same, Spent(used_fen=300), TODAY) is None

    def test_looking_every_day_stops_few_that_do_no_harm(self) -> None:
        """Of 400 campaigns that change nothing, looked at 28 times, 1 in 50 is stopped at most."""
        drawn = np.random.default_rng(21)
        stopped = 0
        for _ in range(400):
            one = np.cumsum(drawn.binomial(100, 0.1, 28))
            other = np.cumsum(drawn.binomial(20, 0.1, 28))
            looks = (
                uplift(ArmSum(100 * day, int(one[day - 1])), ArmSum(20 * day, int(other[day - 1])))
                for day in range(1, 29)
            )
            stopped += any(stop(PLAN, look, Spent(), TODAY) for look in looks)
        assert stopped <= 8

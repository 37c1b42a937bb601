"""How much should lie there, against sums done by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from retail_core.insight.arrays import Floats
from retail_core.insight.stock import newsvendor
from retail_core.insight.stock.predictive import (
    NONE,
    Demand,
    at_most,
    chance_of_more,
    expected_sales,
    forecast,
    quantile,
)

DEMANDS = st.builds(Demand, st.floats(0.01, 400), st.floats(0.2, 5_000) | st.just(1e9))


def by_hand(demand: Demand, units: int) -> Floats:
    """P(count = k) for k up to `units`, by another library."""
    k = np.arange(units + 1)
    if demand.shape >= 1e9:
        return np.asarray(poisson.pmf(k, demand.mean))
    chance = demand.shape / (demand.shape + demand.mean)
    return np.asarray(nbinom.pmf(k, demand.shape, chance))


@given(DEMANDS, st.integers(0, 300))
def test_what_is_expected_to_sell_is_the_sum_over_every_count(demand: Demand, units: int) -> None:
    chances = by_hand(demand, units)
    summed = float(chances @ np.arange(units + 1)) + units * (1 - float(chances.sum()))
    assert expected_sales(demand, units) == pytest.approx(summed, rel=1e-6, abs=1e-7)
    assert chance_of_more(demand, units) == pytest.approx(1 - chances.sum(), abs=1e-9)


@given(DEMANDS, st.floats(0.01, 0.999))
def test_a_quantile_is_the_least_that_suffices(demand: Demand, share: float) -> None:
    least = quantile(demand, share)
    assert float(at_most(demand, np.array([least]))[0]) >= share
    assert float(at_most(demand, np.array([least - 1]))[0]) < share


def test_the_textbook_case() -> None:
    # Poisson of mean 10, a unit short costs 7, one that lies 3: the least n with F(n) >= 0.7.
    assert newsvendor.quantity(Demand(10.0, 1e9), 7.0, 3.0) == 12
    assert poisson.cdf(11, 10) < 0.7 <= poisson.cdf(12, 10)


@given(DEMANDS, st.floats(1, 10_000), st.floats(0.1, 10_000))
def test_no_other_quantity_earns_more(demand: Demand, short: float, hold: float) -> None:
    best = newsvendor.quantity(demand, short, hold)

    def earned(units: int) -> float:
        sold = expected_sales(demand, units)
        return short * sold - hold * (units - sold)

    # Beyond the most extreme level asked for the chance is not told apart from 1.
    if newsvendor.ratio(short, hold) < 0.9999:
        near = [earned(max(0, best + step)) for step in (-7, -1, 1, 7)]
        assert earned(best) >= max(near) - 1e-6 * abs(earned(best)) - 1e-9


@given(DEMANDS, st.lists(st.floats(0, 10_000), min_size=2, max_size=5), st.floats(0.1, 1_000))
def test_the_dearer_being_short_the_more_lies_there(
    demand: Demand, shorts: list[float], hold: float
) -> None:
    found = [newsvendor.quantity(demand, short, hold) for short in sorted(shorts)]
    assert all(less <= more for less, more in pairwise(found))


@given(DEMANDS, st.integers(1, 999))
def test_a_service_level_comes_before_costs(demand: Demand, permille: int) -> None:
    units = newsvendor.quantity(demand, 0.0, 5.0, permille)
    assert float(at_most(demand, np.array([units]))[0]) >= permille / 1_000


@given(st.floats(0.1, 300), st.floats(0, 1_000), st.floats(1, 5))
def test_little_history_and_lines_of_many_make_it_wide(
    mean: float, seen: float, batch: float
) -> None:
    made = forecast(mean, seen, batch)
    assert made.mean == mean
    wanted = batch * mean + mean**2 * batch / (seen + 1)
    assert made.variance == pytest.approx(wanted, rel=1e-6)
    assert forecast(mean, seen + 10, batch).variance < made.variance


def test_nothing_wanted_is_nothing_needed() -> None:
    assert forecast(0.0, 5.0) is NONE
    assert (quantile(NONE, 0.99), expected_sales(NONE, 5), chance_of_more(NONE, 0)) == (0, 0.0, 0.0)
    assert newsvendor.quantity(Demand(5.0, 2.0), 0.0, 1.0) == 0
    assert newsvendor.gain_fen(Demand(5.0, 1e9), 100.0, 3, 0) == 0.0
    assert math.isclose(newsvendor.lying_fen(NONE, 2.0, 0, 4), 8.0)

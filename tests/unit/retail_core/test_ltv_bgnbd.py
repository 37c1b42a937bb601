"""BG/NBD against published figures, integration over its mixing laws, simulation and itself."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats, Ints
from retail_core.insight.ltv import bgnbd
from retail_core.insight.ltv.bgnbd import BgNbd
from retail_core.insight.ltv.quadrature import beta_nodes
from retail_core.insight.ltv.summary import Summary
from retail_core.texts.faults import FaultCode

# Estimates on the CDNOW sample as printed in the literature's walkthrough, time in weeks.
PRINTED = BgNbd(0.2425945, 4.4136019, 0.7929199, 2.4258881, 0.0)
positive = st.floats(0.05, 8.0)


def histories(*some: tuple[int, float, float]) -> Summary:
    table = np.array(some, dtype=np.float64)
    return summary_of(table[:, 0], table[:, 1], table[:, 2])


def summary_of(repeat: Floats | Ints, recency: Floats, age: Floats) -> Summary:
    none, nothing = np.zeros(len(age), dtype=np.int64), np.zeros(len(age))
    who = np.arange(len(age))
    return Summary(who, repeat.astype(np.int64), recency, age, nothing, nothing, none, none)


def simulated(
    size: int, model: BgNbd, ages: tuple[float, float], seed: int, ahead: float = 0.0
) -> tuple[Summary, Ints]:
    """Customers as the model tells of them, one purchase after another; and what came after."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(model.r, 1 / model.alpha, size)
    leaves = rng.beta(model.a, model.b, size)
    age = rng.uniform(*ages, size)
    now, last = np.zeros(size), np.zeros(size)
    repeat, later = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    there = np.arange(size)
    while there.size:
        now[there] += rng.exponential(1 / rate[there])
        there = there[now[there] <= age[there] + ahead]
        seen = there[now[there] <= age[there]]
        repeat[seen] += 1
        last[seen] = now[seen]
        later[there[now[there] > age[there]]] += 1
        there = there[rng.random(there.size) >= leaves[there]]
    return summary_of(repeat, last, age), later


class TestAgainstPublishedFigures:
    def test_purchases_of_a_newcomer_in_a_year(self) -> None:
        found = bgnbd.expected_from_start(PRINTED, np.array([52.0]))
        assert found[0] == pytest.approx(1.444010, abs=1e-5)

    def test_a_customer_of_the_literature(self) -> None:
        her = histories((26, 30.0 + 6 / 7, 31.0))
        assert bgnbd.expected_purchases(PRINTED, her, 52.0)[0] == pytest.approx(25.75659, rel=1e-4)
        assert bgnbd.p_alive(PRINTED, her)[0] == pytest.approx(0.9688523, abs=1e-5)

    def test_more_purchases_and_then_silence_promise_less(self) -> None:
        some = histories(*((x, 20.0, 39.0) for x in (10, 15, 20, 25)))
        published = (0.3474606, 0.04283391, 0.004158973, 0.0003583685)
        assert bgnbd.expected_purchases(PRINTED, some, 52.0) == pytest.approx(published, rel=3e-4)


def integrated(model: BgNbd, x: int, recency: float, age: float) -> float:
    """The likelihood of one history, both mixing laws summed over fine grids: no closed form."""
    p, weight_p = np.polynomial.legendre.leggauss(400)
    # Substituted so that the beta's poles at both ends are flat: p = sin².
    angle = (p + 1) * math.pi / 4
    leave = np.sin(angle) ** 2
    beta = math.gamma(model.a + model.b) / (math.gamma(model.a) * math.gamma(model.b))
    density = beta * leave ** (model.a - 0.5) * (1 - leave) ** (model.b - 0.5) * 2
    mass = density * weight_p * math.pi / 4
    logs = np.linspace(math.log(1e-14), math.log(200.0 / model.alpha + 200), 20_000)
    rate = np.exp(logs)
    gamma = model.alpha**model.r / math.gamma(model.r) * rate**model.r
    weights = gamma * np.exp(-model.alpha * rate) * (logs[1] - logs[0])
    stays = float(np.sum(mass * (1 - leave) ** x))
    total = stays * float(np.sum(weights * rate**x * np.exp(-rate * age)))
    if x:
        goes = float(np.sum(mass * leave * (1 - leave) ** (x - 1)))
        total += goes * float(np.sum(weights * rate**x * np.exp(-rate * recency)))
    return total


class TestLikelihood:
    @pytest.mark.parametrize("history", [(0, 0.0, 9.0), (1, 2.0, 9.0), (5, 8.5, 9.0)])
    @pytest.mark.parametrize(
        "model", [BgNbd(0.8, 3.0, 0.9, 2.5, 0.0), BgNbd(2.5, 7.0, 1.7, 1.2, 0.0)]
    )
    def test_it_is_what_integration_gives(
        self, model: BgNbd, history: tuple[int, float, float]
    ) -> None:
        found = bgnbd.log_likelihood(model, histories(history))
        assert found == pytest.approx(math.log(integrated(model, *history)), abs=2e-4)

    def test_it_adds_up_over_customers(self) -> None:
        some = [(0, 0.0, 4.0), (3, 2.0, 4.0), (3, 2.0, 4.0), (1, 1.0, 7.0)]
        one_by_one = sum(bgnbd.log_likelihood(PRINTED, histories(one)) for one in some)
        assert bgnbd.log_likelihood(PRINTED, histories(*some)) == pytest.approx(one_by_one)

    @given(st.tuples(positive, positive, positive, positive))
    @settings(max_examples=30)
    def test_its_gradient_is_its_slope(self, at: tuple[float, float, float, float]) -> None:
        some = histories((0, 0.0, 4.0), (3, 2.0, 4.0), (1, 1.0, 7.0), (12, 6.9, 7.0), (0, 0.0, 1.0))
        groups = bgnbd._grouped(some.repeat, some.recency, some.age, 1.0)
        theta = np.log(at)
        gradient = bgnbd._loss(theta, groups)[1]
        for nth in range(4):
            aside = np.zeros(4)
            aside[nth] = 1e-5
            up, down = (bgnbd._loss(theta + by, groups)[0] for by in (aside, -aside))
            assert gradient[nth] == pytest.approx((up - down) / 2e-5, abs=1e-6, rel=1e-5)


class TestFit:
    def test_planted_parameters_come_back(self) -> None:
        planted = BgNbd(0.9, 6.0, 0.8, 2.4, 0.0)
        found = bgnbd.fit(simulated(60_000, planted, (10, 80), seed=1)[0])
        assert found.boundary == ()
        assert (found.r, found.alpha) == pytest.approx((0.9, 6.0), rel=0.06)
        assert (found.a, found.b) == pytest.approx((0.8, 2.4), rel=0.1)

    def test_no_step_aside_is_better(self) -> None:
        summary = simulated(3_000, BgNbd(0.6, 5.0, 0.7, 2.0, 0.0), (10, 60), seed=2)[0]
        found = bgnbd.fit(summary)
        assert found.log_likelihood == pytest.approx(bgnbd.log_likelihood(found, summary))
        for name in ("r", "alpha", "a", "b"):
            for times in (0.97, 1.03):
                values = {one: getattr(found, one) for one in ("r", "alpha", "a", "b")}
                values[name] *= times
                aside = BgNbd(**values, log_likelihood=0.0)
                assert bgnbd.log_likelihood(aside, summary) < found.log_likelihood

    def test_a_look_at_some_first_ends_at_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        summary = simulated(4_000, BgNbd(0.6, 5.0, 0.7, 2.0, 0.0), (10, 60), seed=3)[0]
        whole = bgnbd.fit(summary)
        monkeypatch.setattr(bgnbd, "_FIRST_LOOK", 500)
        looked = bgnbd.fit(summary)
        assert (looked.r, looked.alpha, looked.a, looked.b) == pytest.approx(
            (whole.r, whole.alpha, whole.a, whole.b), rel=1e-6
        )

    @pytest.mark.parametrize("days", [7.0, 30.4375, 1 / 24])
    def test_the_unit_of_time_changes_alpha_alone(self, days: float) -> None:
        summary = simulated(2_000, BgNbd(0.6, 5.0, 0.7, 2.0, 0.0), (10, 60), seed=4)[0]
        other = summary_of(summary.repeat, summary.recency / days, summary.age / days)
        one, two = bgnbd.fit(summary), bgnbd.fit(other)
        assert (two.r, two.a, two.b) == pytest.approx((one.r, one.a, one.b), rel=1e-5)
        assert two.alpha == pytest.approx(one.alpha / days, rel=1e-5)
        shift = summary.repeat.sum() * math.log(days)
        assert two.log_likelihood == pytest.approx(one.log_likelihood + shift, abs=1e-3)

    def test_customers_who_never_leave_are_reported(self) -> None:
        rng = np.random.default_rng(5)
        rate, age = rng.gamma(2.0, 0.1, 3_000), rng.uniform(30, 60, 3_000)
        repeat = rng.poisson(rate * age)
        # The latest of so many purchases that are spread evenly.
        recency = np.where(repeat, age * rng.random(3_000) ** (1 / np.maximum(repeat, 1)), 0.0)
        found = bgnbd.fit(summary_of(repeat, recency, age))
        assert "no_dropout" in found.boundary
        assert (found.r, found.alpha) == pytest.approx((2.0, 10.0), rel=0.1)

    def test_customers_who_are_all_alike_are_reported(self) -> None:
        found = bgnbd.fit(histories(*[(2, 5.0, 9.0), (3, 8.0, 9.0)] * 50))
        assert "same_rate" in found.boundary

    def test_nobody_came_back(self) -> None:
        with pytest.raises(Fault) as refused:
            bgnbd.fit(histories((0, 0.0, 3.0), (0, 0.0, 5.0)))
        assert refused.value.code is FaultCode.INSIGHT_TOO_FEW


class TestExpectations:
    @given(st.integers(0, 40), positive, positive, st.floats(1.1, 6), positive, st.floats(0.5, 60))
    @settings(max_examples=60)
    def test_nodes_agree_with_the_closed_form(
        self, x: int, r: float, alpha: float, a: float, b: float, time: float
    ) -> None:
        age = 20.0
        model = BgNbd(r, alpha, a, b, 0.0)
        found = bgnbd.expected_if_alive(model, np.array([[x, age]]), np.array([time]))[0, 0]
        z = time / (alpha + age + time)
        shrunk = ((alpha + age) / (alpha + age + time)) ** (r + x)
        closed = (a + b + x - 1) / (a - 1) * (1 - shrunk * hyp2f1(r + x, b + x, a + b + x - 1, z))
        assert found == pytest.approx(closed, rel=1e-6, abs=1e-9)

    def test_they_are_what_simulation_gives(self) -> None:
        model = BgNbd(0.9, 6.0, 0.8, 2.4, 0.0)
        summary, later = simulated(40_000, model, (10, 80), seed=6, ahead=30.0)
        expected = bgnbd.expected_purchases(model, summary, 30.0)
        for few, most in ((0, 0), (1, 3), (4, 1_000)):
            some = (summary.repeat >= few) & (summary.repeat <= most)
            assert expected[some].mean() == pytest.approx(later[some].mean(), rel=0.06)

    def test_who_bought_once_is_surely_alive(self) -> None:
        assert bgnbd.p_alive(PRINTED, histories((0, 0.0, 900.0)))[0] == 1.0

    def test_weights_count_between_times(self) -> None:
        some = histories((2, 5.0, 9.0))
        up_to = [bgnbd.expected_purchases(PRINTED, some, time)[0] for time in (4.0, 10.0)]
        weighted = bgnbd.weighted_purchases(
            PRINTED, some, np.array([4.0, 10.0]), np.array([2.0, 0.5])
        )
        assert weighted[0] == pytest.approx(2 * up_to[0] + 0.5 * (up_to[1] - up_to[0]))


class TestNodes:
    @given(st.floats(0.01, 2_000), st.floats(0.01, 2_000))
    def test_moments_of_a_beta(self, a: float, b: float) -> None:
        p, weight = beta_nodes(a, b, 40)
        assert weight.sum() == pytest.approx(1)
        assert (weight @ p) == pytest.approx(a / (a + b), rel=1e-7, abs=1e-12)
        second = a * (a + 1) / ((a + b) * (a + b + 1))
        assert (weight @ p**2) == pytest.approx(second, rel=1e-7, abs=1e-12)

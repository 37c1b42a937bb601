"""From rows to purchases, spend, seasons, holdouts, churn and the next purchase."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats
from retail_core.insight.ltv import bgnbd, churn, gammagamma, holdout, next_purchase, season, value
from retail_core.insight.ltv.horizon import Horizon
from retail_core.insight.ltv.preference import everybodys_shares, preferences
from retail_core.insight.ltv.report import Plan, work_out
from retail_core.insight.ltv.summary import (
    Purchases,
    Summary,
    bought_after,
    merge_days,
    summarise,
)
from retail_core.texts.faults import FaultCode

BEGIN = date(2024, 1, 1).toordinal()


def log_of(*rows: tuple[int, int, float]) -> Purchases:
    customer, day, amount = zip(*rows, strict=True)
    return merge_days(np.array(customer), np.array(day), np.array(amount) + 0.0).purchases


@pytest.fixture(scope="module")
def lively() -> Purchases:
    """Two years of customers who join, buy at their own pace, leave, and shop most in December."""
    rng = np.random.default_rng(7)
    customer, day, amount = [], [], []
    for who in range(1_500):
        rate, leaves = rng.gamma(1.2, 1 / 40), rng.beta(0.7, 3.0)
        mean = 50 * rng.gamma(4, 1 / 4)
        now = float(rng.integers(0, 500))
        while now < 730:
            customer.append(who)
            day.append(BEGIN + int(now))
            amount.append(mean * rng.gamma(5, 1 / 5))
            if rng.random() < leaves:
                break
            now += rng.exponential(1 / rate)
            if date.fromordinal(BEGIN + int(now)).month != 12:
                now += rng.exponential(0.6 / rate) * (rng.random() < 0.5)
    return merge_days(np.array(customer), np.array(day), np.array(amount)).purchases


class TestPurchases:
    def test_rows_of_one_day_are_one_purchase(self) -> None:
        found = log_of((0, 5, 2.0), (0, 5, 3.0), (1, 5, 1.0), (0, 9, 4.0))
        assert found.customer.tolist() == [0, 0, 1]
        assert found.day.tolist() == [5, 9, 5]
        assert found.amount.tolist() == [5.0, 4.0, 1.0]

    def test_each_row_on_demand(self) -> None:
        rows = np.array([0, 0]), np.array([5, 5]), np.array([2.0, 3.0])
        assert merge_days(*rows, same_day=False).purchases.amount.tolist() == [2.0, 3.0]

    def test_returns_lessen_their_day_and_are_no_purchase(self) -> None:
        rows = [(0, 1, 9.0), (0, 1, -4.0), (0, 3, -5.0), (2, 4, 0.1), (2, 4, 0.2), (2, 4, -0.3)]
        customer, day, amount = zip(*rows, strict=True)
        found = merge_days(np.array(customer), np.array(day), np.array(amount))
        assert found.purchases.amount.tolist() == pytest.approx([5.0, 0.0])
        assert found.days_of_returns == 1
        assert found.who.tolist() == [0, 2]
        assert found.purchases.customer.tolist() == [0, 1]

    def test_what_the_models_need(self) -> None:
        log = log_of((0, 0, 7.0), (0, 14, 10.0), (0, 21, 20.0), (0, 50, 9.0), (1, 28, 5.0))
        found = summarise(log, 35, 7.0)
        assert found.repeat.tolist() == [2, 0]
        assert found.recency.tolist() == [3.0, 0.0]
        assert found.age.tolist() == [5.0, 1.0]
        assert found.spend.tolist() == [15.0, 0.0]
        assert found.total.tolist() == [37.0, 5.0]
        assert summarise(log, 27, 7.0).who.tolist() == [0]
        assert summarise(log, -1, 7.0).size == 0

    @given(
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60), st.integers(0, 90)), min_size=1),
        st.integers(0, 60),
    )
    def test_before_and_after_are_the_whole(
        self, rows: list[tuple[int, int, int]], cut: int
    ) -> None:
        log = log_of(*rows)
        before = summarise(log, cut, 1.0)
        came, spent = bought_after(log, before.who, cut, 60)
        new = ~np.isin(log.customer, before.who)
        assert before.size + before.repeat.sum() + came.sum() + new.sum() == log.day.size
        assert before.total.sum() + spent.sum() + log.amount[new].sum() == pytest.approx(
            sum(amount for _, _, amount in rows)
        )


def spenders(repeat: list[int], spend: list[float]) -> Summary:
    size = len(repeat)
    none, nothing = np.zeros(size, dtype=np.int64), np.zeros(size)
    counts, means = np.array(repeat, dtype=np.int64), np.array(spend)
    return Summary(np.arange(size), counts, nothing, nothing, means, nothing, none, none)


class TestSpend:
    def test_likelihood_is_what_integration_gives(self) -> None:
        p, q, v = 5.0, 4.0, 16.0
        for x, z in ((1, 30.0), (4, 55.0)):

            def inside(nu: float, x: int = x, z: float = z) -> float:
                return float(
                    gamma.pdf(z, p * x, scale=1 / (nu * x)) * gamma.pdf(nu, q, scale=1 / v)
                )

            wanted = np.log(quad(inside, 0, 5, limit=200)[0])
            found = gammagamma._loss(
                np.log([p, q, v]),
                np.array([float(x)]),
                np.ones(1),
                np.zeros(1, dtype=np.int64),
                np.array([z]),
            )
            assert -found[0] == pytest.approx(wanted)

    @given(st.tuples(*[st.floats(0.2, 9.0)] * 3))
    @settings(max_examples=25)
    def test_gradient_is_the_slope(self, at: tuple[float, float, float]) -> None:
        arrays = np.array([1.0, 4.0]), np.array([1.0, 2.0]), np.array([0, 1, 1])
        z = np.array([0.4, 1.3, 2.0])
        theta = np.log(at)
        gradient = gammagamma._loss(theta, *arrays, z)[1]
        for nth in range(3):
            aside = np.zeros(3)
            aside[nth] = 1e-5
            up, down = (gammagamma._loss(theta + by, *arrays, z)[0] for by in (aside, -aside))
            assert gradient[nth] == pytest.approx((up - down) / 2e-5, abs=1e-6, rel=1e-5)

    def test_planted_parameters_come_back_in_any_currency(self) -> None:
        rng = np.random.default_rng(3)
        x = rng.integers(1, 12, 30_000)
        nu = rng.gamma(3.7, 1 / 15.0, x.size)
        z = rng.gamma(6.0 * x, 1 / (nu * x))
        found = gammagamma.fit(spenders(x.tolist(), z.tolist()))
        assert (found.p, found.q, found.v) == pytest.approx((6.0, 3.7, 15.0), rel=0.08)
        in_fen = gammagamma.fit(spenders(x.tolist(), (z * 100).tolist()))
        assert (in_fen.p, in_fen.q) == pytest.approx((found.p, found.q), rel=1e-4)
        assert in_fen.v == pytest.approx(found.v * 100, rel=1e-4)

    def test_a_mean_is_drawn_to_everybodys(self) -> None:
        model = gammagamma.GammaGamma(6.25, 3.74, 15.44, 0.0, 946, 40.0)
        everybody = 6.25 * 15.44 / 2.74
        found = gammagamma.expected_spend(model, spenders([0, 1, 50], [0.0, 90.0, 90.0]))
        assert found[0] == pytest.approx(everybody)
        assert everybody < found[1] < found[2] < 90.0

    def test_without_a_mean_over_customers_the_observed_one_stands(self) -> None:
        model = gammagamma.GammaGamma(6.0, 0.9, 15.0, 0.0, 100, 44.0, ("no_mean",))
        assert gammagamma.expected_spend(model, spenders([0], [0.0]))[0] == 44.0

    def test_nobody_paid(self) -> None:
        with pytest.raises(Fault) as refused:
            gammagamma.fit(spenders([3, 0], [0.0, 0.0]))
        assert refused.value.code is FaultCode.INSIGHT_TOO_FEW


class TestSeason:
    def test_december_stands_out_and_the_year_is_one(self, lively: Purchases) -> None:
        model = bgnbd.fit(summarise(lively, BEGIN + 729, 7.0))
        found = season.learn(lively, model, BEGIN + 729, 7.0)
        assert found.whole_year
        assert max(found.months, key=lambda one: one.index).month == 12
        assert np.mean([one.index for one in found.months]) == pytest.approx(1)
        assert found.index(date(2030, 12, 5).toordinal()) == found.months[11].index

    def test_a_short_log_has_none(self, lively: Purchases) -> None:
        model = bgnbd.fit(summarise(lively, BEGIN + 729, 7.0))
        found = season.learn(lively, model, BEGIN + 200, 7.0)
        assert not found.whole_year
        assert {one.index for one in found.months} == {1.0}

    def test_steps_end_with_months_and_the_horizon(self) -> None:
        months = tuple(season.Month(nth, 0, 0.0, nth / 10) for nth in range(1, 13))
        until = date(2024, 1, 30).toordinal()
        ends, weights = season.steps(season.Season(months, whole_year=True), until, 40)
        assert ends == [1, 30, 40]
        assert weights.tolist() == [0.1, 0.2, 0.3]
        assert season.discounts([365, 730], 0.1).tolist() == pytest.approx([1.1**-0.5, 1.1**-1.5])


class TestReport:
    def test_a_log_from_end_to_end(self, lively: Purchases) -> None:
        told: list[str] = []
        report = work_out(lively, Plan(until=BEGIN + 600), told.append)
        held = report.holdout
        assert held is not None
        assert told == ["fit", "season", "value", "holdout", "churn", "next"]
        assert held.ratio == pytest.approx(1, abs=0.25)
        assert held.ratio_with_season is not None
        assert abs(held.ratio - 1) < abs(held.naive_ratio - 1)
        assert held.mae < held.naive_mae
        assert held.top_decile_share is not None
        assert held.top_decile_perfect is not None
        assert 0.1 < held.top_decile_share <= held.top_decile_perfect <= 1
        assert sum(one.customers for one in held.bins) == held.customers
        assert sum(one.actual * one.customers for one in held.bins) == pytest.approx(held.actual)
        assert report.values is not None
        assert report.values.value == pytest.approx(report.values.purchases * report.values.spend)

    def test_without_a_day_the_last_quarter_is_held_out(self, lively: Purchases) -> None:
        report = work_out(lively, Plan(unit="months"))
        assert report.holdout is not None
        assert report.until == report.last
        assert report.holdout.cut == report.last - round((report.last - report.first) / 4)
        assert report.holdout_model != report.model

    def test_margin_and_discount_lower_the_value(self, lively: Purchases) -> None:
        summary = summarise(lively, BEGIN + 600, 7.0)
        model, spend = bgnbd.fit(summary), gammagamma.fit(summary)
        flat = season.learn(lively, model, BEGIN + 100, 7.0)
        args = summary, model, spend, flat, 7.0
        plain = value.value(*args).value.sum()
        assert value.value(*args, Horizon(margin=0.3)).value.sum() == pytest.approx(plain * 0.3)
        later = value.value(*args, Horizon(yearly_discount=0.1)).value.sum()
        assert plain / 1.1 < later < plain

    @pytest.mark.parametrize("until", [BEGIN - 1, BEGIN])
    def test_a_day_before_the_log(self, lively: Purchases, until: int) -> None:
        with pytest.raises(Fault) as refused:
            work_out(lively, Plan(until=until))
        assert refused.value.code is FaultCode.INSIGHT_UNTIL_OUTSIDE

    def test_an_empty_log(self) -> None:
        nothing = merge_days(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))
        with pytest.raises(Fault) as refused:
            work_out(nothing.purchases, Plan())
        assert refused.value.code is FaultCode.INSIGHT_TOO_FEW

    def test_nothing_lies_after_the_last_day(self, lively: Purchases) -> None:
        summary = summarise(lively, BEGIN + 729, 7.0)
        past = holdout.Past(summary, bgnbd.fit(summary), None, BEGIN + 729, 7.0)
        with pytest.raises(Fault) as refused:
            holdout.hold_out(lively, past, BEGIN + 729)
        assert refused.value.code is FaultCode.INSIGHT_UNTIL_OUTSIDE


class TestChurn:
    def test_ranks(self) -> None:
        event = np.array([True, False, True, False])
        assert churn.auc(np.array([4.0, 1, 3, 2]), event) == 1.0
        assert churn.auc(np.array([1.0, 1, 1, 1]), event) == 0.5
        assert churn.auc(np.array([1.0, 2, 3, 4]), event) == 0.25
        assert churn.auc(np.array([1.0, 2]), np.array([True, True])) == 0.5

    def test_expected_purchases_rank_and_p_alive_does_not(self, lively: Purchases) -> None:
        trial = churn.try_out(lively, BEGIN + 729, 90, 7.0)
        assert len(trial.folds) == 3
        assert [one.cut for one in trial.folds] == [BEGIN + 729 - 90 * nth for nth in (3, 2, 1)]
        for fold in trial.folds:
            assert fold.by_expected > 0.6
            assert fold.by_expected > fold.by_p_alive
            assert fold.by_challenger is None
        assert not trial.promoted

    @pytest.mark.parametrize("knows", [True, False])
    def test_a_challenger_must_win_everywhere(self, lively: Purchases, *, knows: bool) -> None:
        def learn(features: Floats, counts: Floats) -> churn.Predict:
            def predict(rows: Floats) -> Floats:
                # One who looks ahead: days since the first customer's first tell the cut.
                cut = int(rows[0, 1]) + int(lively.day[0])
                who = summarise(lively, cut, 1.0).who
                came = bought_after(lively, who, cut, cut + 90)[0]
                return came.astype(np.float64) if knows else -rows[:, 0]

            assert features.shape == (counts.size, 9)
            return predict

        trial = churn.try_out(lively, BEGIN + 729, 90, 7.0, learn)
        assert trial.promoted is knows

    def test_too_short_a_log_promotes_nothing(self) -> None:
        assert churn.try_out(log_of((0, 1, 1.0), (0, 9, 1.0)), 9, 90, 7.0) == churn.Trial(
            (), promoted=False
        )


class TestNextPurchase:
    def test_intervals_hold_as_many_as_they_say(self, lively: Purchases) -> None:
        cadence = next_purchase.learn(lively, BEGIN + 729)
        assert cadence.covered == pytest.approx(next_purchase.HIGH - next_purchase.LOW, abs=0.12)
        summary = summarise(lively, BEGIN + 729, 1.0)
        low, middle, high = next_purchase.intervals(cadence, summary, BEGIN + 729)
        assert np.all((low <= middle) & (middle <= high))

    def test_her_own_gap_counts_more_the_longer_it_is_known(self) -> None:
        log = log_of(
            *((0, 7 * nth, 1.0) for nth in range(40)), (1, 0, 1.0), (1, 7, 1.0), (2, 0, 1.0)
        )
        gap = next_purchase.own_gap(summarise(log, 300, 1.0), 60.0)
        assert 7 < gap[0] < 10 < gap[1] < gap[2] == 60.0

    def test_too_few_came_back(self) -> None:
        with pytest.raises(Fault) as refused:
            next_purchase.learn(log_of((0, 1, 1.0), (0, 90, 1.0)), 90)
        assert refused.value.code is FaultCode.INSIGHT_TOO_FEW


def test_few_purchases_say_little_of_what_she_prefers() -> None:
    bought = {"a": {"tea": 1.0}, "b": {"tea": 30.0}, "c": {"soap": 69.0}}
    usual = everybodys_shares(bought)
    assert usual == pytest.approx({"tea": 0.31, "soap": 0.69})
    once, often = (preferences(bought[who], usual)[0] for who in ("a", "b"))
    assert once.category == often.category == "tea"
    assert 0.31 < once.share < 0.6 < often.share < 1
    assert often.lift == pytest.approx(often.share / 0.31)
    assert everybodys_shares({}) == {}

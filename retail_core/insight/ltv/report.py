"""Everything that is worked out of one log of orders, in the order a person wants to read it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats
from retail_core.insight.ltv import bgnbd, churn, gammagamma, holdout, next_purchase, season, value
from retail_core.insight.ltv.bgnbd import BgNbd
from retail_core.insight.ltv.churn import Learn, Trial
from retail_core.insight.ltv.gammagamma import GammaGamma
from retail_core.insight.ltv.holdout import Holdout, Past
from retail_core.insight.ltv.horizon import A_YEAR, CHURN_DAYS, Horizon
from retail_core.insight.ltv.next_purchase import Cadence
from retail_core.insight.ltv.season import Season
from retail_core.insight.ltv.summary import (
    DAYS_PER_UNIT,
    Purchases,
    Summary,
    summarise,
)
from retail_core.insight.ltv.value import Values
from retail_core.texts.faults import FaultCode

HOLDOUT_SHARE = 0.25
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to work out: models know the log up to `until` (None: all of it)."""

    unit: str = "weeks"
    until: int | None = None
    horizon: Horizon = A_YEAR
    churn_days: int = CHURN_DAYS
    learn: Learn | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was worked out; None where the log is too short or nobody paid anything.

    `promoted` says the scores of churn are the challenger's; `soon` is what each customer is
    expected to buy in the horizon of churn, by whoever won.
    """

    until: int
    first: int
    last: int
    summary: Summary
    model: BgNbd
    spend: GammaGamma | None
    season: Season
    values: Values | None
    holdout: Holdout | None
    holdout_model: BgNbd | None
    churn: Trial
    soon: Floats
    cadence: Cadence | None


def work_out(purchases: Purchases, plan: Plan, told: Told = lambda _step: None) -> Report:
    """Fit, hold out, value. Faults E107, E108 and E109."""
    if not purchases.day.size:
        raise Fault(FaultCode.INSIGHT_TOO_FEW, wanted=1, what="customers who came back", count=0)
    first, last = int(purchases.day.min()), int(purchases.day.max())
    until = last if plan.until is None else plan.until
    if not first < until:
        raise Fault(
            FaultCode.INSIGHT_UNTIL_OUTSIDE,
            until=date.fromordinal(until),
            first=date.fromordinal(first),
            last=date.fromordinal(last),
        )
    unit_days = DAYS_PER_UNIT[plan.unit]
    told("fit")
    summary = summarise(purchases, until, unit_days)
    model = bgnbd.fit(summary)
    spend = _spend(summary)
    told("season")
    seasons = season.learn(purchases, model, until, unit_days)
    values = None
    if spend is not None:
        told("value")
        values = value.value(summary, model, spend, seasons, unit_days, plan.horizon)
    told("holdout")
    past = _past(purchases, plan, Past(summary, model, spend, until, unit_days), (first, last))
    held = None if past is None else holdout.hold_out(purchases, past, last)
    told("churn")
    trial = churn.try_out(purchases, until, plan.churn_days, unit_days, plan.learn)
    if trial.promoted and plan.learn is not None:
        soon = churn.predict_next(purchases, summary, until, plan.churn_days, plan.learn)
    else:
        soon = bgnbd.expected_purchases(model, summary, plan.churn_days / unit_days)
    told("next")
    return Report(
        until,
        first,
        last,
        summary,
        model,
        spend,
        seasons,
        values,
        held,
        None if past is None else past.model,
        trial,
        soon,
        _cadence(purchases, until),
    )


def _past(purchases: Purchases, plan: Plan, whole: Past, days: tuple[int, int]) -> Past | None:
    """Return the model that is held out: up to the day asked for, else without the last quarter."""
    first, last = days
    if plan.until is not None:
        return whole if whole.cut < last else None
    cut = last - round((last - first) * HOLDOUT_SHARE)
    before = summarise(purchases, cut, whole.unit_days)
    if cut >= last or not before.repeat.any():
        return None
    return Past(before, bgnbd.fit(before), _spend(before), cut, whole.unit_days)


def _spend(summary: Summary) -> GammaGamma | None:
    try:
        return gammagamma.fit(summary)
    except Fault as fault:
        if fault.code is not FaultCode.INSIGHT_TOO_FEW:
            raise
        return None


def _cadence(purchases: Purchases, until: int) -> Cadence | None:
    try:
        return next_purchase.learn(purchases, until)
    except Fault:
        return None

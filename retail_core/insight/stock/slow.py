"""What lies too long: nothing sold in several of its own gaps, and more there than will be wanted.

An article that sells once a month is not slow after three weeks, and one that sold daily is after
one: the gap is the article's own, in its own region, never a number of days for all.
"""

from dataclasses import dataclass

from retail_core.insight.stock.policy import StockPolicy
from retail_core.insight.stock.predictive import chance_of_more, forecast

_YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Lying:
    """An article in a place: units there, expected units a day, and days without a sale.

    `seen` units of it were sold while the rate was learnt; `quiet_days` is as long as the place has
    counted it where it never sold.
    """

    units: int
    per_day: float
    seen: float
    quiet_days: int


def is_slow(lying: Lying, policy: StockPolicy) -> bool:
    """Return whether it lies too long.

    Either it is silent for several of its own gaps with enough for longer than a lead time, or what
    is there would last for more than a year: an article that never sold has no gap to be late by.
    """
    if lying.units <= 0 or lying.quiet_days < policy.slow_days:
        return False
    if lying.per_day <= 0:
        return True
    gap_days = 1 / lying.per_day
    silent = lying.quiet_days > policy.slow_times * gap_days
    cover = cover_days(lying)
    return cover > _YEAR_DAYS or (silent and cover > policy.group_days)


def cover_days(lying: Lying) -> float:
    """Return for how many days the units last."""
    return float("inf") if lying.per_day <= 0 else lying.units / lying.per_day


def confidence(lying: Lying) -> float:
    """Return the chance that a year does not sell it all.

    The count to come is negative binomial with the `seen` units behind its rate.
    """
    year = forecast(lying.per_day * _YEAR_DAYS, lying.seen)
    return 1.0 - chance_of_more(year, lying.units - 1)

"""A year's ups and downs on top of a model that knows none: one index a month, shown to people.

The index of a month is what was bought again in it over what the model expects of those who had
become customers by then, drawn towards 1 where little was bought; the mean over the year is 1.
A log shorter than a year cannot tell a season from a trend and gets none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from retail_core.insight.arrays import Floats
from retail_core.insight.ltv import bgnbd
from retail_core.insight.ltv.summary import Purchases, summarise

MONTHS = 12
_SHRINK = 30.0
_YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Month:
    """What was bought again in a month of the year, over all years, beside what was expected."""

    month: int
    actual: int
    expected: float
    index: float


@dataclass(frozen=True, slots=True)
class Season:
    """Twelve months; `whole_year` is False where the log is too short: then every index is 1."""

    months: tuple[Month, ...]
    whole_year: bool

    def index(self, day: int) -> float:
        """Return the index of a day (proleptic ordinal)."""
        return self.months[date.fromordinal(day).month - 1].index


def learn(purchases: Purchases, model: bgnbd.BgNbd, until: int, unit_days: float) -> Season:
    """Return the monthly index of a log up to a day."""
    summary = summarise(purchases, until, unit_days)
    begin = int(summary.first.min())
    days = until - begin + 1
    newcomers = np.bincount(summary.first - begin, minlength=days).astype(np.float64)
    seen = purchases.day <= until
    bought = np.bincount(purchases.day[seen] - begin, minlength=days) - newcomers
    return of_days(begin, newcomers, bought, model, unit_days)


def of_days(
    begin: int, newcomers: Floats, bought: Floats, model: bgnbd.BgNbd, unit_days: float
) -> Season:
    """Return the monthly index of days from `begin` on: who came first, and what came again."""
    days = newcomers.size
    reach = bgnbd.expected_from_start(model, np.arange(days) / unit_days)
    expected = np.convolve(newcomers, np.diff(reach, prepend=0.0))[:days]
    month = np.array([date.fromordinal(begin + day).month for day in range(days)])
    actual = np.bincount(month, bought, minlength=MONTHS + 1)[1:]
    wanted = np.bincount(month, expected, minlength=MONTHS + 1)[1:]
    whole = days >= _YEAR_DAYS
    index = (actual + _SHRINK) / (wanted + _SHRINK) if whole else np.ones(MONTHS)
    index /= index.mean()
    return Season(
        tuple(
            Month(nth + 1, round(float(actual[nth])), float(wanted[nth]), float(index[nth]))
            for nth in range(MONTHS)
        ),
        whole_year=whole,
    )


def steps(season: Season, until: int, days: int) -> tuple[list[int], Floats]:
    """Return the days after `until` at which the season changes, and the index up to each."""
    ends: list[int] = []
    weights: list[float] = []
    for ahead in range(1, days + 1):
        day = date.fromordinal(until + ahead)
        if ahead == days or date.fromordinal(until + ahead + 1).month != day.month:
            ends.append(ahead)
            weights.append(season.index(day.toordinal()))
    return ends, np.array(weights)


def discounts(ends: Sequence[int], yearly: float) -> Floats:
    """Return what money in the middle of each step is worth today at a yearly rate."""
    middle = (np.array(ends) + np.array([0, *ends[:-1]])) / 2
    return np.asarray((1 + yearly) ** (-middle / _YEAR_DAYS), dtype=np.float64)

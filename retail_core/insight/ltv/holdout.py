"""What a model that saw only the past said of the time after, beside what came."""

from dataclasses import dataclass

import numpy as np

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats, Ints
from retail_core.insight.ltv import bgnbd, gammagamma
from retail_core.insight.ltv.bgnbd import BgNbd
from retail_core.insight.ltv.gammagamma import GammaGamma
from retail_core.insight.ltv.season import learn, steps
from retail_core.insight.ltv.summary import Purchases, Summary, bought_after
from retail_core.texts.faults import FaultCode

TOP = 7
_TENTH = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Customers by repeat purchases before the cut (`repeat`, the last: or more)."""

    repeat: int
    customers: int
    expected: float
    actual: float


@dataclass(frozen=True, slots=True)
class Holdout:
    """Figures over all customers known at the cut, who bought once included.

    `ratio`: all expected purchases over all that came, `ratio_with_season` None where the past is
    shorter than a year; `mae`, `rmse`, `correlation` per customer; `naive_*`: the same for her own
    rate so far. `spend_*`: purchases times expected spend. `top_decile_*`: what share of all that
    was spent came from the tenth that was expected (or, `perfect`, turned out) to spend most.
    """

    cut: int
    end: int
    customers: int
    expected: float
    actual: int
    ratio: float
    ratio_with_season: float | None
    mae: float
    rmse: float
    correlation: float
    naive_ratio: float
    naive_mae: float
    spend_ratio: float | None
    top_decile_share: float | None
    top_decile_perfect: float | None
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """A model of the time up to a cut, and the summary it was fitted to."""

    summary: Summary
    model: BgNbd
    spend: GammaGamma | None
    cut: int
    unit_days: float


def hold_out(purchases: Purchases, past: Past, end: int) -> Holdout:
    """Compare with what came after the cut up to `end`. Fault E108 where nothing lies there."""
    if end <= past.cut:
        raise Fault(FaultCode.INSIGHT_UNTIL_OUTSIDE, until=past.cut, first="", last=end)
    summary = past.summary
    count, spent = bought_after(purchases, summary.who, past.cut, end)
    time = (end - past.cut) / past.unit_days
    expected = bgnbd.expected_purchases(past.model, summary, time)
    naive = summary.repeat / np.maximum(summary.age, 1 / past.unit_days) * time
    worth = None
    if past.spend is not None:
        worth = expected * gammagamma.expected_spend(past.spend, summary)
    off = expected - count
    return Holdout(
        past.cut,
        end,
        summary.size,
        float(expected.sum()),
        int(count.sum()),
        _share(expected, count),
        _with_season(purchases, past, end, int(count.sum())),
        float(np.abs(off).mean()),
        float(np.sqrt((off**2).mean())),
        _correlation(expected, count),
        _share(naive, count),
        float(np.abs(naive - count).mean()),
        None if worth is None else _share(worth, spent),
        None if worth is None else top_decile(worth, spent),
        None if worth is None else top_decile(spent, spent),
        _bins(summary.repeat, expected, count),
    )


def top_decile(score: Floats, came: Floats) -> float:
    """Return the share of all that came which the tenth with the highest score brought."""
    size = max(1, score.size // _TENTH)
    best = np.argsort(-score, kind="stable")[:size]
    total = float(came.sum())
    return float(came[best].sum()) / total if total else 0.0


def _with_season(purchases: Purchases, past: Past, end: int, actual: int) -> float | None:
    season = learn(purchases, past.model, past.cut, past.unit_days)
    if not season.whole_year or not actual:
        return None
    ends, weights = steps(season, past.cut, end - past.cut)
    times = np.array(ends) / past.unit_days
    weighted = bgnbd.weighted_purchases(past.model, past.summary, times, weights)
    return float(weighted.sum()) / actual


def _bins(repeat: Ints, expected: Floats, count: Ints) -> tuple[Bin, ...]:
    found = []
    for level in range(TOP + 1):
        inside = repeat >= level if level == TOP else repeat == level
        size = int(np.count_nonzero(inside))
        if size:
            means = float(expected[inside].mean()), float(count[inside].mean())
            found.append(Bin(level, size, *means))
    return tuple(found)


def _share(expected: Floats, came: Floats | Ints) -> float:
    total = float(came.sum())
    return float(expected.sum()) / total if total else 0.0


def _correlation(expected: Floats, came: Ints) -> float:
    if not (expected.std() and came.std()):
        return 0.0
    return float(np.corrcoef(expected, came)[0, 1])

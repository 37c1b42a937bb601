"""Who will not come back: by expected purchases in a horizon, and a challenger that must win.

The score is minus what BG/NBD expects her to buy in the horizon. P(alive) is none: it gives 1 to
whoever bought once. A learner (gradient boosting, say) may do better; it is promoted only where it
ranks better in every one of several cuts, each time taught only by what came before.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from retail_core.insight.arrays import Floats
from retail_core.insight.ltv import bgnbd
from retail_core.insight.ltv.summary import (
    Purchases,
    Summary,
    bought_after,
    summarise,
)

Predict = Callable[[Floats], Floats]
# Is taught rows of features and how much each bought after; gives back what predicts that.
Learn = Callable[[Floats, Floats], Predict]

WINDOWS_DAYS = (30, 90, 180)
MARGIN = 0.005
_AT_LEAST = 50


@dataclass(frozen=True, slots=True)
class Fold:
    """Areas under the curve of who was inactive in the horizon after a cut.

    `by_p_alive` stands there to be seen failing; `by_challenger` None without one.
    """

    cut: int
    customers: int
    inactive: int
    by_expected: float
    by_silence: float
    by_p_alive: float
    by_challenger: float | None


@dataclass(frozen=True, slots=True)
class Trial:
    """All cuts, oldest first; `promoted` says the challenger takes over."""

    folds: tuple[Fold, ...]
    promoted: bool


def try_out(
    purchases: Purchases,
    until: int,
    horizon_days: int,
    unit_days: float,
    learn: Learn | None = None,
    folds: int = 3,
) -> Trial:
    """Judge the scores at cuts a horizon apart, the last one a horizon before `until`.

    Cuts with too little before them are left out; without any nothing is promoted.
    """
    first = int(purchases.day.min())
    cuts = [until - horizon_days * (nth + 1) for nth in reversed(range(folds))]
    found = []
    for cut in cuts:
        if cut - 2 * horizon_days < first:
            continue
        summary = summarise(purchases, cut, unit_days)
        if summary.size >= _AT_LEAST and summary.repeat.any():
            found.append(_fold(purchases, summary, cut, (horizon_days, unit_days), learn))
    gains = [one.by_challenger - one.by_expected for one in found if one.by_challenger is not None]
    promoted = bool(gains) and min(gains) > 0 and float(np.mean(gains)) >= MARGIN
    return Trial(tuple(found), promoted)


def features(purchases: Purchases, summary: Summary, cut: int) -> Floats:
    """Return what a learner is told of each customer at a cut: a row each.

    Repeat purchases; days since the first and the last; mean gap, -1 where there is none; mean
    spend; total; purchases in the last 30, 90 and 180 days.
    """
    gap = np.full(summary.size, -1.0)
    back = summary.repeat > 0
    gap[back] = (summary.last[back] - summary.first[back]) / summary.repeat[back]
    lately = [bought_after(purchases, summary.who, cut - window, cut)[0] for window in WINDOWS_DAYS]
    columns = (
        summary.repeat,
        cut - summary.first,
        cut - summary.last,
        gap,
        summary.spend,
        summary.total,
        *lately,
    )
    return np.column_stack(columns).astype(np.float64)


def auc(score: Floats, event: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> float:
    """Return the chance that one with the event is ranked above one without; ties count half."""
    with_it = int(np.count_nonzero(event))
    without = event.size - with_it
    if not with_it or not without:
        return 0.5
    ranks = float(rankdata(score)[event].sum())
    return (ranks - with_it * (with_it + 1) / 2) / (with_it * without)


def predict_next(
    purchases: Purchases, summary: Summary, cut: int, horizon_days: int, learn: Learn
) -> Floats:
    """Return what a learner taught one horizon ago expects of each customer from the cut on."""
    before = cut - horizon_days
    known = summarise(purchases, before, 1.0)
    came = bought_after(purchases, known.who, before, cut)[0].astype(np.float64)
    predict = learn(features(purchases, known, before), came)
    return predict(features(purchases, summary, cut))


def _fold(
    purchases: Purchases,
    summary: Summary,
    cut: int,
    times: tuple[int, float],
    learn: Learn | None,
) -> Fold:
    horizon_days, unit_days = times
    model = bgnbd.fit(summary)
    came = bought_after(purchases, summary.who, cut, cut + horizon_days)[0]
    gone = came == 0
    expected = bgnbd.expected_purchases(model, summary, horizon_days / unit_days)
    challenger = None
    if learn is not None:
        said = predict_next(purchases, summary, cut, horizon_days, learn)
        challenger = auc(-said, gone)
    return Fold(
        cut,
        summary.size,
        int(np.count_nonzero(gone)),
        auc(-expected, gone),
        auc((cut - summary.last).astype(np.float64), gone),
        auc(1 - bgnbd.p_alive(model, summary), gone),
        challenger,
    )

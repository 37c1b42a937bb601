"""What a customer is worth over the next year: purchases by month, with the season, times spend."""

from dataclasses import dataclass

import numpy as np

from retail_core.insight.arrays import Floats
from retail_core.insight.ltv import bgnbd, gammagamma
from retail_core.insight.ltv.bgnbd import BgNbd
from retail_core.insight.ltv.gammagamma import GammaGamma
from retail_core.insight.ltv.horizon import A_YEAR, Horizon
from retail_core.insight.ltv.season import Season, discounts, steps
from retail_core.insight.ltv.summary import Summary


@dataclass(frozen=True, slots=True)
class Values:
    """One entry per customer: expected purchases, spend per purchase, value in the currency."""

    purchases: Floats
    spend: Floats
    value: Floats


def value(
    summary: Summary,
    model: BgNbd,
    spend: GammaGamma,
    season: Season,
    unit_days: float,
    horizon: Horizon = A_YEAR,
) -> Values:
    """Return what each customer is expected to buy and to be worth after the summary's end."""
    until = round(float(summary.first[0] + summary.age[0] * unit_days))
    ends, weights = steps(season, until, horizon.days)
    times = np.array(ends) / unit_days
    purchases = bgnbd.weighted_purchases(model, summary, times, weights)
    each = gammagamma.expected_spend(spend, summary)
    worth = purchases
    if horizon.yearly_discount:
        later = weights * discounts(ends, horizon.yearly_discount)
        worth = bgnbd.weighted_purchases(model, summary, times, later)
    return Values(purchases, each, worth * each * horizon.margin)

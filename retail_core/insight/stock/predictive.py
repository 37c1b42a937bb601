"""What may be asked for in a while: a count whose own rate is not known for certain.

With `n` units seen the rate is a gamma of shape `n`, and the count to come is negative binomial:
its variance is `mean + mean² / shape`, so that little history makes a wide forecast. Units that go
over the counter several at a time widen it further: `batch` is E[q²] / E[q] of a line's units.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, pdtr

from retail_core.insight.arrays import Floats, Ints

# Beyond it a gamma is a point to rounding, and the count is Poisson.
_CERTAIN = 1e9
_MOST = 10**9


@dataclass(frozen=True, slots=True)
class Demand:
    """A count to come: its mean, and the shape of what its mean is drawn from."""

    mean: float
    shape: float

    @property
    def variance(self) -> float:
        """Return the variance."""
        return self.mean + self.mean**2 / self.shape


NONE = Demand(0.0, 1.0)


def forecast(mean: float, seen: float, batch: float = 1.0) -> Demand:
    """Return the count to come of a mean that `seen` units speak for."""
    if mean <= 0:
        return NONE
    # variance = batch · mean + mean² · batch / (seen + 1), written as a shape.
    beyond = (max(batch, 1.0) - 1) / mean + max(batch, 1.0) / (seen + 1)
    return Demand(mean, min(1 / beyond, _CERTAIN))


def at_most(demand: Demand, units: Ints) -> Floats:
    """Return P(count <= n) for each n; below 0 it is 0."""
    if demand.mean <= 0:
        return np.where(units >= 0, 1.0, 0.0)
    n = np.maximum(units, 0).astype(np.float64)
    if demand.shape >= _CERTAIN:
        found = pdtr(n, demand.mean)
    else:
        found = betainc(demand.shape, n + 1, demand.shape / (demand.shape + demand.mean))
    return np.where(units < 0, 0.0, found).astype(np.float64)


def chance_of_more(demand: Demand, units: int) -> float:
    """Return P(count > n)."""
    return 1.0 - float(at_most(demand, np.array([units]))[0])


def quantile(demand: Demand, share: float) -> int:
    """Return the least n with P(count <= n) >= share; `share` below 1."""
    if demand.mean <= 0 or share <= 0:
        return 0
    low, high = -1, 1
    while high < _MOST and float(at_most(demand, np.array([high]))[0]) < share:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if float(at_most(demand, np.array([middle]))[0]) >= share:
            high = middle
        else:
            low = middle
    return high


def expected_sales(demand: Demand, units: int) -> float:
    """Return E[min(count, n)]: n units there sell so many.

    `k · f(k; shape) = mean · f(k - 1; shape + 1)`, with the same chance in each, so the sum up to n
    is a distribution function again.
    """
    if units <= 0 or demand.mean <= 0:
        return 0.0
    if demand.shape >= _CERTAIN:
        inside = float(pdtr(units - 1.0, demand.mean))
    else:
        chance = demand.shape / (demand.shape + demand.mean)
        inside = float(betainc(demand.shape + 1, float(units), chance))
    # Up to n each sells what is asked for, above it n: the first sum, and n times the rest.
    return demand.mean * inside + units * chance_of_more(demand, units)

"""The Gamma-Gamma model of spend per purchase (Fader and Hardie, note of 2013).

Her purchases vary around a mean of her own, which varies over customers (`p`, `q`, `v`) and does
not hang on how often she buys. Fitted to the mean spend of repeat purchases of those who came
back and spent something; the first purchase is left out, as the published tables do.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats, Ints
from retail_core.insight.ltv.summary import Summary
from retail_core.insight.ltv.sums import dot
from retail_core.texts.faults import FaultCode

_LOG_BOUND = 14.0
_FAR = 1_000.0
_AT_LEAST = 2


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted model; `v` is in the log's currency.

    `boundary`: `no_mean` (q ≤ 1: the mean over customers is infinite), `same_spend` (all alike).
    `customers` of whom it was learnt, and their weighted `mean`.
    """

    p: float
    q: float
    v: float
    log_likelihood: float
    customers: int
    mean: float
    boundary: tuple[str, ...] = ()


def fit(summary: Summary) -> GammaGamma:
    """Fit by maximum likelihood. Faults E107 and E109."""
    usable = (summary.repeat > 0) & (summary.spend > 0)
    x, z = summary.repeat[usable].astype(np.float64), summary.spend[usable]
    if x.size < _AT_LEAST:
        raise Fault(
            FaultCode.INSIGHT_TOO_FEW,
            wanted=_AT_LEAST,
            what="customers who came back and paid",
            count=int(x.size),
        )
    scale = float(np.mean(z))
    levels, level = np.unique(x, return_inverse=True)
    counts = np.bincount(level).astype(np.float64)
    found = minimize(
        _loss,
        np.array([1.0, 1.0, 1.0]),
        (levels, counts, level, z / scale),
        method="L-BFGS-B",
        jac=True,
        bounds=[(-_LOG_BOUND, _LOG_BOUND)] * 3,
        options={"maxiter": 1_000, "ftol": 1e-15, "gtol": 1e-10},
    )
    if not np.all(np.isfinite(found.x)) or not np.isfinite(found.fun):
        raise Fault(FaultCode.INSIGHT_NO_FIT, model="Gamma-Gamma", why=str(found.message))
    p, q, v = (float(one) for one in np.exp(found.x))
    fit_value = -float(found.fun) * x.size - x.size * np.log(scale)
    mean = float(x @ z / x.sum())
    return GammaGamma(p, q, v * scale, float(fit_value), int(x.size), mean, _boundary(p, q))


def expected_spend(model: GammaGamma, summary: Summary) -> Floats:
    """Return each customer's expected spend per purchase, given what she spent.

    Who bought once gets the mean over customers, p v / (q - 1); where that is infinite the
    observed mean of those who came back.
    """
    x = summary.repeat.astype(np.float64)
    known = (model.p * (model.v + x * summary.spend)) / np.maximum(model.p * x + model.q - 1, 1e-12)
    everybody = model.p * model.v / (model.q - 1) if model.q > 1 else model.mean
    told = (summary.repeat > 0) & (model.p * x + model.q > 1)
    return np.where(told, known, everybody)


def _loss(
    theta: Floats, levels: Floats, counts: Floats, level: Ints, z: Floats
) -> tuple[float, Floats]:
    """Return minus the mean log-likelihood and its gradient in the logarithms of parameters."""
    p, q, v = np.exp(theta)
    size = z.size
    own = gammaln(p * levels + q) - gammaln(p * levels) + p * levels * np.log(levels)
    x = levels[level]
    log_z, log_sum = np.log(z), np.log(v + x * z)
    total = float(counts @ own) - size * gammaln(q) + size * q * theta[2]
    total += dot(p * x - 1, log_z) - dot(p * x + q, log_sum)
    upper = digamma(p * levels + q)
    by_p = float(counts @ (levels * (upper - digamma(p * levels) + np.log(levels))))
    by_p += dot(x, log_z - log_sum)
    by_q = float(counts @ upper) - size * digamma(q) + size * theta[2] - float(log_sum.sum())
    by_v = size * q / v - dot(p * x + q, 1 / (v + x * z))
    gradient = np.array([by_p * p, by_q * q, by_v * v]) / size
    return -total / size, -gradient


def _boundary(p: float, q: float) -> tuple[str, ...]:
    found = []
    if q <= 1:
        found.append("no_mean")
    if p > _FAR or q > _FAR:
        found.append("same_spend")
    return tuple(found)

"""The BG/NBD model of repeat buying (Fader, Hardie and Lee, Marketing Science 24(2), 2005).

While she is a customer she buys at a rate of her own (gamma: shape `r`, rate `alpha`); after each
purchase she may leave for good with a chance of her own (beta: `a`, `b`). Fitted by maximum
likelihood with the analytic gradient in the logarithms of the parameters. Customers of the same
history are counted, not repeated, and gamma functions are worked out once for each number of
purchases.

A log in which nobody seems to leave drives `a` to 0, and one whose customers are all alike drives
`r` and `alpha`, or `a` and `b`, to infinity: such ends are found and named, not hidden.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats, Ints
from retail_core.insight.ltv.quadrature import beta_nodes
from retail_core.insight.ltv.summary import Summary
from retail_core.insight.ltv.sums import dot
from retail_core.texts.faults import FaultCode

NODES = 80
_LOG_BOUND = 16.0
_FAR = 1_000.0
_NO_DROPOUT = 1e-3
_FIRST_LOOK = 20_000
_AT_A_TIME = 20_000
# How the walk by curvature goes: differences taken so far aside, given up where it is this flat,
# after these steps or at a longer one; done where the mean gradient is level.
_ASIDE = 1e-4
_FLAT = 1e7
_STEPS = 12
_STRIDE = 1.0
_LEVEL = 1e-10
_ROUGHLY, _EXACTLY = 1e-5, 1e-9


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted model; `alpha` is in the unit of time of the summary.

    `boundary` names where the likelihood has no inner maximum: `no_dropout` (nobody leaves: `a`
    is nothing beside `b`), `same_dropout` (all leave alike), `same_rate` (all buy alike).
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    boundary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Groups:
    """Histories with how many customers have each, those who came back kept apart.

    `level` leads from a history to its number of repeat purchases among `levels`; `old` and
    `bought` lead to its age and its recency among the distinct ones.
    """

    levels: Floats
    level_count: Floats
    level: Ints
    old: Ints
    ages: Floats
    bought: Ints
    recencies: Floats
    weight: Floats
    zero_ages: Floats
    zero_weight: Floats


def fit(summary: Summary) -> BgNbd:
    """Fit by maximum likelihood. Faults E107 (nobody came back) and E109."""
    back = int(np.count_nonzero(summary.repeat))
    if back == 0 or summary.size < 2:  # noqa: PLR2004  # one customer has no distribution
        raise Fault(FaultCode.INSIGHT_TOO_FEW, wanted=1, what="customers who came back", count=back)
    scale = float(np.mean(summary.age)) or 1.0
    whole = _grouped(summary.repeat, summary.recency, summary.age, scale)
    some = whole
    if summary.size > 2 * _FIRST_LOOK:
        step = summary.size // _FIRST_LOOK
        some = _grouped(summary.repeat[::step], summary.recency[::step], summary.age[::step], scale)
    near = _climb(some, np.zeros(4), _ROUGHLY)
    theta = _newton(whole, some, near)
    if theta is None:  # at a boundary the likelihood is too flat for it
        theta = _climb(whole, np.clip(near, 1 - _LOG_BOUND, _LOG_BOUND - 1), _EXACTLY)
    loss = float(_loss(theta, whole)[0])
    if not np.all(np.isfinite(theta)) or not np.isfinite(loss):
        raise Fault(FaultCode.INSIGHT_NO_FIT, model="BG/NBD", why="no finite likelihood")
    r, alpha, a, b = (float(one) for one in np.exp(theta))
    likelihood = -loss * summary.size - float(summary.repeat.sum()) * float(np.log(scale))
    return BgNbd(r, alpha * scale, a, b, likelihood, _boundary(r, a, b))


def log_likelihood(model: BgNbd, summary: Summary) -> float:
    """Return the log-likelihood of a summary under given parameters."""
    groups = _grouped(summary.repeat, summary.recency, summary.age, 1.0)
    theta = np.log([model.r, model.alpha, model.a, model.b])
    return -float(_loss(theta, groups)[0]) * summary.size


def expected_purchases(model: BgNbd, summary: Summary, time: float) -> Floats:
    """Return each customer's expected purchases in the next `time`, given her history."""
    return weighted_purchases(model, summary, np.array([time]), np.ones(1))


def weighted_purchases(model: BgNbd, summary: Summary, times: Floats, weights: Floats) -> Floats:
    """Return each customer's expected purchases up to each of rising `times`, weighted between.

    What is expected from one time to the next counts by the weight of the later one: a season, a
    discount; with weights of 1 it is what is expected up to the last.
    """
    pairs, where = _histories(summary)
    up_to = expected_if_alive(model, pairs, times)
    between = np.diff(up_to, axis=1, prepend=0.0) @ weights
    return p_alive(model, summary) * between[where]


def expected_if_alive(model: BgNbd, pairs: Floats, times: Floats) -> Floats:
    """Return expected purchases of those still customers: a row a history, a column a time.

    `pairs`: repeat purchases and age of each history, sorted. The closed form's 2F1 overflows for
    heavy buyers and divides by nothing at a = 1, so the chance to leave is integrated out by
    Gauss-Jacobi nodes, exact to rounding for every a, b > 0:
    E = ∫ (1 - (1 + p t / (alpha + T))^-(r + x)) / p · Beta(p; a, b + x) dp.
    """
    found = np.empty((len(pairs), len(times)))
    levels, starts = np.unique(pairs[:, 0], return_index=True)
    for x, begin, end in zip(levels, starts, [*starts[1:], len(pairs)], strict=True):
        p, weight = beta_nodes(model.a, model.b + float(x), NODES)
        for low in range(int(begin), int(end), _AT_A_TIME):
            ages = pairs[low : min(low + _AT_A_TIME, int(end)), 1]
            for column, time in enumerate(times):
                share = np.outer(time / (model.alpha + ages), p)
                each = -np.expm1(-(model.r + float(x)) * np.log1p(share))
                found[low : low + len(ages), column] = each @ (weight / p)
    return found


def _histories(summary: Summary) -> tuple[Floats, Ints]:
    """Return the distinct pairs of repeat purchases and age, and which one each customer has."""
    ages, old = np.unique(summary.age, return_inverse=True)
    both, where = np.unique(summary.repeat * len(ages) + old, return_inverse=True)
    pairs = np.column_stack((both // len(ages), ages[both % len(ages)])).astype(np.float64)
    return pairs, where.astype(np.int64)


def expected_from_start(model: BgNbd, times: Floats) -> Floats:
    """Return E[X(t)]: repeat purchases of a customer by `t` after her first, for each `t`."""
    p, weight = beta_nodes(model.a, model.b, 2 * NODES)
    each = -np.expm1(-model.r * np.log1p(np.outer(times / model.alpha, p)))
    return np.asarray(each @ (weight / p), dtype=np.float64)


def p_alive(model: BgNbd, summary: Summary) -> Floats:
    """Return the chance that she is still a customer.

    No score of churn: who bought once has 1 whatever her age, because in this model nobody leaves
    but after a repeat purchase. Rank by `expected_purchases` instead.
    """
    x = summary.repeat.astype(np.float64)
    back = np.maximum(x, 1.0)
    gone = (
        np.log(model.a)
        - np.log(model.b + back - 1)
        + (model.r + x) * np.log((model.alpha + summary.age) / (model.alpha + summary.recency))
    )
    return np.where(summary.repeat > 0, expit(-gone), 1.0)


def _grouped(repeat: Ints, recency: Floats, age: Floats, scale: float) -> _Groups:
    back = repeat > 0
    zero_ages, zero_counts = np.unique(age[~back] / scale, return_counts=True)
    ages, old = np.unique(age[back] / scale, return_inverse=True)
    recencies, bought = np.unique(recency[back] / scale, return_inverse=True)
    levels, level = np.unique(repeat[back], return_inverse=True)
    key = (level.astype(np.int64) * len(ages) + old) * len(recencies) + bought
    _, at, counts = np.unique(key, return_index=True, return_counts=True)
    level_count = np.bincount(level, minlength=len(levels)).astype(np.float64)
    return _Groups(
        levels.astype(np.float64),
        level_count / repeat.size,
        level[at],
        old[at],
        ages,
        bought[at],
        recencies,
        counts / repeat.size,
        zero_ages,
        zero_counts / repeat.size,
    )


def _climb(groups: _Groups, start: Floats, nearness: float) -> Floats:
    bounds = [(-_LOG_BOUND, _LOG_BOUND)] * 4
    options = {"maxiter": 500, "ftol": 1e-15, "gtol": nearness}
    found = minimize(
        _loss, start, (groups,), method="L-BFGS-B", jac=True, bounds=bounds, options=options
    )
    return np.asarray(found.x, dtype=np.float64)


def _newton(whole: _Groups, some: _Groups, theta: Floats) -> Floats | None:
    """Walk to the maximum over all by the curvature over some of them: few looks at all."""
    aside = np.eye(4) * _ASIDE
    curvature = np.array(
        [(_loss(theta + by, some)[1] - _loss(theta - by, some)[1]) / (2 * _ASIDE) for by in aside]
    )
    if not np.all(np.isfinite(curvature)) or np.linalg.cond(curvature) > _FLAT:
        return None
    for _ in range(_STEPS):
        gradient = _loss(theta, whole)[1]
        if np.max(np.abs(gradient)) < _LEVEL:
            return theta
        step = np.linalg.solve(curvature, gradient)
        if np.max(np.abs(step)) > _STRIDE:
            return None
        theta = theta - step
    return None


def _loss(theta: Floats, groups: _Groups) -> tuple[float, Floats]:
    """Return minus the mean log-likelihood and its gradient in the logarithms of parameters."""
    r, alpha, a, b = np.exp(theta)
    x, n = groups.levels, groups.level_count
    # Terms that hang on the number of purchases alone; x = 0 adds only r ln alpha.
    own = gammaln(r + x) - gammaln(r) + betaln(a, b + x) - betaln(a, b)
    total = float(n @ own) + r * np.log(alpha)
    by_r = float(n @ (digamma(r + x) - digamma(r))) + np.log(alpha)
    by_alpha = r / alpha
    apart = digamma(a + b) - digamma(a + b + x)
    by_a = float(n @ apart)
    by_b = float(n @ (apart + digamma(b + x) - digamma(b)))
    # Who never came back has not left: (alpha + T)^-r.
    waited = alpha + groups.zero_ages
    logs = dot(groups.zero_weight, np.log(waited))
    total -= r * logs
    by_r -= logs
    by_alpha -= r * dot(groups.zero_weight, 1 / waited)
    # Who did is either still there at T or left at her last purchase.
    shape, weight = (r + x)[groups.level], groups.weight
    here = np.log(alpha + groups.ages)[groups.old]
    left = np.log(alpha + groups.recencies)[groups.bought]
    odds = (np.log(a) - np.log(b + x - 1))[groups.level] + shape * (here - left)
    # ln(1 + e^odds) without overflow; `gone` weighs those who left by the chance of it.
    small = np.exp(-np.abs(odds))
    total += dot(weight, np.maximum(odds, 0) + np.log1p(small) - shape * here)
    gone = np.where(odds > 0, 1.0, small) / (1 + small) * weight
    stay = weight - gone
    by_r -= dot(stay, here) + dot(gone, left)
    by_alpha -= dot(stay * shape, (1 / (alpha + groups.ages))[groups.old])
    by_alpha -= dot(gone * shape, (1 / (alpha + groups.recencies))[groups.bought])
    by_a += float(gone.sum()) / a
    by_b -= dot(gone, (1 / (b + x - 1))[groups.level])
    gradient = np.array([by_r * r, by_alpha * alpha, by_a * a, by_b * b])
    return -float(total), -gradient


def _boundary(r: float, a: float, b: float) -> tuple[str, ...]:
    found = []
    if a / (a + b) < _NO_DROPOUT:
        found.append("no_dropout")
    elif a + b > _FAR:
        found.append("same_dropout")
    if r > _FAR:
        found.append("same_rate")
    return tuple(found)

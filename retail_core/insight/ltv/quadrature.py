"""Means over a beta distribution, by Gauss-Jacobi nodes (Golub and Welsch, Math. Comp. 1969)."""

import numpy as np
from scipy.linalg import eigh_tridiagonal

from retail_core.insight.arrays import Floats


def beta_nodes(a: float, b: float, count: int) -> tuple[Floats, Floats]:
    """Return nodes in (0, 1) and weights that sum to 1: Σ w f(p) is the mean of f over Beta(a, b).

    Exact for polynomials up to degree 2 · count - 1. The weights are normalised from the start, so
    large parameters do not overflow as the textbook's constant does.
    """
    n = np.arange(1, count, dtype=np.float64)
    alpha, beta = b - 1, a - 1  # Jacobi's exponents at the upper and the lower end
    both = alpha + beta
    middle = np.empty(count)
    middle[0] = (beta - alpha) / (both + 2)
    middle[1:] = (beta - alpha) * (beta + alpha) / ((2 * n + both) * (2 * n + both + 2))
    beside = np.empty(count - 1)
    beside[0] = 4 * (1 + alpha) * (1 + beta) / ((2 + both) ** 2 * (3 + both))
    m = n[1:]
    beside[1:] = (4 * m * (m + alpha) * (m + beta) * (m + both)) / (
        (2 * m + both) ** 2 * (2 * m + both + 1) * (2 * m + both - 1)
    )
    values, vectors = eigh_tridiagonal(middle, np.sqrt(beside))
    nodes = (1 + values) / 2
    # The lowest node can round to 0 where nearly all weight lies there.
    return np.maximum(nodes, np.finfo(np.float64).tiny), vectors[0] ** 2

"""What goes with a basket, by a regression of every article on all others (EASE).

Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019: with G the counts of pairs
plus λ on the diagonal and P its inverse, article j counts for i by -P(i,j) / P(j,j). Large baskets
say less of each pair in them, so a basket weighs the power `damp` of its size. For some thousands
of articles: the inverse grows with the third power of their number.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from retail_core.insight.arrays import Floats

ARTICLES_MAX = 5_000
DAMP = 0.5
RIDGE = 80.0
POPULAR = 0.1


@dataclass(frozen=True, slots=True)
class Ease:
    """Weights by article: `weights[i, j]` is what i in the basket says of j; `usual` shares."""

    places: Mapping[str, int]
    weights: Floats
    usual: Floats

    def scores(self, basket: Iterable[str]) -> Floats:
        """Return how well each article goes with a basket; unknown articles say nothing."""
        inside = [self.places[sku] for sku in basket if sku in self.places]
        return np.asarray(self.weights[inside].sum(axis=0) + POPULAR * self.usual)

    def without(self, basket: Iterable[str]) -> Callable[[str], Floats]:
        """Return the scores of a basket out of which one article is taken, for each in it.

        They are sums: what one article says is taken off again instead of adding all others up.
        """
        whole = self.scores(basket)
        return lambda out: whole - self.weights[self.places[out]]


def fit(baskets: Sequence[Sequence[str]], ridge: float = RIDGE) -> Ease:
    """Fit to baskets of distinct articles."""
    places: dict[str, int] = {}
    for basket in baskets:
        for sku in basket:
            places.setdefault(sku, len(places))
    sizes = np.array([len(basket) for basket in baskets])
    columns = np.array([places[sku] for basket in baskets for sku in basket], dtype=np.int64)
    rows = np.repeat(np.arange(len(baskets)), sizes)
    shape = (len(baskets), len(places))
    bought = csr_array((np.ones(len(columns)), (rows, columns)), shape=shape)
    damped = csr_array((sizes[rows] ** -DAMP, (rows, columns)), shape=shape)
    pairs = np.asarray((damped.T @ bought).todense(), dtype=np.float64)
    pairs[np.diag_indices_from(pairs)] += ridge
    inverse = np.linalg.inv(pairs)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    usual = np.bincount(columns, minlength=len(places)) / max(1, len(baskets))
    return Ease(places, weights, usual.astype(np.float64))

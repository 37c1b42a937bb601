"""How well ways to suggest find an article that was taken out of a basket.

Baskets are dealt into folds by their place in the file. Each fold in turn is asked of what the
others taught: every article of every basket of two or more is taken out once, and its rank among
the articles not left in the basket counts. A basket counts once, however large. No article of the
question is ever in the answer, and nothing is drawn by lot: the same file gives the same figures.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retail_core.insight import ease
from retail_core.insight.arrays import Floats
from retail_core.insight.baskets import Bought
from retail_core.insight.cooccurrence import Bounds, Way, table_by

FOLDS = 10
# Of more baskets or articles than these only the last fold is asked, of a fold so many baskets
# evenly spread, and of a basket so many articles.
ALL_FOLDS_MAX = 50_000
ALL_ARTICLES_MAX = 1_000
ASKED_MAX = 5_000
OUT_MAX = 40
RANKS = (1, 5, 10)
Basket = tuple[str, ...]
# For a basket: scores of all articles, in the order of `Taught.places`, when one is taken out.
Score = Callable[[Sequence[str]], Callable[[str], Floats]]
_LEVEL_POPULAR = 1e-6
# Tables of the shops: what is bought with what, of the 50 nearest; see `cooccurrence`.
_WAY = Way(0.5, again_first=False)
_BOUNDS = Bounds(near=50)


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of baskets: hit rates by rank, and the mean reciprocal rank among ten."""

    hit: Mapping[int, float]
    mrr10: float


@dataclass(frozen=True, slots=True)
class Trial:
    """Figures by method, how many baskets were asked, and which method did best at HR@5."""

    methods: Mapping[str, Found]
    asked: int
    articles: int
    best: str


@dataclass(frozen=True, slots=True)
class Taught:
    """Articles by their place in the scores, and the methods that score them."""

    places: Mapping[str, int]
    methods: Mapping[str, Score]


def try_out(
    baskets: Sequence[Basket],
    folds: int = FOLDS,
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> Trial:
    """Ask every fold of what the others taught; `told` hears of folds done."""
    totals: dict[str, Floats] = {}
    asked = 0
    articles = len({sku for one in baskets for sku in one})
    small = len(baskets) <= ALL_FOLDS_MAX and articles <= ALL_ARTICLES_MAX
    for fold in range(folds) if small else (folds - 1,):
        taught = teach([one for nth, one in enumerate(baskets) if nth % folds != fold])
        questions = [one for one in baskets[fold::folds] if len(one) > 1]
        questions = questions[:: 1 + len(questions) // ASKED_MAX]
        asked += len(questions)
        for name, score in taught.methods.items():
            sums = totals.setdefault(name, np.zeros(len(RANKS) + 1))
            for one in questions:
                sums += _asked(taught.places, score, one)
        told(fold + 1, folds)
    figures = {name: _figures(total, asked) for name, total in totals.items()}
    best = max(figures, key=lambda name: (figures[name].hit[5], figures[name].mrr10))
    return Trial(figures, asked, articles, best)


def teach(baskets: Sequence[Basket]) -> Taught:
    """Teach every method that suits so many articles."""
    places: dict[str, int] = {}
    for basket in baskets:
        for sku in basket:
            places.setdefault(sku, len(places))
    counts = np.zeros(len(places))
    for basket in baskets:
        counts[[places[sku] for sku in basket]] += 1
    usual = counts / max(1, len(baskets))
    methods: dict[str, Score] = {
        "popularity": lambda _basket: lambda _out: usual,
        "item_item": _near(baskets, places, usual),
    }
    if len(places) <= ease.ARTICLES_MAX:
        methods["ease"] = ease.fit(baskets).without
    return Taught(places, methods)


def _near(baskets: Sequence[Basket], places: Mapping[str, int], usual: Floats) -> Score:
    """Score by the table the shops hold; what is not near anything goes by popularity."""
    table = table_by([Bought("", 0, one) for one in baskets], _WAY, 0, _BOUNDS)
    near = {
        sku: (np.array([places[one] for one, _ in some]), np.array([close for _, close in some]))
        for sku, some in table.near.items()
    }

    def score(rest: Iterable[str]) -> Floats:
        found = usual * _LEVEL_POPULAR
        for sku in rest:
            if sku in near:
                where, close = near[sku]
                found[where] += close
        return found

    return lambda basket: lambda out: score(sku for sku in basket if sku != out)


def _asked(places: Mapping[str, int], score: Score, basket: Basket) -> Floats:
    """Return hits at each rank and the reciprocal rank, as means over a basket's articles."""
    found, without = np.zeros(len(RANKS) + 1), score(basket)
    taken = basket[:: 1 + len(basket) // OUT_MAX]
    for out in taken:
        if out not in places:
            continue  # never sold before: nobody could suggest it
        scores = without(out)
        inside = [places[sku] for sku in basket if sku != out and sku in places]
        own = scores[places[out]]
        better = int(np.count_nonzero(scores > own)) - int(np.count_nonzero(scores[inside] > own))
        # Equals are ranked as chance would: half of them before it.
        level = int(np.count_nonzero(scores == own)) - 1
        level -= int(np.count_nonzero(scores[inside] == own))
        rank = better + level // 2 + 1
        found += [*(rank <= most for most in RANKS), 1 / rank if rank <= RANKS[-1] else 0.0]
    return found / len(taken)


def _figures(total: Floats, asked: int) -> Found:
    shares = total / max(1, asked)
    hits = {rank: float(shares[nth]) for nth, rank in enumerate(RANKS)}
    return Found(hits, float(shares[-1]))

"""Which articles go together, by the receipts of the last months.

Closeness is the cosine of two articles over buyers, shrunk towards nothing where few bought both:
n(i,j) / (sqrt(n(i) · n(j)) + shrink). Item-based collaborative filtering after Sarwar, Karypis,
Konstan and Riedl, "Item-based collaborative filtering recommendation algorithms", WWW 2001;
shrinkage after Bell and Koren, "Improved neighborhood-based collaborative filtering", KDD Cup
2007. A buyer is a member over the whole time, or a receipt of nobody known.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import median_low

from retail_core.insight.baskets import Bought
from retail_core.insight.table import Table

THOUSAND = 1_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is looked at and kept.

    Of a buyer's articles at most `buyer_articles` are paired, the latest; only the `articles` most
    bought are, and only pairs that `pairs_from` buyers share count.
    """

    articles: int = 4_000
    buyer_articles: int = 60
    pairs_from: int = 2
    shrink: int = 10
    near: int = 12
    popular: int = 60
    again_from: int = 5


USUAL = Bounds()


def build_table(bought: Iterable[Bought], version: int, bounds: Bounds = USUAL) -> Table:
    """Reckon a table of receipts in the order of their days."""
    buyers: dict[str, dict[str, int]] = {}
    gaps: dict[str, list[int]] = defaultdict(list)
    receipts: Counter[str] = Counter()
    for nth, one in enumerate(bought):
        receipts.update(one.skus)
        last = buyers.setdefault(one.member or f"\x00{nth}", {})
        for sku in one.skus:
            if one.member and sku in last and one.day > last[sku]:
                gaps[sku].append(one.day - last[sku])
            last.pop(sku, None)
            last[sku] = one.day  # the latest stand last
    kept = {sku for sku, _ in _most(receipts, bounds.articles)}
    return Table(
        version,
        _near(buyers.values(), kept, bounds),
        tuple(sku for sku, _ in _most(receipts, bounds.popular)),
        {
            sku: median_low(some)
            for sku, some in gaps.items()
            if len(some) >= bounds.again_from and sku in kept
        },
    )


def _near(
    buyers: Iterable[Mapping[str, int]], kept: set[str], bounds: Bounds
) -> dict[str, tuple[tuple[str, int], ...]]:
    single: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for buyer in buyers:
        skus = sorted([sku for sku in buyer if sku in kept][-bounds.buyer_articles :])
        single.update(skus)
        pairs.update(combinations(skus, 2))
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (one, other), count in pairs.items():
        if count < bounds.pairs_from:
            continue
        close = round(THOUSAND * count / (sqrt(single[one] * single[other]) + bounds.shrink))
        if close:
            found[one].append((other, close))
            found[other].append((one, close))
    return {sku: _best(some, bounds.near) for sku, some in found.items()}


def _best(some: Sequence[tuple[str, int]], count: int) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(some, key=lambda pair: (-pair[1], pair[0]))[:count])


def _most(counted: Counter[str], count: int) -> list[tuple[str, int]]:
    """Return the most frequent, by name where they are equal."""
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:count]

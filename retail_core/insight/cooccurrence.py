"""Which articles go together, by the receipts of the last months.

How close j is to i, over buyers: n(i,j) / ((n(i) + s)^(1-a) · (n(j) + s)^a). With a = 1/2 this is
the cosine of item-based collaborative filtering (Sarwar, Karypis, Konstan and Riedl, WWW 2001);
with a = 0 it is the share of i's buyers who bought j; what lies between damps what everybody buys
(Deshpande and Karypis, ACM TOIS 2004). The shrinkage s draws pairs that few bought towards nothing
(Bell and Koren, KDD Cup 2007). A buyer is a member over the whole time, or a receipt of nobody
known.

Which exponent serves a chain, or none, and whether what is due again comes first, is tried on its
own last receipts: every member's next receipt after a cut is a question.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from statistics import median_low

from retail_core.insight.baskets import Bought
from retail_core.insight.choosing import Customer, Goods, candidates, choose
from retail_core.insight.table import Table

THOUSAND = 1_000
BEFORE = 0.85
ANY_GOODS = Goods()


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is looked at and kept.

    Of a buyer's articles at most `buyer_articles` are paired, the latest; only the `articles` most
    bought are, and only pairs that `pairs_from` buyers share count.
    """

    articles: int = 4_000
    buyer_articles: int = 60
    pairs_from: int = 2
    shrink: int = 15
    near: int = 20
    popular: int = 60
    again_from: int = 5
    questions: int = 2_000


USUAL = Bounds()


@dataclass(frozen=True, slots=True)
class Way:
    """How closeness is reckoned, None not at all, and whether what is due again comes first."""

    exponent: float | None
    again_first: bool


WAYS = tuple(Way(exponent, first) for exponent in (0.5, 0.25, 0.0, None) for first in (False, True))


def build_table(bought: Sequence[Bought], version: int, bounds: Bounds = USUAL) -> Table:
    """Reckon a table of receipts in the order of their days."""
    cut = bought[int(len(bought) * BEFORE)].day if bought else 0
    before = _counted([one for one in bought if one.day < cut], bounds)
    asked = list(islice(questions(bought, cut), bounds.questions))
    tables = [(_table(before, way, 0, bounds)) for way in WAYS]
    hits = [_hits(table, asked) for table in tables]
    way = WAYS[hits.index(max(hits))]
    return _table(_counted(bought, bounds), way, version, bounds)


def table_by(bought: Iterable[Bought], way: Way, version: int, bounds: Bounds = USUAL) -> Table:
    """Reckon a table in a given way, without trying others."""
    return _table(_counted(bought, bounds), way, version, bounds)


def questions(bought: Iterable[Bought], cut: int) -> Iterator[tuple[Bought, Bought]]:
    """Yield each member's last receipt before a day, and her first from then on."""
    before: dict[str, Bought] = {}
    done: set[str] = set()
    for one in bought:
        if not one.member or one.member in done:
            continue
        if one.day < cut:
            before[one.member] = one
        elif one.member in before:
            done.add(one.member)
            yield before[one.member], one


def _hits(table: Table, asked: Iterable[tuple[Bought, Bought]]) -> int:
    """Count the questions where one of three suggestions was bought."""
    hits = 0
    for last, following in asked:
        customer = Customer(dict.fromkeys(last.skus, following.day - last.day))
        goods = dict.fromkeys(candidates(table, customer), ANY_GOODS)
        shown = {one.sku for one in choose(table, customer, goods)}
        hits += not shown.isdisjoint(following.skus)
    return hits


@dataclass(frozen=True, slots=True)
class _Counts:
    """How often articles, and pairs of them, were bought; the days between."""

    receipts: Counter[str]
    buyers: Counter[str]
    pairs: Counter[tuple[str, str]]
    gaps: Mapping[str, list[int]]


def _counted(bought: Iterable[Bought], bounds: Bounds) -> _Counts:
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
    single: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for buyer in buyers.values():
        skus = sorted([sku for sku in buyer if sku in kept][-bounds.buyer_articles :])
        single.update(skus)
        pairs.update(combinations(skus, 2))
    return _Counts(receipts, single, pairs, gaps)


def _table(counts: _Counts, way: Way, version: int, bounds: Bounds) -> Table:
    return Table(
        version,
        {} if way.exponent is None else _near(counts, way.exponent, bounds),
        tuple(sku for sku, _ in _most(counts.receipts, bounds.popular)),
        {
            sku: median_low(some)
            for sku, some in counts.gaps.items()
            if len(some) >= bounds.again_from
        },
        way.again_first,
    )


def _near(
    counts: _Counts, exponent: float, bounds: Bounds
) -> dict[str, tuple[tuple[str, int], ...]]:
    own = {sku: (n + bounds.shrink) ** (1 - exponent) for sku, n in counts.buyers.items()}
    others = {sku: (n + bounds.shrink) ** exponent for sku, n in counts.buyers.items()}
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (one, other), count in counts.pairs.items():
        if count >= bounds.pairs_from:
            found[one].append((other, round(THOUSAND * count / (own[one] * others[other]))))
            found[other].append((one, round(THOUSAND * count / (own[other] * others[one]))))
    return {sku: _best(some, bounds.near) for sku, some in found.items()}


def _best(some: Iterable[tuple[str, int]], count: int) -> tuple[tuple[str, int], ...]:
    ordered = sorted(some, key=lambda pair: (-pair[1], pair[0]))[:count]
    return tuple(pair for pair in ordered if pair[1])


def _most(counted: Counter[str], count: int) -> list[tuple[str, int]]:
    """Return the most frequent, by name where they are equal."""
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:count]

"""What lies too long, region by region, and with what and to whom it may be sold.

The segment whose people buy it most often per receipt, beside everybody, is the one to be offered;
the partner is what these people buy most of all and what is there in plenty. A bundle is never
offered below what both cost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from retail_core.insight.stock import slow
from retail_core.insight.stock.facts import Article, Facts, Stock
from retail_core.insight.stock.policy import StockPolicy
from retail_core.insight.stock.rates import Wanted
from retail_core.insight.stock.suggesting import Suggestion

_YEAR_DAYS = 365
# Units that speak for "like everybody" before a segment's own do.
_SHRINK = 3.0
# A bundle that is hardly cheaper moves nobody.
_PERMILLE_MOST = 970


@dataclass(frozen=True, slots=True)
class Sale:
    """An article with what is known of it."""

    article: Article
    wanted: Wanted
    stock: Mapping[str, Stock]
    cost_fen: float


@dataclass(frozen=True, slots=True)
class _Lies:
    """A region's slow stores of an article together; `rest` is what a year would not sell."""

    units: int
    rest: float
    per_day: float
    quiet_days: int
    confidence: float
    shops: int


def sales_of(sales: Sequence[Sale], facts: Facts, policy: StockPolicy) -> Iterator[Suggestion]:
    """Yield what is slow, with its bundle where there is a partner for it."""
    regions = {one.place: one.region for one in facts.places if not one.warehouse}
    lying = {
        (sale.article.sku, region): lies
        for sale in sales
        for region, lies in _regions(sale, regions, facts, policy)
    }
    by_sku = {sale.article.sku: sale for sale in sales}
    for (sku, region), lies in sorted(lying.items()):
        sale = by_sku[sku]
        segment, lift = _segment(sku, facts)
        partner, permille = None, 0
        for other in _bought_most(sku, segment, region, facts):
            found = by_sku.get(other)
            if found is None or (other, region) in lying or not _plenty(found, region, regions):
                continue
            permille = _permille(sale, found, policy)
            if permille <= _PERMILLE_MOST:
                partner = found
                break
        whole = sale.article.price_fen + (0 if partner is None else partner.article.price_fen)
        holding = policy.holding_permille / 1_000
        years = min(lies.units / (lies.per_day * _YEAR_DAYS), 1.0) if lies.per_day else 1.0
        kept = (lies.units - lies.rest) * sale.cost_fen * holding * years / 2
        yield Suggestion(
            "slow",
            sku,
            "",
            region,
            lies.units,
            round(lies.rest * sale.cost_fen * (1 + holding) + kept),
            round(lies.units * whole * (1_000 - permille) / 1_000) if partner else 0,
            lies.confidence,
            {
                "quiet_days": lies.quiet_days,
                "per_month": lies.per_day * 30,
                "shops": lies.shops,
                "rest": lies.rest,
                "lift": lift,
                "permille": permille if partner else 0,
                "price_fen": whole * permille // 1_000 if partner else 0,
            },
            partner="" if partner is None else partner.article.sku,
            segment=segment,
        )


def _regions(
    sale: Sale, regions: Mapping[str, str], facts: Facts, policy: StockPolicy
) -> Iterator[tuple[str, _Lies]]:
    found: dict[str, list[slow.Lying]] = {}
    for place, row in sale.stock.items():
        region = regions.get(place)
        if region is None:
            continue
        last = sale.wanted.last.get(place, row.since)
        one = slow.Lying(
            row.units,
            sale.wanted.over(place, policy.store_days) / policy.store_days,
            sale.wanted.seen.get(place, 0.0),
            facts.until - last,
        )
        if slow.is_slow(one, policy):
            found.setdefault(region, []).append(one)
    for region, lying in found.items():
        units = sum(one.units for one in lying)
        yield (
            region,
            _Lies(
                units,
                sum(max(0.0, one.units - one.per_day * _YEAR_DAYS) for one in lying),
                sum(one.per_day for one in lying),
                min(one.quiet_days for one in lying),
                sum(slow.confidence(one) * one.units for one in lying) / units,
                len(lying),
            ),
        )


def _segment(sku: str, facts: Facts) -> tuple[str, float]:
    """Return the segment that buys it most often beside everybody, and how much more often."""
    visits: dict[str, float] = {}
    for (segment, _), count in facts.segment_visits.items():
        visits[segment] = visits.get(segment, 0.0) + count
    units: dict[str, float] = {}
    for row in facts.segment_sold:
        if row.sku == sku:
            units[row.segment] = units.get(row.segment, 0.0) + row.units
    everybody = sum(one.again + one.others for one in facts.visits)
    sold = sum(row.units_again + row.units_others for row in facts.sold if row.sku == sku)
    if not units or everybody <= 0 or sold <= 0:
        return "", 0.0
    usual = sold / everybody
    lifts = {
        segment: (count + _SHRINK) / (visits.get(segment, 0.0) * usual + _SHRINK)
        for segment, count in units.items()
    }
    best = max(sorted(lifts), key=lambda segment: lifts[segment])
    return (best, lifts[best]) if lifts[best] > 1 else ("", 0.0)


def _bought_most(sku: str, segment: str, region: str, facts: Facts) -> list[str]:
    """Return what these people buy there, most first; without a segment what everybody buys."""
    units: dict[str, float] = {}
    if segment:
        for row in facts.segment_sold:
            if row.segment == segment and row.region == region:
                units[row.sku] = units.get(row.sku, 0.0) + row.units
    else:
        regions = {one.place: one.region for one in facts.places}
        for sold in facts.sold:
            if regions.get(sold.store) == region:
                more = sold.units_again + sold.units_others
                units[sold.sku] = units.get(sold.sku, 0.0) + more
    return sorted((one for one in units if one != sku), key=lambda one: (-units[one], one))


def _plenty(sale: Sale, region: str, regions: Mapping[str, str]) -> bool:
    """Return whether a region's shops hold more than they will be asked for in four weeks."""
    shops = [place for place in sale.stock if regions.get(place) == region]
    held = sum(sale.stock[place].position for place in shops)
    return sale.article.price_fen > 0 and held > sum(sale.wanted.over(one, 28) for one in shops)


def _permille(sale: Sale, partner: Sale, policy: StockPolicy) -> int:
    """Return the bundle's price in thousandths of both: the policy's, or as much as both cost."""
    whole = sale.article.price_fen + partner.article.price_fen
    cost = sale.cost_fen + partner.cost_fen
    return max(policy.bundle_permille, -int(-cost * 1_000 // whole)) if whole else 1_000

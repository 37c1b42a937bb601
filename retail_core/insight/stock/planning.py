"""One night's suggestions for a chain, article by article: what lies where, and what is to come.

Per article: each store's need until the next look (newsvendor), what others have beyond a longer
time, and warehouses' goods, are planned together (transfers); what a warehouse with its shops, or a
shop without one, lacks over the supplier's lead time is to be bought; what lies too long is slow.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retail_core.insight.stock import newsvendor, transfers
from retail_core.insight.stock.facts import Article, Facts, Place, Stock
from retail_core.insight.stock.policy import StockPolicy
from retail_core.insight.stock.predictive import (
    Demand,
    chance_of_more,
    forecast,
    quantile,
)
from retail_core.insight.stock.rates import Rates, Wanted, ahead
from retail_core.insight.stock.selling_off import Sale, sales_of
from retail_core.insight.stock.suggesting import (
    Outlook,
    PlaceOutlook,
    Reckoned,
    Suggestion,
    Week,
)
from retail_core.insight.stock.transfers import Sink, Step
from retail_core.insight.stock.visiting import AHEAD_DAYS, look_ahead

_YEAR_DAYS = 365
_WEEK = 7
_STEPS = 4
_LOW, _HIGH, _EVENS = 0.1, 0.9, 0.5


@dataclass(frozen=True, slots=True)
class Costs:
    """What being short of a unit costs, and what one that lies costs a day; fen."""

    short_fen: float
    lying_fen_day: float
    cost_fen: float

    @classmethod
    def of(cls, article: Article, policy: StockPolicy) -> "Costs":
        """Return an article's; where no cost is known the policy's margin is taken."""
        cost = article.cost_fen
        if cost is None:
            cost = round(article.price_fen * (1_000 - policy.margin_permille) / 1_000)
        margin = max(article.price_fen - cost, 0)
        short = margin + article.price_fen * policy.goodwill_permille / 1_000
        return cls(short, cost * policy.holding_permille / 1_000 / _YEAR_DAYS, float(cost))


@dataclass(frozen=True, slots=True)
class _Case:
    """One article on its way through the steps."""

    article: Article
    wanted: Wanted
    stock: Mapping[str, Stock]
    costs: Costs
    policy: StockPolicy

    def demand(self, places: Iterable[str], days: int) -> Demand:
        """Return what places are asked for together in the next days."""
        named = tuple(places)
        mean = sum(self.wanted.over(place, days) for place in named)
        seen = sum(self.wanted.seen.get(place, 0.0) for place in named)
        return forecast(mean, seen, self.wanted.batch)

    def enough(self, demand: Demand, days: int) -> int:
        """Return how many should be there for a demand over so many days."""
        return newsvendor.quantity(
            demand,
            self.costs.short_fen,
            self.costs.lying_fen_day * days,
            self.policy.service_permille,
        )


def reckon(facts: Facts, policy: StockPolicy) -> Reckoned:
    """Return what to do; articles that are counted nowhere are passed over. Fault STOCK_NO_PLAN."""
    coming = look_ahead(facts)
    rates = Rates(facts, coming)
    lying: dict[str, dict[str, Stock]] = {}
    for row in facts.stock:
        lying.setdefault(row.sku, {})[row.place] = row
    suggestions: list[Suggestion] = []
    outlooks: list[Outlook] = []
    sales: list[Sale] = []
    for article in facts.articles:
        stock = lying.get(article.sku)
        if not stock:
            continue
        wanted = rates.wanted(article.sku)
        case = _Case(article, wanted, stock, Costs.of(article, policy), policy)
        suggestions += _brought(case, facts.places)
        suggestions += _bought(case, facts.places)
        outlooks.append(_outlook(case, facts))
        sales.append(Sale(article, wanted, stock, case.costs.cost_fen))
    suggestions += sales_of(sales, facts, policy)
    suggestions.sort(key=lambda one: (one.cost_fen - one.value_fen, one.key))
    model = coming.model
    told = None
    if model is not None:
        told = {"r": model.r, "alpha": model.alpha, "a": model.a, "b": model.b}
    return Reckoned(tuple(suggestions), tuple(outlooks), told, coming.by_month, coming.by_weekday)


# ---- between places -----------------------------------------------------------------------------


def _brought(case: _Case, places: Sequence[Place]) -> Iterator[Suggestion]:
    here = {one.place: one for one in places if one.place in case.stock}
    stores = [one for one in here.values() if not one.warehouse]
    policy, costs = case.policy, case.costs
    demand = {one.place: case.demand([one.place], policy.store_days) for one in stores}
    spare, sinks = dict[str, int](), list[Sink]()
    for one in stores:
        position = case.stock[one.place].position
        missing = case.enough(demand[one.place], policy.store_days) - position
        if missing > 0:
            sinks.append(Sink(one.place, _steps(case, demand[one.place], position, missing)))
            continue
        # What a shop will want before a supplier could bring more is not given away.
        long = case.demand([one.place], policy.group_days)
        over = min(position, case.stock[one.place].units) - case.enough(long, policy.group_days)
        if over > 0:
            spare[one.place] = over
    for one in here.values():
        if one.warehouse:
            there = case.stock[one.place]
            spare[one.place] = max(0, min(there.units - there.leaving, there.position))
    ways = _ways(policy, [here[place] for place in spare], [here[one.place] for one in sinks])
    for move in transfers.plan(spare, sinks, ways, policy.handling_fen):
        position = case.stock[move.sink].position
        way = ways[move.source, move.sink] * move.units + policy.handling_fen
        hold = costs.lying_fen_day * policy.store_days
        lie = newsvendor.lying_fen(demand[move.sink], hold, position, move.units)
        value = newsvendor.gain_fen(demand[move.sink], costs.short_fen, position, move.units)
        source = case.stock[move.source]
        yield Suggestion(
            "supply" if here[move.source].warehouse else "transfer",
            case.article.sku,
            move.source,
            move.sink,
            move.units,
            round(value),
            round(way + lie),
            _pays(demand[move.sink], costs.short_fen, position, move.units, way + lie),
            {
                "here": position,
                "there": source.position,
                "expected": demand[move.sink].mean,
                "days": policy.store_days,
                "short": chance_of_more(demand[move.sink], position),
            },
        )


def _ways(
    policy: StockPolicy, sources: Sequence[Place], sinks: Sequence[Place]
) -> dict[tuple[str, str], float]:
    found = dict[tuple[str, str], float]()
    for source in sources:
        for sink in sinks:
            if source.warehouse:
                if not source.serves or sink.place in source.serves:
                    found[source.place, sink.place] = policy.near_fen
            elif source.place != sink.place:
                near = source.region == sink.region
                found[source.place, sink.place] = policy.near_fen if near else policy.far_fen
    return found


def _steps(case: _Case, demand: Demand, position: int, missing: int) -> tuple[Step, ...]:
    """Return a need in steps, the units of each worth what they earn on average."""
    sizes = [len(part) for part in np.array_split(np.arange(missing), min(_STEPS, missing))]
    hold = case.costs.lying_fen_day * case.policy.store_days
    steps, at = list[Step](), position
    for size in sizes:
        gain = newsvendor.gain_fen(demand, case.costs.short_fen, at, size)
        lie = newsvendor.lying_fen(demand, hold, at, size)
        steps.append(Step(size, (gain - lie) / size))
        at += size
    return tuple(steps)


def _pays(demand: Demand, short_fen: float, here: int, more: int, cost_fen: float) -> float:
    """Return the chance that what is earned by `more` units is at least what it costs."""
    if short_fen <= 0:
        return 0.0
    wanted = int(np.ceil(cost_fen / short_fen - 1e-9))
    return 0.0 if wanted > more else chance_of_more(demand, here + max(wanted, 1) - 1)


# ---- from the supplier --------------------------------------------------------------------------


def groups_of(case_places: Sequence[Place], stocked: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Return who orders for whom: a warehouse for its shops, a shop without one for itself.

    Of several warehouses that serve a shop the first by name orders for it.
    """
    counted = set(stocked)
    stores = sorted(one.place for one in case_places if not one.warehouse and one.place in counted)
    warehouses = sorted(
        (one for one in case_places if one.warehouse and one.place in counted),
        key=lambda one: one.place,
    )
    found, taken = list[tuple[str, list[str]]](), set[str]()
    for one in warehouses:
        served = [
            place
            for place in stores
            if place not in taken and (not one.serves or place in one.serves)
        ]
        taken |= set(served)
        found.append((one.place, served))
    return found + [(place, [place]) for place in stores if place not in taken]


def _bought(case: _Case, places: Sequence[Place]) -> Iterator[Suggestion]:
    policy, costs = case.policy, case.costs
    for buyer, served in groups_of(places, case.stock):
        demand = case.demand(served, policy.group_days)
        position = sum(case.stock[place].position for place in {buyer, *served})
        missing = case.enough(demand, policy.group_days) - position
        if missing <= 0:
            continue
        hold = costs.lying_fen_day * policy.group_days
        lie = newsvendor.lying_fen(demand, hold, position, missing)
        cost = lie + policy.handling_fen
        value = newsvendor.gain_fen(demand, costs.short_fen, position, missing)
        if value <= cost:
            continue
        yield Suggestion(
            "buy",
            case.article.sku,
            "",
            buyer,
            missing,
            round(value),
            round(cost),
            _pays(demand, costs.short_fen, position, missing, cost),
            {
                "here": position,
                "expected": demand.mean,
                "days": policy.group_days,
                "short": chance_of_more(demand, position),
                "shops": len(served),
                "pay_fen": missing * costs.cost_fen,
            },
        )


# ---- what is to come ----------------------------------------------------------------------------


def _outlook(case: _Case, facts: Facts) -> Outlook:
    wanted = case.wanted
    whole = sum(wanted.regions.values(), start=np.zeros(AHEAD_DAYS))
    seen = sum(wanted.seen.values())
    weeks = []
    for nth in range(AHEAD_DAYS // _WEEK):
        mean = float(whole[nth * _WEEK : (nth + 1) * _WEEK].sum())
        demand = forecast(mean, seen, wanted.batch)
        low, high = quantile(demand, _LOW), quantile(demand, _HIGH)
        weeks.append(Week(facts.until + 1 + nth * _WEEK, mean, low, high))
    stores = {one.place for one in facts.places if not one.warehouse}
    return Outlook(
        case.article.sku,
        tuple(weeks),
        tuple(_place(case, place) for place in sorted(case.stock) if place in stores),
        tuple(
            (segment, region, ahead(days, AHEAD_DAYS))
            for (segment, region), days in sorted(wanted.segments.items())
        ),
        sum(max(0, row.units) for place, row in case.stock.items() if place not in stores),
    )


def _place(case: _Case, place: str) -> PlaceOutlook:
    policy, row = case.policy, case.stock[place]
    demand = case.demand([place], policy.store_days)
    # Until more could come: from within the chain, since that is the faster way.
    soon = case.demand([place], policy.move_days)
    per_day = demand.mean / policy.store_days
    return PlaceOutlook(
        place,
        row.units,
        row.position,
        demand.mean,
        case.enough(demand, policy.store_days),
        max(row.units, 0) / per_day if per_day > 0 else None,
        chance_of_more(soon, max(row.units, 0)),
        quantile(soon, _EVENS) - 1,
    )

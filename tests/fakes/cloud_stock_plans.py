"""Suggestions on stock in memory; what demand is learnt from is added up by hand."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.ports.stock_plans import (
    ArticleOutlook,
    Called,
    Decision,
    PlanState,
    Saved,
    Short,
    ShortStore,
    StockNight,
    StockPlan,
    StockRun,
)
from retail_core.insight.stock.facts import Article, Facts, People, Place, Sold, Stock, VisitDay
from retail_core.insight.stock.policy import StockPolicy

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State

_DAY_MS = 86_400_000


@dataclass
class StockPlanShelf:
    """What one tenant has of suggestions."""

    policy: dict[str, int] = field(default_factory=dict)
    runs: list[StockRun] = field(default_factory=list)
    plans: dict[UUID, StockPlan] = field(default_factory=dict)
    outlooks: dict[str, ArticleOutlook] = field(default_factory=dict)
    short: dict[tuple[UUID, str], tuple[Short, int]] = field(default_factory=dict)


class FakeStockPlanRepo:
    """A `StockPlanRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.stock_plans

    def policy(self) -> StockPolicy:
        return StockPolicy.of(self._shelf.policy)

    def set_policy(self, name: str, value: int, who: str, now_ms: int) -> None:
        self._shelf.policy[name] = value

    def counts_stock(self) -> bool:
        return bool(self._state.shelf.levels)

    def facts(self, until: date, window_days: int) -> Facts:
        # That one knows this module's state.
        from tests.fakes.cloud_office import FakeCatalogueRepo  # noqa: PLC0415

        last, since = until.toordinal(), until.toordinal() - window_days
        sales = [one for one in self._state.sales.values() if one.day <= until]
        days: dict[UUID, set[int]] = defaultdict(set)
        for one in sales:
            if one.arrival.member is not None:
                days[one.arrival.member].add(one.day.toordinal())
        first = {who: min(seen) for who, seen in days.items()}
        counted = {sku for _, sku in self._state.shelf.levels}
        articles = FakeCatalogueRepo(self._state).effective(until)
        window = [one for one in sales if one.day.toordinal() > since]
        return Facts(
            last,
            window_days,
            people=self._people(sales, days),
            visits=self._visits(sales, first),
            sold=self._sold(window, first, counted),
            places=tuple(
                Place(str(store), self._region(store)) for store in sorted(self._state.stores)
            ),
            articles=tuple(
                Article(one.sku, one.price_fen, one.cost_fen)
                for one in sorted(articles, key=lambda one: one.sku)
                if one.sku in counted
            ),
            stock=tuple(
                Stock(str(place), sku, milli // 1_000, since, *self._on_the_way(place, sku, until))
                for (place, sku), (milli, _) in sorted(self._state.shelf.levels.items())
            ),
        )

    def _region(self, store: UUID) -> str:
        region = self._state.stores[store].region
        return next(name for name, key in self._state.regions.items() if key == region)

    def _people(self, sales: list[BookedSale], days: dict[UUID, set[int]]) -> tuple[People, ...]:
        found: Counter[tuple[str, int, int, int]] = Counter()
        for who, seen in days.items():
            regions = Counter(
                self._region(one.arrival.place.store) for one in sales if one.arrival.member == who
            )
            region = min(regions, key=lambda name: (-regions[name], name))
            found[region, len(seen) - 1, min(seen), max(seen)] += 1
        return tuple(People(key[0], "", *key[1:], count) for key, count in sorted(found.items()))

    def _visits(self, sales: list[BookedSale], first: dict[UUID, int]) -> tuple[VisitDay, ...]:
        again: dict[tuple[int, str], set[UUID]] = defaultdict(set)
        others: Counter[tuple[int, str]] = Counter()
        for one in sales:
            who, day = one.arrival.member, one.day.toordinal()
            key = day, self._region(one.arrival.place.store)
            if who is not None and day > first[who]:
                again[key].add(who)
            else:
                others[key] += 1
        return tuple(
            VisitDay(*key, len(again[key]), others[key]) for key in sorted({*again, *others})
        )

    def _sold(
        self, sales: list[BookedSale], first: dict[UUID, int], counted: set[str]
    ) -> tuple[Sold, ...]:
        found: dict[tuple[str, str], Sold] = {}
        for one in sales:
            who, day = one.arrival.member, one.day.toordinal()
            back = who is not None and day > first[who]
            for line in one.sale.lines:
                key = line.sku, str(one.arrival.place.store)
                units = max(1, round(line.qty_milli / 1_000))
                held = found.get(key, Sold(*key, 0.0, 0.0, 0, 0.0, 0))
                if line.sku in counted:
                    found[key] = Sold(
                        *key,
                        held.units_again + back * units,
                        held.units_others + (not back) * units,
                        held.lines + 1,
                        held.squares + units**2,
                        max(held.last, day),
                    )
        return tuple(found[key] for key in sorted(found))

    def _on_the_way(self, place: UUID, sku: str, until: date) -> tuple[int, int]:
        moving = [
            one
            for one in self._shelf.plans.values()
            if one.state == "accepted"
            and one.sku == sku
            and one.kind != "slow"
            and one.due_on is not None
            and one.due_on > until
        ]
        coming = sum(one.units for one in moving if one.target == str(place))
        return coming, sum(one.units for one in moving if one.source == str(place))

    def called(self) -> Called:
        places = {str(key): store.name for key, store in self._state.stores.items()}
        names = {one.article.sku: one.article.name for one in self._state.revisions}
        counted = {sku for _, sku in self._state.shelf.levels}
        return Called(places, {}, {sku: name for sku, name in names.items() if sku in counted})

    def save(self, night: StockNight, quiet_days: int) -> Saved:
        now, held = night.run.ended_ms, self._shelf.plans
        since = now - quiet_days * _DAY_MS
        silent = {
            _key(one)
            for one in held.values()
            if one.state == "rejected" and (one.decided_ms or 0) > since
        }
        told = {_key(one): one for one in night.plans if _key(one) not in silent}
        new = kept = expired = 0
        standing = {_key(one): one for one in held.values() if one.state == "open"}
        for key, one in standing.items():
            if key not in told:
                held[one.plan] = replace(one, state="expired", decided_ms=now)
                expired += 1
        for key, one in told.items():
            before = standing.get(key)
            if before is None:
                held[one.plan] = one
                new += 1
            else:
                held[before.plan] = replace(one, plan=before.plan, made_ms=before.made_ms)
                kept += 1
        self._shelf.outlooks = {one.sku: one for one in night.outlooks}
        short = {(one.store, one.sku): one for one in night.short}
        before_short = self._shelf.short
        self._shelf.short = {
            key: (one, before_short[key][1] if key in before_short else now)
            for key, one in short.items()
        }
        self._shelf.runs.append(night.run)
        return Saved(new, kept, expired, len(night.plans) - len(told))

    def last_run(self) -> StockRun | None:
        return self._shelf.runs[-1] if self._shelf.runs else None

    def plans(self, state: PlanState, limit: int) -> tuple[StockPlan, ...]:
        found = [self._named(one) for one in self._shelf.plans.values() if one.state == state]
        if state == "open":
            found.sort(key=lambda one: (one.cost_fen - one.value_fen, one.plan))
        else:
            found.sort(key=lambda one: (-(one.decided_ms or 0), one.plan))
        return tuple(found[:limit])

    def plan(self, plan: UUID, *, locked: bool = False) -> StockPlan | None:
        found = self._shelf.plans.get(plan)
        return None if found is None else self._named(found)

    def _named(self, one: StockPlan) -> StockPlan:
        called = self.called()
        region = one.target if one.kind == "slow" else ""
        names = {row.article.sku: row.article.name for row in self._state.revisions}
        return replace(
            one,
            name=names.get(one.sku, ""),
            source_name=called.places.get(one.source, ""),
            target_name=called.places.get(one.target, region),
        )

    def free(self, place: str, sku: str, today: date) -> int:
        level = self._state.shelf.levels.get((UUID(place), sku))
        if level is None:
            return 0
        return max(0, level[0] // 1_000 - self._on_the_way(UUID(place), sku, today)[1])

    def decide(self, plan: UUID, decision: Decision) -> None:
        self._shelf.plans[plan] = replace(
            self._shelf.plans[plan],
            state=decision.state,
            decided_by=decision.who,
            decided_ms=decision.at_ms,
            due_on=decision.due_on,
            draft=decision.draft,
        )

    def outlooks(self, words: str, limit: int) -> tuple[ArticleOutlook, ...]:
        names = self.called().articles
        found = [
            replace(one, name=names.get(sku, ""))
            for sku, one in sorted(self._shelf.outlooks.items())
            if words.lower() in f"{sku} {names.get(sku, '')}".lower()
        ]
        return tuple(found[:limit])

    def outlook(self, sku: str) -> ArticleOutlook | None:
        found = self._shelf.outlooks.get(sku)
        return None if found is None else replace(found, name=self.called().articles.get(sku, ""))

    def short_stores(self) -> tuple[ShortStore, ...]:
        names = self.called().articles
        by_store: dict[UUID, list[tuple[Short, int]]] = defaultdict(list)
        for (store, sku), (one, since) in self._shelf.short.items():
            level = self._state.shelf.levels.get((store, sku))
            if level is not None and level[0] < (one.short_at + 1) * 1_000:
                by_store[store].append((one, since))
        return tuple(
            ShortStore(store, len(rows), _worst(rows, names), min(since for _, since in rows))
            for store, rows in sorted(by_store.items())
        )


def _key(one: StockPlan) -> tuple[str, str, str, str]:
    return one.kind, one.sku, one.source, one.target


def _worst(rows: list[tuple[Short, int]], names: Mapping[str, str]) -> str:
    worst = min(
        (one for one, _ in rows),
        key=lambda one: (
            -one.chance_permille,
            one.days_milli is None,
            one.days_milli or 0,
            one.sku,
        ),
    )
    return names.get(worst.sku, worst.sku)

"""One night's suggestions on stock, worked out for a day and written down.

Brings scipy in: only what works suggestions out imports it, what shows and decides them does not.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.stock_words import Names, why
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.stock_plans import (
    ArticleOutlook,
    Called,
    Saved,
    Short,
    StockNight,
    StockPlan,
    StockRun,
)
from cloud_broker.ports.unit import Units
from retail_core.errors import Fault
from retail_core.insight.stock.planning import reckon
from retail_core.insight.stock.suggesting import Outlook, PlaceOutlook, Reckoned, Suggestion
from retail_core.texts.faults import FaultCode

_EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to; `kinds` counts suggestions, `short` the shops' articles that run out."""

    as_of: str
    articles: int
    suggestions: int
    kinds: dict[str, int]
    short: int
    saved: Saved
    model: dict[str, float | bool]


@dataclass(frozen=True, slots=True)
class StockPlanning:
    """Reads the facts, reckons outside of any transaction, and writes."""

    units: Units
    clock: Clock
    ids: IdSource
    zone: str = "Asia/Shanghai"

    def run(self, tenant: UUID, as_of: date | None = None, *, who: str) -> Ran:
        """Work out suggestions up to a day, by default the last whole one; Faults E192, E221."""
        today = self.today()
        day = today - timedelta(days=1) if as_of is None else as_of
        if day > today:
            raise Fault(FaultCode.METRICS_DAY, day=day.isoformat(), latest=today.isoformat())
        with self.units.begin(tenant) as unit:
            policy = unit.stock_plans.policy()
            facts = unit.stock_plans.facts(day, policy.window_days)
            called = unit.stock_plans.called()
        reckoned = reckon(facts, policy)
        now = self.clock.now_ms()
        run = StockRun(day, len(reckoned.outlooks), len(reckoned.suggestions), _rest(reckoned), now)
        plans = tuple(self._plan(one, called, day, now) for one in reckoned.suggestions)
        outlooks = tuple(_outlook(one, day) for one in reckoned.outlooks)
        night = StockNight(run, plans, outlooks, tuple(_short(reckoned)))
        kinds = {str(kind): 0 for kind in ("buy", "supply", "transfer", "slow")}
        for plan in plans:
            kinds[plan.kind] += 1
        with self.units.begin(tenant) as unit:
            saved = unit.stock_plans.save(night, policy.quiet_days)
            detail = {"day": day.isoformat(), "articles": run.articles, "count": len(plans)}
            unit.hq.audit(AuditEntry(who, "stock.run", day.isoformat(), detail), now)
        return Ran(
            day.isoformat(),
            run.articles,
            len(plans),
            kinds,
            len(night.short),
            saved,
            dict(run.model),
        )

    def today(self) -> date:
        """Return the day it is for the chain."""
        now = datetime.fromtimestamp(self.clock.now_ms() / 1_000, UTC)
        return now.astimezone(ZoneInfo(self.zone)).date()

    def _plan(self, one: Suggestion, called: Called, day: date, now: int) -> StockPlan:
        said = why(one, Names(called.places, called.segments, called.articles))
        return StockPlan(
            *(self.ids.uuid7(), one.kind, one.sku, one.source, one.target, one.units),
            *(one.value_fen, one.cost_fen, round(one.confidence * 1_000), said.zh, str(said)),
            *(day, now, one.partner, one.segment),
            bundle_fen=round(one.reasons.get("price_fen", 0)),
        )


def _rest(reckoned: Reckoned) -> dict[str, float | bool]:
    """Return what the demand rests on: parameters of the model, and which seasons are known."""
    said: dict[str, float | bool] = dict(reckoned.model or {})
    return said | {"by_month": reckoned.by_month, "by_weekday": reckoned.by_weekday}


def _outlook(one: Outlook, day: date) -> ArticleOutlook:
    weeks = [
        {"first": date.fromordinal(week.first).isoformat(), "mean_milli": _milli(week.mean)}
        | {"low": week.low, "high": week.high}
        for week in one.weeks
    ]
    segments = [
        {"segment": segment, "region": region, "mean_milli": _milli(mean)}
        for segment, region, mean in one.segments
    ]
    places = [_place(place) for place in one.places]
    told = {"weeks": weeks, "places": places, "segments": segments, "elsewhere": one.elsewhere}
    return ArticleOutlook(one.sku, day, told)


def _place(one: PlaceOutlook) -> dict[str, object]:
    said = asdict(one)
    return {name: said[name] for name in ("place", "units", "position", "target")} | {
        "expected_milli": _milli(one.expected),
        "days_milli": None if one.days is None else _milli(one.days),
        "short_permille": round(one.chance_short * 1_000),
    }


def _short(reckoned: Reckoned) -> list[Short]:
    return [
        Short(
            UUID(place.place),
            outlook.sku,
            place.units,
            place.short_at,
            round(place.chance_short * 1_000),
            None if place.days is None else _milli(place.days),
        )
        for outlook in reckoned.outlooks
        for place in outlook.places
        if place.chance_short >= _EVEN and place.units <= place.short_at
    ]


def _milli(value: float) -> int:
    return round(value * 1_000)

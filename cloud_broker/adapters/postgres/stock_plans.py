"""Suggestions on stock in PostgreSQL; a trigger tells partners of accepted movements."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import at, ms_of
from cloud_broker.adapters.postgres.stock_facts import PostgresStockFacts
from cloud_broker.ports.stock_plans import (
    ArticleOutlook,
    Called,
    Decision,
    PlanState,
    Saved,
    ShortStore,
    StockNight,
    StockPlan,
    StockRun,
)
from retail_core.insight.stock.policy import StockPolicy

_DAY_S = 86_400
_ONE_HAND = "select pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, 7741))"
_TOLD = """
select * from unnest(%(ids)b::uuid[], %(kinds)b::text[], %(skus)b::text[], %(sources)b::text[],
  %(targets)b::text[], %(units)b::bigint[], %(values)b::bigint[], %(costs)b::bigint[],
  %(confidences)b::integer[], %(partners)b::text[], %(segments)b::text[], %(bundles)b::bigint[],
  %(zh)b::text[], %(en)b::text[])
  as n(id, kind, sku, source, target, units, value, cost, confidence, partner, segment, bundle, zh,
    en)
"""
_SAVE = f"""
with told as ({_TOLD}), silent as (
  select t.id from told t where exists (select from stock_plan p where p.tenant_id = %(tenant)s
    and p.state = 'rejected' and p.decided_at > %(quiet)s
    and (p.kind, p.sku, p.source, p.target) = (t.kind, t.sku, t.source, t.target))
), over as (
  update stock_plan p set state = 'expired', decided_at = %(now)s
  where p.tenant_id = %(tenant)s and p.state = 'open' and not exists (
    select from told t where t.id not in (select id from silent)
      and (p.kind, p.sku, p.source, p.target) = (t.kind, t.sku, t.source, t.target))
  returning 1
), put as (
  insert into stock_plan (tenant_id, plan_id, kind, sku, source, target, units, value_fen,
    cost_fen, confidence_permille, partner, segment, bundle_fen, why_zh, why_en, as_of, made_at)
  select %(tenant)s, id, kind, sku, source, target, units, value, cost, confidence, partner,
    segment, bundle, zh, en, %(day)s, %(now)s
  from told where id not in (select id from silent)
  on conflict (tenant_id, kind, sku, source, target) where state = 'open' do update set
    units = excluded.units, value_fen = excluded.value_fen, cost_fen = excluded.cost_fen,
    confidence_permille = excluded.confidence_permille, partner = excluded.partner,
    segment = excluded.segment, bundle_fen = excluded.bundle_fen, why_zh = excluded.why_zh,
    why_en = excluded.why_en, as_of = excluded.as_of
  returning (xmax = 0) as new
)
select (select count(*) from put where new) as new,
  (select count(*) from put where not new) as kept,
  (select count(*) from over) as expired, (select count(*) from silent) as silenced
"""  # noqa: S608 - our own words
_OUTLOOKS = """
insert into stock_outlook (tenant_id, sku, as_of, outlook)
select %(tenant)s, n.sku, %(day)s, n.outlook::jsonb
from unnest(%(skus)b::text[], %(outlooks)b::text[]) as n(sku, outlook)
on conflict (tenant_id, sku) do update set as_of = excluded.as_of, outlook = excluded.outlook
"""
# What was short before goes on being so since then: it is one alert, not one a night.
_SHORT = """
insert into stock_short (tenant_id, store_id, sku, units, short_at, chance_permille, days_milli,
  since_at)
select %(tenant)s, n.store, n.sku, n.units, n.short_at, n.chance, nullif(n.days, -1), %(now)s
from unnest(%(stores)b::uuid[], %(skus)b::text[], %(units)b::bigint[], %(short_at)b::bigint[],
  %(chances)b::integer[], %(days)b::bigint[]) as n(store, sku, units, short_at, chance, days)
on conflict (tenant_id, store_id, sku) do update set units = excluded.units,
  short_at = excluded.short_at, chance_permille = excluded.chance_permille,
  days_milli = excluded.days_milli
"""
_SHORT_OVER = """
delete from stock_short h where h.tenant_id = %(tenant)s and not exists (
  select from unnest(%(stores)b::uuid[], %(skus)b::text[]) as n(store, sku)
  where n.store = h.store_id and n.sku = h.sku)
"""
_SHORT_STORES = """
with name as (
  select distinct on (a.sku) a.sku, r.name from article a
  join article_revision r on r.tenant_id = a.tenant_id and r.article_id = a.article_id
  where a.tenant_id = %(tenant)s
    and a.sku in (select sku from stock_short where tenant_id = %(tenant)s)
  order by a.sku, r.effective_from desc, r.revision desc)
select h.store_id, count(*) as articles, min(h.since_at) as since,
  (array_agg(coalesce(name.name, h.sku)
    order by h.chance_permille desc, h.days_milli nulls last, h.sku))[1] as worst
from stock_short h
join stock_level l on l.tenant_id = h.tenant_id and l.place_id = h.store_id and l.sku = h.sku
  and l.qty_milli < (h.short_at + 1) * 1000
left join name on name.sku = h.sku
where h.tenant_id = %(tenant)s
group by h.store_id
"""
_FREE = """
select floor(l.qty_milli / 1000.0)::bigint - coalesce((
  select sum(p.units) from stock_plan p
  where p.tenant_id = l.tenant_id and p.state = 'accepted' and p.sku = l.sku
    and p.source = %(place)s and p.due_on > %(today)s), 0)::bigint as free
from stock_level l
where l.tenant_id = %(tenant)s and l.place_id::text = %(place)s and l.sku = %(sku)s
for update of l
"""
_NAMES = """
select distinct on (a.sku) a.sku, r.name from article a
join article_revision r on r.tenant_id = a.tenant_id and r.article_id = a.article_id
where a.tenant_id = %(tenant)s
  and exists (select 1 from stock_level s where s.tenant_id = a.tenant_id and s.sku = a.sku)
order by a.sku, r.effective_from desc, r.revision desc
"""
_PLACES = """
select store_id::text as id, name from store where tenant_id = %(tenant)s
union all select warehouse_id::text, name from warehouse where tenant_id = %(tenant)s
"""
_PLAN = """
select p.*, coalesce(n.name, '') as name, coalesce(a.name, '') as source_name,
  coalesce(b.name, case p.kind when 'slow' then p.target else '' end) as target_name
from stock_plan p
left join lateral (select r.name from article_revision r
  join article x on x.tenant_id = r.tenant_id and x.article_id = r.article_id
  where x.tenant_id = p.tenant_id and x.sku = p.sku
  order by r.effective_from desc, r.revision desc limit 1) n on true
left join (select store_id::text as id, tenant_id, name from store
  union all select warehouse_id::text, tenant_id, name from warehouse) a
  on a.tenant_id = p.tenant_id and a.id = p.source
left join (select store_id::text as id, tenant_id, name from store
  union all select warehouse_id::text, tenant_id, name from warehouse) b
  on b.tenant_id = p.tenant_id and b.id = p.target
where p.tenant_id = %(tenant)s
"""


class PostgresStockPlans(PostgresStockFacts):
    """Fulfils `StockPlanRepo`."""

    def policy(self) -> StockPolicy:
        """Return how the chain runs its stock."""
        rows = self._rows("select name, value from stock_policy where tenant_id = %(tenant)s")
        return StockPolicy.of({row.name: int(row.value) for row in rows})

    def set_policy(self, name: str, value: int, who: str, now_ms: int) -> None:
        """Set a line of it."""
        self._run(
            "insert into stock_policy values (%(tenant)s, %(name)s, %(value)s, %(who)s, %(now)s)"
            " on conflict (tenant_id, name) do update set value = excluded.value,"
            " set_by = excluded.set_by, set_at = excluded.set_at",
            name=name,
            value=value,
            who=who,
            now=at(now_ms),
        )

    def counts_stock(self) -> bool:
        """Return whether anything is counted anywhere."""
        row = self._row("select 1 from stock_level where tenant_id = %(tenant)s limit 1")
        return row is not None

    def called(self) -> Called:
        """Return names, for words."""
        return Called(
            {row.id: row.name for row in self._rows(_PLACES)},
            {
                row.id: row.name
                for row in self._rows(
                    "select segment_id::text as id, name from segment where tenant_id = %(tenant)s"
                )
            },
            {row.sku: row.name for row in self._rows(_NAMES)},
        )

    def save(self, night: StockNight, quiet_days: int) -> Saved:
        """Write a run: what is open and not in it is over."""
        self._run(_ONE_HAND)
        run, plans = night.run, night.plans
        now = at(run.ended_ms)
        row = self._row(
            _SAVE,
            now=now,
            quiet=datetime.fromtimestamp(run.ended_ms / 1_000 - quiet_days * _DAY_S, UTC),
            day=run.as_of,
            ids=[one.plan for one in plans],
            kinds=[str(one.kind) for one in plans],
            skus=[one.sku for one in plans],
            sources=[one.source for one in plans],
            targets=[one.target for one in plans],
            units=[one.units for one in plans],
            values=[one.value_fen for one in plans],
            costs=[one.cost_fen for one in plans],
            confidences=[one.confidence_permille for one in plans],
            partners=[one.partner for one in plans],
            segments=[one.segment for one in plans],
            bundles=[one.bundle_fen for one in plans],
            zh=[one.why_zh for one in plans],
            en=[one.why_en for one in plans],
        )
        self._save_outlooks(night)
        self._save_short(night, now)
        self._run(
            "insert into stock_run (tenant_id, as_of, articles, suggestions, model, ended_at)"
            " values (%(tenant)s, %(day)s, %(articles)s, %(count)s, %(model)s::jsonb, %(now)s)",
            day=run.as_of,
            articles=run.articles,
            count=run.suggestions,
            model=json.dumps(dict(run.model)),
            now=now,
        )
        if row is None:
            return Saved(0, 0, 0, 0)
        return Saved(int(row.new), int(row.kept), int(row.expired), int(row.silenced))

    def _save_outlooks(self, night: StockNight) -> None:
        skus = [one.sku for one in night.outlooks]
        texts = [json.dumps(one.outlook, ensure_ascii=False) for one in night.outlooks]
        self._run(_OUTLOOKS, day=night.run.as_of, skus=skus, outlooks=texts)
        self._run(
            "delete from stock_outlook where tenant_id = %(tenant)s"
            " and not (sku = any(%(skus)b::text[]))",
            skus=skus,
        )

    def _save_short(self, night: StockNight, now: datetime) -> None:
        stores = [one.store for one in night.short]
        skus = [one.sku for one in night.short]
        self._run(
            _SHORT,
            stores=stores,
            skus=skus,
            units=[one.units for one in night.short],
            short_at=[one.short_at for one in night.short],
            chances=[one.chance_permille for one in night.short],
            days=[-1 if one.days_milli is None else one.days_milli for one in night.short],
            now=now,
        )
        self._run(_SHORT_OVER, stores=stores, skus=skus)

    def last_run(self) -> StockRun | None:
        """Return the run that ended last."""
        row = self._row(
            "select as_of, articles, suggestions, model, ended_at from stock_run"
            " where tenant_id = %(tenant)s order by run_no desc limit 1"
        )
        if row is None:
            return None
        counts = int(row.articles), int(row.suggestions)
        return StockRun(row.as_of, *counts, row.model, ms_of(row.ended_at))

    def plans(self, state: PlanState, limit: int) -> tuple[StockPlan, ...]:
        """Return suggestions of a state: open ones by worth, others the newest first."""
        order = "p.value_fen - p.cost_fen desc" if state == "open" else "p.decided_at desc"
        statement = f"{_PLAN} and p.state = %(state)s order by {order}, p.plan_id limit %(limit)s"
        return tuple(map(_plan, self._rows(statement, state=state, limit=limit)))

    def plan(self, plan: UUID, *, locked: bool = False) -> StockPlan | None:
        """Return one, locked where it is to be decided."""
        statement = _PLAN + " and p.plan_id = %(plan)s" + (" for update of p" if locked else "")
        row = self._row(statement, plan=plan)
        return None if row is None else _plan(row)

    def free(self, place: str, sku: str, today: date) -> int:
        """Return the whole units that a place can still give: there, and not promised away."""
        row = self._row(_FREE, place=place, sku=sku, today=today)
        return 0 if row is None else max(0, int(row.free))

    def decide(self, plan: UUID, decision: Decision) -> None:
        """Enter what was said to it; who is subscribed to it hears of a movement."""
        self._run(
            "update stock_plan set state = %(state)s, decided_by = %(who)s, decided_at = %(now)s,"
            " due_on = %(due)s, draft_id = %(draft)s"
            " where tenant_id = %(tenant)s and plan_id = %(plan)s",
            plan=plan,
            state=decision.state,
            who=decision.who,
            now=at(decision.at_ms),
            due=decision.due_on,
            draft=decision.draft,
        )

    def outlooks(self, words: str, limit: int) -> tuple[ArticleOutlook, ...]:
        """Return articles whose number or name has these words in it, by number."""
        rows = self._rows(
            f"select o.sku, o.as_of, o.outlook, n.name from stock_outlook o"  # noqa: S608 - ours
            f" left join ({_NAMES}) n on n.sku = o.sku where o.tenant_id = %(tenant)s"
            " and strpos(lower(o.sku || ' ' || coalesce(n.name, '')), lower(%(words)s)) > 0"
            " order by o.sku limit %(limit)s",
            words=words,
            limit=limit,
        )
        return tuple(
            ArticleOutlook(row.sku, row.as_of, row.outlook, row.name or "") for row in rows
        )

    def outlook(self, sku: str) -> ArticleOutlook | None:
        """Return what an article faces."""
        row = self._row(
            f"select o.sku, o.as_of, o.outlook, n.name from stock_outlook o"  # noqa: S608 - ours
            f" left join ({_NAMES}) n on n.sku = o.sku"
            " where o.tenant_id = %(tenant)s and o.sku = %(sku)s",
            sku=sku,
        )
        return None if row is None else ArticleOutlook(row.sku, row.as_of, row.outlook, row.name)

    def short_stores(self) -> tuple[ShortStore, ...]:
        """Return stores where something will not last, as their stock is now."""
        return tuple(
            ShortStore(row.store_id, int(row.articles), row.worst, ms_of(row.since))
            for row in self._rows(_SHORT_STORES)
        )


def _plan(row: Row[Any]) -> StockPlan:
    return StockPlan(
        *(row.plan_id, row.kind, row.sku, row.source, row.target, int(row.units)),
        *(int(row.value_fen), int(row.cost_fen), row.confidence_permille, row.why_zh, row.why_en),
        *(row.as_of, ms_of(row.made_at), row.partner, row.segment, int(row.bundle_fen)),
        *(row.state, row.decided_by),
        decided_ms=None if row.decided_at is None else ms_of(row.decided_at),
        due_on=row.due_on,
        draft=row.draft_id,
        name=row.name,
        source_name=row.source_name,
        target_name=row.target_name,
    )

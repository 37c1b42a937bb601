"""What demand is learnt from, added up by PostgreSQL.

Only what lies in stores counts: an order of a channel without a store is nobody's stock. A person's
purchases of one day in stores are one, as the model of lifetimes has it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository
from cloud_broker.adapters.postgres.order_pass import one_pass, orders
from retail_core.insight.stock.facts import (
    Article,
    Facts,
    People,
    Place,
    SegmentSold,
    Sold,
    Stock,
    VisitDay,
)

_PATIENCE = "set local statement_timeout = '15min'"
_BOUGHT = f"""
with {orders("r.business_date <= %(until)s", "o.business_date <= %(until)s")}
select order_id::text as order_id, person_id, store_id::text as store_id, region, business_date
from orders where store_id is not null and not quarantined
"""  # noqa: S608 - our own words
# Worked out once for all statements of the transaction.
_KEEP = f"create temporary table stock_bought on commit drop as {_BOUGHT}"
_LOOK = "analyze stock_bought"
_MEMBERS = """
  select m.segment_id::text as segment, m.person_id from segment_member m
  join segment s on s.tenant_id = m.tenant_id and s.segment_id = m.segment_id
  where m.tenant_id = %(tenant)s and s.ended_at is null
"""
_HISTORIES = f"""
with person as (
  select person_id, mode() within group (order by region) as region,
    count(distinct business_date) - 1 as repeat, min(business_date) as first,
    max(business_date) as last
  from stock_bought where person_id is not null group by person_id)
select region, '' as segment, repeat, first, last, count(*) as people
from person group by region, repeat, first, last
union all
select p.region, m.segment, p.repeat, p.first, p.last, count(*)
from person p join ({_MEMBERS}) m on m.person_id = p.person_id
group by p.region, m.segment, p.repeat, p.first, p.last
"""  # noqa: S608 - our own words
_FIRST = "first as (select person_id, min(business_date) as day from stock_bought group by 1)"
_VISITS = f"""
with {_FIRST}
select b.business_date, b.region,
  count(distinct b.person_id) filter (where b.business_date > f.day) as again,
  count(*) filter (where b.person_id is null or b.business_date = f.day) as others
from stock_bought b left join first f on f.person_id = b.person_id
group by b.business_date, b.region
"""  # noqa: S608 - our own words
_SOLD = f"""
with {_FIRST}
select l.sku, b.store_id, count(*) as lines, sum(l.units * l.units)::float8 as squares,
  coalesce(sum(l.units) filter (where b.business_date > f.day), 0)::float8 as again,
  coalesce(sum(l.units) filter (where b.person_id is null or b.business_date = f.day), 0)::float8
    as others, max(b.business_date) as last
from stock_bought b
join analytics.order_lines l on l.tenant_id = %(tenant)s and l.order_id = b.order_id and l.counts
left join first f on f.person_id = b.person_id
where b.business_date > %(since)s
  and exists (select 1 from stock_level s where s.tenant_id = %(tenant)s and s.sku = l.sku)
group by l.sku, b.store_id
"""  # noqa: S608 - our own words
_SEGMENT_SOLD = f"""
select m.segment, b.region, l.sku, sum(l.units)::float8 as units
from stock_bought b join ({_MEMBERS}) m on m.person_id = b.person_id
join analytics.order_lines l on l.tenant_id = %(tenant)s and l.order_id = b.order_id and l.counts
where b.business_date > %(since)s
  and exists (select 1 from stock_level s where s.tenant_id = %(tenant)s and s.sku = l.sku)
group by m.segment, b.region, l.sku
"""  # noqa: S608 - our own words
_SEGMENT_VISITS = f"""
select m.segment, b.region, count(distinct (b.person_id, b.business_date)) as visits
from stock_bought b join ({_MEMBERS}) m on m.person_id = b.person_id
where b.business_date > %(since)s
group by m.segment, b.region
"""  # noqa: S608 - our own words
_PLACES = """
select s.store_id as place, r.name as region, false as warehouse, '{}'::uuid[] as serves
from store s join region r on r.tenant_id = s.tenant_id and r.region_id = s.region_id
where s.tenant_id = %(tenant)s and s.closed_at is null
union all
select w.warehouse_id, '', true, array(
  select s.store_id from store s where s.tenant_id = w.tenant_id and s.code = any(w.stores))
from warehouse w where w.tenant_id = %(tenant)s
"""
# As they are on the day after: what is reckoned up to a whole day is for those that come.
_ARTICLES = """
select distinct on (a.sku) a.sku, r.cost_fen, r.ended, coalesce((
  select p.price_fen from article_price p
  where p.tenant_id = a.tenant_id and p.article_id = a.article_id and p.scope = ''
    and p.effective_from <= %(until)s::date + 1 and p.price_fen is not null
  order by p.effective_from desc, p.revision desc limit 1), r.price_fen) as price_fen
from article a
join article_revision r on r.tenant_id = a.tenant_id and r.article_id = a.article_id
where a.tenant_id = %(tenant)s and r.effective_from <= %(until)s::date + 1
  and exists (select 1 from stock_level s where s.tenant_id = a.tenant_id and s.sku = a.sku)
order by a.sku, r.effective_from desc, r.revision desc
"""
_STOCK = """
select l.place_id, l.sku, floor(l.qty_milli / 1000.0)::bigint as units,
  greatest(a.created_at::date, %(since)s::date) as since,
  coalesce(c.units, 0)::bigint as coming, coalesce(g.units, 0)::bigint as leaving
from stock_level l
join article a on a.tenant_id = l.tenant_id and a.sku = l.sku
left join (select sku, target, sum(units) as units from stock_plan where tenant_id = %(tenant)s
  and state = 'accepted' and due_on > %(until)s and kind <> 'slow' group by sku, target) c
  on c.sku = l.sku and c.target = l.place_id::text
left join (select sku, source, sum(units) as units from stock_plan where tenant_id = %(tenant)s
  and state = 'accepted' and due_on > %(until)s and kind in ('supply', 'transfer')
  group by sku, source) g
  on g.sku = l.sku and g.source = l.place_id::text
where l.tenant_id = %(tenant)s
"""


class PostgresStockFacts(Repository):
    """Reads what suggestions are reckoned from."""

    def facts(self, until: date, window_days: int) -> Facts:
        """Return what suggestions are reckoned from; a long read."""
        last = until.toordinal()
        asked = {"until": until, "since": date.fromordinal(last - window_days)}
        with one_pass(self._connection):
            self._run(_PATIENCE)
            self._run("drop table if exists stock_bought")
            self._run(_KEEP, **asked)
            self._run(_LOOK)
            return Facts(
                last,
                window_days,
                people=tuple(map(_people, self._rows(_HISTORIES, **asked))),
                visits=tuple(map(_visits, self._rows(_VISITS, **asked))),
                sold=tuple(map(_sold, self._rows(_SOLD, **asked))),
                places=tuple(map(_place, self._rows(_PLACES))),
                articles=tuple(_articles(self._rows(_ARTICLES, **asked))),
                stock=tuple(map(_stock, self._rows(_STOCK, **asked))),
                segment_sold=tuple(
                    SegmentSold(row.segment, row.region, row.sku, row.units)
                    for row in self._rows(_SEGMENT_SOLD, **asked)
                ),
                segment_visits={
                    (row.segment, row.region): int(row.visits)
                    for row in self._rows(_SEGMENT_VISITS, **asked)
                },
            )


def _people(row: Row[Any]) -> People:
    days = row.first.toordinal(), row.last.toordinal()
    return People(row.region, row.segment, int(row.repeat), *days, int(row.people))


def _visits(row: Row[Any]) -> VisitDay:
    return VisitDay(row.business_date.toordinal(), row.region, int(row.again), int(row.others))


def _sold(row: Row[Any]) -> Sold:
    units = row.again, row.others
    return Sold(row.sku, row.store_id, *units, int(row.lines), row.squares, row.last.toordinal())


def _place(row: Row[Any]) -> Place:
    serves = frozenset(str(one) for one in row.serves)
    return Place(str(row.place), row.region, row.warehouse, serves)


def _articles(rows: Iterable[Row[Any]]) -> Iterable[Article]:
    for row in rows:
        if not row.ended:
            yield Article(row.sku, row.price_fen, row.cost_fen)


def _stock(row: Row[Any]) -> Stock:
    return Stock(
        str(row.place_id),
        row.sku,
        int(row.units),
        row.since.toordinal(),
        int(row.coming),
        int(row.leaving),
    )

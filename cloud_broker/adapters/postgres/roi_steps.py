"""What people did, as steps of journeys, and how stores did, read from the analytic views."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from psycopg.rows import namedtuple_row

from cloud_broker.adapters.postgres.arrays import teach
from cloud_broker.adapters.postgres.base import Repository, driver_of
from cloud_broker.adapters.postgres.order_pass import on_days
from cloud_broker.ports.roi import Margin, Person, Span, StoreFigures
from retail_core.insight.attribution.walks import COUPON, STORE, WINDOW_MS, Step
from retail_core.insight.collection.ecommerce import EVENTS

PAGE: Final = 5_000
_WINDOW: Final = timedelta(milliseconds=WINDOW_MS)
_COUPONS: Final = tuple(name for name in EVENTS if name.startswith("Coupon"))
# What an order's own words say is the order; what was taken out again brought nobody.
_NO_TOUCH: Final = ("Order ", "Product Removed", "Coupon Denied", "Coupon Removed")
_BROWSED: Final = tuple(name for name in EVENTS if not name.startswith(_NO_TOUCH))
_BACK_DAYS: Final = 30
# `"campaign"` as it stands in a message's bytes.
_STEPS: Final = f"""
with {on_days("%(begin)s", "%(last)s")}, told as materialized (
  select l.event_id::text as event_id, substring(convert_from(l.body, 'UTF8')
    from '"campaign":\\{{[^}}]*"source":"([^"]{{1,64}})') as source
  from event_log l where l.tenant_id = %(tenant)s and l.channel is not null
    and l.received_at >= %(begin)s::date - 1
    and position('\\x2263616d706169676e22'::bytea in l.body) > 0
), steps as (
  select 'p:' || o.person_id as who, o.ordered_at as at,
    case when o.channel = 'till' then %(store)s else o.channel end as channel,
    case when o.channel = 'till' then o.store_id::text end as store, 1::bigint as orders,
    o.fen, o.coupons::bigint as coupons
  from orders o where o.person_id is not null and (%(quarantined)s or not o.quarantined)
  union all
  select coalesce('p:' || e.person_id, 'a:' || e.channel || ':' || e.anonymous_id),
    e.occurred_at at time zone 'UTC',
    case when t.source is not null then 'ad:' || lower(t.source)
      when e.name = any(%(coupons)b) then %(coupon)s else e.channel end, null, 0, 0, 0
  from analytics.events e left join told t on t.event_id = e.event_id
  where e.tenant_id = %(tenant)s and e.business_date between %(begin)s and %(last)s
    and (e.person_id is not null or e.anonymous_id is not null)
    and (t.source is not null or e.name = any(%(browsed)b))
    and (%(quarantined)s or not e.quarantined)
  union all
  select 'p:' || coalesce(p.person_id, c.member_id), c.opened_at, %(store)s,
    c.store_id::text, 0, 0, 0
  from checkin c
  left join persons p on p.member_id = c.member_id
  where c.tenant_id = %(tenant)s
    and c.opened_at >= %(begin)s and c.opened_at < %(last)s::date + 1
  union all
  -- Of nobody: one step stands for all that a place sold.
  select 'n:' || o.channel || coalesce(o.store_id::text, '') || o.business_date, min(o.ordered_at),
    case when o.channel = 'till' then %(store)s else o.channel end,
    case when o.channel = 'till' then o.store_id::text end, count(*), sum(o.fen)::bigint, 0
  from orders o where o.person_id is null and o.business_date >= %(first)s
    and (%(quarantined)s or not o.quarantined)
  group by o.channel, o.store_id, o.business_date
)
select who, (extract(epoch from at) * 1000)::bigint as ms, channel, coalesce(store, '') as store,
  orders, fen, coupons
from steps order by who collate "C", ms, orders
"""  # noqa: S608 - our own words
_STORES: Final = f"""
with {on_days("%(first)s", "%(last)s")}
select o.store_id as store, count(*) as sales, count(*) filter (where o.known) as recognised,
  sum(o.fen)::bigint as fen, count(o.counter_ms) as timed,
  (percentile_disc(0.5) within group (order by o.counter_ms))::bigint as counter_ms
from orders o where o.channel = 'till' and (%(quarantined)s or not o.quarantined)
group by o.store_id
"""  # noqa: S608 - our own words
_BACK: Final = f"""
with {on_days("%(first)s", "least(%(last)s::date + %(days)s, %(until)s)")}, bought as materialized (
  select o.person_id as who, o.channel, o.store_id, o.business_date as day from orders o
  where o.person_id is not null and (%(quarantined)s or not o.quarantined)
), met as (
  select store_id, who, min(day) as day from bought
  where channel = 'till' and day <= %(last)s group by store_id, who
), due as (
  select * from met where day <= %(until)s::date - %(days)s
), back as (
  select distinct d.store_id, d.who from due d
  join bought b on b.who = d.who and b.day > d.day and b.day <= d.day + %(days)s
)
select d.store_id as store, count(*) as met, count(b.who) as back
from due d left join back b on b.store_id = d.store_id and b.who = d.who group by d.store_id
"""  # noqa: S608 - our own words
# A cost only where every line has one, by what the article cost on the day.
_MARGINS: Final = f"""
with {on_days("%(first)s", "%(last)s")}, costs as (
  select article_id, effective_from as since, cost_fen,
    lead(effective_from) over (partition by article_id order by effective_from, revision) as until
  from article_revision where tenant_id = %(tenant)s
), cost as (
  select l.receipt_id, sum(round(a.cost_fen * l.qty_milli / 1000.0)::bigint)::bigint as fen
  from receipt_line l
  join receipt r on r.tenant_id = l.tenant_id and r.receipt_id = l.receipt_id
  left join costs a on a.article_id = l.article_id and a.since <= r.business_date
    and (a.until is null or a.until > r.business_date)
  where l.tenant_id = %(tenant)s and r.business_date between %(first)s and %(last)s
  group by l.receipt_id having bool_and(a.cost_fen is not null)
)
select o.store_id as store, sum(o.fen)::bigint as fen, sum(c.fen)::bigint as cost
from orders o join cost c on c.receipt_id = o.order_id
where o.channel = 'till' and o.untouched and (%(quarantined)s or not o.quarantined)
group by o.store_id
"""  # noqa: S608 - our own words


class RoiSight(Repository):
    """The questions, in one transaction."""

    def persons(self, span: Span) -> Iterator[Person]:
        """Yield who did something, one after the other."""
        driver = driver_of(self._connection)
        teach(driver)
        bound = self._bound(
            self._of(span)
            | {
                "begin": span.first - _WINDOW,
                "store": STORE,
                "coupon": COUPON,
                "coupons": list(_COUPONS),
                "browsed": list(_BROWSED),
            }
        )
        with driver.cursor(name="roi", row_factory=namedtuple_row) as cursor:
            cursor.itersize = PAGE
            cursor.execute(_STEPS.encode(), bound)
            for _, own in groupby(cursor, key=attrgetter("who")):
                yield Person(tuple(map(_step, own)))

    def stores(self, span: Span, until: date) -> Mapping[UUID, StoreFigures]:
        """Return how stores did."""
        asked = self._of(span)
        back = {
            row.store: (row.met, row.back)
            for row in self._rows(_BACK, **asked, until=until, days=_BACK_DAYS)
        }
        return {
            row.store: StoreFigures(
                row.sales,
                row.recognised,
                row.fen,
                row.timed,
                row.counter_ms,
                *back.get(row.store, (0, 0)),
            )
            for row in self._rows(_STORES, **asked)
        }

    def margins(self, span: Span) -> Mapping[UUID, Margin]:
        """Return what stores sold at a known cost."""
        rows = self._rows(_MARGINS, **self._of(span))
        return {row.store: Margin(row.fen, row.cost) for row in rows}

    def _of(self, span: Span) -> dict[str, Any]:
        return {"first": span.first, "last": span.last, "quarantined": span.quarantined}


def _step(row: Any) -> Step:
    return Step(row.ms, row.channel, row.store, row.orders, row.fen, row.coupons)

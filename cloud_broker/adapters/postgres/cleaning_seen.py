"""What cleaning looks at in PostgreSQL: read as streams, because a night looks at months."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from psycopg.rows import namedtuple_row

from cloud_broker.adapters.postgres.arrays import teach
from cloud_broker.adapters.postgres.base import Repository, driver_of
from cloud_broker.ports.cleaning import SeenActor, SeenOn
from retail_core.insight.cleaning.limits import DAY_MS
from retail_core.insight.cleaning.seen import SeenEvent, SeenOrder

PAGE = 5_000
LOOKS = (
    "Product Viewed", "Product Clicked", "Product List Viewed", "Products Searched",
    "Product Added", "Cart Viewed",
)  # fmt: skip
# Platforms give a word the time it was changed there as its version, in seconds or milliseconds;
# another counter says nothing, and then it is when it came.
_ORDERS = """
with ordered as materialized (
select o.order_id::text, o.channel, o.order_no, (extract(epoch from o.ordered_at) * 1000)::bigint
    as ms, o.net_fen, o.business_date, coalesce(p.person_id, o.member_id) as person,
  coalesce('p:' || coalesce(p.person_id, o.member_id), 'b:' || encode(o.buyer_hash, 'hex'),
    't:' || encode(o.phone_hash, 'hex'), '') as buyer,
  coalesce(encode(o.device_hash, 'hex'), '') as device,
  coalesce(encode(o.address_hash, 'hex'), '') as address,
  coalesce(encode(o.payer_hash, 'hex'), '') as payer, u.ms as undone, i.skus, i.units
from channel_order o
left join analytics.person p on p.tenant_id = o.tenant_id and p.member_id = o.member_id
left join lateral (
  select array_agg(l.sku order by l.line_no) as skus,
    array_agg(greatest(1, round(l.qty_milli / 1000.0))::bigint order by l.line_no) as units
  from channel_order_line l where l.tenant_id = o.tenant_id and l.order_id = o.order_id
) i on true
left join lateral (
  select min(case when w.version between 1500000000000 and 4000000000000 then w.version
    when w.version between 1500000000 and 4000000000 then w.version * 1000
    else (extract(epoch from w.received_at) * 1000)::bigint end) as ms
  from channel_order_word w where w.tenant_id = o.tenant_id and w.order_id = o.order_id
    and o.status in ('cancelled', 'refunded')
    and (w.word ->> 'status' in ('cancelled', 'refunded') or w.word ? 'refund'
      or w.word ? 'refunded_fen')
) u on true
where o.tenant_id = %(tenant)s and o.status <> 'created'
  and o.business_date between %(since)s and %(until)s
), looks as materialized (
select e.channel, e.person_id, e.anonymous_id, coalesce(e.sku, e.event_id) as what,
  (extract(epoch from e.occurred_at) * 1000)::bigint as ms
from analytics.events e where e.tenant_id = %(tenant)s and e.name = any(%(looks)b)
  and e.business_date between %(since)s::date - 1 and %(until)s
), said as (
-- Who ordered without being known is known by what her page told when she did.
select e.channel, e.anonymous_id, substring(convert_from(e.body, 'UTF8')
  from '"order_?[iI]d":"?([^",}]+)') as order_no
from event_log e where e.tenant_id = %(tenant)s and e.channel is not null
  and e.name = 'Order Completed' and e.anonymous_id is not null
  and e.received_at >= %(since)s::date - 1
), who as (
  select order_id, ms, 'p:' || person as name from ordered where person is not null
  union
  select o.order_id, o.ms, 'a:' || s.anonymous_id from said s
  join ordered o on o.channel = s.channel and o.order_no = s.order_no
), looked as (
  select w.order_id, count(distinct l.what) as views from who w
  join (
    select 'p:' || person_id as name, ms, what from looks where person_id is not null
    union all
    select 'a:' || anonymous_id, ms, what from looks where anonymous_id is not null
  ) l on l.name = w.name and l.ms between w.ms - %(day_ms)s and w.ms
  group by w.order_id
), telling as (select channel, min(ms) as ms from looks group by channel)
-- A channel that did not tell of looks yet says nothing of who did not look.
select o.*, case when o.ms >= t.ms + %(day_ms)s then coalesce(v.views, 0) end as views
from ordered o
left join telling t on t.channel = o.channel
left join looked v on v.order_id = o.order_id
"""
_SALES = """
select r.receipt_id::text as order_id, 'till' as channel,
  'p:' || coalesce(p.person_id, r.member_id, c.member_id) as buyer, r.sold_ms as ms,
  r.total_fen as net_fen, '' as device, '' as address, '' as payer, r.business_date,
  b.ms as undone, i.skus, i.units
from receipt r
left join receipt_claim c on c.tenant_id = r.tenant_id and c.receipt_id = r.receipt_id
left join analytics.person p
  on p.tenant_id = r.tenant_id and p.member_id = coalesce(r.member_id, c.member_id)
left join lateral (
  select case when sum(f.money_fen + f.points_fen) >= r.total_fen
    then max(f.happened_ms) end as ms
  from refund f where f.tenant_id = r.tenant_id and f.receipt_id = r.receipt_id
) b on true
left join lateral (
  select array_agg(l.sku order by l.line) as skus,
    array_agg(greatest(1, round(l.qty_milli / 1000.0))::bigint order by l.line) as units
  from receipt_line l where l.tenant_id = r.tenant_id and l.receipt_id = r.receipt_id
) i on true
where r.tenant_id = %(tenant)s and coalesce(r.member_id, c.member_id) is not null
  and r.business_date between %(since)s and %(until)s
"""
_ONE_SALE = """
select r.receipt_id::text as order_id, 'till' as channel, '' as buyer, r.sold_ms as ms,
  r.total_fen as net_fen, '' as device, '' as address, '' as payer, r.business_date,
  null::bigint as undone, null::text[] as skus, null::bigint[] as units
from receipt r where r.tenant_id = %(tenant)s and r.receipt_id::text = %(order)s
union all
select o.order_id::text, o.channel, '', (extract(epoch from o.ordered_at) * 1000)::bigint,
  o.net_fen, '', '', '', o.business_date, null, null, null
from channel_order o where o.tenant_id = %(tenant)s and o.order_id::text = %(order)s
"""
_FIRST_DAY = """
with days as (
  select business_date as day, count(*) as n from channel_order
  where tenant_id = %(tenant)s and status <> 'created' and business_date <= %(until)s
    and business_date >= coalesce(%(since)s::date, '-infinity') group by business_date
  union all
  select r.business_date, count(*) from receipt r
  left join receipt_claim c on c.tenant_id = r.tenant_id and c.receipt_id = r.receipt_id
  where r.tenant_id = %(tenant)s and r.business_date <= %(until)s
    and r.business_date >= coalesce(%(since)s::date, '-infinity')
    and coalesce(r.member_id, c.member_id) is not null group by r.business_date
), each as (select day, sum(n) as n from days group by day
), sums as (
  select day, sum(n) over (order by day desc) as n from each
)
select min(day) as day from sums where n <= %(most)s
  or day = (select max(day) from sums)
"""
_EVENTS = """
select analytics.actor(e.device_id, e.user_id, e.anonymous_id) as actor, e.event_id::text as event,
  e.channel, e.wall_ms as ms, coalesce(substring(convert_from(e.body, 'UTF8')
    from '"userAgent":"(([^"\\\\]|\\\\.){0,200})'), '') as agent,
  (to_timestamp(e.wall_ms / 1000.0) at time zone 'Asia/Shanghai')::date as day
from event_log e
where e.tenant_id = %(tenant)s and e.channel is not null
  and coalesce(e.user_id, e.anonymous_id) is not null and e.received_at >= %(begin)s
  and (to_timestamp(e.wall_ms / 1000.0) at time zone 'Asia/Shanghai')::date <= %(until)s
order by actor, ms, event
"""


class CleaningSight(Repository):
    """The questions, in one transaction."""

    def first_day(self, since: date | None, until: date, orders: int) -> date | None:
        """Return from which day on there are no more than so many orders."""
        row = self._row(_FIRST_DAY, since=since, until=until, most=orders)
        return None if row is None else row.day

    def seen_orders(self, since: date, until: date) -> Iterator[SeenOn]:
        """Yield online orders and members' sales of some days."""
        asked = {"since": since, "until": until}
        for row in self._stream(_ORDERS, **asked, looks=list(LOOKS), day_ms=DAY_MS):
            yield _seen(row, row.views)
        yield from map(_seen, self._stream(_SALES, **asked))

    def seen_actors(self, since: date, until: date) -> Iterator[SeenActor]:
        """Yield who did something at a source on these days."""
        begin = datetime(since.year, since.month, since.day, tzinfo=UTC) - timedelta(days=1)
        rows = self._stream(_EVENTS, begin=begin, until=until)
        for actor, own in groupby(rows, key=attrgetter("actor")):
            hers = list(own)
            yield SeenActor(
                actor,
                hers[-1].channel,
                tuple(SeenEvent(one.event, actor, one.ms, one.agent) for one in hers),
                tuple(sorted({one.day for one in hers})),
            )

    def order(self, order: str) -> SeenOn | None:
        """Return an order or a sale."""
        row = self._row(_ONE_SALE, order=order)
        return None if row is None else _seen(row)

    def _stream(self, question: str, **values: object) -> Iterator[Any]:
        driver = driver_of(self._connection)
        teach(driver)
        with driver.cursor(name="cleaning", row_factory=namedtuple_row) as cursor:
            cursor.itersize = PAGE
            cursor.execute(question.encode(), self._bound(values))
            yield from cursor


def _seen(row: Any, views: int | None = None) -> SeenOn:
    lines = zip(row.skus or (), row.units or (), strict=True)
    order = SeenOrder(
        order_id=row.order_id,
        channel=row.channel,
        buyer=row.buyer,
        at_ms=row.ms,
        net_fen=row.net_fen,
        lines=tuple(sorted(lines)),
        device=row.device,
        address=row.address,
        payer=row.payer,
        undone_ms=row.undone,
        views=views,
    )
    return SeenOn(order, row.business_date)

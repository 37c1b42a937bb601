"""Read models of HQ's wall: one row a store, and the tenant's totals."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.domain.store_state import Heard, judge
from cloud_broker.services.access.overview import Delay, Overview, StoreTile

DELAY_SALES = 50
DELAY_SALES_TENANT = 1_000

_TILES = """
select s.store_id, s.name, s.city, s.zone, g.name as region,
  d.device_id, d.state, d.software, d.outbox_depth, d.feed_pos, d.can_sell, d.devices, d.faults,
  d.last_seen_at, d.changed_at, d.on_purpose,
  f.head, l.sold_ms as last_ms, l.total_fen as last_fen,
  t.sales as sales_today, t.total as revenue_today,
  y.sales as delays, y.p50, y.p99,
  coalesce(b.breaks, 0) as breaks, coalesce(q.open, 0) as repairs,
  coalesce(k.events, 0) as unbooked
from store s
join region g on g.tenant_id = s.tenant_id and g.region_id = s.region_id
left join store_feed f on f.tenant_id = s.tenant_id and f.store_id = s.store_id
left join lateral (
  select st.* from device_state st
  join device v on v.tenant_id = st.tenant_id and v.device_id = st.device_id
  where st.tenant_id = s.tenant_id and st.store_id = s.store_id and v.retired_at is null
  order by st.last_seen_at desc limit 1
) d on true
left join lateral (
  select r.sold_ms, r.total_fen from receipt r
  where r.tenant_id = s.tenant_id and r.store_id = s.store_id
  order by r.received_at desc, r.receipt_id desc limit 1
) l on true
left join lateral (
  select count(*) as sales, coalesce(sum(r.total_fen), 0) as total from receipt r
  where r.tenant_id = s.tenant_id and r.store_id = s.store_id
  and r.business_date =
    ((%(now)s::timestamptz at time zone s.zone) - s.day_starts_at::interval)::date
) t on true
left join lateral (
  select count(*) as sales, percentile_disc(0.5) within group (order by n.sync_ms) as p50,
    percentile_disc(0.99) within group (order by n.sync_ms) as p99
  from (
    select r.sync_ms from receipt r
    where r.tenant_id = s.tenant_id and r.store_id = s.store_id and r.sync_ms is not null
    order by r.received_at desc limit %(window)s
  ) n
) y on true
left join (
  select v.store_id, sum(c.breaks)::bigint as breaks from device_range c
  join device v on v.tenant_id = c.tenant_id and v.device_id = c.device_id
  where c.tenant_id = %(tenant)s group by v.store_id
) b on b.store_id = s.store_id
left join (
  select store_id, count(*) as open from repair_queue
  where tenant_id = %(tenant)s and state = 'open' group by store_id
) q on q.store_id = s.store_id
left join (
  select v.store_id,
    sum(coalesce(cardinality(w.places), w.last_seq - w.first_seq + 1))::bigint as events
  from frame_waiting w
  join device v on v.tenant_id = w.tenant_id and v.device_id = w.device_id
  where w.tenant_id = %(tenant)s group by v.store_id
) k on k.store_id = s.store_id
where s.tenant_id = %(tenant)s and s.closed_at is null
  and (cardinality(%(stores)b::uuid[]) = 0 or s.store_id = any(%(stores)b::uuid[]))
order by g.name, s.name
"""
_TOTALS = """
select t.name,
  (select count(*) from member where tenant_id = %(tenant)s) as members,
  -- What members hold is what the brands owe less what expired, was honoured or given by hand; of
  -- brands there are few.
  (select coalesce(-sum(balance), 0)::bigint from account where tenant_id = %(tenant)s
    and account >= 'brand:' and account < 'brand;'
    and split_part(account, ':', 3) in ('liability', 'breakage', 'clearing', 'adjust')) as points,
  (select count(*) from repair_queue where tenant_id = %(tenant)s and state = 'open') as repairs,
  (select count(*) from name_review where tenant_id = %(tenant)s) as names,
  (select coalesce(max(version), 0) from catalogue_version where tenant_id = %(tenant)s) as goods,
  (select coalesce(max(version), 0) from rule_bundle where tenant_id = %(tenant)s) as bundle,
  y.sales as delays, y.p50, y.p99
from tenant t, (
  select count(*) as sales, percentile_disc(0.5) within group (order by n.sync_ms) as p50,
    percentile_disc(0.99) within group (order by n.sync_ms) as p99
  from (
    select sync_ms from receipt where tenant_id = %(tenant)s and sync_ms is not null
    order by received_at desc limit %(window)s
  ) n
) y
where t.tenant_id = %(tenant)s
"""


class PostgresWall(Repository):
    """The wall's rows."""

    def tiles(self, stores: tuple[UUID, ...], now_ms: int) -> tuple[StoreTile, ...]:
        """Return some tiles, all when `stores` is empty."""
        rows = self._rows(_TILES, stores=list(stores), now=at(now_ms), window=DELAY_SALES)
        return tuple(_tile(row, now_ms) for row in rows)

    def overview(self, now_ms: int) -> Overview:
        """Return the wall."""
        tiles = self.tiles((), now_ms)
        row = self._row(_TOTALS, window=DELAY_SALES_TENANT)
        if row is None:
            return Overview("", (), 0, 0, 0, 0, 0, 0, 0, 0, Delay(0, None, None))
        return Overview(
            tenant_name=row.name,
            stores=tiles,
            members=row.members,
            sales_today=sum(tile.sales_today for tile in tiles),
            revenue_today_fen=sum(tile.revenue_today_fen for tile in tiles),
            points_outstanding=row.points,
            open_repairs=row.repairs,
            names_to_review=row.names,
            catalogue_version=row.goods,
            bundle_version=row.bundle,
            delay=Delay(row.delays, row.p50, row.p99),
        )


def _tile(row: Row[Any], now_ms: int) -> StoreTile:
    seen_ms = None if row.last_seen_at is None else ms_of(row.last_seen_at)
    heard = None if seen_ms is None else _heard(row, now_ms, seen_ms)
    state, reasons = judge(heard)
    return StoreTile(
        store_id=row.store_id,
        name=row.name,
        city=row.city,
        zone=row.zone,
        state=state,
        can_sell=state in {"ok", "degraded"},
        reasons=reasons,
        device_id=row.device_id,
        software=row.software or "",
        last_seen_ms=seen_ms,
        outbox_depth=row.outbox_depth or 0,
        feed_lag=max((row.head or 0) - (row.feed_pos or 0), 0),
        peripherals=row.devices or {},
        faults=row.faults or {},
        last_sale_ms=row.last_ms,
        last_sale_fen=row.last_fen,
        sales_today=row.sales_today,
        revenue_today_fen=int(row.revenue_today),
        delay=Delay(row.delays, row.p50, row.p99),
        chain_breaks=row.breaks,
        open_repairs=row.repairs,
        region=row.region,
        since_ms=_since_ms(row, state, seen_ms),
        unbooked=row.unbooked,
    )


def _heard(row: Row[Any], now_ms: int, seen_ms: int) -> Heard:
    since_ms = now_ms - ms_of(row.changed_at)
    return Heard(
        *(row.state, row.can_sell, now_ms - seen_ms, row.devices, since_ms), row.on_purpose
    )


def _since_ms(row: Row[Any], state: str, seen_ms: int | None) -> int | None:
    """Return since when; a store that fell silent without a will is gone since its last word."""
    if seen_ms is None:
        return None
    if state == "gone" and row.state != "gone":
        return seen_ms
    return ms_of(row.changed_at)

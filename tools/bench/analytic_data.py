"""Seeded analytic tables of any size as Parquet: for benches, and small ones for the parity suite.

Odd ones are among them on purpose: members who never bought, orders of nobody, cancelled, returned
whole or in part, quarantined or of a day to come, lines without category, equal favourites.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

TENANT = "01900000-0000-7000-8000-0000000000aa"
_YEARS_DAYS = 900
_NAMES = (
    "Product Viewed",
    "Product Viewed",
    "Product Viewed",
    "Product Viewed",
    "Product Added",
    "Product Added to Wishlist",
    "Product Shared",
    "Products Searched",
    "Product Reviewed",
    "Checkout Started",
)
_CHANNELS = (
    *("till", "till", "till", "till", "wechat_mini", "wechat_mini"),
    *("douyin", "tmall", "web", "meituan", "somewhere"),
)
_DECLARED = ("敏感肌", "素食", "养猫", "新婚", "宝宝", "露营", "过敏", "不认识")
# A number of a row for a purpose, below 2**40.
_MACROS = """
create or replace macro r(i, k) as (hash(i * 101 + k, {seed}) % 1099511627689)::bigint;
create or replace macro uid(i, k) as
  lower(format('{{:08x}}-0000-7000-8000-{{:012x}}', k, i));
"""
_MEMBERS = """
select '{tenant}' as tenant_id, uid(i, 1) as person_id,
  date '{as_of}' - (r(i, 1) % {days})::integer as joined_on,
  case when r(i, 2) % 9 = 0 then null else uid(r(i, 2) % 40, 7) end as home_store_id,
  ['', 'silver', 'gold', 'black'][1 + (r(i, 3) % 4)::integer] as tier,
  case when r(i, 4) % 3 = 0 then null else 1 + r(i, 4) % 12 end as birth_month,
  case when r(i, 5) % 3 > 0 then null else 1945 + r(i, 5) % 70 end as birth_year_declared,
  case when r(i, 6) % 5 = 0 then [{declared}[1 + (r(i, 7) % 8)::integer]]
    when r(i, 6) % 11 = 0 then ['素食', '敏感肌'] else []::varchar[] end as declared_tags,
  r(i, 8) % 2 = 0 as sms_consent, r(i, 9) % 3 = 0 as wechat_consent,
  r(i, 10) % 20 > 0 as personalise,
  r(i, 11) % 2 = 0 as sensitive_consent, (r(i, 12) % 9000)::bigint as points_spendable,
  case when r(i, 13) % 2 = 0 then 'till' else 'wechat_mini' end as source_channel
from range({members}) as t(i)
"""
_ORDERS = """
select *, (quantity * each)::bigint as list_fen,
  (case when r(i, 26) % 3 = 0 then quantity * each when r(i, 26) % 3 = 1
    then quantity * each * 9 // 10 else quantity * each * 6 // 10 end)::bigint as net_fen
from (select i, uid(i, 2) as order_id,
  -- Few buy often, many seldom.
  case when r(i, 20) % 12 = 0 then null
    else uid((r(i, 21) % {members}) * (r(i, 22) % {members}) // {members}, 1) end as person_id,
  {channels}[1 + (r(i, 23) % {n_channels})::integer] as channel,
  date '{as_of}' + 5 - (r(i, 24) % {days})::integer as business_date,
  (8 + r(i, 25) % 16)::bigint as hour_local, 1 + r(i, 27) % 12 as quantity,
  300 + r(i, 28) % 9700 as each
from range({orders}) as t(i))
"""
_ORDERS_OUT = """
select '{tenant}' as tenant_id, order_id, person_id, channel,
  case when channel = 'till' then uid(r(i, 30) % 40, 7) end as store_id,
  case when channel = 'till' then '大区' || (r(i, 30) % 40 % 5) end as region,
  business_date, business_date + to_hours(hour_local) as ordered_at, hour_local, list_fen, net_fen,
  case when r(i, 31) % 23 = 0 then net_fen when r(i, 31) % 17 = 0 then net_fen // 3 else 0 end
    ::bigint as refunded_fen,
  case when r(i, 32) % 4 = 0 then null else net_fen * 6 // 10 end::bigint as cost_fen,
  case when r(i, 33) % 6 = 0 then 100 else 0 end::bigint as points_used,
  case when r(i, 34) % 5 = 0 then 1 else 0 end::bigint as coupons, quantity::bigint as units,
  case when r(i, 35) % 29 = 0 then 'cancelled' when r(i, 31) % 23 = 0 then 'refunded'
    when r(i, 31) % 17 = 0 then 'part_refunded' else 'paid' end as status,
  case when channel = 'till' and r(i, 36) % 2 = 0 then uid(r(i, 36) % 90, 9) end as clerk_id,
  r(i, 37) % 101 = 0 as quarantined
from made
"""
_LINES_OUT = """
select '{tenant}' as tenant_id, order_id, n::bigint as line_no, person_id, channel,
  case when channel = 'till' then uid(r(i, 30) % 40, 7) end as store_id, business_date,
  'SKU' || (r(i * 4 + n, 40) % 500) as sku,
  case when r(i * 4 + n, 40) % 13 = 0 then null else '品牌' || (r(i * 4 + n, 40) % 37) end as brand,
  case when r(i * 4 + n, 40) % 17 = 0 then null else '品类' || (r(i * 4 + n, 40) % 11) end
    as category,
  (quantity // 2 + 1)::bigint as units, (list_fen // 2)::bigint as list_fen,
  (net_fen // 2)::bigint as net_fen,
  case when r(i, 41) % 4 = 0 then null else net_fen * 3 // 10 end::bigint as cost_fen,
  net_fen < list_fen as promoted,
  r(i, 35) % 29 > 0 and r(i, 31) % 23 > 0 and r(i, 37) % 101 > 0 as counts
from made, range(1, 3) as l(n) where n = 1 or r(i, 42) % 2 = 0
"""
_EVENTS_OUT = """
select '{tenant}' as tenant_id, uid(i, 3) as event_id,
  case when r(i, 50) % 7 = 0 then null else uid(r(i, 51) % {members}, 1) end as person_id,
  'a' || (r(i, 51) % {members}) as anonymous_id, {names}[1 + (r(i, 52) % 10)::integer] as name,
  'wechat_mini' as channel, date '{as_of}' - (r(i, 53) % 400)::integer as business_date,
  date '{as_of}' - (r(i, 53) % 400)::integer + to_hours((r(i, 54) % 24)::bigint) as occurred_at,
  'SKU' || (r(i, 55) % 500) as sku, '品类' || (r(i, 55) % 11) as category,
  's' || (r(i, 56) % 900) as session_id, r(i, 57) % 97 = 0 as quarantined
from range({events}) as t(i)
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each."""

    members: int
    orders: int
    events: int


def make(folder: Path, size: Size, as_of: date, *, seed: int = 1) -> None:
    """Write orders, order_lines, events and members as NAME/data.parquet below a folder."""
    values = {
        "tenant": TENANT,
        "seed": seed,
        "as_of": as_of.isoformat(),
        "days": _YEARS_DAYS,
        "members": size.members,
        "orders": size.orders,
        "events": size.events,
        "channels": list(_CHANNELS),
        "n_channels": len(_CHANNELS),
        "names": list(_NAMES),
        "declared": list(_DECLARED),
    }
    with duckdb.connect() as engine:
        engine.execute(_MACROS.format(**values))
        engine.execute("create temp view made as " + _ORDERS.format(**values))
        for name, query in (
            ("members", _MEMBERS),
            ("orders", _ORDERS_OUT),
            ("order_lines", _LINES_OUT),
            ("events", _EVENTS_OUT),
        ):
            out = folder / name
            out.mkdir(parents=True, exist_ok=True)
            engine.execute(
                f"copy ({query.format(**values)}) to '{out / 'data.parquet'}'"
                " (format parquet, row_group_size 200000)"
            )

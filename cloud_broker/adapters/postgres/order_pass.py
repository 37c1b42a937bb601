"""Orders of a whole chain in one pass: what `analytics.orders` says, asked of all of them at once.

The view looks up what hangs on an order for each of them, which is right for a day. For all of a
chain's it takes hours, more so where the planner takes tables for smaller than they are and reads
them again for every order. Here each table is read once and joined by hashes, which spill.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

from cloud_broker.adapters.postgres.base import driver_of

_WHOLE: Final = """
persons as (
  select member_id, person_id from analytics.person where tenant_id = %(tenant)s
), buyers as (
  select value, person_id from identity_person where tenant_id = %(tenant)s and kind = 'buyer'
), apart as (
  select subject from quarantine where tenant_id = %(tenant)s and kind = 'order' and apart
), given_back as (
  select receipt_id, sum(money_fen + points_fen) as fen
  from refund where tenant_id = %(tenant)s group by receipt_id
), couponed as (
  select receipt_id, count(*) as coupons from lease_spend
  where tenant_id = %(tenant)s and kind = 'coupon' group by receipt_id
), orders as (
  select r.receipt_id as order_id, coalesce(p.person_id, r.member_id, c.member_id) as person_id,
    'till' as channel, r.store_id, g.name as region, r.business_date,
    to_timestamp(r.sold_ms / 1000.0) as ordered_at,
    (r.total_fen - coalesce(b.fen, 0))::bigint as fen, coalesce(u.coupons, 0) as coupons,
    b.fen is null as untouched, r.member_id is not null as known, r.counter_ms,
    q.subject is not null as quarantined
  from receipt r
  join store s on s.tenant_id = r.tenant_id and s.store_id = r.store_id
  join region g on g.tenant_id = s.tenant_id and g.region_id = s.region_id
  left join receipt_claim c on c.tenant_id = r.tenant_id and c.receipt_id = r.receipt_id
  left join persons p on p.member_id = coalesce(r.member_id, c.member_id)
  left join given_back b on b.receipt_id = r.receipt_id
  left join couponed u on u.receipt_id = r.receipt_id
  left join apart q on q.subject = r.receipt_id::text
  where r.tenant_id = %(tenant)s and (b.fen is null or b.fen < r.total_fen) and {sold}
  union all
  select o.order_id,
    case when b.value is not null then b.person_id else coalesce(p.person_id, o.member_id) end,
    o.channel, o.store_id, g.name, o.business_date, o.ordered_at,
    (o.net_fen - least(o.refunded_fen, o.net_fen))::bigint, o.coupons, o.status = 'paid', false,
    null, q.subject is not null
  from channel_order o
  left join store s on s.tenant_id = o.tenant_id and s.store_id = o.store_id
  left join region g on g.tenant_id = s.tenant_id and g.region_id = s.region_id
  left join persons p on p.member_id = o.member_id
  left join buyers b on b.value = o.channel || ':' || encode(o.buyer_hash, 'hex')
  left join apart q on q.subject = o.order_id::text
  where o.tenant_id = %(tenant)s and o.status in ('paid', 'part_refunded') and {ordered}
)"""
# Of each join or sort; several of them run in one question.
MEMORY: Final = "24MB"
PATIENCE_MS: Final = "600000"
_HASHED: Final = """
select set_config('enable_nestloop', 'off', true) as loops,
  set_config('work_mem', %(memory)s, true) as memory,
  set_config('statement_timeout', %(ms)s, true) as patience,
  set_config('idle_in_transaction_session_timeout', %(ms)s, true) as idle
"""
_ENDED: Final = tuple(
    f"set local {name} to default"
    for name in (
        "enable_nestloop",
        "work_mem",
        "statement_timeout",
        "idle_in_transaction_session_timeout",
    )
)


def orders(sold: str, ordered: str) -> str:
    """Return what follows `with`: `persons`, and `orders` that stand, refunds taken off.

    `sold` says which rows `r` of `receipt`, `ordered` which rows `o` of `channel_order`. An order
    has order_id, person_id, channel, store_id, region, business_date, ordered_at, fen, coupons,
    untouched (nothing of it came back), known (a till's sale that said a member), counter_ms and
    quarantined; one that was cancelled or given back whole is none.
    """
    return _WHOLE.format(sold=sold, ordered=ordered)


def on_days(first: str, last: str) -> str:
    """Return the same for the days between two expressions."""
    days = f"business_date between {first} and {last}"
    return orders(f"r.{days}", f"o.{days}")


@contextmanager
def one_pass(connection: Connection) -> Iterator[None]:
    """Have what a transaction asks in between planned for all of a chain's rows, with patience."""
    driver = driver_of(connection)
    driver.execute(_HASHED, {"memory": MEMORY, "ms": PATIENCE_MS})
    yield
    for statement in _ENDED:
        driver.execute(statement)

"""Orders of a whole chain in one pass: what the view says of each, and each table read once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection

from cloud_broker.adapters.postgres.base import driver_of
from cloud_broker.adapters.postgres.campaign_sums import CampaignSums
from cloud_broker.adapters.postgres.order_pass import on_days, one_pass
from cloud_broker.adapters.postgres.roi import PostgresRoiShelf
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.roi import Margin, Span
from retail_core.insight.cleaning.seen import SeenOrder
from tests.factories.planted_rows import id_of, load
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import WALL_MS
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
ORDERS, HOUR_MS = 240, 3_600_000
FIRST = (datetime.fromtimestamp(WALL_MS / 1000, UTC) + timedelta(hours=8)).date()
LAST = FIRST + timedelta(days=40)
# A whole, a part, two parts that are the whole, nothing of nothing; a coupon and points; a bill
# claimed later; members and a buyer that are one person; what is set apart; costs that change.
ODD = """
update receipt set total_fen = 0 where receipt_id = {s4};
insert into refund (tenant_id, refund_id, receipt_id, nth, event_id, store_id, device_id,
  source, till_receipt_no, business_date, reason, repriced, money_fen, points_fen, points_back,
  points_taken, points_owed, tenders, coupons, happened_ms, received_at) select r.tenant_id,
  gen_random_uuid(), r.receipt_id, n.nth, r.event_id, r.store_id, r.device_id, 'api', '',
  r.business_date, '', false, n.money, n.points, 0, 0, 0, '[]', '{{}}', r.sold_ms, r.received_at
  from receipt r join (values ({s1}, 0, 1001, 0), ({s2}, 0, 300, 50), ({s3}, 0, 1000, 0), ({s3},
  1, 0, 3), ({s4}, 0, 0, 0)) as n(receipt, nth, money, points) on n.receipt = r.receipt_id;
insert into lease_spend (tenant_id, kind, right_id, device_id, epoch, nth, receipt_id, amount)
  select tenant_id, k, receipt_id, device_id, 1, n, receipt_id, 5 from receipt, (values ('coupon',
  1), ('coupon', 2), ('points', 3)) as v(k, n) where receipt_id = {s5};
update receipt set member_id = null where receipt_id in ({s6}, {s7});
insert into receipt_claim select tenant_id, receipt_id, {ann}, {ann}, 0, now() from receipt
  where receipt_id = {s6};
insert into member_merge select tenant_id, gen_random_uuid(), {ann}, {bea}, {ann}, {bea}, 'x',
  'x', now() from tenant where tenant_id = {tenant};
update channel_order set member_id = {ann} where order_id = {o9};
update channel_order set member_id = {cat}, status = 'part_refunded', refunded_fen = 400,
  coupons = 2 where order_id = {o10};
update channel_order set refunded_fen = net_fen + 1, status = 'part_refunded' where order_id =
  {o11};
update channel_order set status = 'created' where order_id = {o12};
insert into identity_person select tenant_id, 'member', member_id::text, member_id, {dee}, now()
  from (select tenant_id, {cat} as member_id from tenant where tenant_id = {tenant}) m;
insert into identity_person select tenant_id, 'buyer', channel || ':' || encode(buyer_hash,
  'hex'), null, {dee}, now() from channel_order where order_id = {o13};
insert into identity_person select tenant_id, 'buyer', channel || ':' || encode(buyer_hash,
  'hex'), null, null, now() from channel_order where order_id = {o9};
insert into quarantine select tenant_id, 'order', receipt_id::text, sold_ms % 2 = 0, '{{}}',
  now() from receipt where tenant_id = {tenant} and get_byte(uuid_send(receipt_id), 0) % 3 = 0;
insert into quarantine select tenant_id, 'order', order_id::text, true, '{{}}', now() from
  channel_order where order_id in ({o13}, {o14});
insert into article select tenant_id, {ann}, 's1', now() from tenant where tenant_id = {tenant};
insert into article_revision (tenant_id, article_id, effective_from, name, unit, price_fen,
  cost_fen, brand, category, barcodes, tags, created_at) select tenant_id, {ann}, n.day, '', '',
  1, n.cost, '', '', '{{}}', '{{}}', now() from tenant, (values ({first}::date, 70),
  ({first}::date, 80), ({first}::date + 9, 91), ({first}::date + 20, null)) as n(day, cost) where
  tenant_id = {tenant};
update receipt_line set article_id = {ann} where tenant_id = {tenant} and (line = 1 or
  get_byte(uuid_send(receipt_id), 1) % 2 = 0);
insert into campaign select tenant_id, {camp}, 'x', '{{"holdout_permille": 100}}', 'running',
  '', 0, '', '', 0, null, '', null, 0, 0, false, false from tenant where tenant_id = {tenant};
insert into campaign_person select distinct on (m) tenant_id, {camp}, m, case when
  get_byte(uuid_send(m), 2) % 3 = 0 then 'held' else 'treated' end, sold_ms + 1, false from
  (select tenant_id, coalesce(member_id, {ann}) as m, sold_ms from receipt where tenant_id =
  {tenant} union all select tenant_id, {bea}, {wall} from tenant where tenant_id = {tenant}) w
  order by m, sold_ms
"""
# What the view says, for which it looks at each order by itself.
VIEW = """
select order_id::uuid, person_id, channel, store_id::uuid, region, business_date,
  ordered_at at time zone 'UTC', net_fen - refunded_fen, coupons, status = 'paid', quarantined
from analytics.orders where tenant_id = %(tenant)s and status in ('paid', 'part_refunded')
  and business_date between %(first)s and %(last)s order by 1
"""
PASS = f"""
with {on_days("%(first)s", "%(last)s")}
select order_id, person_id, channel, store_id, region, business_date, ordered_at, fen, coupons,
  untouched, quarantined from orders order by 1
"""  # noqa: S608 - our own words
MARGINS = """
select sum(net_fen - refunded_fen)::bigint, sum(cost_fen)::bigint from analytics.orders
where tenant_id = %(tenant)s and channel = 'till' and cost_fen is not null and status = 'paid'
  and business_date between %(first)s and %(last)s and (%(all)s or not quarantined)
"""
ARMS = """
with people as (
  select distinct on (coalesce(v.person_id, p.person_id))
    coalesce(v.person_id, p.person_id) as person_id, p.arm,
    to_timestamp(p.entered_ms / 1000.0) at time zone 'UTC' as since
  from campaign_person p
  left join analytics.person v on v.tenant_id = p.tenant_id and v.member_id = p.person_id
  where p.tenant_id = %(tenant)s
  order by coalesce(v.person_id, p.person_id), p.entered_ms, p.person_id
), spent as (
  select p.person_id, p.arm, coalesce(sum(o.net_fen - o.refunded_fen), 0)::numeric as fen
  from people p
  left join analytics.orders o on o.tenant_id = %(tenant)s and o.person_id = p.person_id
    and o.ordered_at >= p.since and o.ordered_at < p.since + interval '8 days'
    and o.status in ('paid', 'part_refunded') and (%(all)s or not o.quarantined)
  group by p.person_id, p.arm
)
select count(*), count(*) filter (where fen > 0), sum(fen)::bigint, sum(fen * fen)::bigint
from spent group by arm order by arm desc
"""


@dataclass(frozen=True)
class Chain:
    """A chain with orders of every odd kind."""

    units: PostgresUnits
    tenant: UUID
    store: UUID

    def asked(self, connection: Connection, question: str, **more: Any) -> list[tuple[Any, ...]]:
        """Ask as the program does."""
        bound = {"tenant": self.tenant, "first": FIRST, "last": LAST} | more
        return driver_of(connection).execute(question.encode(), bound).fetchall()


def planted() -> Iterator[SeenOrder]:
    for nth in range(ORDERS):
        at_ms = WALL_MS + nth * 4 * HOUR_MS
        online = nth % 3 == 0 or 9 <= nth <= 14
        yield SeenOrder(
            order_id=f"{'o' if online else 's'}{nth}",
            channel=("web", "douyin")[nth % 2] if online else "till",
            buyer=f"m{nth % 11}",
            at_ms=at_ms,
            net_fen=1_000 + nth,
            lines=(("s1", 1 + nth % 3), ("s2", 2))[: 1 + nth % 2],
            undone_ms=at_ms + HOUR_MS if nth % 31 == 30 else None,
        )


@pytest.fixture(scope="module")
def chain(shared_database: Database) -> Iterator[Chain]:
    units = PostgresUnits(make_engine(shared_database.url, connections=1))
    tenant = new_tenant(units)
    store = new_box(units, tenant).store
    rows = [one for one in planted() if one.order_id != "o3"]
    rows += [SeenOrder("s3", "till", "m3", WALL_MS + HOUR_MS, 1_003, (("s1", 1),))]
    rows += [SeenOrder("s6", "till", "m6", WALL_MS + HOUR_MS, 1_006, (("s1", 1),))]
    load(shared_database.super_dsn, tenant, store, rows, ())
    names = {one.order_id: f"'{id_of(one.order_id)}'::uuid" for one in rows}
    people = {
        name: f"'{id_of(m)}'::uuid"
        for name, m in zip(
            ("ann", "bea", "cat", "dee", "camp"), ("m1", "m2", "m4", "m5", "camp"), strict=True
        )
    }
    told = {"tenant": f"'{tenant}'::uuid", "first": f"'{FIRST}'", "wall": WALL_MS}
    with psycopg.connect(shared_database.super_dsn) as connection:
        connection.execute("set session_replication_role = replica")
        for statement in ODD.split(";"):
            done = connection.execute(statement.format(**names, **people, **told).encode())
            assert done.rowcount, statement
        connection.execute("analyze")
    yield Chain(units, tenant, store)
    units.close()


@pytest.mark.parametrize("last", [LAST, FIRST + timedelta(days=3)])
def test_a_pass_says_of_every_order_what_the_view_says(chain: Chain, last: date) -> None:
    with chain.units.connection(chain.tenant) as connection:
        view = chain.asked(connection, VIEW, last=last)
        with one_pass(connection):
            found = chain.asked(connection, PASS, last=last)
        kept = "select current_setting('enable_nestloop'), current_setting('statement_timeout')"
        assert connection.exec_driver_sql(kept).one() == ("on", "1min")
    assert found == view
    if last == LAST:
        assert {(row[1] is None, row[9], row[10]) for row in found} > {
            (False, False, False),
            (True, True, False),
            (False, True, True),
        }


def test_margins_are_those_of_the_view(chain: Chain) -> None:
    clock = FakeCloudClock()
    shelf = PostgresRoiShelf(chain.units, clock, FakeCloudIdSource(clock))
    for everything in (False, True):
        with chain.units.connection(chain.tenant) as connection:
            ((fen, cost),) = chain.asked(connection, MARGINS, all=everything)
        assert cost > 0
        span = Span(FIRST, LAST, everything)
        assert shelf.margins(chain.tenant, span) == {chain.store: Margin(fen, cost)}


def test_arms_are_those_of_the_view(chain: Chain) -> None:
    with chain.units.connection(chain.tenant) as connection:
        found = CampaignSums(connection, chain.tenant).arms(id_of("camp"), 8)
        for everything, arms in ((False, found.clean), (True, found.whole)):
            said = [(arm.people, arm.buyers, arm.net_fen, arm.net_fen_squares) for arm in arms]
            assert said == chain.asked(connection, ARMS, all=everything)
    assert found.clean != found.whole


def test_no_table_is_read_again_for_each_order(chain: Chain) -> None:
    with chain.units.connection(chain.tenant) as connection, one_pass(connection):
        explained = "explain (analyze, timing off, format json) "
        ((plan,),) = chain.asked(connection, explained + PASS)
    read = {
        node["Relation Name"]: node["Actual Loops"]
        for node in nodes(json.loads(json.dumps(plan))[0]["Plan"])
        if "Relation Name" in node
    }
    assert {"receipt", "refund", "quarantine", "lease_spend", "channel_order"} <= set(read)
    # Workers beside it read their parts.
    assert max(read.values()) < ORDERS / 10


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from nodes(one)

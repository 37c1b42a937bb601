"""Cleaning, returns and a campaign's results over two million orders that lie in PostgreSQL."""

import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo

from cloud_broker.adapters.order_pile import order_pile
from cloud_broker.adapters.postgres.cleaning import PostgresCleaningShelf
from cloud_broker.adapters.postgres.roi import PostgresRoiShelf
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.migrations.runner import upgrade
from cloud_broker.ports.cleaning import Wanted
from cloud_broker.services.insight.cleaning import Cleaning
from cloud_broker.services.insight.roi import Roi
from retail_core.insight.cleaning.limits import DAY_MS
from tests.factories.planted_rows import id_of, load
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.plugins.cloud import new_box, new_tenant
from tools import embedded_pg
from tools.bench.planted_orders import BEGIN_MS, DAYS, plant
from tools.bench.report import Bench, Row

ORDERS = 2_000_000
PLANTED = 2_000
PRECISION, RECALL = 0.95, 0.9
MEMORY_MB = 1_000
_KB = 1_024
# Planted ones come for twice as long as those made in bulk.
NOW_MS = BEGIN_MS + 2 * (DAYS + 5) * DAY_MS
FIRST = datetime.fromtimestamp(BEGIN_MS / 1_000, UTC).date()
LAST = FIRST + timedelta(days=DAYS)
# A third online, the rest in shops; a member buys ten times.
_SALES = """
insert into receipt (tenant_id, receipt_id, event_id, store_id, device_id, member_id, source,
  till_receipt_no, business_date, shelf_fen, total_fen, points, tenders, sold_ms, received_at,
  bundle_version, bundle_hash, certificate_hash, solver_status)
select %(tenant)s, md5('s' || n)::uuid, md5('s' || n)::uuid, %(store)s, %(store)s,
  md5('m' || n * 7919::bigint %% %(members)s)::uuid, 'api', '', (to_timestamp(ms / 1000.0)
    at time zone 'Asia/Shanghai')::date, fen, fen, 0, '[]', ms, to_timestamp(ms / 1000.0),
  0, '', '', ''
from (select n, 1000 + n * 37 %% 40000 as fen, %(begin)s + n * 104729::bigint %% %(span)s as ms
  from generate_series(1, %(sales)s) n) made
"""
_SOLD = """
insert into receipt_line select %(tenant)s, md5('s' || n)::uuid, 1, null, 'a' || n %% 400, 'a',
  1000 * (1 + n %% 3), 0, 0, '[]' from generate_series(1, %(sales)s) n
"""
_ORDERS = """
insert into channel_order select %(tenant)s, md5('o' || n)::uuid,
  (array['web', 'douyin', 'wechat_mini'])[1 + who %% 3], 'n' || n, 1, 'paid',
  to_timestamp(ms / 1000.0), (to_timestamp(ms / 1000.0) at time zone 'Asia/Shanghai')::date,
  extract(hour from to_timestamp(ms / 1000.0) at time zone 'Asia/Shanghai'), null,
  case when who %% 4 > 0 then md5('m' || who)::uuid end, sha256(('b' || who)::bytea), null,
  sha256(('h' || who / 3)::bytea), sha256(('p' || who)::bytea), sha256(('d' || who)::bytea),
  fen, fen, 0, 0, 0, 1000, now()
from (select n, n * 7919::bigint %% %(members)s as who, 1000 + n * 37 %% 40000 as fen,
    %(begin)s + n * 104729::bigint %% %(span)s as ms
  from generate_series(1, %(orders)s) n) made
"""
_ORDERED = """
insert into channel_order_line select %(tenant)s, md5('o' || n)::uuid, 1, 'a' || n %% 400, 'a',
  null, 1000 * (1 + n %% 3), 0, 0, false from generate_series(1, %(orders)s) n
"""
_LOOKS = """
insert into event_log (tenant_id, event_id, received_at, store_id, device_id, epoch, seq, type,
  wall_ms, time_quality, boot_id, mono_ms, hash, body, channel, name, member_id, user_id, sku)
select o.tenant_id, md5('l' || o.order_id)::uuid, o.ordered_at, %(store)s, %(store)s, 0, 0,
  'channel.track', (extract(epoch from o.ordered_at) * 1000)::bigint - 600000, 0, %(store)s, 0,
  '', '{}', o.channel, 'Product Viewed', o.member_id, o.member_id::text, 'a1'
from channel_order o where o.tenant_id = %(tenant)s and o.member_id is not null
"""


# One sale in 25 is given back, a third of them whole.
_REFUNDED = """
insert into refund (tenant_id, refund_id, receipt_id, nth, event_id, store_id, device_id, source,
  till_receipt_no, business_date, reason, repriced, money_fen, points_fen, points_back,
  points_taken, points_owed, tenders, coupons, happened_ms, received_at)
select tenant_id, md5('b' || receipt_id)::uuid, receipt_id, 0, event_id, store_id, device_id, 'api',
  '', business_date, '', false, case when total_fen %% 3 = 0 then total_fen else total_fen / 3 end,
  0, 0, 0, 0, '[]', '{}', sold_ms + 60000, received_at
from receipt where tenant_id = %(tenant)s and total_fen %% 25 = 0 on conflict do nothing
"""
_CAMPAIGN = """
insert into campaign values (%(tenant)s, %(store)s, 'all', '{"holdout_permille": 100}', 'running',
  '', 0, '', '', %(begin)s, null, '', null, 0, 0, false, false)
"""
_DRAWN = """
insert into campaign_person select %(tenant)s, %(store)s, md5('m' || n)::uuid,
  case when n %% 10 = 0 then 'held' else 'treated' end, %(begin)s + n %% 20 * 86400000::bigint,
  false from generate_series(1, %(members)s / 2) n
"""
_ALL = (_SALES, _SOLD, _REFUNDED, _ORDERS, _ORDERED, _LOOKS, _CAMPAIGN, _DRAWN, "analyze")


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain with many orders, which of them no customer made, and a campaign for half of all."""

    units: PostgresUnits
    tenant: UUID
    campaign: UUID
    fakes: frozenset[str]


def measure(bench: Bench, folder: Path, orders: int = ORDERS) -> None:
    """Add the rows; `folder` is not read, orders are made."""
    del folder
    with tempfile.TemporaryDirectory(prefix="regulars-tables-") as place:
        here = Path(place)
        here.chmod(0o755)
        server = embedded_pg.start(here / "pg")
        try:
            chain = fill(server, orders)
            clean(bench, chain, here)
            reckon(bench, chain)
            weigh(bench, chain)
            chain.units.close()
        finally:
            embedded_pg.destroy(here / "pg")


def fill(server: embedded_pg.Server, orders: int) -> Chain:
    """Make a chain of sixty days: a third is ordered online, mostly after a look."""
    upgrade(server.owner_url)
    units = PostgresUnits(make_engine(server.app_url, connections=4))
    tenant = new_tenant(units, "many")
    box = new_box(units, tenant)
    made = plant(PLANTED)
    dsn = make_conninfo(server.super_dsn, dbname=embedded_pg.DATABASE)
    load(dsn, tenant, box.store, made.orders, ())
    bound = {
        "tenant": tenant,
        "store": box.store,
        "members": orders // 10,
        "sales": orders * 2 // 3,
        "orders": orders // 3,
        "begin": BEGIN_MS,
        "span": DAYS * DAY_MS,
    }
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in _ALL:
            connection.execute(statement, bound if "%(" in statement else None)
    return Chain(units, tenant, box.store, frozenset(str(id_of(one)) for one in made.fakes))


def clean(bench: Bench, chain: Chain, place: Path) -> None:
    """Judge all of it, and then a night of it."""
    clock = FakeCloudClock(NOW_MS)
    shelf = PostgresCleaningShelf(chain.units, clock, FakeCloudIdSource(clock))
    cleaning = Cleaning(shelf, clock, lambda: order_pile(place))
    with _watched() as first:
        run = cleaning.run(chain.tenant, who="bench")
    peer = f"{first.seconds:.0f} s, {run.raised:,} signs"
    name = f"cleaning of {run.orders:,} orders: memory"
    bench.add(Row(name, first.mb, "MB", MEMORY_MB, "lower", peer))
    with _watched() as again:
        run = cleaning.run(chain.tenant, who="bench", whole=True)
    peer = f"{again.seconds:.0f} s, {again.mb:.0f} MB more"
    changed = run.raised + run.lifted
    name = "the same cleaning again: decisions that change"
    bench.add(Row(name, changed, "", 0, "lower", peer))
    found = cleaning.rulings(chain.tenant, Wanted("apart", limit=10_000_000))
    apart = {one.sign.subject for one in found}
    hits = len(apart & chain.fakes)
    name = "planted fakes among them"
    bench.add(Row(f"{name}: precision", hits / max(len(apart), 1), "", PRECISION, "higher"))
    bench.add(Row(f"{name}: recall", hits / len(chain.fakes), "", RECALL, "higher"))


def reckon(bench: Bench, chain: Chain) -> None:
    """Reckon returns of the sixty days."""
    clock = FakeCloudClock(NOW_MS)
    shelf = PostgresRoiShelf(chain.units, clock, FakeCloudIdSource(clock))
    roi = Roi(shelf, clock)
    with _watched() as seen:
        report = roi.report(chain.tenant, FIRST, LAST)
    peer = f"{seen.seconds:.0f} s, {report.journeys:,} journeys"
    name = f"returns over {report.orders:,} orders: memory"
    bench.add(Row(name, seen.mb, "MB", MEMORY_MB, "lower", peer))


def weigh(bench: Bench, chain: Chain) -> None:
    """Compare the arms of a campaign that drew half of all members."""
    with _watched() as seen, chain.units.begin(chain.tenant) as unit:
        arms = unit.campaigns.arms(chain.campaign, 14)
    people = sum(arm.people for arm in arms.clean)
    name = f"results of a campaign for {people:,} people: memory"
    bench.add(Row(name, seen.mb, "MB", MEMORY_MB, "lower", f"{seen.seconds:.0f} s"))


@dataclass(slots=True)
class _Watch:
    """How long something took, and how many MB more than before it held at its most."""

    seconds: float = 0.0
    mb: float = 0.0


@contextmanager
def _watched() -> Iterator[_Watch]:
    watch, over = _Watch(), threading.Event()
    before, began = _held_mb(), time.perf_counter()

    def look() -> None:
        while not over.wait(0.05):
            watch.mb = max(watch.mb, _held_mb() - before)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        yield watch
    finally:
        over.set()
        looker.join()
        watch.seconds = time.perf_counter() - began


def _held_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / _KB / _KB

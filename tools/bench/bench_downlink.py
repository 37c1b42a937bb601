"""`make bench-downlink`: changes into a box's file, and 200,000 members into a fresh box.

The snapshot is made by the cloud's own code out of PostgreSQL, served by its HTTP application in a
process of its own, and taken by the agent's own downlink into an encrypted file. Members have what
members have: a phone, four in ten a phone's key, three in ten a card, six in ten a last purchase.
"""

import argparse
import multiprocessing
import shutil
import tempfile
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import msgspec
import psycopg
from psycopg.conninfo import make_conninfo

from cloud_broker.adapters.clock_system import SystemClock as CloudClock
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.api.app import build_app
from cloud_broker.api.server import Server, bind
from cloud_broker.migrations.runner import upgrade
from cloud_broker.ports.fleet import NewDevice
from cloud_broker.services.stores.snapshots import Snapshots
from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.ports.replica import CatalogueStep
from edge_agent.services.line.downlink import Downlink
from retail_core import limits
from retail_core.catalog.article import Article
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.member import MemberRecord, PhoneKey, Purchase
from retail_core.wire.messages import Change
from retail_core.wire.snapshot import open_manifest
from tests.factories.cloud_api import api_deps
from tests.fakes.cloud_hq import EmptyQueries, NotingDesk
from tools import bulk_members, embedded_pg
from tools.bench.ingest_frames import open_shops
from tools.bench.report import ROOT, Bench, Row, percentile

KEY = bytes(range(32))
SINGLES = 3_000
BATCHED = 20_000
ARTICLES = 20_000
_LIVELY = """
update member set ver = 1 + abs(hashtext(member_id::text)) %% 40,
  phone_hash = sha256(member_id::text::bytea)
  where tenant_id = %(tenant)s;
insert into interest (tenant_id, store_id, member_id, since)
  select tenant_id, home_store_id, member_id, now() from member where tenant_id = %(tenant)s;
insert into credential (tenant_id, kind, key, member_id, public_key, created_at)
  select tenant_id, 'phone_key', substr(sha256(('k' || member_id)::bytea), 1, 8), member_id,
    sha256(('p' || member_id)::bytea), now()
  from member where tenant_id = %(tenant)s and abs(hashtext('k' || member_id)) %% 10 < 4;
insert into digit_secret
  select tenant_id, member_id, substr(sha256(('s' || member_id)::bytea), 1, 20), now() from member
  where tenant_id = %(tenant)s and abs(hashtext('k' || member_id)) %% 10 < 4;
insert into credential (tenant_id, kind, key, member_id, created_at)
  select tenant_id, 'card', sha256(('c' || member_id)::bytea), member_id, now()
  from member where tenant_id = %(tenant)s and abs(hashtext('c' || member_id)) %% 10 < 3;
insert into receipt (tenant_id, receipt_id, event_id, store_id, device_id, member_id, source,
    till_receipt_no, business_date, shelf_fen, total_fen, points, tenders, sold_ms, received_at,
    bundle_version, bundle_hash, certificate_hash, solver_status)
  select tenant_id, gen_random_uuid(), gen_random_uuid(), home_store_id, home_store_id, member_id,
    'api', '', current_date, 5900, 5900, 59, '[]',
    extract(epoch from now())::bigint * 1000 - 9000000, now(), 0, '', '', ''
  from member where tenant_id = %(tenant)s and abs(hashtext('r' || member_id)) %% 10 < 6;
insert into receipt_line (tenant_id, receipt_id, line, sku, name, qty_milli, shelf_fen, net_fen,
    offers)
  select tenant_id, receipt_id, n, 'A' || (abs(hashtext(receipt_id::text || n)) %% 5000),
    '商品' || (abs(hashtext(receipt_id::text || n)) %% 5000), 1000, 1900, 1900, '[]'
  from receipt, generate_series(1, 3) as n where tenant_id = %(tenant)s;
"""


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=200_000)
    asked = parser.parse_args()
    bench = Bench("downlink")
    with tempfile.TemporaryDirectory() as name:
        _applying(bench, Path(name))
        _stepping(bench, Path(name))
    folder = ROOT / "var" / "bench-downlink"
    embedded_pg.destroy(folder)
    folder.mkdir(parents=True, exist_ok=True)
    server = embedded_pg.start(folder)
    try:
        _snapshot(bench, server, asked.members, folder)
    finally:
        embedded_pg.stop(folder)
        embedded_pg.destroy(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return bench.finish()


def _record(chance: Random, points: int) -> MemberRecord:
    return MemberRecord(
        wallet=chance.randbytes(16),
        name="王小芳",
        tier="gold",
        tags=("敏感肌",),
        points_free=points,
        points_pending=0,
        phone_masked="138****0000",
        phone_hash=chance.randbytes(32),
        phone_keys=(PhoneKey(chance.randbytes(8), chance.randbytes(32)),),
        cards=(),
        home_store=bytes(16),
        last_receipt=chance.randbytes(16),
        last_lines=(Purchase("A1", "洗面奶", 1_000),),
        digit_secret=chance.randbytes(20),
    )


def _applying(bench: Bench, folder: Path) -> None:
    """Measure changes of members, one a frame and many a frame."""
    chance = Random(5)  # noqa: S311 -- made-up members
    replica = SqliteReplica(folder / "apply.db", KEY)
    people = [(chance.randbytes(16), _record(chance, 0)) for _ in range(BATCHED)]

    def changes(ver: int) -> list[Change]:
        return [
            Change(
                at + 1,
                ChangeKind.MEMBER,
                key,
                ver,
                msgspec.Raw(encode_body(msgspec.structs.replace(record, points_free=ver))),
            )
            for at, (key, record) in enumerate(people)
        ]

    for name, ver in (("new members", 1), ("changes", 2)):
        told = changes(ver)
        began = time.process_time()
        for at in range(0, BATCHED, limits.CHANGES_PER_FRAME_MAX):
            replica.apply_changes(
                feed_epoch=1, pos=at + 1, changes=told[at : at + limits.CHANGES_PER_FRAME_MAX]
            )
        spent = time.process_time() - began
        bench.add(Row(f"applied in frames of 256: {name}", BATCHED / spent, "rows/s"))
    times, told, began = [], changes(3)[:SINGLES], time.process_time()
    for change in told:
        start = time.perf_counter()
        replica.apply_changes(feed_epoch=1, pos=change.pos, changes=[change])
        times.append((time.perf_counter() - start) * 1e6)
    spent = (time.process_time() - began) / SINGLES * 1e6
    bench.add(Row("one change applied: CPU", spent, "µs"))
    for percent in (50, 99):
        bench.add(Row(f"one change applied: p{percent}", percentile(times, percent), "µs"))
    began = time.perf_counter()
    replica.bucket_sums()
    bench.add(Row("sums of 20,000 members", (time.perf_counter() - began) * 1e3, "ms"))
    replica.close()


def _stepping(bench: Bench, folder: Path) -> None:
    """Measure one price of twenty thousand articles, as it travels in its announcement."""
    replica = SqliteReplica(folder / "goods.db", KEY)
    goods = [
        Article(UUID(int=n), f"A{n}", f"商品{n}", "个", 100 + n, (f"690{n:010}",))
        for n in range(ARTICLES)
    ]
    began = time.perf_counter()
    replica.replace_catalogue(1, goods, sha256=bytes(32))
    bench.add(Row("the whole catalogue of 20,000 taken", (time.perf_counter() - began) * 1e3, "ms"))
    count, began = 500, time.process_time()
    for at in range(count):
        dear = replace(goods[at], price_fen=1)
        step = CatalogueStep(at + 1, bytes(32), at + 2, bytes(32), (dear,), (), (), {})
        replica.step_catalogue(step)
    spent = (time.process_time() - began) / count * 1e6
    bench.add(Row("one price of it, from its announcement: CPU", spent, "µs"))
    replica.close()


def _serve(url: str, port: int) -> None:
    units = PostgresUnits(make_engine(url, connections=4, name="bench-api"))
    deps = api_deps(units, CloudClock(), FaultTally(), EmptyQueries(), NotingDesk(uuid4()))  # type: ignore[arg-type]
    app = build_app(replace(deps, hosts=frozenset({"127.0.0.1"})))
    Server(app).run(sockets=[bind("127.0.0.1", port)])


def _snapshot(bench: Bench, server: embedded_pg.Server, members: int, folder: Path) -> None:
    upgrade(server.owner_url)
    units = PostgresUnits(make_engine(server.app_url, connections=2, name="bench-downlink"))
    tenant = uuid4()
    (shop,) = open_shops(units, tenant, uuid4(), 1)
    token = f"{tenant}.bench"
    with units.begin(tenant) as unit:
        device = NewDevice(uuid4(), shop.store, 2, sha256(token.encode()).digest(), "x")
        unit.fleet.add_device(device, CloudClock().now_ms())
    dsn = make_conninfo(server.super_dsn, dbname=embedded_pg.DATABASE)
    bulk_members.load(dsn, tenant, [shop.store], members)
    with psycopg.connect(dsn) as connection:
        connection.execute("set session_replication_role = replica")
        for statement in _LIVELY.split(";\n")[:-1]:
            connection.execute(statement, {"tenant": tenant})
    began = time.perf_counter()
    manifest = open_manifest(Snapshots(units, CloudClock()).make(tenant, shop.store))
    bench.add(Row("snapshot: made by the cloud", time.perf_counter() - began, "s"))
    size = sum(one.size for one in manifest.segments)
    bench.add(Row("snapshot: members", manifest.rows, "members"))
    bench.add(Row("snapshot: on the wire", size / 1e6, "MB", 30))
    units.close()
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    serving = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(server.app_url, port), daemon=True
    )
    serving.start()
    try:
        _take(bench, f"http://127.0.0.1:{port}", token, folder)
    finally:
        serving.terminate()
        serving.join()


def _take(bench: Bench, url: str, token: str, folder: Path) -> None:
    replica, directory = SqliteReplica(folder / "replica.db", KEY), HttpDirectory(url, token)
    tally = FaultTally()
    line = Downlink(
        replica, directory, SystemClock(kernel_boot_id()), tally, bundle_public_key=bytes(32)
    )
    while True:
        try:
            directory.snapshot()
            break
        except Exception:  # noqa: BLE001 -- the server is starting
            time.sleep(0.1)
    began, spent = time.perf_counter(), time.process_time()
    line.session_began()
    steps = []
    while replica.member_count() == 0 or line.behind():
        start = time.perf_counter()
        line.work_off()
        steps.append((time.perf_counter() - start) * 1e3)
    bench.add(Row("snapshot: into a fresh box", time.perf_counter() - began, "s", 30))
    bench.add(Row("snapshot: CPU of the box", time.process_time() - spent, "s"))
    bench.add(Row("snapshot: the longest step", max(steps), "ms"))
    bench.add(Row("snapshot: members held", replica.member_count(), "members"))
    held = sum(one.stat().st_size for one in folder.glob("replica*")) / 1e6
    bench.add(Row("snapshot: the box's file", held, "MB"))
    began = time.perf_counter()
    replica.bucket_sums()
    bench.add(Row("sums of all members", (time.perf_counter() - began) * 1e3, "ms"))
    directory.close()
    replica.close()


if __name__ == "__main__":
    raise SystemExit(main())

"""`make bench-ingest`: frames of sales into the real database, without a broker between.

Sales as shops make them (a member in seven of ten, three lines, points on every line, some paid by
leased points) are made beforehand and given to ingest in batches. Told are sales a second, the time
of a batch, and what a sale costs of the processor, ours and PostgreSQL's apart; beside it the floor
of the same machine: a bare commit, and COPY into a bare table. MEMBERS loads so many first.
"""

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from uuid import UUID, uuid4

import psycopg
from psycopg.conninfo import make_conninfo

from cloud_broker.adapters.postgres.lane import Answer, Lane
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.migrations.runner import upgrade
from cloud_broker.ports.clock import Clock
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.rights.leasing import Leasing
from retail_core import limits
from retail_core.loyalty.leases import Right, RightKind
from retail_core.tally import FaultTally
from tools import bulk_members, embedded_pg
from tools.bench.cpu import Spent
from tools.bench.ingest_frames import WALL_MS, Shop, open_shops
from tools.bench.report import ROOT, Bench, Row, percentile

ROUND_SALES = 6_000
BATCHES = (1, 10, 100)
ALONE_MAX = 400
BACKLOG_FRAME = 200
REDEEMS_EVERY = 50
LENT = 100_000
SHARDS = range(limits.SHARDS)


class SimClock(Clock):
    """A clock that goes on by a millisecond each time it is read."""

    def __init__(self) -> None:
        self._now = WALL_MS

    def now_ms(self) -> int:
        """Return the next millisecond."""
        self._now += 1
        return self._now


@dataclass(slots=True)
class Scene:
    """A database with a chain of stores, and what is measured on it."""

    server: embedded_pg.Server
    units: PostgresUnits
    tenant: UUID
    shops: list[Shop]
    ingest: Ingest
    bench: Bench
    chance: Random

    def measure(self, name: str, batches: Sequence[Sequence[Inbound]], sales: int) -> None:
        """Book batches and note rate, times of a batch, its statements and cost of a sale."""
        with _counted() as sent:
            times = self.run(name, batches, sales, self.ingest.book)
        self.bench.add(Row(f"{name}: statements", sent.total() / len(batches), "a batch"))
        self.bench.add(Row(f"{name}: a batch p50", percentile(times, 50), "ms"))
        self.bench.add(Row(f"{name}: a batch p99", percentile(times, 99), "ms"))

    def run(
        self,
        name: str,
        batches: Sequence[Sequence[Inbound]],
        sales: int,
        work: Callable[[Sequence[Inbound]], object],
    ) -> list[float]:
        """Give batches to a stage, note the rate and what a sale costs; return the times (ms)."""
        times: list[float] = []
        before, began = Spent.now(self.server.data_dir), time.perf_counter()
        for batch in batches:
            start = time.perf_counter()
            work(batch)
            times.append((time.perf_counter() - start) * 1000)
        self.note(name, sales, time.perf_counter() - began, before)
        return times

    def note(
        self, name: str, sales: int, wall_s: float, before: Spent, bar: float | None = None
    ) -> None:
        """Add the rate and the processor time of each sale."""
        cost = Spent.now(self.server.data_dir).since(before)
        add = self.bench.add
        add(Row(f"{name}: rate", sales / wall_s, "sales/s", bar, "higher"))
        add(Row(f"{name}: Python", cost.own_s / sales * 1e6, "µs/sale"))
        add(Row(f"{name}: PostgreSQL", cost.server_s / sales * 1e6, "µs/sale"))


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Count what is sent to the database, by statement."""
    sent, send = Counter[str](), Lane.send

    def counted(lane: Lane, statement: str, values: Mapping[str, object]) -> Answer:
        sent[statement] += 1
        return send(lane, statement, values)

    Lane.send = counted  # type: ignore[method-assign, assignment]
    try:
        yield sent
    finally:
        Lane.send = send  # type: ignore[method-assign]


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=200_000)
    parser.add_argument("--stores", type=int, default=1_000)
    parser.add_argument("--sales", type=int, default=ROUND_SALES)
    parser.add_argument(
        "--keep", action="store_true", help="leave the server's data for a next run"
    )
    asked = parser.parse_args()
    folder = ROOT / "var" / "bench-ingest"
    if not asked.keep:
        embedded_pg.destroy(folder)
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench("ingest")
    server = embedded_pg.start(folder)
    try:
        _measure(server, bench, asked)
    finally:
        embedded_pg.stop(folder)
        if not asked.keep:
            embedded_pg.destroy(folder)
            shutil.rmtree(folder, ignore_errors=True)
    return bench.finish()


def _measure(server: embedded_pg.Server, bench: Bench, asked: argparse.Namespace) -> None:
    _floor(server, bench)
    upgrade(server.owner_url)
    units = PostgresUnits(
        make_engine(server.app_url, connections=4, name="bench-ingest", ping=False), pipelined=True
    )
    try:
        scene = _scene(server, units, bench, asked)
        sent = _live(scene, asked.sales)
        _backlog(scene, asked.sales)
        _again(scene, sent)
        _verify(scene)
    finally:
        units.close()


def _scene(
    server: embedded_pg.Server, units: PostgresUnits, bench: Bench, asked: argparse.Namespace
) -> Scene:
    tenant, entity = uuid4(), uuid4()
    shops = open_shops(units, tenant, entity, asked.stores)
    began = time.perf_counter()
    dsn = make_conninfo(server.super_dsn, dbname=embedded_pg.DATABASE)
    bulk_members.load(dsn, tenant, [shop.store for shop in shops], asked.members)
    bench.add(Row("members loaded", asked.members, "members"))
    bench.add(Row("members: loading", time.perf_counter() - began, "s"))
    scene = Scene(
        server,
        units,
        tenant,
        shops,
        Ingest(units, SimClock(), FaultTally()),
        bench,
        Random(11),  # noqa: S311
    )
    _lend(scene)
    return scene


def _lend(scene: Scene) -> None:
    """Let every box in, sell once to one regular of each, and lend of these points to the box."""
    scene.ingest.book([shop.hello() for shop in scene.shops])
    first = [shop.frame(shop.sale_to(shop.regulars[0])) for shop in scene.shops]
    scene.ingest.book(first)
    for shop in scene.shops:
        with scene.units.begin(scene.tenant) as unit:
            right = Right(RightKind.POINTS, bulk_members.wallet_of(shop.regulars[0]))
            leasing = Leasing(unit, scene.tenant, WALL_MS)
            leasing.load([right])
            leasing.load_devices([shop.device])
            leasing.desk.grant(right, shop.device, leasing.desk.books[right].free, 1)
            leasing.save(unit.fleet.places([shop.device]))


def _live(scene: Scene, sales: int) -> list[list[Inbound]]:
    """One sale a frame, from any store."""
    everything: list[list[Inbound]] = []
    for size in BATCHES:
        count = min(sales, size * ALONE_MAX) // size
        batches = [
            [_one_sale(scene, at + number) for at in range(size)]
            for number in range(0, count * size, size)
        ]
        scene.measure(f"live, {size} a batch", batches, count * size)
        everything += batches
    return everything


def _one_sale(scene: Scene, number: int) -> Inbound:
    shop = scene.chance.choice(scene.shops)
    return shop.frame(shop.sale(redeems=number % REDEEMS_EVERY == 0))


def _backlog(scene: Scene, sales: int) -> None:
    """Shops that were dark: whole frames, made durable first and booked after."""
    shops = scene.chance.sample(scene.shops, max(1, sales // BACKLOG_FRAME))
    frames = [shop.frame(*(shop.sale() for _ in range(BACKLOG_FRAME))) for shop in shops]
    batches = [frames[at : at + 8] for at in range(0, len(frames), 8)]
    count = len(frames) * BACKLOG_FRAME
    times = scene.run("backlog, made durable", batches, count, scene.ingest.keep)
    scene.bench.add(Row("backlog, made durable: 8 frames p99", percentile(times, 99), "ms"))
    before, began, done = Spent.now(scene.server.data_dir), time.perf_counter(), 0
    while booked := scene.ingest.book_waiting(scene.tenant, SHARDS, 1_000).events:
        done += booked
    if done != count:
        raise RuntimeError(f"{done} of {count} sales were booked")
    scene.note("backlog, booked", count, time.perf_counter() - began, before)


def _again(scene: Scene, sent: Sequence[Sequence[Inbound]]) -> None:
    """Everything once more: nothing may change."""
    messages = [message for batch in sent for message in batch]
    stood = _figures(scene)
    batches = [messages[at : at + 1_000] for at in range(0, len(messages), 1_000)]
    scene.run("all of it again", batches, len(messages), scene.ingest.book)
    changed = sum(1 for a, b in zip(stood, _figures(scene), strict=True) if a != b)
    scene.bench.add(Row("all of it again: tables changed", changed, "tables", 0))


def _figures(scene: Scene) -> list[tuple[object, ...]]:
    with psycopg.connect(scene.server.super_dsn, dbname=embedded_pg.DATABASE) as connection:
        return [
            connection.execute(f"select {what} from {table}").fetchone() or ()  # noqa: S608
            for table, what in (
                ("event_log", "count(*)"),
                ("event_key", "count(*)"),
                ("receipt", "count(*), sum(total_fen)"),
                ("receipt_line", "count(*), sum(net_fen)"),
                ("posting", "count(*), sum(points)"),
                ("account", "count(*), sum(balance), sum(version)"),
                ("feed", "count(*)"),
                ("repair_queue", "count(*)"),
                ("lease_spend", "count(*), sum(amount)"),
            )
        ]  # fmt: skip


def _verify(scene: Scene) -> None:
    """Prove that the books add up, nothing is overspent, and nobody has anything to repair."""
    with psycopg.connect(scene.server.super_dsn, dbname=embedded_pg.DATABASE) as connection:
        row = connection.execute(
            "select coalesce(sum(balance), 0), count(*) filter (where balance < 0 and account"
            " like 'member:%') from account"
        ).fetchone()
        open_items = connection.execute("select count(*) from repair_queue").fetchone()
    total, below = row or (None, None)
    scene.bench.add(Row("all accounts together", float(total or 0), "points", 0))
    scene.bench.add(Row("members' accounts below 0", float(below or 0), "accounts", 0))
    scene.bench.add(Row("repair queue", float((open_items or (0,))[0]), "items", 0))


def _floor(server: embedded_pg.Server, bench: Bench) -> None:
    """Measure a bare commit, and COPY into a bare table, on the same server."""
    with psycopg.connect(server.super_dsn, autocommit=True) as connection:
        connection.execute("create table if not exists floor (id uuid, body bytea)")
        times = []
        body = bytes(400)
        for _ in range(1_000):
            start = time.perf_counter()
            connection.execute("insert into floor values (%b, %b)", (uuid4(), body))
            times.append((time.perf_counter() - start) * 1000)
        bench.add(Row("floor: a bare commit p50", percentile(times, 50), "ms", peer="PostgreSQL"))
        bench.add(Row("floor: a bare commit p99", percentile(times, 99), "ms", peer="PostgreSQL"))
        rows = [(uuid4(), body) for _ in range(50_000)]
        start = time.perf_counter()
        with connection.cursor().copy("copy floor from stdin (format binary)") as copy:
            copy.set_types(["uuid", "bytea"])
            for row in rows:
                copy.write_row(row)
        rate = len(rows) / (time.perf_counter() - start)
        bench.add(Row("floor: COPY into a bare table", rate, "rows/s", peer="PostgreSQL"))
        connection.execute("drop table floor")


if __name__ == "__main__":
    sys.exit(main())

"""How long a till waits for a sale: priced, points posted, hash-chained, encrypted and synced.

The disk of a server answers an fsync almost at once and the card of a small board does not, so
every figure stands beside one with fsyncs slowed down by 5 ms (a library of a few lines, put in
front of libc). The peer is Python's own sqlite3 with the same journal mode and nothing else to do;
the processor's time beside the clock's tells how much of it is ours on a busy machine.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time as time_of_day
from pathlib import Path

from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.domain.sale import AskedLine, SaleCommand
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import IdSource
from edge_agent.ports.journal import StoredAnswer
from edge_agent.services.close_sale import CloseSale
from edge_agent.services.price_desk import PriceDesk
from edge_agent.services.recorder import Recorder
from retail_core.catalog.article import Article
from retail_core.wire.member import MemberRecord
from tools.bench.report import ROOT, Bench, Row, percentile

SALES = 3_000
SLOW_SALES = 300
SLOW_MS = 5
BAR_MS = 10.0
LINES = 6
BODY_BYTES = 450  # what a sale of six lines weighs in the journal
KEY = b"k" * 32
BUNDLE = b"""{"version": 1, "tier_names": {"gold": "gold"},
 "offers": [
  {"kind": "tier_price", "id": "t", "name": "t", "tiers": ["gold"], "permille": 950},
  {"kind": "mix_and_match", "id": "m", "name": "m", "need": 3, "free": 1,
   "items": {"categories": ["c1"]}}],
 "earn": {"id": "base", "fen_per_point": 100}}"""
SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static void slow(void) { struct timespec t = {0, %d * 1000000L}; nanosleep(&t, 0); }
int fsync(int fd) { slow(); return ((int (*)(int)) dlsym(RTLD_NEXT, "fsync"))(fd); }
int fdatasync(int fd) { slow(); return ((int (*)(int)) dlsym(RTLD_NEXT, "fdatasync"))(fd); }
"""


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder on the project's own disk: a memory file system would prove nothing."""
    parent = ROOT / "var" / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix="commit-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def timed(work: Callable[[int], object], count: int) -> list[float]:
    """Return the milliseconds of each call."""
    times = []
    for number in range(count):
        began = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - began) * 1_000)
    return times


def sales(path: Path, count: int) -> list[float]:
    """Close sales of six articles to a member, through the production service and files."""
    clock = SystemClock(kernel_boot_id())
    ids = SystemIds(clock)
    shop = _shop(ids)
    journal = SqliteJournal(path / "journal.db", KEY, ids)
    replica = SqliteReplica(path / "replica.db", KEY)
    member = ids.uuid7()
    replica.replace_catalogue(1, [_article(ids, number) for number in range(2_000)])
    replica.replace_bundle(1, BUNDLE)
    replica.put_member(member, 1, _record(ids, shop))
    counter = CloseSale(Recorder(journal), PriceDesk(replica, shop), clock, ids, shop)
    lines = tuple(AskedLine(sku=f"S{number}") for number in range(LINES))
    due = counter.quote(lines, member).total_fen
    till = ids.uuid7()

    def sell(number: int) -> None:
        command = SaleCommand(till, f"{number:06}", lines, (("cash", due),), member)
        kept = StoredAnswer(b"h" * 32, 200, b"a" * 600)
        counter.execute(command, answer=lambda result: (f"key-{result.receipt_id}", kept))

    times = timed(sell, count)
    if journal.verify() != count:
        raise SystemExit("the journal does not hold what was sold")
    replica.close()
    journal.close()
    return times


def plain_sqlite(path: Path, count: int) -> list[float]:
    """Commit rows as the peer does: WAL, FULL, no encryption, no price, no chain."""
    connection = sqlite3.connect(path / "peer.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE row (seq INTEGER PRIMARY KEY, body BLOB)")
    body = b"x" * BODY_BYTES
    times = timed(
        lambda _number: connection.execute("INSERT INTO row (body) VALUES (?)", (body,)), count
    )
    connection.close()
    return times


def _shop(ids: IdSource) -> Shop:
    return Shop(
        tenant=ids.uuid7(),
        store=ids.uuid7(),
        device=ids.uuid7(),
        legal_entity=ids.uuid7(),
        store_name="bench",
        city="上海",
        zone="Asia/Shanghai",
        day_starts_at=time_of_day(4),
    )


def _article(ids: IdSource, number: int) -> Article:
    return Article(
        ids.uuid7(), f"S{number}", f"商品{number}", "件", 1_990, category=f"c{number % 2}"
    )


def _record(ids: IdSource, shop: Shop) -> MemberRecord:
    return MemberRecord(
        wallet=ids.uuid7().bytes,
        name="王芳",
        tier="gold",
        tags=(),
        points_free=0,
        points_pending=0,
        phone_masked="",
        phone_hash=None,
        phone_keys=(),
        cards=(),
        home_store=shop.store.bytes,
    )


def slowed() -> dict[str, list[float]] | str:
    """Measure both again with slow fsyncs in a process of its own; a sentence when it cannot be."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return "needs a C compiler: apt-get install gcc"
    with folder() as path:
        source, library = path / "shim.c", path / "shim.so"
        source.write_text(SHIM % SLOW_MS)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        done = subprocess.run(
            [sys.executable, "-m", "tools.bench.bench_commit", "--child"],
            cwd=ROOT,
            env=os.environ | {"LD_PRELOAD": str(library)},
            check=True,
            stdout=subprocess.PIPE,
        )
    times: dict[str, list[float]] = json.loads(done.stdout)
    return times


def measured(count: int) -> dict[str, list[float]]:
    """Measure the sale and its peer."""
    with folder() as path:
        began = time.process_time()
        sold = sales(path, count)
        cpu_ms = (time.process_time() - began) * 1_000 / count
        return {"sale": sold, "cpu": [cpu_ms], "peer": plain_sqlite(path, count)}


def report(bench: Bench, suffix: str, times: dict[str, list[float]], bar_ms: float | None) -> None:
    """Add p50 and p99 of both, the ratio to the peer beside them."""
    for percent in (50, 99):
        peer = percentile(times["peer"], percent)
        value = percentile(times["sale"], percent)
        beside = f"sqlite3 {peer:.3f} ms, ×{value / peer:.1f}"
        bar = bar_ms if percent > 50 else None  # noqa: PLR2004 -- the bar is on the tail
        bench.add(Row(f"sale committed durably{suffix} p{percent}", value, "ms", bar, peer=beside))


def main() -> int:
    """Run the bench."""
    if "--child" in sys.argv:
        print(json.dumps(measured(SLOW_SALES)))
        return 0
    bench = Bench("commit")
    fast = measured(SALES)
    report(bench, "", fast, BAR_MS)
    bench.add(Row("processor time of a sale", fast["cpu"][0], "ms"))
    slow = slowed()
    name = f", fsync + {SLOW_MS} ms"
    if isinstance(slow, str):
        bench.add(Row(f"sale committed durably{name}", None, "ms", why=slow))
    else:
        report(bench, name, slow, None)
    return bench.finish()


if __name__ == "__main__":
    raise SystemExit(main())

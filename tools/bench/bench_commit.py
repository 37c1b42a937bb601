"""How long a till waits for a sale: priced, points posted, hash-chained, encrypted and synced.

The disk of a server answers an fsync almost at once and the card of a small board does not, so
every figure stands beside one with fsyncs slowed down by 5 ms (a library of a few lines, put in
front of libc). The peer is Python's own sqlite3 with the same journal mode and nothing else to do;
the processor's time beside the clock's tells how much of it is ours on a busy machine.

Bytes written are counted twice: what SQLite asks to be written (a VFS that counts, tools/faults),
and what the kernel takes to the disk for it in whole blocks (`write_bytes` of /proc/self/io).
"""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import time as time_of_day
from itertools import count
from pathlib import Path

import msgspec

from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import MANNER, SqliteJournal
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.adapters.sqlite_file import Manner
from edge_agent.domain.sale import AskedLine, SaleCommand
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import IdSource
from edge_agent.ports.journal import StoredAnswer
from edge_agent.services.counter.close_sale import CloseSale
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.catalog.article import Article
from retail_core.wire.member import MemberRecord
from tools.bench.report import ROOT, Bench, Row, percentile
from tools.faults.counting_vfs import CountingVfs
from tools.faults.slow_disk import NEEDS, slow_disk

TAIL = 99
SALES = 3_000
SLOW_SALES = 300
SLOW_MS = 5
BAR_MS = 5.0
SLOW_BAR_MS = 25.0
BYTES_BAR = 40_000
COUNTED_SALES = 2_000
TILLS = (1, 2, 4, 8)
SECONDS_A_STEP = 2.0
LINES = 6
BODY_BYTES = 450  # what a sale of six lines weighs in the journal
KEY = b"k" * 32
BUNDLE = b"""{"version": 1, "tier_names": {"gold": "gold"},
 "offers": [
  {"kind": "tier_price", "id": "t", "name": "t", "tiers": ["gold"], "permille": 950},
  {"kind": "mix_and_match", "id": "m", "name": "m", "need": 3, "free": 1,
   "items": {"categories": ["c1"]}}],
 "earn": {"id": "base", "fen_per_point": 100}}"""


class Measured(msgspec.Struct):
    """Milliseconds of each sale, of its write alone, of a bare commit; `at_once` by tills."""

    sale: list[float]
    commit: list[float]
    cpu_ms: float
    peer: list[float]
    at_once: dict[str, tuple[float, float, float]]


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


def timed(work: Callable[[int], object], wanted: int) -> list[float]:
    """Return the milliseconds of each call."""
    times = []
    for number in range(wanted):
        began = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - began) * 1_000)
    return times


@dataclass(frozen=True, slots=True)
class Shelf:
    """A box that sells six articles to a member, through the production services and files."""

    journal: SqliteJournal
    sell: Callable[[], object]


@contextmanager
def shelf(path: Path, manner: Manner = MANNER) -> Iterator[Shelf]:
    """Open the files of a box that can sell."""
    clock = SystemClock(kernel_boot_id())
    ids = SystemIds(clock)
    shop = _shop(ids)
    journal = SqliteJournal(path / "journal.db", KEY, ids, manner)
    replica = SqliteReplica(path / "replica.db", KEY)
    member = ids.uuid7()
    replica.replace_catalogue(1, [_article(ids, number) for number in range(2_000)])
    replica.replace_bundle(1, BUNDLE)
    replica.put_member(member, 1, _record(ids, shop))
    counter = CloseSale(Recorder(journal), PriceDesk(replica, shop), clock, ids, shop)
    lines = tuple(AskedLine(sku=f"S{number}") for number in range(LINES))
    due = counter.quote(lines, member).total_fen
    till, numbers = ids.uuid7(), count(1)

    def sell() -> None:
        command = SaleCommand(till, f"{next(numbers):06}", lines, (("cash", due),), member)
        kept = StoredAnswer(b"h" * 32, 200, b"a" * 600)
        counter.execute(command, answer=lambda result: (f"key-{result.receipt_id}", kept))

    yield Shelf(journal, sell)
    replica.close()
    journal.close()


def sales(path: Path, wanted: int) -> list[float]:
    """Close sales one after another; return the milliseconds of each."""
    with shelf(path) as box:
        times = timed(lambda _number: box.sell(), wanted)
        if box.journal.verify() != wanted:
            raise SystemExit("the journal does not hold what was sold")
    return times


def written(path: Path) -> tuple[float, float]:
    """Return the bytes a sale has written: by SQLite to its files, by the kernel to the disk.

    The cloud acknowledges each sale, as it does when the line is up.
    """
    vfs = CountingVfs("bench-commit")
    with shelf(path, replace(MANNER, vfs=vfs.vfs_name)) as box:
        vfs.counted.clear()
        before = _kernel_bytes()
        for number in range(1, COUNTED_SALES + 1):
            box.sell()
            box.journal.mark_acked([(number, number)])
    counted = vfs.counted["log bytes"] + vfs.counted["file bytes"]
    return counted / COUNTED_SALES, (_kernel_bytes() - before) / COUNTED_SALES


def _kernel_bytes() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["write_bytes"])


def together(path: Path, tills: int) -> tuple[float, float, float]:
    """Write sales of several tills at once; return sales a second, syncs and bytes of a sale.

    They are priced beforehand, for tills that share two cores would wait for prices and never meet
    at the disk. A VFS in Python would hold its lock while the disk syncs: so the syncs are counted
    as what they are, commits, and the bytes are the kernel's.
    """
    synced = count()
    with shelf(path) as box:
        write = _priced(box)
        box.journal.file.writer.set_commit_hook(lambda: bool(next(synced) < 0))
        before = _kernel_bytes()
        ends = time.monotonic() + SECONDS_A_STEP

        def till(_number: int) -> int:
            sold = 0
            while time.monotonic() < ends:
                write()
                sold += 1
            return sold

        with ThreadPoolExecutor(tills) as pool:
            sold = sum(pool.map(till, range(tills)))
        written_bytes = _kernel_bytes() - before
    return sold / SECONDS_A_STEP, next(synced) / sold, written_bytes / sold


def commits(path: Path, wanted: int) -> list[float]:
    """Write priced sales one after another; return the milliseconds of each."""
    with shelf(path) as box:
        write = _priced(box)
        return timed(lambda _number: write(), wanted)


def _priced(box: Shelf) -> Callable[[], object]:
    """Sell once; return what writes the same sale again under another event and another key."""
    box.sell()
    (sale,) = box.journal.records()
    recorder, ids = Recorder(box.journal), SystemIds(SystemClock(kernel_boot_id()))
    kept = StoredAnswer(b"h" * 32, 200, b"a" * 600)

    def write() -> None:
        draft = replace(sale.draft, event_id=ids.uuid7())
        key = f"key-{draft.event_id}"

        def answered(_seq: int) -> tuple[str, StoredAnswer]:
            return key, kept

        recorder.record([draft], lambda seq: seq, answered)

    return write


def plain_sqlite(path: Path, wanted: int) -> list[float]:
    """Commit rows as the peer does: WAL, FULL, no encryption, no price, no chain."""
    connection = sqlite3.connect(path / "peer.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE row (seq INTEGER PRIMARY KEY, body BLOB)")
    body = b"x" * BODY_BYTES
    times = timed(
        lambda _number: connection.execute("INSERT INTO row (body) VALUES (?)", (body,)), wanted
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


def slowed() -> Measured | str:
    """Measure again with slow syncs, in a process of its own; a sentence when it cannot be."""
    with folder() as path:
        environment = slow_disk(path, SLOW_MS)
        if environment is None:
            return NEEDS
        done = subprocess.run(
            [sys.executable, "-m", "tools.bench.bench_commit", "--child"],
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
        )
    return msgspec.json.decode(done.stdout, type=Measured)


def measured(wanted: int) -> Measured:
    """Measure the sale, its peer, and several tills at once."""
    with folder() as path:
        began = time.process_time()
        sold = sales(path, wanted)
        cpu_ms = (time.process_time() - began) * 1_000 / wanted
        peer = plain_sqlite(path, wanted)
    with folder() as path:
        written_alone = commits(path, wanted)
    at_once = {}
    for tills in TILLS:
        with folder() as path:
            at_once[str(tills)] = together(path, tills)
    return Measured(sold, written_alone, cpu_ms, peer, at_once)


def report(bench: Bench, suffix: str, found: Measured, bar_ms: float) -> None:
    """Add the percentiles of both, the ratio to the peer beside them, and the tills at once."""
    for percent in (50, 95, 99):
        peer, value = percentile(found.peer, percent), percentile(found.commit, percent)
        beside = f"bare SQLite commit {peer:.3f} ms, ×{value / peer:.1f}"
        bar = bar_ms if percent == TAIL else None
        bench.add(Row(f"durable commit{suffix} p{percent}", value, "ms", bar, peer=beside))
    for percent in (50, TAIL):
        value = percentile(found.sale, percent)
        bench.add(Row(f"sale priced and committed{suffix} p{percent}", value, "ms"))
    for tills, (rate, syncs, wrote) in found.at_once.items():
        beside = f"{syncs:.2f} syncs and {wrote / 1_000:.1f} KB a sale"
        bench.add(
            Row(
                f"written by tills at once{suffix}: {tills}",
                rate,
                "sales/s",
                None,
                "higher",
                beside,
            )
        )


def main() -> int:
    """Run the bench."""
    if "--child" in sys.argv:
        print(msgspec.json.encode(measured(SLOW_SALES)).decode())
        return 0
    bench = Bench("commit")
    fast = measured(SALES)
    report(bench, "", fast, BAR_MS)
    bench.add(Row("processor time of a sale", fast.cpu_ms, "ms"))
    with folder() as path:
        counted, kernel = written(path)
    bench.add(Row("written for a sale, by a counting VFS", counted, "B", BYTES_BAR))
    bench.add(Row("written for a sale, /proc/self/io", kernel, "B", BYTES_BAR))
    slow = slowed()
    name = f", fsync + {SLOW_MS} ms"
    if isinstance(slow, str):
        bench.add(Row(f"sale committed durably{name}", None, "ms", why=slow))
    else:
        report(bench, name, slow, SLOW_BAR_MS)
    return bench.finish()


if __name__ == "__main__":
    raise SystemExit(main())

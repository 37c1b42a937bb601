"""The metric catalogue: RFM over ten million orders, tags of two million members, parity of rows.

Made rows (`tools/bench/analytic_data.py`), because no public log holds that many. PostgreSQL is
compared on a small part of the same kind; the suite compares it on every run, too.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from psycopg.conninfo import make_conninfo

from cloud_broker.adapters.analytics.duck import DuckAnalytics
from cloud_broker.adapters.analytics.pg import PostgresAnalytics
from cloud_broker.adapters.analytics.statements import statement
from cloud_broker.adapters.postgres.unit_of_work import make_engine
from cloud_broker.domain.metrics import catalogue
from cloud_broker.domain.metrics.facts import Asked
from tests.factories.analytic_world import TENANT, load_tables, read_files
from tools import embedded_pg
from tools.bench.analytic_data import Size, make
from tools.bench.report import Bench, Row

DAY = date(2026, 11, 1)
ASKED = Asked(DAY, festivals=((date(2026, 1, 27), date(2026, 2, 24)),))
BIG = Size(members=2_000_000, orders=10_000_000, events=2_000_000)
SMALL = Size(members=4_000, orders=20_000, events=10_000)
RFM_S, TAGS_S = 15, 10
MEMORY = "4GB"


def measure(bench: Bench, folder: Path, size: Size = BIG) -> None:
    """Add the rows; `folder` is not read, rows are made."""
    del folder
    with tempfile.TemporaryDirectory(prefix="regulars-metrics-") as place:
        here = Path(place)
        here.chmod(0o755)
        make(here / "big", size, DAY)
        engine = DuckAnalytics(here / "big", memory=MEMORY, spill=here)
        try:
            _times(bench, engine, size)
        finally:
            engine.close()
        shutil.rmtree(here / "big")
        _parity(bench, here)


def _times(bench: Bench, engine: DuckAnalytics, size: Size) -> None:
    query = statement(catalogue.rfm(ASKED), "duckdb")
    name = f"RFM over {size.orders:,} orders, DuckDB"
    bench.add(Row(name, _seconds(lambda: engine.keep("rfm", query)), "s", RFM_S, "lower"))
    took: dict[str, float] = {}
    began = time.perf_counter()
    for step in engine.steps(ASKED):
        took[step] = time.perf_counter() - began
        began = time.perf_counter()
    worded = took.pop("tags")
    facts = sum(took.values())
    said = f"{len(catalogue.TAGS)} tags x {size.members:,} members, from their facts"
    bench.add(Row(said, worded, "s", TAGS_S, "lower"))
    # No bar stands for it: the facts of all tags, lines and events too, from the rows.
    bench.add(Row(f"facts of all tags from {size.orders:,} orders", facts, "s"))


def _parity(bench: Bench, here: Path) -> None:
    make(here / "small", SMALL, DAY)
    server = embedded_pg.start(here / "pg")
    try:
        dsn = make_conninfo(server.super_dsn, dbname=embedded_pg.DATABASE)
        load_tables(dsn, "p", read_files(here / "small"))
        pool = make_engine(server.app_url)
        duck = DuckAnalytics(here / "small", spill=here)
        ours = list(duck.rows(ASKED))
        theirs = list(PostgresAnalytics(pool, TENANT, schema="p").rows(ASKED))
        duck.close()
        pool.dispose()
    finally:
        embedded_pg.destroy(here / "pg")
    differing = abs(len(ours) - len(theirs)) + sum(
        one != other for one, other in zip(ours, theirs, strict=False)
    )
    name = f"rows that differ on DuckDB and PostgreSQL, of {len(ours):,}"
    bench.add(Row(name, differing, "rows", 0, "lower"))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

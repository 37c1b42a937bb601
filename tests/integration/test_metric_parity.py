"""Every entry of the catalogue says the same on every engine, row by row.

Values are whole numbers, words and flags, so equal means equal. ClickHouse runs in a Python of its
own (`make parity-clickhouse`), because its package is half a gigabyte.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cloud_broker.adapters.analytics.duck import DuckAnalytics
from cloud_broker.adapters.analytics.pg import PostgresAnalytics
from cloud_broker.adapters.analytics.statements import statement, step_by_step
from cloud_broker.adapters.postgres.unit_of_work import make_engine
from cloud_broker.domain.metrics import catalogue
from cloud_broker.domain.metrics.catalogue import TAGS
from cloud_broker.domain.metrics.facts import Asked
from cloud_broker.domain.metrics.tables import SCHEMAS
from tests.factories.analytic_world import TENANT, load_tables, read_files
from tests.plugins.postgres import Database
from tools.bench.analytic_data import Size, make

ROOT = Path(__file__).resolve().parents[2]
CLICKHOUSE = ROOT / "var" / "parity" / "bin" / "python"
DAY = date(2026, 11, 1)
ASKED = Asked(
    DAY, festivals=((date(2025, 1, 8), date(2025, 2, 5)), (date(2026, 1, 27), date(2026, 2, 24)))
)
NAMES = ("person_id", *(tag.key for tag in TAGS))
Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parity")
    make(folder, Size(400, 3_000, 3_000), DAY)
    return folder


@pytest.fixture(scope="module")
def duck(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckAnalytics]:
    engine = DuckAnalytics(files, memory="300MB", spill=tmp_path_factory.mktemp("spill"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def here(duck: DuckAnalytics) -> Rows:
    return list(duck.rows(ASKED))


def differing(ours: Rows, theirs: Sequence[Sequence[object]]) -> Mapping[str, list[object]]:
    """Return by tag the first values that differ, members by id."""
    found: dict[str, list[object]] = {}
    others = {str(row[0]): row for row in theirs}
    assert {str(row[0]) for row in ours} == set(others)
    for row in ours:
        for name, one, other in zip(NAMES[1:], row[1:], others[str(row[0])][1:], strict=True):
            if one != other:
                found.setdefault(name, []).append((str(row[0]), one, other))
    return found


def test_the_data_asks_every_tag_something(here: Rows) -> None:
    """A tag that is the same of everybody would be equal everywhere and prove nothing."""
    values = {name: {row[place] for row in here} for place, name in enumerate(NAMES)}
    flat = {name for name, seen in values.items() if len(seen) < 2}
    assert flat <= {"declared_maternity", "declared_care"}


def test_postgresql_says_what_duckdb_says(
    files: Path, duck: DuckAnalytics, here: Rows, shared_database: Database
) -> None:
    load_tables(shared_database.super_dsn, "parity", read_files(files))
    pool = make_engine(shared_database.url)
    there = PostgresAnalytics(pool, TENANT, schema="parity")
    try:
        assert differing(here, list(there.rows(ASKED))) == {}
        assert list(duck.rfm(ASKED)) == list(there.rfm(ASKED))
        assert list(duck.tagged(ASKED)) == list(there.tagged(ASKED))
    finally:
        pool.dispose()


@pytest.mark.skipif(not CLICKHOUSE.exists(), reason="no chDB: `make parity-clickhouse` fetches it")
def test_clickhouse_says_what_duckdb_says(files: Path, duck: DuckAnalytics, here: Rows) -> None:
    views = {
        table: ", ".join(
            f"toUUIDOrNull({name}) as {name}" if kind == "uuid" else name
            for name, kind in columns.items()
        )
        for table, columns in SCHEMAS.items()
    }
    asked = {
        "folder": str(files),
        "views": views,
        "steps": [(one.name, one.query) for one in step_by_step(ASKED, "clickhouse")],
        "asks": {
            "tags": "select * from tags",
            "rfm": statement(catalogue.rfm(ASKED), "clickhouse"),
        },
    }
    done = subprocess.run(
        [str(CLICKHOUSE), str(ROOT / "tools" / "clickhouse_rows.py")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    got: dict[str, list[list[Any]]] = json.loads(done.stdout)
    numbers = [isinstance(seen, int) and not isinstance(seen, bool) for seen in _some(here)]
    assert differing(here, [_whole(row, numbers) for row in got["tags"]]) == {}
    ours = {str(row[0]): row[1:] for row in duck.rfm(ASKED)}
    assert {
        row[0]: (*map(int, row[1:4]), *row[4:]) if row[1] else tuple(row[1:]) for row in got["rfm"]
    } == ours


def _some(rows: Rows) -> list[object]:
    """Return for each column a value that is there."""
    return [
        next((value for value in column if value is not None), None)
        for column in zip(*rows, strict=True)
    ]


def _whole(row: Sequence[Any], numbers: Sequence[bool]) -> list[Any]:
    """Return a row with whole numbers as such: ClickHouse writes wide ones as text."""
    return [
        int(value) if number and value is not None else value
        for value, number in zip(row, numbers, strict=True)
    ]

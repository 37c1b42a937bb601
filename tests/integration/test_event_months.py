"""Months of the event log: rows find theirs, queries look into one, old ones are put away whole."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from cloud_broker.__main__ import app
from cloud_broker.adapters.postgres import event_months
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from tests.fakes.cloud_box import fresh_id
from tests.plugins.cloud import new_tenant
from tests.plugins.postgres import Database

_ADD = (
    "insert into event_log (tenant_id, event_id, received_at, store_id, device_id, epoch, seq,"
    " type, wall_ms, time_quality, boot_id, mono_ms, hash, body)"
    " select %(tenant)s, gen_random_uuid(), %(at)s::timestamptz + n * interval '1 minute',"
    " %(id)s, %(id)s, 1, n, 'sale', 0, 0, %(id)s, 0, '', '' from generate_series(1, %(many)s) n"
)
NOW = datetime.now(UTC)
MAY_2019 = datetime(2019, 5, 10, tzinfo=UTC)
EDGE = datetime(2019, 6, 1, tzinfo=UTC)


@pytest.fixture
def filled(database: Database, pg_units: PostgresUnits) -> tuple[Database, UUID]:
    """A log with rows of today, of 2019, and on the first moment of a month."""
    tenant = new_tenant(pg_units)
    with psycopg.connect(database.url.replace("+psycopg", "")) as connection:
        connection.execute("select set_config('app.tenant', %s, true)", (str(tenant),))
        for at, many in ((NOW, 50), (MAY_2019, 300), (EDGE - timedelta(minutes=1), 1)):
            values = {"tenant": tenant, "at": at, "id": fresh_id(), "many": many}
            connection.execute(_ADD, values)
    return database, tenant


def seen(database: Database, tenant: UUID) -> int:
    """Count the events as the application sees them."""
    with psycopg.connect(database.url.replace("+psycopg", "")) as connection:
        connection.execute("select set_config('app.tenant', %s, true)", (str(tenant),))
        row = connection.execute("select count(*) from event_log").fetchone()
    assert row is not None
    return int(row[0])


def rows_of(database: Database, table: str) -> int:
    with psycopg.connect(database.super_dsn) as connection:
        counting = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
        row = connection.execute(counting).fetchone()
    assert row is not None
    return int(row[0])


def test_rows_without_a_month_find_theirs(
    filled: tuple[Database, UUID], pg_units: PostgresUnits
) -> None:
    database, tenant = filled
    assert rows_of(database, "event_log_default") == 301
    assert pg_units.make_partitions(3) == 2
    assert pg_units.make_partitions(3) == 0
    assert rows_of(database, "event_log_default") == 0
    assert (rows_of(database, "event_log_2019_05"), rows_of(database, "event_log_2019_06")) == (
        300,
        1,
    )
    assert seen(database, tenant) == 351
    with psycopg.connect(database.url.replace("+psycopg", "")) as connection:
        connection.execute("select set_config('app.tenant', %s, true)", (str(tenant),))
        # What is asked for by its moment is looked for in one month.
        plan = connection.execute(
            "explain select * from event_log where tenant_id = %s and received_at = %s",
            (tenant, MAY_2019),
        ).fetchall()
        text = "\n".join(str(line[0]) for line in plan)
        assert "event_log_2019_05" in text
        assert "event_log_2019_06" not in text
        assert "event_log_default" not in text
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from event_log_2019_05")


def test_old_months_are_put_away_whole(
    filled: tuple[Database, UUID], pg_units: PostgresUnits, tmp_path: Path
) -> None:
    database, tenant = filled
    pg_units.make_partitions(3)
    config = tmp_path / "cloud.toml"
    config.write_text(
        f'database_url = "{database.url}"\nmigrate_url = "{database.owner_url}"\n'
        f'secrets_dir = "{tmp_path}"\n'
    )

    def said(*command: str) -> dict[str, str]:
        done = CliRunner().invoke(app, ["event-log", *command, "--config", str(config), "--json"])
        assert done.exit_code == 0, done.output
        answer: dict[str, str] = json.loads(done.output)
        return answer

    before = list(said("months"))
    assert before[:2] == ["event_log_2019_05", "event_log_2019_06"]
    assert list(said("put-away", "--keep-months", "13")) == before[:2]
    assert list(said("put-away")) == []
    assert list(said("months")) == before[2:]
    assert seen(database, tenant) == 50
    with psycopg.connect(database.owner_url.replace("+psycopg", "")) as connection:
        kept = connection.execute("select count(*) from event_archive.event_log_2019_05").fetchone()
        assert kept == (300,)
    with (
        psycopg.connect(database.url.replace("+psycopg", "")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from event_archive.event_log_2019_05")
    # The archive holds the month; a row that comes late for it makes a new one.
    assert pg_units.make_partitions(3) == 0


def test_less_than_a_year_is_never_put_away() -> None:
    done = CliRunner().invoke(app, ["event-log", "put-away", "--keep-months", "12"])
    assert done.exit_code == 2
    assert event_months.since(date(2026, 11, 22), 13) == date(2025, 10, 1)
    assert event_months.since(date(2026, 1, 1), 24) == date(2024, 1, 1)

"""Postings of before the ledger's tables keep their place and get the day they count on."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import create_engine

from cloud_broker.migrations import runner
from tools import embedded_pg

A, B = (UUID(f"01900000-0000-7000-8000-00000000000{letter}") for letter in "ab")
SOLD, LOOSE = (UUID(int=number) for number in (1, 2))
AT = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
def old_url(postgres_template: embedded_pg.Server) -> Iterator[str]:
    """A database as it was before."""
    name = sql.Identifier("before_points")
    with psycopg.connect(postgres_template.super_dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} owner {}").format(
                name, sql.Identifier(embedded_pg.OWNER_ROLE)
            )
        )
    url = postgres_template.owner_url.removesuffix(embedded_pg.DATABASE) + "before_points"
    config = Config()
    config.set_main_option("script_location", str(Path(runner.__file__).parent))
    config.set_main_option("path_separator", "os")
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
    engine.dispose()
    yield url
    with psycopg.connect(postgres_template.super_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(name))


def add(connection: "psycopg.Connection[tuple[object, ...]]", tenant: UUID) -> None:
    connection.execute("select set_config('app.tenant', %s, false)", (str(tenant),))
    connection.execute(
        "insert into receipt (tenant_id, receipt_id, event_id, store_id, device_id, source,"
        " till_receipt_no, business_date, shelf_fen, total_fen, points, tenders, sold_ms,"
        " received_at, bundle_version, bundle_hash, certificate_hash, solver_status)"
        " values (%s, %s, %s, %s, %s, 'api', '1', '2026-11-18', 1, 1, 5, '[]', 77, %s, 1,"
        " '', '', 'optimal')",
        (tenant, SOLD, SOLD, SOLD, SOLD, AT),
    )
    for receipt in (SOLD, LOOSE):
        connection.execute(
            "insert into posting (tenant_id, receipt_id, line, rule, kind, nth, debit, credit,"
            " points, issuer, event_id, posted_at)"
            " values (%s, %s, 1, 'r', 'earn', 0, 'a', 'b', 5, %s, %s, %s)",
            (tenant, receipt, SOLD, SOLD, AT),
        )


def test_every_tenants_postings_get_their_day(old_url: str) -> None:
    plain = old_url.replace("+psycopg", "")
    with psycopg.connect(plain) as connection:
        for tenant in (A, B):
            add(connection, tenant)
    assert runner.upgrade(old_url) == ("0005", runner.newest())
    with psycopg.connect(plain) as connection:
        for tenant in (A, B):
            connection.execute("select set_config('app.tenant', %s, false)", (str(tenant),))
            rows = connection.execute(
                "select receipt_id, business_date, happened_ms, points from posting order by 1"
            ).fetchall()
            assert rows == [
                (SOLD, date(2026, 11, 18), 77, 5),
                (LOOSE, date(2026, 11, 20), int(AT.timestamp() * 1000), 5),
            ]
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            connection.execute("update posting set points = 6")
    with psycopg.connect(plain) as connection:
        found = connection.execute("select count(*) from posting").fetchone()
        assert found == (0,), "the rows are closed again, to the owner too"

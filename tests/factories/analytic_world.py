"""Analytic rows by hand, on files and in tables, so that an engine can be asked about them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import psycopg
from psycopg import sql

from cloud_broker.domain.metrics.tables import SCHEMAS

TENANT = UUID("01900000-0000-7000-8000-0000000000aa")
Rows = Sequence[Mapping[str, Any]]
PG_TYPES = {
    "string": "text",
    "uuid": "uuid",
    "date": "date",
    "timestamp": "timestamp",
    "int64": "bigint",
    "boolean": "boolean",
    "array<string>": "text[]",
    "jsonb": "jsonb",
}
DUCK_TYPES = PG_TYPES | {"string": "varchar", "uuid": "varchar", "array<string>": "varchar[]"}


def person(number: int) -> UUID:
    """Return the nth member's id."""
    return UUID(int=number + (1 << 120))


def member(number: int, **changes: Any) -> dict[str, Any]:
    """Return a member who joined long ago, said nothing and refused nothing."""
    plain = {
        "tenant_id": str(TENANT),
        "person_id": person(number),
        "joined_on": date(2024, 1, 15),
        "home_store_id": "home",
        "tier": "gold",
        "birth_month": None,
        "birth_year_declared": None,
        "declared_tags": [],
        "sms_consent": False,
        "wechat_consent": False,
        "personalise": True,
        "sensitive_consent": False,
        "points_spendable": 0,
        "source_channel": "till",
    }
    return plain | changes


def order(number: int, of: int | None, day: date, **changes: Any) -> dict[str, Any]:
    """Return a purchase at the till at 15 o'clock, of one unit at its shelf price of 100 yuan."""
    plain = {
        "tenant_id": str(TENANT),
        "order_id": f"o{number}",
        "person_id": None if of is None else person(of),
        "channel": "till",
        "store_id": "home",
        "region": "east",
        "business_date": day,
        "ordered_at": datetime(day.year, day.month, day.day, 7),  # noqa: DTZ001 - UTC, as stored
        "hour_local": 15,
        "list_fen": 10_000,
        "net_fen": 10_000,
        "refunded_fen": 0,
        "cost_fen": None,
        "points_used": 0,
        "coupons": 0,
        "units": 1,
        "status": "paid",
        "clerk_id": None,
        "quarantined": False,
    }
    made = plain | changes
    if made["channel"] != "till":
        made |= {"store_id": None, "region": None} | changes
    return made


def line(of: Mapping[str, Any], number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the line of an order, all of it."""
    shared = ("tenant_id", "order_id", "person_id", "channel", "store_id", "business_date")
    plain = {name: of[name] for name in (*shared, "units", "list_fen", "net_fen", "cost_fen")}
    plain |= {
        "line_no": number,
        "sku": "S1",
        "brand": "B1",
        "category": "C1",
        "promoted": False,
        "counts": of["status"] in {"paid", "part_refunded"} and not of["quarantined"],
    }
    return plain | changes


def event(number: int, of: int, day: date, name: str, **changes: Any) -> dict[str, Any]:
    """Return something she did in the mini-program."""
    plain = {
        "tenant_id": str(TENANT),
        "event_id": f"e{number}",
        "person_id": person(of),
        "anonymous_id": "",
        "name": name,
        "channel": "wechat_mini",
        "business_date": day,
        "occurred_at": datetime(day.year, day.month, day.day, 9),  # noqa: DTZ001 - UTC, as stored
        "sku": "S1",
        "category": "C1",
        "session_id": "s",
        "quarantined": False,
    }
    return plain | changes


def write_files(folder: Path, tables: Mapping[str, Rows]) -> Path:
    """Write tables as Parquet; return the folder."""
    for table, rows in tables.items():
        place = folder / table
        place.mkdir(parents=True)
        columns = SCHEMAS[table]
        with duckdb.connect() as engine:
            made = ", ".join(f"{name} {DUCK_TYPES[kind]}" for name, kind in columns.items())
            engine.execute(f"create table t ({made})")
            marks = ", ".join("?" for _ in columns)
            for row in rows:
                values = [
                    str(row[name]) if kind == "uuid" and row[name] is not None else row[name]
                    for name, kind in columns.items()
                ]
                engine.execute(f"insert into t values ({marks})", values)  # noqa: S608 - marks
            engine.execute(f"copy t to '{place / 'data.parquet'}' (format parquet)")
    return folder


def read_files(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return tables of a folder as rows, ids of members as UUIDs."""
    found: dict[str, list[dict[str, Any]]] = {}
    with duckdb.connect() as engine:
        for table, columns in SCHEMAS.items():
            files = folder / table / "*.parquet"
            query = f"select {', '.join(columns)} from '{files}'"  # noqa: S608 - our names
            rows = engine.execute(query).fetchall()
            found[table] = [dict(zip(columns, row, strict=True)) for row in rows]
            for row in found[table]:
                row["person_id"] = None if row["person_id"] is None else UUID(row["person_id"])
    return found


# What segments read besides: what was worked out of members, and the shops.
SEGMENT_SCHEMAS = {
    "tagged": {"tenant_id": "string", "person_id": "uuid", "tags": "jsonb"},
    "stores": {"tenant_id": "string", "store_id": "string", "region_id": "string"},
}


def load_tables(
    dsn: str,
    schema: str,
    tables: Mapping[str, Rows],
    schemas: Mapping[str, Mapping[str, str]] = SCHEMAS,
) -> None:
    """Put tables into a schema of PostgreSQL, closed by tenant, readable by the application."""
    own = "tenant_id = nullif(current_setting('app.tenant', true), '')"
    with psycopg.connect(dsn) as connection:
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("create schema {}").format(name))
        connection.execute(sql.SQL("grant usage on schema {} to regulars_app").format(name))
        for table, columns in schemas.items():
            full = sql.Identifier(schema, table)
            made = ", ".join(f"{column} {PG_TYPES[kind]}" for column, kind in columns.items())
            connection.execute(sql.SQL("create table {} ({})").format(full, sql.SQL(made)))
            connection.execute(sql.SQL("grant select on {} to regulars_app").format(full))
            connection.execute(sql.SQL("alter table {} enable row level security").format(full))
            connection.execute(
                sql.SQL("create policy own on {} using ({})").format(full, sql.SQL(own))
            )
            with connection.cursor().copy(sql.SQL("copy {} from stdin").format(full)) as copied:
                for row in tables[table]:
                    copied.write_row([row[column] for column in columns])

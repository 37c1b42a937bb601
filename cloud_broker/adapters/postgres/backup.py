"""A whole database out of one snapshot and into an empty one, by COPY in its binary form.

Not a copy of the server's files: that would bind the backup to the server's release and could not
be read by the program that has to. Not the server's own dump tool: it reads past the rows' security
only as a superuser, and need not be on the machine. Rows come tenant by tenant, as the policies
give them to the owner's role.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from hashlib import sha256
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, create_engine, make_url

from cloud_broker.adapters.backup_file import FRAME_BYTES_MAX, BackupReader, BackupWriter
from cloud_broker.adapters.backup_folders import FolderReader
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TABLE, DATA, END, SEQUENCES, SECRET, WHOLE = b"T", b"D", b"E", b"S", b"F", b"Z"
Progress = Callable[[str, int], None]

_TABLES = """
select c.relname, c.relrowsecurity,
  (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '')
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
  and c.relname not in ('alembic_version', 'ingest_worker', 'shard_lease') order by c.relname
"""
_REFERENCES = """
select child.relname, parent.relname from pg_constraint k
join pg_class child on child.oid = k.conrelid join pg_class parent on parent.oid = k.confrelid
where k.contype = 'f' and k.conparentid = 0 and child.oid <> parent.oid
"""
_PARTITIONS = """
select c.relname, p.relname, pg_get_expr(c.relpartbound, c.oid) from pg_inherits i
join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relispartition and c.relkind = 'r'
"""
_SEQUENCE_NAMES = """
select sequencename, last_value from pg_sequences where schemaname = 'public'
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: whether rows show by tenant, its columns."""

    name: str
    secured: bool
    columns: tuple[str, ...]


@dataclass(slots=True)
class Totals:
    """What went through."""

    tables: int = 0
    rows: int = 0
    bytes: int = 0


def connect(url: str) -> psycopg.Connection[Any]:
    """Open a connection by a URL of the settings; Fault SETUP_DATABASE_START."""
    made = make_url(url).set(drivername="postgresql")
    try:
        return psycopg.connect(made.render_as_string(hide_password=False))
    except psycopg.Error as error:
        reason = str(error).partition("\n")[0]
        raise Fault(FaultCode.SETUP_DATABASE_START, reason=reason) from None


@contextmanager
def begin(url: str) -> Iterator[tuple[Connection, psycopg.Connection[Any]]]:
    """Open one transaction as migrations want it and as COPY wants it; it ends with the block."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), hide_parameters=True)
    try:
        with engine.begin() as bound:
            driver = bound.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the URL's driver
            yield bound, driver
    finally:
        engine.dispose()


def write_all(url: str, out: BackupWriter, progress: Progress) -> Totals:
    """Write every row of one moment."""
    totals = Totals()
    with connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        tenants = [str(row[0]) for row in connection.execute("select tenant_id from tenant_slug")]
        out.frame(TABLE, json.dumps({"partitions": _partitions(connection)}).encode())
        for table in _tables(connection):
            _write_table(connection, table, tenants if table.secured else [""], out, totals)
            progress(table.name, totals.rows)
        values = {str(name): value for name, value in connection.execute(_SEQUENCE_NAMES)}
        out.frame(SEQUENCES, json.dumps(values).encode())
    return totals


def read_all(
    reader: BackupReader, progress: Progress, folders: FolderReader
) -> tuple[Totals, dict[str, bytes]]:
    """Read a backup to its end without a database; return what is in it, and its secrets."""
    totals, secrets = Totals(), dict[str, bytes]()
    for part in parts(reader):
        if isinstance(part, Part):
            for _ in part.data:
                pass
            totals.tables += part.first
            progress(part.table.name, totals.rows)
            continue
        folders.take(*part)
        if part[0] == SECRET:
            name, _, content = part[1].partition(b"\0")
            secrets[name.decode()] = content
        elif part[0] == WHOLE:
            said = json.loads(part[1])
            totals.rows, totals.bytes = said["rows"], said["bytes"]
    return totals, secrets


@dataclass(slots=True)
class Part:
    """One COPY of a table's rows; `data` must be read to its end."""

    table: Table
    first: bool
    data: Iterator[bytes]


def parts(reader: BackupReader) -> Iterator[Part | tuple[bytes, bytes]]:
    """Yield what a backup holds; Fault BACKUP_DAMAGED where it does not add up."""
    frames = reader.frames()
    known: set[str] = set()
    rows = 0
    whole = False
    for kind, content in frames:
        if kind == TABLE and b'"table"' in content:
            said = json.loads(content)
            table = Table(said["table"], said["secured"], tuple(said["columns"]))
            count = [0]
            yield Part(table, table.name not in known, _data(frames, count))
            known.add(table.name)
            rows += count[0]
            continue
        if kind == WHOLE:
            whole = json.loads(content)["rows"] == rows
        yield kind, content
    if not whole:
        raise Fault(FaultCode.BACKUP_DAMAGED, detail="rows are missing")


def _data(frames: Iterator[tuple[bytes, bytes]], count: list[int]) -> Iterator[bytes]:
    digest = sha256()
    for kind, content in frames:
        if kind == DATA:
            digest.update(content)
            yield content
            continue
        said = json.loads(content) if kind == END else {}
        if said.get("sha256") != digest.hexdigest():
            raise Fault(FaultCode.BACKUP_DAMAGED, detail="a table's checksum")
        count[0] = said["rows"]
        return
    raise Fault(FaultCode.BACKUP_DAMAGED, detail="a table has no end")


def fill(connection: psycopg.Connection[Any], reader: BackupReader, progress: Progress) -> Totals:
    """Fill an empty schema, in one transaction of the caller's: all of it or nothing."""
    totals = Totals()
    open_all(connection)
    for part in parts(reader):
        if isinstance(part, Part):
            copied = sql.SQL("copy {} ({}) from stdin (format binary)").format(
                sql.Identifier(part.table.name),
                sql.SQL(", ").join(map(sql.Identifier, part.table.columns)),
            )
            with connection.cursor() as cursor:
                with cursor.copy(copied) as copy:
                    for data in part.data:
                        copy.write(data)
                        totals.bytes += len(data)
                totals.rows += cursor.rowcount
            totals.tables += part.first
            progress(part.table.name, totals.rows)
        elif part[0] == TABLE:
            _make_partitions(connection, json.loads(part[1])["partitions"])
        elif part[0] == SEQUENCES:
            _set_sequences(connection, json.loads(part[1]))
    return totals


def open_all(connection: psycopg.Connection[Any]) -> None:
    """Let the owner's role past the policies, until `close_again` in the same transaction."""
    for table in _tables(connection):
        _force(connection, table.name, on=False)


def close_again(connection: psycopg.Connection[Any]) -> None:
    """Let every policy hold for the owner's role too, as the migrations made it."""
    for table in _tables(connection):
        if table.secured:
            _force(connection, table.name, on=True)


def _write_table(
    connection: psycopg.Connection[Any],
    table: Table,
    tenants: list[str],
    out: BackupWriter,
    totals: Totals,
) -> None:
    said = {"table": table.name, "secured": table.secured, "columns": table.columns}
    for tenant in tenants:
        connection.execute("select set_config('app.tenant', %s, true)", (tenant,))
        out.frame(TABLE, json.dumps(said).encode())
        copied = _copied(table, tenant)
        digest = sha256()
        with connection.cursor() as cursor:
            with cursor.copy(copied) as copy:
                for data in copy:
                    digest.update(data)
                    totals.bytes += len(data)
                    for at in range(0, len(data), FRAME_BYTES_MAX):  # a model may be longer
                        out.frame(DATA, bytes(data[at : at + FRAME_BYTES_MAX]))
            rows = cursor.rowcount
        totals.rows += rows
        out.frame(END, json.dumps({"rows": rows, "sha256": digest.hexdigest()}).encode())
    totals.tables += 1


def _copied(table: Table, tenant: str) -> sql.Composed:
    """Return the COPY of a tenant's rows: of some tables everybody may see all rows."""
    own = sql.SQL("where tenant_id = {}").format(sql.Literal(tenant)) if tenant else sql.SQL("")
    return sql.SQL("copy (select {} from {} {}) to stdout (format binary)").format(
        sql.SQL(", ").join(map(sql.Identifier, table.columns)), sql.Identifier(table.name), own
    )


def _tables(connection: psycopg.Connection[Any]) -> list[Table]:
    """Return the tables, each after those it refers to."""
    found = {
        name: Table(name, secured, tuple(columns))
        for name, secured, columns in connection.execute(_TABLES)
    }
    order: TopologicalSorter[str] = TopologicalSorter({name: set() for name in found})
    for child, parent in connection.execute(_REFERENCES):
        if child in found and parent in found:
            order.add(child, parent)
    return [found[name] for name in order.static_order()]


def _force(connection: psycopg.Connection[Any], table: str, *, on: bool) -> None:
    said = (
        "alter table {} force row level security"
        if on
        else ("alter table {} no force row level security")
    )
    connection.execute(sql.SQL(said).format(sql.Identifier(table)))


def _partitions(connection: psycopg.Connection[Any]) -> list[list[str]]:
    return [[str(one) for one in row] for row in connection.execute(_PARTITIONS)]


def _make_partitions(connection: psycopg.Connection[Any], wanted: list[list[str]]) -> None:
    """Make the months that a new database has not: rows of then would lie in the wrong place."""
    have = {name for name, _, _ in _partitions(connection)}
    for name, parent, bound in wanted:
        if name in have:
            continue
        connection.execute(
            sql.SQL("create table {} partition of {} {}").format(
                sql.Identifier(name), sql.Identifier(parent), sql.SQL(bound)
            )
        )
        for said in ("enable", "force"):
            connection.execute(
                sql.SQL("alter table {} {} row level security").format(
                    sql.Identifier(name), sql.SQL(said)
                )
            )


def _set_sequences(connection: psycopg.Connection[Any], values: dict[str, int | None]) -> None:
    for name, value in values.items():
        if value is not None:
            connection.execute("select setval(%s::regclass, %s)", (f'public."{name}"', value))

"""The analytic tables as Parquet: FOLDER/tenant=ID/TABLE/date=DAY/data.parquet.

A day that something was booked on, given back of, claimed, corrected or set apart since the last
time is written anew, as a whole and beside the old file, which it then takes the place of: whoever
reads sees a day as it was or as it is. Members are written as a whole.
"""

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import duckdb
import psycopg
from psycopg import sql
from sqlalchemy import Connection

from cloud_broker.adapters.analytics.duck import TYPES
from cloud_broker.adapters.postgres.base import driver_of
from cloud_broker.adapters.postgres.order_pass import one_pass
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.domain.metrics.tables import BY_DATE, SCHEMAS
from cloud_broker.ports.analytics import Copied
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

# What was received before a moment may become visible after it, until its transaction ends.
_OVERLAP: Final = timedelta(minutes=15)
_LONG_AGO: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - compared by the database, which has a zone
_ARRAYS: Final = "array<string>"
_CHANGED = """
select business_date as day from receipt where received_at >= %(since)s
union select r.business_date from refund f join receipt r
  on r.tenant_id = f.tenant_id and r.receipt_id = f.receipt_id where f.received_at >= %(since)s
union select r.business_date from receipt_claim c join receipt r
  on r.tenant_id = c.tenant_id and r.receipt_id = c.receipt_id where c.claimed_at >= %(since)s
union select business_date from channel_order where updated_at >= %(since)s
union select business_date from channel_day_left where left_at >= %(since)s
union select unnest(days) from quarantine where changed_at >= %(since)s
union select e.business_date from analytics.events e join event_log l
  on l.tenant_id = e.tenant_id and l.event_id = e.event_id::uuid
  where l.received_at >= %(since)s and l.channel is not null
union select o.business_date from (
    select tenant_id, from_member_id as member_id from member_merge where merged_at >= %(since)s
    union select m.tenant_id, m.from_member_id from member_unmerge u join member_merge m
      on m.tenant_id = u.tenant_id and m.merge_id = u.merge_id where u.unmerged_at >= %(since)s
  ) w join receipt o on o.tenant_id = w.tenant_id and o.member_id = w.member_id
union select o.business_date from identity_person i
  join receipt o on o.tenant_id = i.tenant_id and o.member_id = i.member_id
  where i.changed_at >= %(since)s and i.person_id <> i.member_id
union select o.business_date from identity_person i
  join channel_order o on o.tenant_id = i.tenant_id and o.member_id = i.member_id
  where i.changed_at >= %(since)s and i.person_id <> i.member_id
union select o.business_date from identity_person i join channel_order o
  on o.tenant_id = i.tenant_id and i.value = o.channel || ':' || encode(o.buyer_hash, 'hex')
  where i.changed_at >= %(since)s and i.kind = 'buyer'
union select (to_timestamp(e.wall_ms / 1000.0) at time zone 'Asia/Shanghai')::date
  from identity_person i join event_log e on e.tenant_id = i.tenant_id
  and i.value = e.device_id::text || ':' || e.user_id
  where i.changed_at >= %(since)s and i.kind = 'user' and e.channel is not null
union select (to_timestamp(e.wall_ms / 1000.0) at time zone 'Asia/Shanghai')::date
  from identity_person i join event_log e on e.tenant_id = i.tenant_id
  and i.value = e.device_id::text || ':' || e.anonymous_id
  where i.changed_at >= %(since)s and i.kind = 'anonymous' and e.channel is not null
order by day
"""


class ParquetCopy:
    """Fulfils `AnalyticCopy`."""

    def __init__(self, units: PostgresUnits, folder: Path) -> None:
        self._units = units
        self._folder = folder

    def folder_of(self, tenant: UUID) -> Path:
        """Return where a tenant's tables lie."""
        return self._folder / f"tenant={tenant}"

    def refresh(self, tenant: UUID, *, whole: bool = False) -> Copied:
        """Write every day anew that changed since the last time, `whole` all days; Fault E194."""
        folder = self.folder_of(tenant)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._units.connection(tenant) as connection:
                began, since = self._since(connection, whole=whole)
                days = _changed(connection, since)
            rows = dict.fromkeys(SCHEMAS, 0)
            for day in days:
                # A transaction a day: a backfill of years holds nothing open that others wait for.
                with self._units.connection(tenant) as connection, one_pass(connection):
                    for table in BY_DATE:
                        place = folder / table / f"date={day}"
                        rows[table] += _write(connection, table, place, day)
            with self._units.connection(tenant) as connection, one_pass(connection):
                rows["members"] = _write(connection, "members", folder / "members", None)
                self._followed(connection, tenant, began)
        except (OSError, duckdb.Error, psycopg.Error) as error:
            why = str(error).splitlines()[0]
            raise Fault(FaultCode.METRICS_COPY, path=str(folder), why=why) from error
        return Copied(len(days), rows)

    def _since(self, connection: Connection, *, whole: bool) -> tuple[datetime, datetime]:
        """Return the moment of asking and the one from which on changes are looked for."""
        row = connection.exec_driver_sql(
            "select now() as began, (select until from analytic_copy where place = %(place)s)"
            " as until",
            {"place": str(self._folder)},
        ).one()
        if whole or row.until is None:
            return row.began, _LONG_AGO
        return row.began, row.until - _OVERLAP

    def _followed(self, connection: Connection, tenant: UUID, began: datetime) -> None:
        connection.exec_driver_sql(
            "insert into analytic_copy values (%(tenant)s, %(place)s, %(until)s)"
            " on conflict (tenant_id, place) do update set until = excluded.until",
            {"tenant": tenant, "place": str(self._folder), "until": began},
        )


def _changed(connection: Connection, since: datetime) -> tuple[date, ...]:
    rows: Iterable[tuple[date]] = connection.exec_driver_sql(_CHANGED, {"since": since})
    return tuple(row[0] for row in rows)


def _write(connection: Connection, table: str, place: Path, day: date | None) -> int:
    """Write a table, or a day of it, and return its rows; a day without any loses its file."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        rows = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place))) / "rows.csv"
        with rows.open("wb") as out:
            driver = driver_of(connection)
            with driver.cursor().copy(_query(table, day)) as copied:
                for block in copied:
                    out.write(block)
        if not rows.stat().st_size:
            (place / "data.parquet").unlink(missing_ok=True)
            return 0
        return _packed(rows, table, place / "data.parquet")


def _query(table: str, day: date | None) -> sql.Composed:
    """Return what copies a table's rows out as CSV, lists as JSON."""
    columns = [
        sql.SQL("to_json({0})::text as {0}" if kind == _ARRAYS else "{0}").format(
            sql.Identifier(name)
        )
        for name, kind in SCHEMAS[table].items()
    ]
    where = sql.SQL("" if day is None else " where business_date = {day}")
    return sql.SQL("copy (select {columns} from analytics.{table}{where}) to stdout csv").format(
        columns=sql.SQL(", ").join(columns),
        table=sql.Identifier(table),
        where=where.format(day=sql.Literal(day)) if day else where,
    )


def _packed(rows: Path, table: str, file: Path) -> int:
    """Pack rows into a Parquet file that takes its place only when it is whole."""
    part = rows.with_name("data.parquet")
    read = {
        name: "varchar" if kind in {_ARRAYS, "uuid"} else TYPES[kind]
        for name, kind in SCHEMAS[table].items()
    }
    made = ", ".join(
        f"from_json({name}, '[\"varchar\"]') as {name}" if kind == _ARRAYS else name
        for name, kind in SCHEMAS[table].items()
    )
    with duckdb.connect() as engine:
        engine.execute("set memory_limit = '512MB'")
        # An empty text is a text: only what PostgreSQL left out is nothing.
        engine.execute(
            f"create view rows as select {made} from read_csv(?, header = false, auto_detect ="  # noqa: S608 - our names
            f" false, delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls ="
            f" false, columns = {read!r})".replace("?", "'" + str(rows).replace("'", "''") + "'")
        )
        engine.execute(f"copy rows to '{str(part).replace(chr(39), chr(39) * 2)}' (format parquet)")
        counted = engine.execute("select count(*) from rows").fetchall()
    part.chmod(0o600)
    part.replace(file)
    return int(counted[0][0])

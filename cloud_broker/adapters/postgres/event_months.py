"""The event log's months: which there are, and old ones put away. It runs as the tables' owner.

A month that is put away is detached whole: no row is deleted, and none can be read through the log
any more. What keeps an event from being booked twice is `event_key`, which has no months.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, create_engine

_NAME = "event_log_"
_LIST = """
select c.relname as name, pg_total_relation_size(c.oid) as bytes,
  greatest(c.reltuples, 0)::bigint as rows
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'public.event_log'::regclass and c.relname <> 'event_log_default'
order by c.relname
"""


@dataclass(frozen=True, slots=True)
class EventMonth:
    """One month of the log; `rows` is what the planner believes."""

    name: str
    first_day: date
    rows: int
    bytes: int


def months(url: str) -> tuple[EventMonth, ...]:
    """Return the months there are, oldest first."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            return _months(connection)
    finally:
        engine.dispose()


def put_away(url: str, keep_months: int, today: date) -> tuple[EventMonth, ...]:
    """Detach the months before the last `keep_months` whole ones into the schema event_archive.

    Each in a transaction of its own, so that the log is locked for a moment only.
    """
    engine = create_engine(url)
    done: list[EventMonth] = []
    try:
        with engine.begin() as connection:
            due = [one for one in _months(connection) if one.first_day < since(today, keep_months)]
        for month in due:
            with engine.begin() as connection:
                _put_away(connection, month.name)
            done.append(month)
    finally:
        engine.dispose()
    return tuple(done)


def since(today: date, keep_months: int) -> date:
    """Return the first day that stays: `keep_months` whole months before this one."""
    number = today.year * 12 + today.month - 1 - keep_months
    return date(number // 12, number % 12 + 1, 1)


def _months(connection: Connection) -> tuple[EventMonth, ...]:
    rows = connection.exec_driver_sql(_LIST).fetchall()
    return tuple(EventMonth(row.name, _first_day(row.name), row.rows, row.bytes) for row in rows)


def _first_day(name: str) -> date:
    return datetime.strptime(name.removeprefix(_NAME), "%Y_%m").replace(tzinfo=UTC).date()


def _put_away(connection: Connection, name: str) -> None:
    """Detach one month; its name comes from the catalogue and is a plain identifier."""
    connection.exec_driver_sql("set local lock_timeout = '5s'")
    connection.exec_driver_sql(f"alter table public.event_log detach partition public.{name}")
    # The owner must be able to dump it; the application cannot see the schema at all.
    connection.exec_driver_sql(f"alter table public.{name} no force row level security")
    connection.exec_driver_sql(f"alter table public.{name} set schema event_archive")

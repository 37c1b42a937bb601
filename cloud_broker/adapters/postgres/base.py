"""What every repository shares: the transaction's connection, its tenant, and times.

Statements go to the driver itself, over one cursor a connection: their text is fixed, so there is
nothing that SQLAlchemy could add to them but time, and a single sale needs dozens.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection, Row

from cloud_broker.adapters.postgres.arrays import packed, teach
from cloud_broker.adapters.postgres.lane import Kept, Lane, lane

_MS = 1_000
PIPELINE, KEPT, CURSOR = "pipeline", "kept", "cursor"

_Rows = Callable[[], Sequence[Row[Any]]]


@dataclass(slots=True)
class Piped:
    """A pipelined transaction: what was asked ahead waits here for the call that wants it."""

    lane: Lane
    asking: bool = False
    asked: dict[tuple[object, ...], _Rows] = field(default_factory=dict)


class Repository:
    """Runs SQL with `%(name)s` placeholders; `%(tenant)s` is always bound."""

    def __init__(self, connection: Connection, tenant: UUID) -> None:
        self._connection = connection
        self._tenant = tenant
        self._piped: Piped | None = connection.info.get(PIPELINE)

    def _run(self, statement: str, **values: object) -> int:
        """Run a statement and return how many rows it changed."""
        bound = self._bound(values)
        if self._piped is not None:
            return self._piped.lane.send(statement, bound)().command_tuples or 0
        return self._cursor.execute(statement, bound).rowcount

    def _put(self, statement: str, **values: object) -> None:
        """Run a statement whose outcome nobody asks for.

        In a pipelined transaction it travels with the next one that is waited for; what the
        database has against it comes up there, and at the latest at the commit.
        """
        if self._piped is None:
            self._cursor.execute(statement, self._bound(values))
        elif not self._piped.asking:
            self._piped.lane.send(statement, self._bound(values))

    def _ask(self, statement: str, **values: object) -> _Rows:
        """Run a statement and return what waits for its rows: several are asked in one way."""
        return self._asked(statement, self._bound(values))

    def _asked(self, statement: str, bound: dict[str, object]) -> _Rows:
        if self._piped is None:
            rows = self._cursor.execute(statement, bound).fetchall()
            return lambda: rows
        lane = self._piped.lane
        return partial(lane.rows, lane.send(statement, bound))

    def _rows(self, statement: str, **values: object) -> Sequence[Row[Any]]:
        """Run a statement and return its rows; one that was asked ahead is not run again."""
        piped, bound = self._piped, self._bound(values)
        if piped is None or not (piped.asking or piped.asked):
            return self._asked(statement, bound)()
        key = statement, *(tuple(one) if type(one) is list else one for one in bound.values())
        if piped.asking:
            piped.asked[key] = piped.asked.get(key) or self._asked(statement, bound)
            return ()
        return (piped.asked.pop(key, None) or self._asked(statement, bound))()

    def _row(self, statement: str, **values: object) -> Row[Any] | None:
        """Run a statement and return its first row."""
        return next(iter(self._rows(statement, **values)), None)

    @property
    def _cursor(self) -> psycopg.Cursor[Any]:
        """The cursor that is kept with the driver's connection for as long as that lives."""
        kept: psycopg.Cursor[Any] | None = self._connection.info.get(CURSOR)
        if kept is None:
            driver = driver_of(self._connection)
            teach(driver)
            kept = self._connection.info[CURSOR] = driver.cursor(row_factory=namedtuple_row)
        return kept

    def _bound(self, values: dict[str, object]) -> dict[str, object]:
        return {
            "tenant": self._tenant,
            **{
                name: packed(value) if type(value) is list else value
                for name, value in values.items()
            },
        }


# A wallet's points that are lent to boxes; by the leases, so that exact account names are read.
LEASED_OF = """
select sum(a.balance)::bigint as points
from (select distinct device_id, epoch from lease where tenant_id = %(tenant)s
  and kind = 'points' and right_id = {wallet}) l
join account a on a.tenant_id = %(tenant)s
  and a.account = 'member:' || {wallet} || ':leased:' || l.device_id || ':' || l.epoch
"""


def at(unix_ms: int) -> datetime:
    """Return the moment of milliseconds since 1970."""
    return datetime.fromtimestamp(unix_ms / _MS, UTC)


def ms_of(moment: datetime) -> int:
    """Return a moment as milliseconds since 1970."""
    return round(moment.timestamp() * _MS)


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Let statements of this transaction travel without waiting for each other's answers."""
    driver = driver_of(connection)
    kept = connection.info.get(KEPT)
    if kept is None:
        kept = connection.info[KEPT] = Kept.of(driver)
    with lane(driver, kept) as opened:
        connection.info[PIPELINE] = Piped(opened)
        try:
            yield
        finally:
            del connection.info[PIPELINE]


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """Return the driver's own connection."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)

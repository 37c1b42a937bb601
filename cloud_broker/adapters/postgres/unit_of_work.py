"""Transactions: the only place where one ends.

Every transaction first says whose rows it may see, and how far whoever asks can see. The settings
are local to the transaction, so a pooled connection never carries one's right into another's
request.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.event import listen
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import (
    TimeoutError as PoolTimeoutError,
)

from cloud_broker.adapters.postgres.base import Repository, pipelined
from cloud_broker.adapters.postgres.unit import PostgresUnit
from cloud_broker.ports.sight import Sight, sight
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_REFUSED = (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError)
_OPEN = """
select set_config('app.tenant', %(tenant)s::text, true) as tenant,
  set_config('plan_cache_mode', %(plans)s, true) as plans
"""
# Reads, in a transaction, what must be so at its end; what it returns raises when it is not.
Fence = Callable[[Connection, UUID], Callable[[], None]]
# More than the programs have: one that is forgotten is planned anew each time it comes.
STATEMENTS_KEPT = 1_000
# What a program that was stopped has open holds rows that others need; nothing of ours thinks for
# as long as this between two statements.
_SESSION = (
    "-c lock_timeout=5s -c statement_timeout=60s -c idle_in_transaction_session_timeout=10s"
    " -c timezone=UTC"
)


def make_engine(
    url: str, *, connections: int = 8, name: str = "regulars", ping: bool = True
) -> Engine:
    """Open a pool for the application's role; without `ping` a dead connection is found in use."""
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=ping,
        # What a statement carried (secrets, hashes, names) stays out of messages and logs.
        hide_parameters=True,
        connect_args={"options": _SESSION, "connect_timeout": 5, "application_name": name},
    )
    listen(engine, "connect", _keep_statements)
    return engine


def _keep_statements(opened: psycopg.Connection[Any], _record: object) -> None:
    opened.prepared_max = STATEMENTS_KEPT


def planned_too_long_ago(begun: int) -> bool:
    """Say whether the nth transaction of a connection plans anew: the 1st, 2nd, 4th, 8th.

    A plan that is kept was made for the tables as they were. One made over empty tables reads
    every member of a chain by the wrong index, and nothing but statistics, a minute later at the
    earliest, would change it. So no plan is older than half of what its connection has done.
    """
    return begun & (begun - 1) == 0


class Session(Repository):
    """The two ends of a pipelined transaction."""

    def open(self, plans: str, *, anew: bool) -> None:
        """Begin, and say whose rows may be seen; `anew` forgets how statements were planned."""
        self._put("begin")
        if anew:
            self._put("discard plans")
        self._put(_OPEN, plans=plans)

    def close(self) -> None:
        """Make it durable; that it is shows when the pipeline ends."""
        self._put("commit")


class PostgresUnits:
    """Fulfils `Units`.

    With `pipelined`, writes travel with the next question and statements are planned once: for
    ingest, which runs the same fifty of them for every batch.
    """

    def __init__(self, engine: Engine, *, pipelined: bool = False) -> None:
        self._engine = engine
        self._pipelined = pipelined
        # Planning anew for each batch's arrays costs more than a better plan could win.
        self._plans = "force_generic_plan" if pipelined else "auto"

    @contextmanager
    def connection(self, tenant: UUID | None) -> Iterator[Connection]:
        """Open a transaction on a bare connection (for the read models beside this module)."""
        # Begun in so many words, because repositories speak to the driver's connection themselves.
        seen = sight()
        with _translated(), self._engine.connect() as connection, connection.begin():
            if tenant is not None:
                connection.exec_driver_sql(
                    "select set_config('app.tenant', %(tenant)s, true),"
                    " set_config('plan_cache_mode', %(plans)s, true),"
                    " set_config('app.reach', %(reach)s, true)",
                    {"tenant": str(tenant), "plans": self._plans, "reach": _reach(seen)},
                )
                if not seen.writes:
                    connection.exec_driver_sql("set transaction read only")
            yield connection

    @contextmanager
    def begin(self, tenant: UUID, fence: Fence | None = None) -> Iterator[PostgresUnit]:
        """Open a transaction in which only this tenant's rows exist; `fence` is read in it first.

        Raises the fence's fault at the latest before the end, and nothing is made durable then.
        """
        if self._pipelined:
            with self._in_one_way(tenant, fence) as unit:
                yield unit
            return
        with self.connection(tenant) as connection:
            if fence is not None:
                fence(connection, tenant)()
            yield PostgresUnit(connection, tenant)

    @contextmanager
    def _in_one_way(self, tenant: UUID, fence: Fence | None) -> Iterator[PostgresUnit]:
        """Let beginning and end travel with the statements between them."""
        with (
            _translated(),
            self._engine.connect() as connection,
            _thrown_away(connection),
            connection.begin(),
            pipelined(connection),
        ):
            session = Session(connection, tenant)
            begun = connection.info["begun"] = connection.info.get("begun", 0) + 1
            session.open(self._plans, anew=planned_too_long_ago(begun))
            held = None if fence is None else fence(connection, tenant)
            yield PostgresUnit(connection, tenant)
            if held is not None:
                held()
            session.close()

    def tenant(self, slug: str) -> UUID | None:
        """Return the tenant with this short name; '' names the only one there is."""
        with self.connection(None) as connection:
            found = connection.exec_driver_sql(
                "select tenant_id from tenant_slug"
                " where %(slug)s in ('', slug) order by tenant_id limit 2",
                {"slug": slug},
            ).fetchall()
        return found[0].tenant_id if len(found) == 1 else None

    def tenants(self) -> tuple[UUID, ...]:
        """Return every tenant, oldest first."""
        with self.connection(None) as connection:
            rows = connection.exec_driver_sql(
                "select distinct tenant_id from tenant_slug order by tenant_id"
            ).fetchall()
        return tuple(row.tenant_id for row in rows)

    def make_partitions(self, months_ahead: int) -> int:
        """Make the event log's partitions ahead; return how many were missing."""
        with self.connection(None) as connection:
            row = connection.exec_driver_sql(
                "select make_event_partitions(%(months)s)", {"months": months_ahead}
            ).one()
        return int(row[0])

    def close(self) -> None:
        """Close every connection; safe to call twice."""
        self._engine.dispose()


@contextmanager
def _thrown_away(connection: Connection) -> Iterator[None]:
    """Use no connection again on which something failed: what it has prepared is not certain."""
    try:
        yield
    except BaseException:
        connection.invalidate()
        raise


@contextmanager
def _translated() -> Iterator[None]:
    """Tell apart what a retry can mend from what it cannot."""
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError, *_REFUSED) as error:
        raise StoreRefusedError(_reason(error)) from error
    except psycopg.errors.ReadOnlySqlTransaction as error:
        # Whoever only looks asked for what writes; the pages refuse it before, this is the second.
        raise Fault(FaultCode.API_SCOPE_MISSING, scope="write") from error
    except (DBAPIError, PoolTimeoutError, psycopg.Error) as error:
        raise Fault(FaultCode.SYNC_LINK_DOWN, reason=_reason(error)) from error


def _reach(seen: Sight) -> str:
    return "" if seen.place is None else str(seen.place)


def _reason(error: SQLAlchemyError | psycopg.Error) -> str:
    """Return the first line of what the database said; the rest quotes the values."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(cause).splitlines() or [type(cause).__name__]
    return lines[0]

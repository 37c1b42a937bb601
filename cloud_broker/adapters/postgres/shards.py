"""Seats and shards in PostgreSQL, and transactions that only a seated worker can commit.

A worker holds an advisory lock on its slot as long as its connection stands: who gets the lock
knows that the worker is dead, at once. One that is merely silent is given up when its time is over.
Either way its row is deleted, and that is the fence: a transaction that began before holds the row
and is waited for, one that comes later finds no row.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, CursorResult, Engine
from sqlalchemy.exc import SQLAlchemyError

from cloud_broker.adapters.postgres.base import Repository
from cloud_broker.adapters.postgres.unit import PostgresUnit
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.domain.shard_plan import free_slots
from cloud_broker.ports.shards import Roster, Seat
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

LIFE_S = 4.0
_LOCKS = 1_819_240_558  # the class of our advisory locks: one for each slot, -1 for sitting down
_OPEN = 1_819_240_560  # the class of those that name, by token, whose a transaction is
# Silent for this long after its time, a worker was stopped: what it has open is ended for it.
STOPPED_S = 5.0
_SIT = """
insert into ingest_worker (slot, boot_id, alive_until)
values (%(slot)s, %(boot)s, now() + make_interval(secs => %(life)s)) returning token
"""
_BEAT = """
update ingest_worker set alive_until = now() + make_interval(secs => %(life)s)
where token = %(token)s
"""
# Rows of a transaction that is still open are passed over: the next beat finds them.
_REAP = """
delete from ingest_worker w using (
  select token from ingest_worker
  where token <> %(token)s
    and (alive_until < now() or pg_try_advisory_xact_lock(%(locks)s, slot))
  for update skip locked) dead
where w.token = dead.token
"""
_TAKE = """
with free as (
  select shard from shard_lease where shard = any(%(take)s::smallint[]) and token is null
  order by shard for update skip locked)
update shard_lease l set token = %(token)s, moved = moved + 1
from free where l.shard = free.shard
"""
_LEAVE = """
update shard_lease set token = null
where token = %(token)s and shard = any(%(leave)s::smallint[])
"""
# A worker that is stopped amid a heartbeat holds its row too.
_OURS = "set idle_in_transaction_session_timeout = '5s'"
# One that is stopped inside a transaction must not keep its row for a minute. Between pipelined
# statements the server takes it for busy and sets it no time: `_END` finds those by their lock.
# What is done beside the booking may reckon for longer between two statements.
_IDLE_BOOKING, _IDLE_BESIDE = "5s", "10s"
_FENCE = """
select set_config('idle_in_transaction_session_timeout', %(idle)s, true),
  pg_advisory_xact_lock_shared(%(open)s::int, (token & 2147483647)::int)
from ingest_worker where token = %(token)s::bigint for key share
"""
_END = """
select pg_terminate_backend(l.pid) from ingest_worker w join pg_locks l
  on l.locktype = 'advisory' and l.objsubid = 2 and l.classid = %(open)s::int::oid
  and l.objid = (w.token & 2147483647)::int::oid
  and l.database = (select oid from pg_database where datname = current_database())
where w.token <> %(token)s and w.alive_until < now() - make_interval(secs => %(stopped)s)
"""


_Run = Callable[..., CursorResult[Any]]


class PostgresShardDesk:
    """Fulfils `ShardDesk` on one connection of its own; called from one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._locked: int | None = None

    def sit(self, boot_id: UUID) -> Seat:
        """Take a seat, one worker at a time."""
        with self._begun() as run:
            run("select pg_advisory_xact_lock(%(locks)s, -1)", locks=_LOCKS)
            slot = _free_slot(run)
            if slot is None:
                # If all died at once, nobody who is seated will find that out.
                run(_REAP, token=0, locks=_LOCKS)
                slot = _free_slot(run)
            if slot is None:
                raise Fault(FaultCode.SHARD_SEATS_TAKEN, limit=limits.INGEST_WORKERS_MAX)
            self._locked = slot
            token = run(_SIT, slot=slot, boot=boot_id, life=LIFE_S).one().token
        return Seat(int(token), slot)

    def beat(self, seat: Seat, *, reap: bool) -> Roster | None:
        """Say that a worker lives, and look who else does."""
        with self._begun() as run:
            if self._locked != seat.slot:
                run("select pg_advisory_lock(%(locks)s, %(slot)s)", locks=_LOCKS, slot=seat.slot)
                self._locked = seat.slot
            if run(_BEAT, token=seat.token, life=LIFE_S).rowcount == 0:
                return None
            if reap:
                run(_END, token=seat.token, open=_OPEN, stopped=STOPPED_S)
                run(_REAP, token=seat.token, locks=_LOCKS)
            tokens = run("select token from ingest_worker order by token").fetchall()
            owners = run("select shard, token from shard_lease where token is not null").fetchall()
        return Roster(tuple(row.token for row in tokens), {row.shard: row.token for row in owners})

    def move(self, seat: Seat, take: Collection[int], leave: Collection[int]) -> frozenset[int]:
        """Take shards that are free, give others back; return what is held then."""
        with self._begun() as run:
            if leave:
                run(_LEAVE, token=seat.token, leave=list(leave))
            if take:
                run(_TAKE, token=seat.token, take=list(take))
            rows = run("select shard from shard_lease where token = %(token)s", token=seat.token)
            return frozenset(row.shard for row in rows)

    def stand_up(self, seat: Seat) -> None:
        """Give the seat and all its shards back."""
        try:
            with self._begun() as run:
                run("delete from ingest_worker where token = %(token)s", token=seat.token)
        finally:
            self.close()

    def close(self) -> None:
        """End the connection, and with it the lock; safe to call twice."""
        connection, self._connection, self._locked = self._connection, None, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.invalidate()
                connection.close()

    @contextmanager
    def _begun(self) -> Iterator[_Run]:
        """Open a transaction on our connection; a broken one is thrown away."""
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
                with self._connection.begin():
                    self._connection.exec_driver_sql(_OURS)
            connection = self._connection
            with connection.begin():
                yield lambda statement, **values: connection.exec_driver_sql(statement, values)
        except SQLAlchemyError as error:
            self.close()
            raise Fault(FaultCode.SYNC_LINK_DOWN, reason=type(error).__name__) from error


def _free_slot(run: _Run) -> int | None:
    """Lock a slot that has no row and return it."""
    taken = {row.slot for row in run("select slot from ingest_worker")}
    turn = int(run("select coalesce(sum(moved), 0) as n from shard_lease").one().n)
    return next((one for one in free_slots(turn, taken) if _locked(run, one)), None)


def _locked(run: _Run, slot: int) -> bool:
    """Lock a slot for our connection; one whose last owner is still connected stays its own."""
    row = run("select pg_try_advisory_lock(%(locks)s, %(slot)s) as ok", locks=_LOCKS, slot=slot)
    return bool(row.one().ok)


class _Fence(Repository):
    """Reads the seat of a transaction."""

    def held(self, token: int, idle: str) -> Callable[[], None]:
        """Ask for the seat; what is returned raises SHARD_SEAT_LOST when it is another's."""
        found = self._ask(_FENCE, token=token, open=_OPEN, idle=idle)

        def held() -> None:
            if not found():
                raise Fault(FaultCode.SHARD_SEAT_LOST)

        return held


class SeatedUnits:
    """Fulfils `Units` for a worker: no transaction of its ends well once its seat is lost."""

    def __init__(self, units: PostgresUnits, seat: Seat) -> None:
        self._units = units
        self._seat = seat

    @contextmanager
    def begin(self, tenant: UUID) -> Iterator[PostgresUnit]:
        """Open a transaction that holds the worker's seat; Fault SHARD_SEAT_LOST."""
        with self._units.begin(tenant, _fence(self._seat, _IDLE_BOOKING)) as unit:
            yield unit

    def tenant(self, slug: str) -> UUID | None:
        """Return the tenant with this short name."""
        return self._units.tenant(slug)

    def tenants(self) -> tuple[UUID, ...]:
        """Return every tenant, oldest first."""
        return self._units.tenants()


class BesideUnits:
    """Fulfils `Units` for what is done beside the booking, in the seat the process has just then.

    One seat after the other, since these threads outlive a worker. Who has none does nothing, and
    what a stopped process has open is ended with its booking: it holds members and feeds, too.
    """

    def __init__(self, units: PostgresUnits, seat: Callable[[], Seat | None]) -> None:
        self._units = units
        self._seat = seat

    @contextmanager
    def begin(self, tenant: UUID) -> Iterator[PostgresUnit]:
        """Open a transaction that holds the seat of now; Fault SHARD_SEAT_LOST."""
        seat = self._seat()
        if seat is None:
            raise Fault(FaultCode.SHARD_SEAT_LOST)
        with self._units.begin(tenant, _fence(seat, _IDLE_BESIDE)) as unit:
            yield unit

    def tenant(self, slug: str) -> UUID | None:
        """Return the tenant with this short name."""
        return self._units.tenant(slug)

    def tenants(self) -> tuple[UUID, ...]:
        """Return every tenant, oldest first."""
        return self._units.tenants()


def _fence(seat: Seat, idle: str) -> Callable[[Connection, UUID], Callable[[], None]]:
    """Lock the seat's row; whoever gives the seat away waits for us, or we find none."""
    return lambda connection, tenant: _Fence(connection, tenant).held(seat.token, idle)

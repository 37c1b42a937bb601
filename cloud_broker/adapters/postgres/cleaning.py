"""Decisions of cleaning in PostgreSQL: rows that stay, and what is set apart by them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from cloud_broker.adapters.postgres.cleaning_rows import CleaningRows
from cloud_broker.adapters.postgres.cleaning_seen import CleaningSight
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.ports.cleaning import (
    ChannelSums,
    CleaningRun,
    RuleCount,
    Ruling,
    SeenActor,
    SeenOn,
    Sign,
    Verdicts,
    Wanted,
)
from cloud_broker.ports.clock import Clock, IdSource

Answer = TypeVar("Answer")
# A night's reckoning may take longer than a question of a page.
_NIGHT_MS: Final = "1800000"


class PostgresCleaningShelf:
    """Fulfils `CleaningShelf`; each call is a transaction."""

    def __init__(self, units: PostgresUnits, clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids

    def first_day(self, tenant: UUID, since: date | None, until: date, orders: int) -> date | None:
        """Return from which day on there are no more than so many orders."""
        with self._long(tenant) as connection:
            return CleaningSight(connection, tenant).first_day(since, until, orders)

    def seen_orders(self, tenant: UUID, since: date, until: date) -> Iterator[SeenOn]:
        """Yield online orders and members' sales of some days, in any order."""
        with self._long(tenant) as connection:
            yield from CleaningSight(connection, tenant).seen_orders(since, until)

    def seen_actors(self, tenant: UUID, since: date, until: date) -> Iterator[SeenActor]:
        """Yield who did something at a source on these days."""
        with self._long(tenant) as connection:
            yield from CleaningSight(connection, tenant).seen_actors(since, until)

    def order(self, tenant: UUID, order: str) -> SeenOn | None:
        """Return an order or a sale."""
        with self._units.connection(tenant) as connection:
            return CleaningSight(connection, tenant).order(order)

    def standing(self, tenant: UUID, since: date, until: date) -> Sequence[Ruling]:
        """Return the newest decision of each subject and rule."""
        with self._long(tenant) as connection:
            return CleaningRows(connection, tenant).standing(since, until)

    def decide(self, tenant: UUID, verdicts: Verdicts, now_ms: int) -> None:
        """Write a part of a run's outcome down as a whole."""
        ids = [self._ids.uuid7() for _ in verdicts.raised]
        with self._long(tenant) as connection:
            CleaningRows(connection, tenant).decide(verdicts, ids, now_ms)

    def end_run(self, tenant: UUID, verdicts: Verdicts, run: CleaningRun) -> CleaningRun:
        """Write a run's outcome down as a whole; return it as it is kept."""
        ids = [self._ids.uuid7() for _ in verdicts.raised]
        with self._long(tenant) as connection:
            rows = CleaningRows(connection, tenant)
            rows.end_run(verdicts, run, ids)
            return rows.last_run() or run

    def last_run(self, tenant: UUID) -> CleaningRun | None:
        """Return the run that ended last."""
        return self._ask(tenant, CleaningRows.last_run)

    def ruling(self, tenant: UUID, decision: UUID) -> Ruling | None:
        """Return a decision."""
        return self._ask(tenant, lambda rows: rows.ruling(decision))

    def lift(self, tenant: UUID, decision: UUID, who: str, why: str) -> bool:
        """Lift a decision that stands; what follows from it follows at once."""
        now = self._clock.now_ms()

        def lifted(rows: CleaningRows) -> bool:
            held = rows.ruling(decision)
            return held is not None and rows.lift(held, who, why, now)

        return self._ask(tenant, lifted)

    def put(self, tenant: UUID, sign: Sign, who: str, why: str) -> UUID | None:
        """Enter a person's decision; None where the same stands already."""
        made, now = self._ids.uuid7(), self._clock.now_ms()
        return made if self._ask(tenant, lambda rows: rows.put(sign, made, who, why, now)) else None

    def rulings(self, tenant: UUID, wanted: Wanted) -> Sequence[Ruling]:
        """Return decisions, newest day first."""
        return self._ask(tenant, lambda rows: rows.rulings(wanted))

    def counts(self, tenant: UUID, since: date, until: date) -> Sequence[RuleCount]:
        """Return each rule's decisions of these days."""
        return self._ask(tenant, lambda rows: rows.counts(since, until))

    def sums(self, tenant: UUID, since: date, until: date) -> Sequence[ChannelSums]:
        """Return what channels sold on these days, with and without, by name."""
        return self._ask(tenant, lambda rows: rows.sums(since, until))

    def _ask(self, tenant: UUID, question: Callable[[CleaningRows], Answer]) -> Answer:
        with self._units.connection(tenant) as connection:
            return question(CleaningRows(connection, tenant))

    @contextmanager
    def _long(self, tenant: UUID) -> Iterator[Connection]:
        with self._units.connection(tenant) as connection:
            connection.exec_driver_sql(
                "select set_config('statement_timeout', %(ms)s, true),"
                " set_config('idle_in_transaction_session_timeout', %(ms)s, true)",
                {"ms": _NIGHT_MS},
            )
            yield connection

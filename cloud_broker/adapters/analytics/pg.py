"""PostgreSQL itself as the engine: for a chain whose day of sales it reads in seconds.

Over the views of schema `analytics`, in one transaction that can only read, as whoever the URL
names: row security shows it one tenant's rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Engine

from cloud_broker.adapters.analytics.statements import all_tags, as_json, statement
from cloud_broker.adapters.postgres.base import driver_of
from cloud_broker.domain.metrics import catalogue
from cloud_broker.domain.metrics.facts import Asked
from cloud_broker.ports.tags import Tagged
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PAGE = 2_000
# A night's reckoning may take longer than a question of a page.
_TIMEOUT_MS = 1_800_000


class PostgresAnalytics:
    """Fulfils `AnalyticEngine` over a tenant's views."""

    def __init__(self, engine: Engine, tenant: UUID, *, schema: str = "analytics") -> None:
        self._engine = engine
        self._tenant = tenant
        self._schema = schema

    def tagged(self, asked: Asked) -> Iterator[Tagged]:
        """Yield every member with what is so of her, by member; Fault E191."""
        query = all_tags(asked, "postgres")
        for member, tags in self.pages(as_json(f"({query}) as made")):
            yield UUID(str(member)), str(tags)

    def rows(self, asked: Asked) -> Iterator[tuple[object, ...]]:
        """Yield every column of every tag, by member; Fault E191."""
        query = all_tags(asked, "postgres")
        yield from self.pages(f"select * from ({query}) as made order by person_id")  # noqa: S608

    def rfm(self, asked: Asked) -> Iterator[tuple[object, ...]]:
        """Yield the rows of `catalogue.rfm`, by member; Fault E191."""
        query = statement(catalogue.rfm(asked), "postgres")
        yield from self.pages(f"select * from ({query}) as made order by person_id")  # noqa: S608

    def pages(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Yield a query's rows, read in pages; Fault E191."""
        with (
            _told(),
            self._reading() as connection,
            driver_of(connection).cursor(name="analytics") as cursor,
        ):
            cursor.itersize = PAGE
            # As bytes, in which the driver looks for no placeholder: no values come with it.
            cursor.execute(query.encode())
            yield from cursor

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("set transaction read only")
            connection.exec_driver_sql(
                "select set_config('app.tenant', %(tenant)s, true),"
                " set_config('app.reach', '', true),"
                " set_config('search_path', %(schema)s, true),"
                " set_config('statement_timeout', %(ms)s, true),"
                " set_config('idle_in_transaction_session_timeout', %(ms)s, true)",
                {"tenant": str(self._tenant), "schema": self._schema, "ms": str(_TIMEOUT_MS)},
            )
            yield connection

    def close(self) -> None:
        """Nothing stays open between two questions."""


@contextmanager
def _told() -> Iterator[None]:
    """Say what the database has against a query in our words; Fault E191."""
    try:
        yield
    except psycopg.Error as error:
        why = str(error).splitlines()[0]
        raise Fault(FaultCode.METRICS_ENGINE, engine="PostgreSQL", why=why) from error

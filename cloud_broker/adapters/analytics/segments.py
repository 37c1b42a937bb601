"""Who fits a definition, asked of PostgreSQL: tags are stored there, and events are live."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import ibis
from sqlalchemy import Engine

from cloud_broker.adapters.analytics.pg import PostgresAnalytics
from cloud_broker.adapters.analytics.statements import statement
from cloud_broker.domain.metrics import segments
from cloud_broker.domain.metrics.catalogue import TAGS
from cloud_broker.domain.metrics.facts import Asked
from cloud_broker.domain.metrics.thresholds import Thresholds
from cloud_broker.domain.segments import Definition, Vocabulary
from cloud_broker.ports.tags import TagWord
from cloud_broker.services.insight.tagging import word_of

# The end of an id is drawn by chance: a few by it are a few from everywhere, and the same ones.
_TAIL = 12


class PostgresSegments:
    """Fulfils `SegmentEngine` over a tenant's views; `lines` says where a chain draws its own."""

    def __init__(
        self,
        engine: Engine,
        lines: Callable[[UUID], Thresholds],
        *,
        schema: str = "analytics",
    ) -> None:
        self._engine = engine
        self._lines = lines
        self._schema = schema

    def vocabulary(self) -> Vocabulary:
        """Return what definitions may say of tags."""
        return _vocabulary()

    def words(self) -> tuple[TagWord, ...]:
        """Return what tags are called."""
        return tuple(map(word_of, TAGS))

    def people(self, tenant: UUID, definition: Definition, as_of: date) -> Iterator[UUID]:
        """Yield who fits, by id; Fault METRICS_ENGINE."""
        found = self._found(tenant, definition, as_of).order_by("person_id")
        for (person,) in self._ask(tenant, found):
            yield person

    def count(self, tenant: UUID, definition: Definition, as_of: date) -> int:
        """Return how many fit; Fault METRICS_ENGINE."""
        found = self._found(tenant, definition, as_of)
        rows = self._ask(tenant, found.aggregate(n=found.count()))
        return int(next(iter(rows))[0])

    def some(
        self, tenant: UUID, definition: Definition, as_of: date, limit: int
    ) -> tuple[UUID, ...]:
        """Return a few of those who fit, the same ones each time; Fault METRICS_ENGINE."""
        found = self._found(tenant, definition, as_of)
        tail = found.person_id.cast("string").right(_TAIL)
        drawn = found.mutate(tail=tail).order_by(["tail", "person_id"]).limit(limit)
        return tuple(person for (person,) in self._ask(tenant, drawn.select("person_id")))

    def _found(self, tenant: UUID, definition: Definition, as_of: date) -> Any:
        return segments.people(definition, Asked(as_of, self._lines(tenant)))

    def _ask(self, tenant: UUID, expression: ibis.Table) -> Iterator[tuple[Any, ...]]:
        reader = PostgresAnalytics(self._engine, tenant, schema=self._schema)
        return reader.pages(statement(expression, "postgres"))


@lru_cache(maxsize=1)
def _vocabulary() -> Vocabulary:
    return segments.vocabulary()

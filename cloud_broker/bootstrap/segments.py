"""The composition of segments; what finds people is brought in when somebody first asks.

Ibis costs half a second and memory that a cloud without segments need not spend.
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Engine

from cloud_broker.adapters.postgres.segments import PostgresSegmentBook
from cloud_broker.bootstrap.office import Office
from cloud_broker.domain.segments import Definition, Vocabulary
from cloud_broker.ports.tags import TagWord
from cloud_broker.services.insight.segmenting import Segmenting
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    from cloud_broker.adapters.analytics.segments import PostgresSegments


class SegmentsOnDemand:
    """Fulfils `SegmentEngine`."""

    def __init__(self, pool: Engine, book: PostgresSegmentBook) -> None:
        self._pool = pool
        self._book = book

    def vocabulary(self) -> Vocabulary:
        """Return what definitions may say of tags; Fault METRICS_MISSING."""
        return self._engine().vocabulary()

    def words(self) -> tuple[TagWord, ...]:
        """Return what tags are called; Fault METRICS_MISSING."""
        return self._engine().words()

    def people(self, tenant: UUID, definition: Definition, as_of: date) -> Iterator[UUID]:
        """Yield who fits, by id; Faults METRICS_ENGINE, METRICS_MISSING."""
        return self._engine().people(tenant, definition, as_of)

    def count(self, tenant: UUID, definition: Definition, as_of: date) -> int:
        """Return how many fit; Faults as for `people`."""
        return self._engine().count(tenant, definition, as_of)

    def some(
        self, tenant: UUID, definition: Definition, as_of: date, limit: int
    ) -> tuple[UUID, ...]:
        """Return a few of those who fit, the same ones each time; Faults as for `people`."""
        return self._engine().some(tenant, definition, as_of, limit)

    def _engine(self) -> "PostgresSegments":
        try:
            from cloud_broker.adapters.analytics.segments import (  # noqa: PLC0415 - see above
                PostgresSegments,
            )
        except ModuleNotFoundError as missing:
            raise Fault(FaultCode.METRICS_MISSING, package=missing.name or "ibis") from missing
        return PostgresSegments(self._pool, self._book.lines)


def segmenting_of(office: Office) -> Segmenting:
    """Return what makes segments and keeps them up to date."""
    book = PostgresSegmentBook(office.units)
    engine = SegmentsOnDemand(office.engine, book)
    return Segmenting(book, engine, office.clock, office.ids, office.settings.zone)

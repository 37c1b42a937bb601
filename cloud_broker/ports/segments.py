"""Segments: what they are, who belongs to them, and how that came to be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol
from uuid import UUID

from cloud_broker.domain.metrics.thresholds import Thresholds
from cloud_broker.domain.segments import Definition, Vocabulary
from cloud_broker.ports.tags import TagWord

# What stands in the event log when somebody comes to belong to a segment, or no longer does.
ENTERED: Final = "Segment Entered"
EXITED: Final = "Segment Exited"


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as it is written now; `definition` is what `domain.segments.read` takes."""

    segment_id: UUID
    name: str
    note: str
    version: int
    definition: Mapping[str, Any]
    made_by: str
    made_ms: int
    changed_by: str
    changed_ms: int
    ended_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SegmentRun:
    """Who belonged to it when it was looked at: how many, how many came, how many went."""

    at_ms: int
    version: int
    as_of: date
    people: int
    entered: int
    left: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """Somebody of a segment as HQ may see her: the name's beginning alone."""

    person: UUID
    name: str
    tier: str
    store: str
    tags: Mapping[str, bool | int | str]


@dataclass(frozen=True, slots=True)
class Place:
    """A region or a store of the chain, to choose from."""

    place: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody came into a segment or left it."""

    person: UUID
    entered: bool
    at_ms: int


class SegmentBook(Protocol):
    """Keeps segments and who belongs to them; each call is a transaction."""

    def add(self, tenant: UUID, segment: Segment) -> None:
        """Enter a segment; Fault SEGMENT_NAME when one that stands is called so."""
        ...

    def change(self, tenant: UUID, segment: Segment, was: int) -> None:
        """Write a segment anew in place of version `was`; Faults SEGMENT_STALE, SEGMENT_NAME.

        Every version stays.
        """
        ...

    def segments(self, tenant: UUID) -> tuple[Segment, ...]:
        """Return every segment, ended ones too, by name."""
        ...

    def segment(self, tenant: UUID, segment_id: UUID) -> Segment | None:
        """Return a segment."""
        ...

    def versions(self, tenant: UUID, segment_id: UUID) -> tuple[Segment, ...]:
        """Return every version of a segment, newest first."""
        ...

    def settle(
        self, tenant: UUID, segment: Segment, people: Iterable[UUID], as_of: date, now_ms: int
    ) -> SegmentRun:
        """Let these people, and nobody else, belong to it; who comes or goes is in the event log.

        Fault SEGMENT_STALE when the segment is no longer of this version.
        """
        ...

    def people(self, tenant: UUID, segment_id: UUID) -> tuple[UUID, ...]:
        """Return who belongs to a segment, by id, as it was looked at last."""
        ...

    def moved(self, tenant: UUID, segment_id: UUID, after_ms: int, limit: int) -> tuple[Moved, ...]:
        """Return who came and went after a moment, oldest first."""
        ...

    def segments_of(self, tenant: UUID, person: UUID) -> tuple[UUID, ...]:
        """Return the segments somebody belongs to."""
        ...

    def runs(self, tenant: UUID, segment_id: UUID, limit: int) -> tuple[SegmentRun, ...]:
        """Return the last looks at a segment, newest first."""
        ...

    def last_runs(self, tenant: UUID) -> Mapping[UUID, SegmentRun]:
        """Return the last look at each segment."""
        ...

    def sampled(
        self, tenant: UUID, people: Sequence[UUID], tags: Sequence[str]
    ) -> tuple[Sampled, ...]:
        """Return people as HQ may see them, in the order asked, with these tags of theirs."""
        ...

    def lines(self, tenant: UUID) -> Thresholds:
        """Return where the chain draws its lines; Fault TAG_THRESHOLD."""
        ...

    def places(self, tenant: UUID) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        """Return regions and stores, by name."""
        ...


class SegmentEngine(Protocol):
    """Finds who fits a definition, over tags and events."""

    def vocabulary(self) -> Vocabulary:
        """Return what definitions may say of tags; Fault METRICS_MISSING."""
        ...

    def words(self) -> tuple[TagWord, ...]:
        """Return what tags are called; Fault METRICS_MISSING."""
        ...

    def people(self, tenant: UUID, definition: Definition, as_of: date) -> Iterator[UUID]:
        """Yield who fits, by id; Faults METRICS_ENGINE, METRICS_MISSING."""
        ...

    def count(self, tenant: UUID, definition: Definition, as_of: date) -> int:
        """Return how many fit; Faults as for `people`."""
        ...

    def some(
        self, tenant: UUID, definition: Definition, as_of: date, limit: int
    ) -> tuple[UUID, ...]:
        """Return a few of those who fit, the same ones each time; Faults as for `people`."""
        ...

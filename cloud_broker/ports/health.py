"""How boxes are: their figures over time and the issues they tell of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.vitals import Span

IssueName = tuple[str, str]
"""An issue's code and what it is about."""


@dataclass(frozen=True, slots=True)
class BoxIssues:
    """All issues that stand at a box, as it said at `seen_ms`; the others are over."""

    device: UUID
    store: UUID
    seen_ms: int
    issues: Mapping[IssueName, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An issue of a box; `cleared_ms` is None while it stands."""

    device: UUID
    store: UUID
    code: str
    subject: str
    fields: Mapping[str, str]
    raised_ms: int
    cleared_ms: int | None


@dataclass(frozen=True, slots=True)
class BoxNow:
    """A box that stands in a store: when it was heard, and its newest figures."""

    device: UUID
    slot: int
    seen_ms: int | None
    figures: Mapping[str, int]


class HealthRepo(Protocol):
    """Figures and issues of boxes."""

    def keep_spans(self, spans: Sequence[Span]) -> None:
        """Keep the worst of each span; one that is kept already only gets worse."""
        ...

    def keep_issues(self, told: Sequence[BoxIssues]) -> None:
        """Raise what is new, and clear what these boxes no longer tell of."""
        ...

    def boxes(self, store: UUID) -> tuple[BoxNow, ...]:
        """Return the boxes of a store, by slot."""
        ...

    def spans(self, device: UUID, since_ms: int) -> tuple[Span, ...]:
        """Return a box's figures from a moment on, oldest first."""
        ...

    def issues(self, store: UUID, *, limit: int) -> tuple[IssueRow, ...]:
        """Return a store's issues: those that stand, then the newest that are over."""
        ...

    def standing(self) -> tuple[IssueRow, ...]:
        """Return every issue that stands at a box that is not retired."""
        ...

    def tidy(self, now_ms: int) -> int:
        """Draw together what is old and drop what is very old; return how many rows went."""
        ...

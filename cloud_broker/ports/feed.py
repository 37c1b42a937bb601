"""What each store still has to hear, in dense positions of its own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewChange:
    """A change to be appended: `body` is encoded, `ver` orders it."""

    kind: str
    key: UUID
    ver: int
    body: bytes


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A change at its position in a store's feed."""

    store: UUID
    feed_epoch: int
    pos: int
    change: NewChange
    committed_ms: int


@dataclass(frozen=True, slots=True)
class FeedHead:
    """How far a store's feed goes, how far it was announced, from where on it is kept."""

    feed_epoch: int
    head: int
    published: int
    pruned: int = 0


class FeedRepo(Protocol):
    """Feeds of stores."""

    def append(
        self, changes: Mapping[UUID, Sequence[NewChange]], now_ms: int
    ) -> tuple[FeedRow, ...]:
        """Append changes to stores' feeds; rows come back by store and position."""
        ...

    def since(self, store: UUID, pos: int, limit: int) -> tuple[FeedRow, ...]:
        """Return the rows after a position; before what was pruned none is told of."""
        ...

    def between(self, gaps: Mapping[UUID, tuple[int, int]]) -> tuple[FeedRow, ...]:
        """Return stores' rows after a position and before another."""
        ...

    def heads(self, stores: Collection[UUID]) -> dict[UUID, FeedHead]:
        """Return the states of stores' feeds; unknown ones are absent."""
        ...

    def head(self, store: UUID) -> FeedHead:
        """Return the state of a store's feed. Raises Fault API_NOT_FOUND."""
        ...

    def begin_epoch(self, store: UUID) -> int:
        """Raise a store's feed epoch by one and return it; positions go on."""
        ...

    def behind(self) -> dict[UUID, FeedHead]:
        """Return the stores whose feed was not announced to its end."""
        ...

    def mark_published(self, marks: Mapping[UUID, int]) -> None:
        """Move stores' marks forward; a lower mark than the one stored is passed over."""
        ...

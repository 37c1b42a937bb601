"""Which members each store holds: its set, its snapshots, and how much of its feed is kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.ports.feed import FeedRow


@dataclass(frozen=True, slots=True)
class HeldAt:
    """The set of a store at a position of its feed: (member, version) pairs."""

    feed_epoch: int
    pos: int
    members: tuple[tuple[UUID, int], ...]


@dataclass(frozen=True, slots=True)
class MadeSnapshot:
    """A snapshot that is there: the feed goes on after `base`."""

    base: int
    made_ms: int
    manifest: bytes


@dataclass(frozen=True, slots=True)
class Visit:
    """A member in the set of a store that is not her home, and when that store last saw her."""

    store: UUID
    member: UUID
    ver: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class SetSize:
    """How many members a store holds: those at home there, and visitors."""

    store: UUID
    home: int
    visitors: int


class SetRepo(Protocol):
    """Sets of stores."""

    def held(self, store: UUID) -> HeldAt:
        """Return who is in a store's set and where its feed stands, as of one moment."""
        ...

    def holds(self, store: UUID, member: UUID) -> bool:
        """Return whether a member is in a store's set."""
        ...

    def seen(self, store: UUID, member: UUID, now_ms: int) -> None:
        """Note that a store had to do with a member of its set."""
        ...

    def visits_before(self, before_ms: int, limit: int) -> tuple[Visit, ...]:
        """Return visitors nobody noted since; `seen_ms` also knows what they bought there."""
        ...

    def visits_beyond(self, keep: int, limit: int) -> tuple[Visit, ...]:
        """Return who was away longest of stores with more than `keep` visitors, as many as that.

        Who bought there since she was last noted is noted anew and is not among them.
        """
        ...

    def note_visits(self, visits: Sequence[Visit]) -> None:
        """Write down when visitors were last seen."""
        ...

    def release(self, pairs: Collection[tuple[UUID, UUID]]) -> None:
        """Take (store, member) out of the set."""
        ...

    def sizes(self) -> tuple[SetSize, ...]:
        """Return how large each store's set is."""
        ...

    def prune(self, store: UUID, before_ms: int, keep_rows: int, limit: int) -> int:
        """Delete a store's oldest rows of members; return how many positions are gone now.

        Rows that were committed before the time go, and those with more than `keep_rows` after
        them; what is no member's record stays.
        """
        ...

    def kept_since(self, store: UUID, pos: int, limit: int) -> tuple[FeedRow, ...]:
        """Return the rows after a position that are no member's record."""
        ...

    def snapshot(self, store: UUID) -> MadeSnapshot | None:
        """Return the newest snapshot of a store."""
        ...

    def want_snapshot(self, store: UUID, now_ms: int) -> None:
        """Put a store on the list of those whose snapshot is to be made."""
        ...

    def wanted_snapshot(self) -> UUID | None:
        """Return the store that waits longest; locked until the end of the transaction."""
        ...

    def add_segment(self, store: UUID, sha256: bytes, content: bytes, now_ms: int) -> None:
        """Store a segment; one with this content is stored once."""
        ...

    def segment_part(self, store: UUID, sha256: bytes, start: int, size: int) -> bytes | None:
        """Return a part of a segment, None when there is no such segment."""
        ...

    def save_snapshot(self, store: UUID, made: MadeSnapshot) -> None:
        """Let a snapshot be a store's newest, and take the store off the list."""
        ...

    def forget_segments(self, before_ms: int) -> int:
        """Delete segments made before; return how many."""
        ...

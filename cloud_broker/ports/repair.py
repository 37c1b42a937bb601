"""What could not be applied: visible, kept whole, tried again on request."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RepairItem:
    """One thing to look at: `kind` is frame, event, chain, person, member, proof or price."""

    repair_id: UUID
    kind: str
    code: str
    detail: str
    received_ms: int
    store: UUID | None = None
    device: UUID | None = None
    epoch: int | None = None
    seq: int | None = None
    event_id: UUID | None = None
    member: UUID | None = None
    topic: str = ""
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class OpenRepairs:
    """So many items of a code are open for a store, the oldest since then."""

    store: UUID | None
    code: str
    count: int
    since_ms: int


class RepairRepo(Protocol):
    """The repair queue."""

    def add(self, items: Sequence[RepairItem]) -> None:
        """Put items in the queue; one that is there already only counts one more try."""
        ...

    def take(self, repair_id: UUID) -> RepairItem | None:
        """Return an open item, locked until the end of the transaction."""
        ...

    def still_broken(self, repair_id: UUID, code: str, detail: str) -> None:
        """Note a try that failed."""
        ...

    def resolve(self, repair_ids: Collection[UUID], by: str, now_ms: int) -> None:
        """Close items."""
        ...

    def resolve_members(self, members: Collection[UUID], now_ms: int) -> None:
        """Close the `member` items of members that have become known."""
        ...

    def refused(self, event_ids: Collection[UUID]) -> dict[UUID, str]:
        """Return event → code for those of the events that wait in the queue."""
        ...

    def standing(self, codes: Collection[str]) -> tuple[OpenRepairs, ...]:
        """Return how many items of these codes are open in each store, by store and code."""
        ...

"""Frames that are durable and acknowledged, and wait to be booked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.ports.journal import ChainKey

# Which events of a frame are still to be booked, counted from 0; None for all of them.
Left = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class WaitingFrame:
    """A frame as it came; `pos` is its place in the line, given when it is put there."""

    shard: int
    device: UUID
    epoch: int
    first_seq: int
    last_seq: int
    received_ms: int
    topic: str
    payload: bytes
    left: Left = None
    pos: int = 0


@dataclass(frozen=True, slots=True)
class WaitingDepth:
    """How much waits, and since when (unix ms; None when nothing does)."""

    frames: int
    events: int
    oldest_ms: int | None


class WaitingRepo(Protocol):
    """The line between the promise to a box and the books."""

    def add(self, frames: Sequence[WaitingFrame]) -> None:
        """Put frames at the end of the line."""
        ...

    def oldest(self, shards: Collection[int], events: int) -> tuple[WaitingFrame, ...]:
        """Return the first frames of these shards, up to so many events but at least one frame."""
        ...

    def lock(self, positions: Collection[int]) -> dict[int, Left]:
        """Return what is left of those that still wait, locked until the end."""
        ...

    def leave(self, left: Mapping[int, tuple[int, ...]]) -> None:
        """Note what is left of locked frames; a frame of which nothing is left goes."""
        ...

    def first(self, besides: Collection[int] = ()) -> int | None:
        """Return the lowest position that waits besides these; None when there is none."""
        ...

    def of(self, keys: Collection[ChainKey]) -> frozenset[ChainKey]:
        """Return of which of these journals anything waits."""
        ...

    def depth(self) -> WaitingDepth:
        """Return how much waits."""
        ...

"""Who works which shard: seats of ingest workers, and the shards they hold."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Seat:
    """A worker's place: its fencing token, ever growing, and its account at the brokers."""

    token: int
    slot: int


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is there, and who holds which shard; a free shard is absent."""

    tokens: tuple[int, ...]
    owners: Mapping[int, int]


class ShardDesk(Protocol):
    """Hands out seats and shards; every call is a transaction. Faults SYNC_LINK_DOWN."""

    def sit(self, boot_id: UUID) -> Seat:
        """Take a seat; Fault SHARD_SEATS_TAKEN when there is none."""
        ...

    def beat(self, seat: Seat, *, reap: bool) -> Roster | None:
        """Say that a worker lives, and look who else does; None when its seat is lost.

        With `reap`, workers that died or were silent for too long lose their seats and shards.
        """
        ...

    def move(self, seat: Seat, take: Collection[int], leave: Collection[int]) -> frozenset[int]:
        """Take shards that are free, give others back; return what is held then."""
        ...

    def stand_up(self, seat: Seat) -> None:
        """Give the seat and all its shards back; a seat that is lost already is passed over."""
        ...

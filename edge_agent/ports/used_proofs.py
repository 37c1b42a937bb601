"""The one-time proofs that were used here, over restarts of the program."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from retail_core.clock import Instant
from retail_core.identity.assurance import Factor


@dataclass(frozen=True, slots=True)
class ProofUse:
    """A proof (32 bytes, of which nothing can be learnt) used by a member at a moment.

    `dead_after_s`: the last second at which any clock within the allowed skew accepts it.
    """

    use_id: UUID
    factor: Factor
    proof: bytes
    member_id: UUID
    dead_after_s: int
    at: Instant


class UsedProofs(Protocol):
    """A short list, kept in a file of its own."""

    def add(self, use: ProofUse) -> None:
        """Keep a use: the end of the program does not lose it, a power cut may lose the last."""
        ...

    def all(self) -> tuple[ProofUse, ...]:
        """Return every use still kept, oldest first."""
        ...

    def waiting(self) -> tuple[ProofUse, ...]:
        """Return the uses that are not marked as told to the journal, oldest first."""
        ...

    def told(self, use_ids: Collection[UUID]) -> None:
        """Mark uses as told to the journal."""
        ...

    def drop_dead(self, before_s: int) -> int:
        """Forget the told uses that were dead before a second; return how many."""
        ...

    def close(self) -> None:
        """Close the file; safe to call twice."""
        ...

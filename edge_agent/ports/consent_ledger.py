"""The box's own memory of who agreed to what: append-only, longer than the journal keeps it."""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from edge_agent.domain.consents import Consent
from edge_agent.ports.gallery_store import Erasure


class ConsentLedger(Protocol):
    """Words are added and never changed; the newest on a kind counts."""

    def add_consent(self, consent: Consent) -> Erasure | None:
        """Add a word; one that is there already changes nothing.

        A withdrawal erases the templates that rested on it in the same transaction; what went is
        returned. Fault FACE_MINOR for a face consent without age and without guardian.
        """
        ...

    def knows(self, consent_id: UUID) -> bool:
        """Return whether this word is in the ledger."""
        ...

    def word(self, member_id: UUID, kind: str) -> Consent | None:
        """Return the member's newest word on a kind, given or withdrawn."""
        ...

    def walk_up(self) -> frozenset[UUID]:
        """Return who may be recognised on walking up: of those with templates, who said yes to it.

        The yes was said after the word that the templates rest on: where that one was taken back,
        a later one does not bring this back with it.
        """
        ...

    def words(self, member_id: UUID) -> tuple[Consent, ...]:
        """Return everything a member said, oldest first."""
        ...

    def untold(self) -> tuple[Erasure, ...]:
        """Return erasures of which no receipt was journalled yet."""
        ...

    def told(self, erasure_id: UUID) -> None:
        """Note that the receipt of an erasure is in the journal."""
        ...

    def erasures(self, member_id: UUID) -> tuple[Erasure, ...]:
        """Return what was erased of a member, oldest first."""
        ...

    def settle(self, held: Callable[[UUID], bool]) -> int:
        """Let go of words on which nothing rested for three years; return how many went.

        `held` tells whether this shop knows a member. A yes to faces rests on templates, any other
        yes on the member; a no, and a word after which another was said, rest on nothing. The three
        years are counted in lease time, from the day on which this was told first.
        """
        ...

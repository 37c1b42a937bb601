"""Who may recognise faces, of whom templates rest where, and what was erased."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from cloud_broker.domain.ingest_effects import ErasedFace, HeldFace
from retail_core.identity.face_enablement import FaceEnablement


@dataclass(frozen=True, slots=True)
class Decision:
    """HQ's word on faces in a store, as signed for its box, and who gave it when."""

    store: UUID
    said: FaceEnablement
    signed: bytes
    decided_by: str
    decided_ms: int


FaceAct = Literal["enable", "walk_up"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One person's wish about faces in a store, which another has to second.

    `base_version` is the decision it was made on; another decision in between overtakes it.
    """

    proposal: UUID
    store: UUID
    act: FaceAct
    base_version: int
    assessment: str
    signage: str
    approved_by: str
    approved_on: str
    proposed_by: UUID
    proposer: str
    proposed_ms: int


@dataclass(frozen=True, slots=True)
class Persons:
    """How many different persons a legal entity holds templates of; one in two stores is one."""

    legal_entity: UUID
    name: str
    persons: int
    templates: int
    stores: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A page of old words: how many went, receipts too; `last` is None when there was no page."""

    last: UUID | None
    words: int
    receipts: int


class FaceRepo(Protocol):
    """Faces of one tenant, without a face."""

    def take_turn(self) -> None:
        """Let nobody else decide or propose anything about faces before this transaction ends."""
        ...

    def decide(self, decision: Decision) -> None:
        """Append a decision; the tables refuse an incomplete one."""
        ...

    def decisions(self) -> dict[UUID, Decision]:
        """Return the newest decision of every store that has one."""
        ...

    def propose(self, proposal: Proposal) -> None:
        """Enter a proposal; an open one for the same store is superseded."""
        ...

    def proposals(self, since_ms: int) -> tuple[Proposal, ...]:
        """Return open proposals made since a moment, oldest first."""
        ...

    def proposal(self, proposal_id: UUID) -> Proposal | None:
        """Return an open proposal, locked until the end of the transaction."""
        ...

    def settle(self, proposal_id: UUID, state: str, by: UUID, now_ms: int) -> None:
        """Close a proposal as `confirmed` or `withdrawn`; nobody confirms his own."""
        ...

    def consenting(self, members: Collection[UUID]) -> set[UUID]:
        """Return those whose consent to faces stands."""
        ...

    def said_yes(self, members: Collection[UUID]) -> dict[UUID, int]:
        """Return when those whose consent to faces stands said so last, by their shop's clock."""
        ...

    def hold(self, held: Sequence[HeldFace], now_ms: int) -> None:
        """Note that templates rest in a store; the newest word counts."""
        ...

    def erased(self, erased: Sequence[ErasedFace], now_ms: int) -> None:
        """Note that none rests there any more, and keep the receipts."""
        ...

    def persons(self) -> tuple[Persons, ...]:
        """Count different persons by legal entity."""
        ...

    def receipts(self, member: UUID) -> tuple[tuple[bytes, bytes, bytes], ...]:
        """Return (content, signature, public key) of a member's receipts, oldest first."""
        ...

    def forget_consents(self, until_ms: int, after: UUID | None, page: int) -> Forgotten:
        """Forget words that ended before a moment, of some members after one, and their receipts.

        A no ends when it is said, any word when the next one on its kind is; a yes to faces also
        when no template rests on it, counted from the last receipt. A receipt goes with the last
        word of its member. Nothing goes that ended less than three years ago.
        """
        ...

"""Members' phones: their keys, the claims that give one, their check-ins and their own data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from cloud_broker.domain.checkin_plan import LaneFacts, NewCheckIn
from cloud_broker.domain.ingest_effects import NewClaim


@dataclass(frozen=True, slots=True)
class PhoneKeyHeld:
    """A key that speaks for a member."""

    member: UUID
    public_key: bytes


@dataclass(frozen=True, slots=True)
class WithdrawnConsent:
    """A consent taken back, not at a counter; `said_ms` is when, 0 for now."""

    consent: UUID
    member: UUID
    kind: str
    language: str
    channel: str
    now_ms: int
    said_ms: int = 0


@dataclass(frozen=True, slots=True)
class SaidConsent:
    """A word on one kind, yes or no, said on her phone after she read `text_hash`'s text there."""

    consent: UUID
    member: UUID
    kind: str
    given: bool
    text_version: str
    text_hash: bytes
    language: str
    channel: str
    now_ms: int


class PhoneRepo(Protocol):
    """The phones of one tenant's members."""

    def key(self, key_id: bytes) -> PhoneKeyHeld | None:
        """Return whose key this is; None when it is unknown or revoked."""
        ...

    def admit(self, key_id: bytes, nonce: bytes, dead_ms: int, now_ms: int) -> bool:
        """Take a signed request for its one use; False when it came before, to any process.

        It is remembered until `dead_ms`; what is dead by now is forgotten.
        """
        ...

    def revoke_keys(self, member: UUID, now_ms: int) -> int:
        """End every key of a member; return how many there were."""
        ...

    def add_claims(self, claims: Sequence[NewClaim]) -> None:
        """Enter rights to claim; one that is there already is left as it is."""
        ...

    def consent_given(self, member: UUID, kind: str) -> bool | None:
        """Return her newest word on a kind, held until the transaction ends; None for none."""
        ...

    def withdraw_consent(self, withdrawn: WithdrawnConsent) -> None:
        """Append a withdrawal, with the text of the consent it takes back."""
        ...

    def say_consent(self, said: SaidConsent) -> None:
        """Append a word she said herself; her home store stands for where."""
        ...

    def everything(self, member: UUID) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return every row about a member, by what it is; secrets stay out."""
        ...

    def lane(self, store: UUID, lane: UUID, now_ms: int) -> LaneFacts | None:
        """Return a store's lane, or None when it has no such one."""
        ...

    def lanes(self, store: UUID) -> tuple[tuple[UUID, str], ...]:
        """Return a store's lanes: id and name, oldest first."""
        ...

    def open_checkin(self, checkin: NewCheckIn) -> None:
        """Enter a check-in; the member's open ones before it end."""
        ...

    def untold_checkins(self, now_ms: int) -> tuple[NewCheckIn, ...]:
        """Take the living check-ins that no store was told of yet; taken is told."""
        ...

    def checkin_outcome(self, member: UUID, checkin: UUID) -> str | None:
        """Return what became of a check-in, '' while open; None when it is not hers."""
        ...

    def answer_checkin(self, store: UUID, checkin: UUID, outcome: str, now_ms: int) -> bool:
        """Note a store's answer; False when it has no such open check-in."""
        ...

    def forget_checkins(self, before_ms: int) -> int:
        """Delete check-ins opened before a moment; return how many."""
        ...

"""Members, what identifies them, and which stores hold them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.ingest_effects import NewCard, NewConsent, NewMember
from cloud_broker.domain.records import MemberFacts


@dataclass(frozen=True, slots=True)
class Claim:
    """A one-time right to put a phone's key on a member."""

    member: UUID
    expires_ms: int
    used: bool


class MemberRepo(Protocol):
    """The people."""

    def wallets(self, members: Collection[UUID]) -> dict[UUID, UUID]:
        """Return the wallet of each member that exists."""
        ...

    def wallet_owners(self, wallets: Collection[UUID]) -> dict[UUID, UUID]:
        """Return the member of each wallet that exists."""
        ...

    def identities(self, keys: Collection[tuple[str, bytes]]) -> dict[tuple[str, bytes], UUID]:
        """Return whom (kind, keyed hash) name."""
        ...

    def add_members(self, members: Sequence[NewMember]) -> None:
        """Enter members at version 0 with wallet and claim."""
        ...

    def add_identities(self, identities: Mapping[tuple[str, bytes], UUID], now_ms: int) -> None:
        """Let keyed hashes name members; one that names somebody already is left as it is."""
        ...

    def add_cards(self, cards: Sequence[NewCard]) -> None:
        """Bind cards."""
        ...

    def revoke_cards(self, members: Collection[UUID], now_ms: int) -> None:
        """End every card that is bound to these members."""
        ...

    def add_consents(self, consents: Sequence[NewConsent]) -> None:
        """Append consents."""
        ...

    def add_phone_key(self, member: UUID, key_id: bytes, public_key: bytes, now_ms: int) -> bool:
        """Put a phone's key on a member; False when the key is somebody's already."""
        ...

    def set_digit_secret(self, member: UUID, secret: bytes, now_ms: int) -> None:
        """Give a member's phone a new secret (20 bytes) for digit codes; the old one ends."""
        ...

    def claim(self, claim_hash: bytes) -> Claim | None:
        """Return a claim, locked until the end of the transaction."""
        ...

    def use_claim(self, claim_hash: bytes, now_ms: int) -> None:
        """Mark a claim as used."""
        ...

    def find(self, kind: str, value: bytes) -> UUID | None:
        """Return whom a phone key's id (`phone_key`), a card or a phone's keyed hash names."""
        ...

    def bump(self, members: Collection[UUID]) -> None:
        """Raise the version of members by one; absent ones are passed over."""
        ...

    def facts(self, members: Collection[UUID]) -> tuple[MemberFacts, ...]:
        """Return what a record is built from, for those that exist."""
        ...

    def add_interests(self, pairs: Collection[tuple[UUID, UUID]], now_ms: int) -> None:
        """Note that (store, member) belong together from now on."""
        ...

    def stores_of(self, members: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
        """Return the stores that hold each member."""
        ...

"""Members' phones: their keys, the claims that give one, and their check-ins at a lane."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PhoneKeyHeld:
    """A key that speaks for a member."""

    member: UUID
    public_key: bytes


class PhoneRepo(Protocol):
    """The phones of one tenant's members."""

    def key(self, key_id: bytes) -> PhoneKeyHeld | None:
        """Return whose key this is; None when it is unknown or revoked."""
        ...

    def revoke_keys(self, member: UUID, now_ms: int) -> int:
        """End every key of a member; return how many there were."""
        ...

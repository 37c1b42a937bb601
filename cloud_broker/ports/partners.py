"""Keys of partner systems; only hashes are kept."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is shown: never the key itself. `expires_ms` None: good until it is ended."""

    key_id: UUID
    name: str
    scopes: tuple[str, ...]
    created_by: str
    created_ms: int
    last_used_ms: int | None = None
    revoked_ms: int | None = None
    expires_ms: int | None = None

    def good(self, now_ms: int) -> bool:
        """Tell whether it opens anything now."""
        return self.revoked_ms is None and (self.expires_ms is None or now_ms < self.expires_ms)


class PartnerRepo(Protocol):
    """Who may call in from outside."""

    def add_key(self, key: ApiKey, key_hash: bytes) -> None:
        """Enter a key."""
        ...

    def key(self, key_hash: bytes) -> ApiKey | None:
        """Return the key with this hash, revoked or not."""
        ...

    def keys(self) -> tuple[ApiKey, ...]:
        """Return every key, newest first."""
        ...

    def used(self, key_id: UUID, now_ms: int) -> None:
        """Note that a key was used; at most once a minute is written."""
        ...

    def revoke(self, key_id: UUID, now_ms: int) -> bool:
        """End a key; False when there is none or it has ended."""
        ...

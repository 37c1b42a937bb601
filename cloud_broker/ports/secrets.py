"""Passwords, and the keys a tenant must never lose or show."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


class Passwords(Protocol):
    """Slow hashes for what people type."""

    def hash(self, password: str) -> str:
        """Return the hash to store."""
        ...

    def matches(self, password: str, hashed: str) -> bool:
        """Check a password; an unreadable hash matches nothing."""
        ...


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """Raw keys of one tenant; `bundle_seed` is the Ed25519 seed that signs rule bundles."""

    bundle_seed: bytes
    phone_hash_key: bytes
    card_hash_key: bytes
    sun_meta_key: bytes
    sun_master_key: bytes


class KeyRing(Protocol):
    """Where tenants' keys rest."""

    def keys(self, tenant: UUID) -> TenantKeys:
        """Return a tenant's keys, made and stored on the first call."""
        ...

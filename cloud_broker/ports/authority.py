"""Who signs boxes' certificates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from retail_core.fleet.box_identity import BoxName, Life


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A certificate in DER; `key_hash` is the SHA-256 of its public key."""

    content: bytes
    fingerprint: bytes
    key_hash: bytes
    serial: int
    life: Life


class BoxAuthority(Protocol):
    """A certificate authority for boxes."""

    def issue(self, request: bytes, name: BoxName, now_ms: int) -> IssuedCertificate:
        """Certify the key of a DER request under our own name for it; Faults F104, F113, F114."""
        ...

    def chain(self) -> tuple[bytes, ...]:
        """Return the authority's certificates in DER, the one boxes trust last; Fault F113."""
        ...

    def revocations(self, revoked: Mapping[int, int], number: int, now_ms: int) -> bytes:
        """Return the signed list (PEM) of revoked serials and since when; Faults F113, F114."""
        ...

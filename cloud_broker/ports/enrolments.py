"""Codes that let boxes in, the certificates they got, and what a box is told of its store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.authority import IssuedCertificate
from cloud_broker.ports.fleet import NewOperator, NewTill


@dataclass(frozen=True, slots=True)
class EnrolCode:
    """A code of a store's slot, by its keyed hash; `device` is the box that used it."""

    code_hash: bytes
    store: UUID
    slot: int
    replaces: bool
    issued_by: str
    expires_ms: int
    used_ms: int | None = None
    device: UUID | None = None


@dataclass(frozen=True, slots=True)
class HeldCertificate:
    """A certificate we gave: `place` is None when its box is retired."""

    issued: IssuedCertificate
    device: UUID
    place: Place | None
    revoked_ms: int | None


@dataclass(frozen=True, slots=True)
class StoreSheet:
    """What a box is told of the store it stands in; operators carry their PINs as hashes.

    `claim_secret` is what box and cloud both have for the codes on receipts.
    """

    store_name: str
    city: str
    region: str
    tills: tuple[NewTill, ...]
    operators: tuple[NewOperator, ...]
    claim_secret: bytes


class EnrolmentRepo(Protocol):
    """Codes and certificates of a tenant."""

    def add_code(self, code: EnrolCode, now_ms: int) -> None:
        """Keep a code; one that the slot had and nobody used is over."""
        ...

    def code(self, code_hash: bytes) -> EnrolCode | None:
        """Return a code, locked until the end of the transaction."""
        ...

    def use_code(self, code_hash: bytes, device: UUID, now_ms: int) -> None:
        """Note which box used a code."""
        ...

    def occupant(self, store: UUID, slot: int) -> Place | None:
        """Return the box that stands in a slot."""
        ...

    def occupants(self, store: UUID) -> dict[int, UUID]:
        """Return the boxes of a store by slot, in the order of slots."""
        ...

    def add_certificate(
        self, device: UUID, issued: IssuedCertificate, how: str, now_ms: int
    ) -> None:
        """Keep a certificate; `how` is enrol, renew or late. Fault F105 for a key known already."""
        ...

    def certificate(self, fingerprint: bytes) -> HeldCertificate | None:
        """Return a certificate by the SHA-256 of its DER."""
        ...

    def retire(self, device: UUID, now_ms: int) -> None:
        """Retire a box and revoke every certificate it has."""
        ...

    def certified(self, now_ms: int) -> tuple[Place, ...]:
        """Return the boxes with a certificate that holds now."""
        ...

    def revoked(self, now_ms: int) -> dict[int, int]:
        """Return serial → since when, of revoked certificates whose own life is not over."""
        ...

    def sheet(self, device: UUID) -> StoreSheet:
        """Return what a box is told; Fault API_NOT_FOUND."""
        ...

    def certificates_of(self, devices: Sequence[UUID]) -> dict[UUID, int]:
        """Return until when the newest certificate of each of these boxes holds."""
        ...

"""The box's key and certificate, and the cloud that certifies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_agent.domain.box_key import BoxIdentity
from retail_core.fleet.box_identity import BoxName


@dataclass(frozen=True, slots=True)
class LateAsk:
    """What a box asks whose certificate has ended: its SHA-256, the request, the key's word."""

    name: BoxName
    fingerprint: bytes
    request: bytes
    proof: bytes


class IdentityStore(Protocol):
    """Where the box's key rests, which never leaves it."""

    def held(self) -> BoxIdentity | None:
        """Return whose certificate the box holds; None before it has one."""
        ...

    def draw(self) -> bytes:
        """Make the next key beside the present one and return a DER request for it."""
        ...

    def take(self, chain: Sequence[bytes]) -> None:
        """Put the certificate of the drawn key beside it; Fault ENROL_ANSWER_WRONG."""
        ...

    def swap(self) -> None:
        """Let the drawn key and its certificate take the place of the present ones, at once."""
        ...

    def late_ask(self, request: bytes) -> LateAsk:
        """Return what the present key signs when its certificate has ended."""
        ...


class CertificateDesk(Protocol):
    """The cloud's authority; every call raises Fault SYNC_LINK_DOWN when it is away."""

    def enrol(self, board: str, code: str, request: bytes) -> tuple[bytes, ...]:
        """Take the one-time code and return the certificates in DER, ours first; Faults F1xx."""
        ...

    def renew(self, request: bytes) -> tuple[bytes, ...]:
        """Ask with the present certificate for the next one."""
        ...

    def renew_late(self, asked: LateAsk) -> tuple[bytes, ...]:
        """Ask with the old key's signature, the certificate having ended."""
        ...

    def try_drawn(self) -> None:
        """Come with the drawn key over a second connection, to the cloud and to the broker."""
        ...

"""A reader of QR codes in pictures."""

from typing import Protocol

from edge_agent.ports.arrays import UInt8s


class QrReader(Protocol):
    """Finds QR payloads in one picture."""

    def read(self, image: UInt8s) -> tuple[bytes, ...]:
        """Return each payload found as raw bytes, without duplicates; a BGR or grey picture."""
        ...

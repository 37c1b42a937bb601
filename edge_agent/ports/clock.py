"""Time and identifiers as the services see them."""

from typing import Protocol
from uuid import UUID

from retail_core.clock import Instant


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> Instant:
        """Return the present moment with its quality."""
        ...


class IdSource(Protocol):
    """Where fresh identifiers and random bytes come from."""

    def uuid7(self) -> UUID:
        """Mint a time-ordered identifier."""
        ...

    def random_bytes(self, count: int) -> bytes:
        """Return cryptographically strong random bytes."""
        ...

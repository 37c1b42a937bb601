"""Time and identifiers as the services see them."""

from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """The cloud's clock; its servers are synchronised."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC."""
        ...


class IdSource(Protocol):
    """Where fresh identifiers and random bytes come from."""

    def uuid7(self) -> UUID:
        """Mint a time-ordered identifier."""
        ...

    def random_bytes(self, count: int) -> bytes:
        """Return cryptographically strong random bytes."""
        ...

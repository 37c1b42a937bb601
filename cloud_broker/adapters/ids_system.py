"""Identifiers and randomness from the operating system."""

import os
from uuid import UUID

from cloud_broker.ports.clock import Clock
from retail_core.ids import RANDOM_BYTES, uuid7


class SystemIds:
    """Mints uuid7 from a clock and the system's random source."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def uuid7(self) -> UUID:
        """Mint a time-ordered identifier."""
        return uuid7(self._clock.now_ms(), self.random_bytes(RANDOM_BYTES))

    def random_bytes(self, count: int) -> bytes:
        """Return cryptographically strong random bytes."""
        return os.urandom(count)

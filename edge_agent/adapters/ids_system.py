"""Identifiers and random bytes from the operating system."""

import os
from uuid import UUID

from edge_agent.ports.clock import Clock
from retail_core.ids import RANDOM_BYTES, uuid7


class SystemIds:
    """The operating system's generator, dated by the box's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def uuid7(self) -> UUID:
        """Mint a time-ordered identifier."""
        return uuid7(max(0, self._clock.now().wall_ms), os.urandom(RANDOM_BYTES))

    def random_bytes(self, count: int) -> bytes:
        """Return cryptographically strong random bytes."""
        return os.urandom(count)

"""The local API over parts that live in memory."""

from dataclasses import dataclass, field
from uuid import UUID

from retail_core.clock import Instant, TimeQuality
from retail_core.ids import uuid7

BOOT = UUID("01890000-0000-7000-8000-00000000b007")


@dataclass
class HandClock:
    """Time that moves only when told."""

    wall_ms: int = 1_767_225_600_000
    mono_ms: int = 60_000

    def now(self) -> Instant:
        return Instant(self.wall_ms, self.mono_ms, BOOT, TimeQuality.SYNCED)

    def pass_ms(self, ms: int) -> None:
        self.wall_ms += ms
        self.mono_ms += ms


@dataclass
class CountingIds:
    """Identifiers in a row: 1, 2, 3 …"""

    made: int = field(default=0)

    def uuid7(self) -> UUID:
        return uuid7(1_767_225_600_000, self.random_bytes(10))

    def random_bytes(self, count: int) -> bytes:
        self.made += 1
        return self.made.to_bytes(count, "big")

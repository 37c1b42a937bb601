"""The clock of simulated boxes: the system's, set off by what a scenario says."""

from uuid import UUID

from edge_agent.adapters.clock_system import SystemClock
from retail_core.clock import Instant, TimeQuality


class ShiftedClock:
    """Fulfils `Clock`; a jump moves the wall clock and leaves monotonic time alone."""

    def __init__(self, boot_id: UUID) -> None:
        self._clock = SystemClock(boot_id, synced=lambda: True)
        self.jump_ms = 0
        self.quality: TimeQuality | None = None

    def now(self) -> Instant:
        """Return the present moment as the box believes it."""
        real = self._clock.now()
        quality = real.quality if self.quality is None else self.quality
        return Instant(max(0, real.wall_ms + self.jump_ms), real.mono_ms, real.boot_id, quality)

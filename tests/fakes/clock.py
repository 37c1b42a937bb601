"""A clock that stands still until it is moved."""

from uuid import UUID

from retail_core.clock import Instant, TimeQuality

NOON_MS = 1_785_470_400_000  # 2026-07-31 04:00 UTC, noon in Shanghai
BOOT = UUID("01900000-0000-7000-8000-00000000b007")


class FakeClock:
    """Fulfils `Clock`: `advance` moves both times, `jump` only the wall, `reboot` the boot."""

    def __init__(
        self,
        wall_ms: int = NOON_MS,
        *,
        quality: TimeQuality = TimeQuality.SYNCED,
        boot: UUID = BOOT,
    ) -> None:
        self.wall_ms = wall_ms
        self.mono_ms = 1_000
        self.quality = quality
        self.boot_id = boot

    def now(self) -> Instant:
        return Instant(self.wall_ms, self.mono_ms, self.boot_id, self.quality)

    def advance(self, ms: int) -> None:
        self.wall_ms += ms
        self.mono_ms += ms

    def jump(self, wall_ms: int) -> None:
        self.wall_ms = wall_ms

    def reboot(self, boot: UUID) -> None:
        self.boot_id = boot
        self.mono_ms = 0

"""The box's clock, honest about how far it may be believed.

A Pi without a battery clock boots in 1970; one with a network clock is disciplined by the kernel.
The kernel's own flag decides `SYNCED`; a time no earlier than this software is `HOLDOVER`; anything
before that is `UNKNOWN`.
"""

import ctypes
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from uuid import UUID

from retail_core.clock import Instant, TimeQuality

PLAUSIBLE_FROM_MS = 1_735_689_600_000  # 2025-01-01, before the first release
ASK_EVERY_MS = 1_000
_NS_PER_MS = 1_000_000
_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 256
_STATUS_OFFSET = 40 if ctypes.sizeof(ctypes.c_long) == 8 else 20  # noqa: PLR2004 -- a word's size
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def kernel_clock_synced() -> bool:
    """Ask the kernel (adjtimex, read only) whether a time source disciplines its clock."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    if _libc().adjtimex(timex) < 0:
        return False
    status = int.from_bytes(timex.raw[_STATUS_OFFSET : _STATUS_OFFSET + 4], "little")
    return not status & _STA_UNSYNC


def kernel_boot_id() -> UUID:
    """Return the kernel's identifier of this boot: monotonic time counts within it."""
    return UUID(_BOOT_ID.read_text(encoding="ascii").strip())


class SystemClock:
    """Wall time, monotonic time, boot and quality, read together."""

    def __init__(self, boot_id: UUID, synced: Callable[[], bool] = kernel_clock_synced) -> None:
        self._boot_id = boot_id
        self._ask = synced
        self._answer = (-ASK_EVERY_MS, False)

    def now(self) -> Instant:
        """Return the present moment with its quality."""
        wall_ms = time.time_ns() // _NS_PER_MS  # noqa: TID251 -- this is the clock the rest asks
        mono_ms = time.monotonic_ns() // _NS_PER_MS
        return Instant(wall_ms, mono_ms, self._boot_id, self._quality(wall_ms, mono_ms))

    def _quality(self, wall_ms: int, mono_ms: int) -> TimeQuality:
        if wall_ms < PLAUSIBLE_FROM_MS:
            return TimeQuality.UNKNOWN
        return TimeQuality.SYNCED if self._synced(mono_ms) else TimeQuality.HOLDOVER

    def _synced(self, mono_ms: int) -> bool:
        """Ask the kernel now and then: a sale reads the clock a dozen times."""
        asked_ms, answer = self._answer
        if mono_ms - asked_ms >= ASK_EVERY_MS:
            answer = self._ask()
            self._answer = (mono_ms, answer)
        return answer

"""The box's clock, honest about how far it may be believed.

A Pi without a battery clock boots in 1970; one with a network clock is disciplined by the kernel.
The kernel's own flag decides `SYNCED`. Where nobody disciplines it, the time that the cloud has
signed is counted on from there (`HOLDOVER`), and a free-running clock is `HOLDOVER` too, unless it
stands before a time that is known to have passed: before this software was made, or before what
somebody vouched for in an earlier boot. Then it is `UNKNOWN`, and stands no lower than that floor.
"""

import ctypes
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from uuid import UUID

from retail_core import limits
from retail_core.clock import Instant, TimeQuality
from retail_core.fleet.signed_time import ToldTime

PLAUSIBLE_FROM_MS = limits.SOFTWARE_BORN_MS
ASK_EVERY_MS = 1_000
_NS_PER_MS = 1_000_000
_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 256
_STA_NANO = 0x2000
_OFFSET_AT = ctypes.sizeof(ctypes.c_long)
_STATUS_OFFSET = 40 if ctypes.sizeof(ctypes.c_long) == 8 else 20  # noqa: PLR2004 -- a word's size
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def kernel_clock_synced() -> bool:
    """Ask the kernel (adjtimex, read only) whether a time source disciplines its clock."""
    timex = _timex()
    return timex is not None and not _status(timex) & _STA_UNSYNC


def kernel_clock_off_ms() -> int:
    """Return how far, by the kernel's word, the clock still is from its time source."""
    timex = _timex()
    if timex is None:
        return 0
    off = int.from_bytes(timex[_OFFSET_AT : 2 * _OFFSET_AT], "little", signed=True)
    return abs(off) // (_NS_PER_MS if _status(timex) & _STA_NANO else 1_000)


def _timex() -> bytes | None:
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    return None if _libc().adjtimex(timex) < 0 else timex.raw


def _status(timex: bytes) -> int:
    return int.from_bytes(timex[_STATUS_OFFSET : _STATUS_OFFSET + 4], "little")


def kernel_boot_id() -> UUID:
    """Return the kernel's identifier of this boot: monotonic time counts within it."""
    return UUID(_BOOT_ID.read_text(encoding="ascii").strip())


def kernel_wall_ms() -> int:
    """Return the system's wall clock."""
    return time.time_ns() // _NS_PER_MS  # noqa: TID251 -- this is the clock the rest asks


def kernel_mono_ms() -> int:
    """Return the system's monotonic clock."""
    return time.monotonic_ns() // _NS_PER_MS


class SystemClock:
    """Wall time, monotonic time, boot and quality, read together.

    `floor_ms` is a time that has passed for certain, from an earlier boot.
    """

    def __init__(
        self,
        boot_id: UUID,
        synced: Callable[[], bool] = kernel_clock_synced,
        *,
        floor_ms: int = 0,
        wall_ms: Callable[[], int] = kernel_wall_ms,
        mono_ms: Callable[[], int] = kernel_mono_ms,
        off_ms: Callable[[], int] = kernel_clock_off_ms,
    ) -> None:
        self._boot_id = boot_id
        self._ask = synced
        self._wall_ms = wall_ms
        self._mono_ms = mono_ms
        self._kernel_off_ms = off_ms
        self._floor_ms = max(floor_ms, PLAUSIBLE_FROM_MS)
        self._began_ms = mono_ms()
        self._told: ToldTime | None = None
        self._answer = (-ASK_EVERY_MS, False)

    def now(self) -> Instant:
        """Return the present moment with its quality."""
        mono_ms = self._mono_ms()
        wall_ms, quality = self._judged(self._wall_ms(), mono_ms)
        return Instant(wall_ms, mono_ms, self._boot_id, quality)

    def tell(self, told: ToldTime) -> None:
        """Take a time that the cloud has signed, for as long as this boot lasts."""
        self._told = told

    def vouched_ms(self) -> int | None:
        """Return the present time where the kernel or the cloud vouches for it."""
        now = self.now()
        sure = now.quality == TimeQuality.SYNCED or self._told is not None
        return now.wall_ms if sure else None

    def off_ms(self) -> int | None:
        """Return how far the board's clock is off; None where nobody knows better.

        By the kernel's word where a time source disciplines it, else against what the cloud signed.
        """
        mono_ms, wall_ms = self._mono_ms(), self._wall_ms()
        if wall_ms >= PLAUSIBLE_FROM_MS and self._synced(mono_ms):
            return self._kernel_off_ms()
        told = self._told
        return None if told is None else abs(told.wall_ms + mono_ms - told.mono_ms - wall_ms)

    def _judged(self, wall_ms: int, mono_ms: int) -> tuple[int, TimeQuality]:
        if wall_ms >= PLAUSIBLE_FROM_MS and self._synced(mono_ms):
            return wall_ms, TimeQuality.SYNCED
        told = self._told
        if told is not None:
            return told.wall_ms + mono_ms - told.mono_ms, TimeQuality.HOLDOVER
        # A second after the floor at the start is a second after it now: never back in time.
        least_ms = self._floor_ms + mono_ms - self._began_ms
        if wall_ms < self._floor_ms:
            return least_ms, TimeQuality.UNKNOWN
        return wall_ms, TimeQuality.HOLDOVER

    def _synced(self, mono_ms: int) -> bool:
        """Ask the kernel now and then: a sale reads the clock a dozen times."""
        asked_ms, answer = self._answer
        if mono_ms - asked_ms >= ASK_EVERY_MS:
            answer = self._ask()
            self._answer = (mono_ms, answer)
        return answer

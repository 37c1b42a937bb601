"""Time as a fact with a quality: a Pi without a battery clock boots in 1970 and must sell."""

from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID


class TimeQuality(IntEnum):
    """How far the wall clock may be believed."""

    UNKNOWN = 0
    HOLDOVER = 1
    SYNCED = 2


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment on one box: order by (boot_id, mono_ms), show by wall_ms."""

    wall_ms: int
    mono_ms: int
    boot_id: UUID
    quality: TimeQuality

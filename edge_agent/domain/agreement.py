"""What a box knows of how far each till agrees with it, and who let it write all the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from retail_core.clock import Instant
from retail_core.fusion.agreement import Channel, Record
from retail_core.fusion.compare import Difference

DAYS_KEPT = 62
MS_PER_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Override:
    """A technician's word about one channel: it ends with its minutes or with the next boot.

    Wall time is not asked: a clock that is set back must not lengthen it.
    """

    channel: Channel
    allow: bool
    minutes: int
    operator: UUID
    since: Instant

    def holds(self, now: Instant) -> bool:
        """Tell whether it still counts."""
        past_ms = now.mono_ms - self.since.mono_ms
        same_boot = now.boot_id == self.since.boot_id
        return same_boot and 0 <= past_ms < self.minutes * MS_PER_MINUTE


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many receipts of a business day (20260731, 0 while unknown) were compared and agreed."""

    day: int
    seen: int
    agreed: int


@dataclass(frozen=True, slots=True)
class TillTrust:
    """One till: its record, what differed how often, its last days, overrides.

    `told` is how many receipts had been compared when HQ was told last.
    """

    record: Record = field(default_factory=Record)
    kinds: Mapping[str, int] = field(default_factory=dict)
    days: tuple[DayCount, ...] = ()
    overrides: tuple[Override, ...] = ()
    told: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """A difference as it was found; nothing of a member, nothing of who paid how."""

    till: UUID
    wall_ms: int
    difference: Difference

"""How long a shop may keep a face: leases and retention, on a clock that cannot jump.

Leases are counted in *lease time*: milliseconds that have surely gone by since the box was born.
Within one boot only the monotonic clock moves it, so that a wall clock set forward by mistake, or
by an attacker, erases nobody; and a clock set back keeps nobody. What a box slept through is
counted when the wall clock is known at both ends: exactly when both are synchronised, and at most
72 hours a boot when one of them is only held over. An unknown clock counts the time since boot.

So lease time never runs backwards, never runs faster than a synchronised clock, and a box without
any clock still forgets after thirty days of being switched on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from retail_core.clock import Instant, TimeQuality

DAY_MS = 24 * 3_600_000
LOCAL_LEASE_MS = 30 * DAY_MS
# A lease is written anew at most once a day.
RENEW_BELOW_MS = LOCAL_LEASE_MS - DAY_MS
UNUSED_DAYS_MAX = 365
# What was agreed to can be shown for three years after nothing rests on it; the tables say so, too.
CONSENT_KEPT_DAYS = 1_096
OFF_UNSURE_MS_MAX = 3 * DAY_MS


@dataclass(frozen=True, slots=True)
class Synced:
    """A moment at which the wall clock was synchronised, and lease time at that moment."""

    wall_ms: int
    elapsed_ms: int
    boot_id: UUID


@dataclass(frozen=True, slots=True)
class Mark:
    """Lease time as last written down, and when that was."""

    elapsed_ms: int
    at: Instant
    synced: Synced | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """A member's templates: when they end and when they were last used, in lease time."""

    member_id: UUID
    expires_ms: int
    used_day: int


@dataclass(frozen=True, slots=True)
class LeasePlan:
    """Who is erased and why, and who goes on."""

    expired: tuple[UUID, ...]
    unused: tuple[UUID, ...]
    renew: tuple[UUID, ...]


def begin(now: Instant) -> Mark:
    """Return the mark of a box without any: its lease time begins now."""
    return advance(Mark(0, now), now)


def advance(mark: Mark, now: Instant) -> Mark:
    """Return the mark as it stands now."""
    same_boot = now.boot_id == mark.at.boot_id
    gone_ms = now.mono_ms - mark.at.mono_ms if same_boot else now.mono_ms
    elapsed = mark.elapsed_ms + max(0, gone_ms)
    if not same_boot and _known(mark.at) and _known(now):
        slept = now.wall_ms - mark.at.wall_ms
        elapsed = max(elapsed, mark.elapsed_ms + min(slept, now.mono_ms + OFF_UNSURE_MS_MAX))
    if now.quality != TimeQuality.SYNCED:
        return Mark(elapsed, now, mark.synced)
    before = mark.synced
    if before is not None and before.boot_id != now.boot_id:
        elapsed = max(elapsed, before.elapsed_ms + now.wall_ms - before.wall_ms)
    return Mark(elapsed, now, Synced(now.wall_ms, elapsed, now.boot_id))


def plan_leases(leases: Iterable[Lease], elapsed_ms: int, *, renewing: bool) -> LeasePlan:
    """Decide who goes and who stays; only while `renewing` may a lease go on after its end."""
    expired: list[UUID] = []
    unused: list[UUID] = []
    renew: list[UUID] = []
    for lease in leases:
        if lease.expires_ms <= elapsed_ms:
            expired.append(lease.member_id)
        elif day_of(elapsed_ms) - lease.used_day >= UNUSED_DAYS_MAX:
            unused.append(lease.member_id)
        elif renewing and lease.expires_ms - elapsed_ms < RENEW_BELOW_MS:
            renew.append(lease.member_id)
    return LeasePlan(tuple(expired), tuple(unused), tuple(renew))


def day_of(elapsed_ms: int) -> int:
    """Return the day of lease time: when a face was used is kept no finer than this."""
    return elapsed_ms // DAY_MS


def _known(moment: Instant) -> bool:
    return moment.quality != TimeQuality.UNKNOWN

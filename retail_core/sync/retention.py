"""How long a box keeps what the cloud has committed."""

from retail_core import limits
from retail_core.clock import Instant, TimeQuality

_DAY_MS = 24 * 60 * 60 * 1_000


def prune_before_wall_ms(now: Instant) -> int | None:
    """Return the wall time before which acknowledged records may go, None when not to prune.

    A cloud restored from a backup asks for what it lost, so a box whose clock is unknown throws
    nothing away on that clock's word.
    """
    if now.quality == TimeQuality.UNKNOWN:
        return None
    return now.wall_ms - limits.JOURNAL_KEEP_DAYS * _DAY_MS

"""How long to wait: reconnecting without a herd, resending without a storm."""

from retail_core import limits

PERMILLE = 1_000
_RTT_FACTOR = 4
_DOUBLINGS_MAX = 30


def full_jitter(attempt: int, permille: int) -> int:
    """Return the milliseconds before reconnect `attempt` (0 is the first).

    `permille` is the caller's randomness, 0..1000: a thousand boxes that lost one broker spread
    evenly over the whole window instead of coming back in waves.
    """
    ceiling = _doubled(limits.RECONNECT_BASE_MS, attempt, limits.RECONNECT_MAX_MS)
    return ceiling * permille // PERMILLE


def resend_after_ms(attempt: int, rtt_ms: int, least_ms: int = limits.RESEND_AFTER_MS) -> int:
    """Return how long a frame sent for the `attempt`-th time (1 is the first) may stay unacked."""
    base = max(least_ms, _RTT_FACTOR * rtt_ms)
    return _doubled(base, attempt - 1, limits.RESEND_AFTER_MS_MAX)


def _doubled(base: int, times: int, ceiling: int) -> int:
    return int(min(ceiling, base << min(times, _DOUBLINGS_MAX)))

"""How often somebody may ask: a token bucket a key, with a bounded number of keys."""

from collections import OrderedDict
from dataclasses import dataclass

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a minute on average, so many at once."""

    per_minute: int
    burst: int


class RateBook:
    """Buckets by key; the key that was quiet longest is forgotten when there are too many."""

    def __init__(self, rate: Rate, *, keys_max: int = 10_000) -> None:
        self._rate = rate
        self._keys_max = keys_max
        # A request costs 60,000: then a millisecond brings exactly `per_minute`, in integers.
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def take(self, key: str, now_ms: int) -> bool:
        """Return whether one more is allowed now."""
        full = self._rate.burst * _MINUTE_MS
        tokens, then_ms = self._buckets.pop(key, (full, now_ms))
        tokens = min(full, tokens + max(now_ms - then_ms, 0) * self._rate.per_minute)
        allowed = tokens >= _MINUTE_MS
        self._buckets[key] = (tokens - _MINUTE_MS if allowed else tokens, now_ms)
        if len(self._buckets) > self._keys_max:
            self._buckets.popitem(last=False)
        return allowed

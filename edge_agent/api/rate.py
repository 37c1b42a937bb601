"""A bucket of tokens for each terminal: looking members up one by one must not become a list."""

import threading

from edge_agent.ports.clock import Clock
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

LOOKUPS_BURST = 30
LOOKUP_EVERY_MS = 2_000
KEYS_MAX = 256


class LookupRate:
    """Allows a burst, then one every two seconds, for each terminal."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # When the bucket of a key is full again; one number says how much is left of it.
        self._full_at_ms: dict[str, int] = {}

    def take(self, key: str) -> None:
        """Count one look-up; raises Fault API_RATE_LIMITED."""
        now_ms = self._clock.now().mono_ms
        with self._lock:
            full_at_ms = max(self._full_at_ms.get(key, now_ms), now_ms) + LOOKUP_EVERY_MS
            if full_at_ms - now_ms > LOOKUPS_BURST * LOOKUP_EVERY_MS:
                raise Fault(FaultCode.API_RATE_LIMITED)
            if len(self._full_at_ms) >= KEYS_MAX:
                self._full_at_ms.clear()
            self._full_at_ms[key] = full_at_ms

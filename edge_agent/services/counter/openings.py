"""When a till began a basket of its own: the hour its price hangs on, from the first quote on.

Kept in memory: after a restart a basket begins with the next question, and `quoted_total_fen`
refuses a sale whose price changed by that.
"""

import threading
from uuid import UUID

from edge_agent.ports.clock import Clock
from retail_core.clock import Instant

KEPT = 500
STALE_MS = 24 * 3_600 * 1_000


# A till that tells a sale as a whole begins no basket, and one that lay for hours was forgotten.
TOOK_MS = range(1_000, 3_600_000)


def took_ms(opened: Instant | None, now: Instant) -> int:
    """Return how long a basket was at the counter, 0 where that says nothing."""
    if opened is None or opened.boot_id != now.boot_id:
        return 0
    passed = now.mono_ms - opened.mono_ms
    return passed if passed in TOOK_MS else 0


class Openings:
    """Remembers moments by till and the till's own basket id; safe to call from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: dict[tuple[UUID | None, UUID], Instant] = {}

    def of(self, till: UUID | None, basket_id: UUID | None) -> Instant:
        """Return when a basket was begun: now, for one never heard of and for one without an id."""
        now = self._clock.now()
        if basket_id is None:
            return now
        key = till, basket_id
        with self._lock:
            opened = self._opened.get(key)
            if opened is None or now.mono_ms - opened.mono_ms >= STALE_MS:
                self._opened.pop(key, None)
                self._opened[key] = opened = now
                if len(self._opened) > KEPT:
                    self._opened.pop(next(iter(self._opened)))
            return opened

    def over(self, till: UUID | None, basket_id: UUID | None) -> None:
        """Forget a basket that was sold."""
        if basket_id is not None:
            with self._lock:
                self._opened.pop((till, basket_id), None)

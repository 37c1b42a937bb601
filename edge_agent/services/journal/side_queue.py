"""What may be lost waits beside the journal: in memory, bounded, the oldest dropped first.

In the chain nothing can be taken out again, so what could be in the way there is not written yet.
Telemetry goes in as soon as the disk has room for it, debug only when the cloud has just answered:
it never takes room on a box that is cut off. A power cut takes what waits here.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable

from edge_agent.ports.journal import Draft
from retail_core.errors import Fault
from retail_core.sync.urgency import Urgency
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

KEPT = {Urgency.TELEMETRY: 256, Urgency.DEBUG: 64}
KEPT_BYTES = 256 * 1_024
_DROPPED = {
    Urgency.TELEMETRY: FaultCode.TELEMETRY_DROPPED,
    Urgency.DEBUG: FaultCode.DEBUG_DROPPED,
}


class SideQueue:
    """Safe to call from any thread; `append` writes one draft or raises the Fault of the disk."""

    def __init__(self, append: Callable[[Draft], object], tally: FaultTally) -> None:
        self._append = append
        self._tally = tally
        self._lock = threading.Lock()
        self._moving = threading.Lock()
        self._waiting: dict[Urgency, deque[Draft]] = {urgency: deque() for urgency in KEPT}
        self.dropped: Counter[Urgency] = Counter()

    def put(self, draft: Draft, urgency: Urgency) -> None:
        """Take in what may be lost."""
        with self._lock:
            self._waiting[urgency].append(draft)
            self._drop_too_much(urgency)
        self._settle((Urgency.TELEMETRY,))

    def settle(self) -> None:
        """Write down what waits, as far as there is room: the cloud has just answered."""
        self._settle(tuple(KEPT))

    def waiting(self, urgency: Urgency) -> int:
        """Return how much of a class is not written down yet."""
        return len(self._waiting[urgency])

    def _settle(self, classes: tuple[Urgency, ...]) -> None:
        if not self._moving.acquire(blocking=False):
            return  # whoever is at it takes what was just put in, or the next answer does
        try:
            for urgency in classes:
                while (draft := self._next(urgency)) is not None:
                    self._append(draft)
                    self._gone(urgency, draft)
        except Fault:
            return  # no room: it waits where it stood
        finally:
            self._moving.release()

    def _next(self, urgency: Urgency) -> Draft | None:
        with self._lock:
            return self._waiting[urgency][0] if self._waiting[urgency] else None

    def _gone(self, urgency: Urgency, draft: Draft) -> None:
        with self._lock:  # it may have been dropped while it was written
            if self._waiting[urgency] and self._waiting[urgency][0] is draft:
                self._waiting[urgency].popleft()

    def _drop_too_much(self, urgency: Urgency) -> None:
        held = self._waiting[urgency]
        size = sum(len(draft.body) for draft in held)
        while len(held) > KEPT[urgency] or size > KEPT_BYTES:
            size -= len(held.popleft().body)
            self.dropped[urgency] += 1
            self._tally.count(_DROPPED[urgency])

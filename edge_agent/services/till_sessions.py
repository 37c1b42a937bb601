"""Which member stands at which till, for receipts that name none."""

import threading
from uuid import UUID

from edge_agent.domain.till_session import TillSession
from edge_agent.ports.clock import Clock
from retail_core.identity.assurance import Assurance

VISIT_MS = 10 * 60_000


class TillSessions:
    """Remembers the last member recognised at each till; one receipt uses her up."""

    def __init__(self, clock: Clock, *, window_ms: int = VISIT_MS) -> None:
        self._clock = clock
        self._window_ms = window_ms
        self._lock = threading.Lock()
        self._by_till: dict[UUID, TillSession] = {}

    def recognised(self, till: UUID, member_id: UUID, assurance: Assurance) -> None:
        """Note who stands at a till now."""
        session = TillSession(member_id, assurance, self._clock.now())
        with self._lock:
            self._by_till[till] = session

    def at(self, till: UUID) -> UUID | None:
        """Return the member a receipt of this till belongs to, if one was recognised lately."""
        with self._lock:
            session = self._by_till.get(till)
        now = self._clock.now()
        return None if session is None else session.member_at(now, window_ms=self._window_ms)

    def end(self, till: UUID) -> None:
        """End a visit: the next receipt is somebody else's."""
        with self._lock:
            self._by_till.pop(till, None)

"""Which member stands at which till, how she was recognised, and what that allows."""

import threading
from dataclasses import replace
from uuid import UUID

from edge_agent.domain.till_session import TillSession
from edge_agent.ports.clock import Clock
from retail_core.identity.assurance import Standing, TurnPolicy

VISIT_MS = 10 * 60_000


class TillSessions:
    """Remembers the last member recognised at each till; one receipt uses her up."""

    def __init__(
        self, clock: Clock, policy: TurnPolicy | None = None, *, window_ms: int = VISIT_MS
    ) -> None:
        self.policy = policy or TurnPolicy()
        self._clock = clock
        self._window_ms = window_ms
        self._lock = threading.Lock()
        self._by_till: dict[UUID, TillSession] = {}

    def recognised(self, till: UUID, member_id: UUID, standing: Standing) -> Standing:
        """Note who stands at a till now; return her standing.

        A code shown counts for the whole visit: a glance at her face does not take it back.
        """
        now = self._clock.now()
        with self._lock:
            held = self._standing(till, member_id)
            if held is not None and outweighs(held, standing):
                standing = held
            self._by_till[till] = TillSession(member_id, standing, now)
        return standing

    def turned(self, till: UUID, member_id: UUID) -> bool:
        """Note that she turned her head; False when she no longer stands there."""
        with self._lock:
            held = self._standing(till, member_id)
            if held is None:
                return False
            standing = replace(held, turned=True)
            self._by_till[till] = TillSession(member_id, standing, self._clock.now())
        return True

    def at(self, till: UUID, fen: int = 0) -> UUID | None:
        """Return the member a receipt over `fen` of this till belongs to, if there is one."""
        with self._lock:
            session = self._by_till.get(till)
        now = self._clock.now()
        if session is None:
            return None
        return session.member_at(now, self.policy, fen, window_ms=self._window_ms)

    def present(self, till: UUID) -> tuple[UUID, Standing] | None:
        """Return who stands at a till, whatever she may do."""
        with self._lock:
            session = self._by_till.get(till)
        if session is None or not session.stands_at(self._clock.now(), window_ms=self._window_ms):
            return None
        return session.member_id, session.standing

    def end(self, till: UUID) -> None:
        """End a visit: the next receipt is somebody else's."""
        with self._lock:
            self._by_till.pop(till, None)

    def _standing(self, till: UUID, member_id: UUID) -> Standing | None:
        session = self._by_till.get(till)
        if session is None or session.member_id != member_id:
            return None
        now = self._clock.now()
        return session.standing if session.stands_at(now, window_ms=self._window_ms) else None


def outweighs(held: Standing, new: Standing) -> bool:
    """Return whether how somebody is known says more than another way."""
    if held.assurance != new.assurance:
        return held.assurance > new.assurance
    return held.turned and not new.turned

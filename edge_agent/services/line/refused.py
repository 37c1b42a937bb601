"""What came damaged or could not be read: asked for again by and by, rarer and rarer.

The sender, or whatever stands between, may have mended it while the line never broke, and nothing
would say so. Whatever is published anew is fetched at once and does not wait for this.
"""

from edge_agent.ports.clock import Clock
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Published

FIRST_S = 15
LAST_S = 15 * 60
_MS_PER_S = 1_000
_SAID = {"bundle": FaultCode.RULES_REFUSED, "catalogue": FaultCode.CATALOGUE_REFUSED}


class Refused:
    """Used from one thread, but for `noted`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._what: dict[str, Published | None] = {}
        self._why: dict[str, Fault] = {}  # a new one each time: others read it
        self._wait_s = FIRST_S
        self._at_ms = 0

    def add(self, kind: str, published: Published | None, why: Fault) -> None:
        """Note what was let go and why; its time is that of what was refused before it."""
        now_ms = self._clock.now().mono_ms
        if not self._what or now_ms >= self._at_ms:
            self._at_ms = now_ms + self._wait_s * _MS_PER_S
            self._wait_s = min(2 * self._wait_s, LAST_S)
        self._what[kind] = published
        self._why = {**self._why, kind: why}

    def taken(self, kind: str) -> None:
        """Forget what could be read at last."""
        self._what.pop(kind, None)
        self._why = {other: why for other, why in self._why.items() if other != kind}
        if not self._what:
            self._wait_s = FIRST_S

    def noted(self) -> tuple[Fault, ...]:
        """Return what is to be said of it; called from any thread."""
        return tuple(
            Fault(_SAID.get(kind, FaultCode.TABLE_REFUSED), why=fault.code)
            for kind, fault in sorted(self._why.items())
        )

    def in_s(self) -> float | None:
        """Return in how long to ask again; None when nothing was refused."""
        if not self._what:
            return None
        return max(0, self._at_ms - self._clock.now().mono_ms) / _MS_PER_S

    def due(self) -> dict[str, Published | None]:
        """Return what to ask for again now, by kind."""
        return dict(self._what) if self.in_s() == 0 else {}

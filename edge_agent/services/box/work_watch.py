"""Feeds the service manager's watchdog for work done, and says which part does none."""

from collections.abc import Callable, Mapping

from edge_agent.ports.clock import Clock
from edge_agent.ports.service_manager import ServiceManager
from retail_core.fleet.work import Stand, begun, hung, noted

# With the unit's WatchdogSec of 20 s: what stands still is killed after half a minute.
PATIENCE_MS = 10_000


class Pulse:
    """A probe of a part that may be idle: counts how often it came back with something."""

    def __init__(self, probe: Callable[[], bool | None]) -> None:
        self._probe = probe
        self._beats = 0

    def turn(self) -> None:
        """Probe once; False, and what the probe raises, is no beat."""
        if self._probe() is not False:
            self._beats += 1

    def beats(self) -> int:
        """Return how often it came back."""
        return self._beats


class WorkWatch:
    """Asks each part for a number that only grows; `turn` belongs to one thread."""

    def __init__(
        self, clock: Clock, manager: ServiceManager, parts: Mapping[str, Callable[[], int]]
    ) -> None:
        self._clock = clock
        self._manager = manager
        self._parts = parts
        self._stands: dict[str, Stand] = {}
        self._ready = False

    def turn(self) -> None:
        """Look at every part; feed the watchdog, or say what hangs."""
        now_ms = self._clock.now().mono_ms
        marks = {name: mark() for name, mark in self._parts.items()}
        self._stands = noted(self._stands, marks, now_ms)
        still = self.hung()
        if still:
            self._manager.tell(STATUS=f"hangs: {', '.join(still)}")
        elif self._ready:
            self._manager.tell(WATCHDOG="1", STATUS="works")
        elif begun(self._stands):
            self._ready = True
            self._manager.tell(READY="1", STATUS="works")

    def hung(self) -> tuple[str, ...]:
        """Return the parts that do nothing, by name."""
        return hung(self._stands, PATIENCE_MS, self._clock.now().mono_ms)

    @property
    def ready(self) -> bool:
        """Whether every part has done something, and none hangs."""
        return self._ready and not self.hung()

    def ending(self) -> None:
        """Say that the program ends because it was asked to."""
        self._manager.tell(STOPPING="1", STATUS="ends")

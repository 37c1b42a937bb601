"""A customer display in memory: the test says what the till shows."""

from collections import deque
from collections.abc import Sequence

from edge_agent.ports.display_tap import DisplayEvent


class FakeDisplayTap:
    """Fulfils `DisplayTap`; `put` is the till showing something, `unplug` pulls a cable."""

    def __init__(self, name: str = "fake display") -> None:
        self.name = name
        self._events: deque[DisplayEvent] = deque()
        self._state = "starting"

    def put(self, event: DisplayEvent) -> None:
        self._events.append(event)

    def unplug(self) -> None:
        self._state = "gone"

    def start(self) -> None:
        self._state = "ok"

    def next_event(self, *, timeout_ms: int) -> DisplayEvent | None:
        return self._events.popleft() if self._events else None

    def state(self) -> str:
        return self._state

    def stop(self) -> None:
        self._state = "starting"


class FakeCustomerDisplay:
    """Fulfils `CustomerDisplay`; keeps what was shown, refuses while `allowed` is False."""

    def __init__(self, *, allowed: bool = True) -> None:
        self.allowed = allowed
        self.shown: list[tuple[str, ...]] = []

    def show(self, lines: Sequence[str]) -> bool:
        if not (self.allowed and any(lines)):
            return False
        self.shown.append(tuple(lines))
        return True

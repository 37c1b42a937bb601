"""A scanner in memory: the test says what was scanned."""

from collections import deque

from edge_agent.ports.scanner_tap import ScanEvent


class FakeScannerTap:
    """Fulfils `ScannerTap`; `put` is a scan, `unplug` pulls a cable."""

    def __init__(self, name: str = "fake scanner") -> None:
        self.name = name
        self._events: deque[ScanEvent] = deque()
        self._state = "starting"

    def put(self, event: ScanEvent) -> None:
        self._events.append(event)

    def unplug(self) -> None:
        self._state = "gone"

    def start(self) -> None:
        self._state = "ok"

    def next_event(self, *, timeout_ms: int) -> ScanEvent | None:
        return self._events.popleft() if self._events else None

    def state(self) -> str:
        return self._state

    def stop(self) -> None:
        self._state = "starting"


class FakeTillInjector:
    """Fulfils `TillInjector`; keeps what was typed, refuses while `allowed` is False."""

    def __init__(self, *, allowed: bool = True) -> None:
        self.allowed = allowed
        self.typed: list[str] = []

    def type(self, text: str) -> bool:
        if not (self.allowed and text and text.isascii() and text.isprintable()):
            return False
        self.typed.append(text)
        return True

"""The nets are shared by the lanes: who came first goes first, and no more at once than cores.

Without turns the kernel shares the cores between all lanes' nets: each frame of each takes longer,
and a lane that reads frame after frame has the better luck. In turns a lane waits for one frame of
each other lane at most.

A net that never comes back must not stand in the others' way: a place that was held for longer than
any frame takes is given to the next in line, and whoever held it gives nothing back.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from edge_agent.ports.arrays import UInt8s
from edge_agent.ports.face import FaceEngine, FaceReading

# Ten times what a frame takes on the slowest board. Too short harms nothing but fairness.
HELD_MAX_S = 2.0


class _Ticket:
    """One caller's place in the line; `gate` opens when the place is hers, `since` is when."""

    def __init__(self) -> None:
        self.gate = Lock()
        self.gate.acquire()
        self.since = 0.0


class FairTurns:
    """Lets `places` callers in at a time, strictly in the order they came.

    Who holds a place for more than `held_max_s` has lost it, once somebody waits.
    """

    def __init__(self, places: int, held_max_s: float = HELD_MAX_S) -> None:
        self._free = places
        self._held_max_s = held_max_s
        self._lock = Lock()
        self._waiting: deque[_Ticket] = deque()
        # Who holds a place, the longest first.
        self._inside: dict[_Ticket, None] = {}

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a place and hold it."""
        ticket = _Ticket()
        self._enter(ticket)
        try:
            yield
        finally:
            self._leave(ticket)

    def _enter(self, ticket: _Ticket) -> None:
        with self._lock:
            self._waiting.append(ticket)
            self._hand_on()
        while not ticket.gate.acquire(timeout=self._patience_s()):
            with self._lock:
                self._take_back()
                self._hand_on()

    def _leave(self, ticket: _Ticket) -> None:
        with self._lock:
            # A place that was taken back is somebody else's by now.
            if self._inside.pop(ticket, ticket) is None:
                self._free += 1
                self._hand_on()

    def _hand_on(self) -> None:
        """Give free places to those who wait: nobody who comes later can slip in."""
        while self._free and self._waiting:
            ticket = self._waiting.popleft()
            self._free -= 1
            ticket.since = time.monotonic()
            self._inside[ticket] = None
            ticket.gate.release()

    def _patience_s(self) -> float:
        """Return how long until the place held longest is forfeit."""
        with self._lock:
            longest = next(iter(self._inside), None)
            since = time.monotonic() if longest is None else longest.since
        return max(0.0, since + self._held_max_s - time.monotonic())

    def _take_back(self) -> None:
        forfeit_before = time.monotonic() - self._held_max_s
        for ticket in [one for one in self._inside if one.since <= forfeit_before]:
            del self._inside[ticket]
            self._free += 1


@dataclass(slots=True)
class FairEngine:
    """A `FaceEngine` around another that takes its turn."""

    inner: FaceEngine
    turns: FairTurns
    model_id: str = ""

    def __post_init__(self) -> None:
        """Speak in the name of the engine inside."""
        self.model_id = self.inner.model_id

    def read(self, image: UInt8s) -> FaceReading:
        """Run the pipeline when it is this caller's turn."""
        with self.turns.turn():
            return self.inner.read(image)

    def count(self, image: UInt8s) -> int:
        """Count faces when it is this caller's turn."""
        with self.turns.turn():
            return self.inner.count(image)

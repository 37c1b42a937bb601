"""The nets are shared by the lanes: who came first goes first, and no more at once than cores.

Without turns the kernel shares the cores between all lanes' nets: each frame of each takes longer,
and a lane that reads frame after frame has the better luck. In turns a lane waits for one frame of
each other lane at most.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from edge_agent.ports.face import FaceEngine, FaceReading


class FairTurns:
    """Lets `places` callers in at a time, strictly in the order they came."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._lock = Lock()
        self._waiting: deque[Lock] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a place and hold it."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            gate = Lock()
            gate.acquire()
            self._waiting.append(gate)
        # The place is handed over: nobody who comes later can slip in.
        gate.acquire()

    def _leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
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

    def read(self, image: NDArray[np.uint8]) -> FaceReading:
        """Run the pipeline when it is this caller's turn."""
        with self.turns.turn():
            return self.inner.read(image)

"""Looks at the counter all the time: codes and cards unasked, faces only while somebody asked.

A face is matched after the customer's act or the till's question; `arm` is that question, for a
while. Only in a zone where HQ allows it are members matched who agreed to be recognised on walking
up. Whoever runs this calls `turn` in a loop; results go to a callback on that thread.
"""

import threading
from collections.abc import Callable, Collection

from edge_agent.recognition.race import now_ms
from edge_agent.services.recognition.identify import Identification, Identify
from edge_agent.services.recognition.readers import Reader
from edge_agent.services.recognition.walk_up import WalkUp

GLANCE_MS = 400
# A vote takes three frames, and a glance that ends before starts anew: slow boxes need the time.
ARMED_GLANCE_MS = 2_000
# Between two glances the door stands open for whoever asks.
REST_S = 0.02
ARMED_MS = 10_000


class WatchLane:
    """`unasked` are the readers that may look without a question; a face is never among them."""

    def __init__(
        self,
        identify: Identify,
        on_result: Callable[[Identification], None],
        unasked: Collection[Reader] = ("qr", "nfc"),
        walk_up: WalkUp | None = None,
    ) -> None:
        self._identify = identify
        self._on_result = on_result
        self._unasked = tuple(
            reader for reader in unasked if reader != "face" and reader in identify.factors
        )
        self._walk_up = walk_up
        self._lock = threading.Lock()
        self._armed_until_ms = 0.0
        self._woken = threading.Event()

    def arm(self, for_ms: int = ARMED_MS) -> None:
        """Match faces too, until one is recognised or the time is over."""
        with self._lock:
            self._armed_until_ms = now_ms() + for_ms
        self._woken.set()

    def disarm(self) -> None:
        """Stop matching faces."""
        with self._lock:
            self._armed_until_ms = 0.0

    def armed(self) -> bool:
        """Tell whether faces are matched now."""
        with self._lock:
            return now_ms() < self._armed_until_ms

    def turn(self) -> None:
        """Look once; hand a result on when it says something new."""
        armed = self.armed() and "face" in self._identify.factors
        factors: tuple[Reader, ...] = (*self._unasked, "face") if armed else self._unasked
        walks_up = not armed and self._walk_up is not None and self._walk_up.look()
        if walks_up:
            factors = (*self._unasked, "walk_up")
        self._woken.clear()
        if not factors:
            self._woken.wait(GLANCE_MS / 1000)
            return
        result = self._identify.glance(factors, ARMED_GLANCE_MS if armed or walks_up else GLANCE_MS)
        if result is not None and self._worth_telling(result):
            if result.outcome == "member":
                self.disarm()
            self._on_result(result)
        self._woken.wait(REST_S)

    def _worth_telling(self, result: Identification) -> bool:
        if result.walked_up:
            return self._walk_up is not None and self._walk_up.announces(result)
        return result.outcome != "none" and not result.repeated

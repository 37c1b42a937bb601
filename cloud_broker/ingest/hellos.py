"""Hellos that wait for their answer, and how many are answered between two live sales.

A thousand boxes whose broker was restarted say hello within a second or two. To answer them all in
one go takes seconds, and a sale made meanwhile would stand behind them; so they are confirmed to
the broker at once and answered a few at a time. One that is lost with a worker is said again.
"""

import time
from collections.abc import Callable, Iterable, Iterator

from cloud_broker.ingest.session import Delivery


class HelloLane:
    """The newest hello of each box, in the order they came; used from one thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._waits: dict[str, Delivery] = {}
        self._now = now

    def __len__(self) -> int:
        return len(self._waits)

    def add(self, hellos: Iterable[Delivery]) -> list[Delivery]:
        """Put hellos in the lane, a box's later one in place of its earlier; return them."""
        added = list(hellos)
        self._waits |= {one.inbound.topic: one for one in added}
        return added

    def take(self, may_s: float) -> Iterator[Delivery]:
        """Take hellos out for so many seconds, one at least."""
        began = self._now()
        while self._waits:
            yield self._waits.pop(next(iter(self._waits)))
            if self._now() - began >= may_s:
                return

    def drop(self, leaves: Callable[[Delivery], bool]) -> None:
        """Forget what is another worker's now: boxes greet it by themselves."""
        self._waits = {topic: one for topic, one in self._waits.items() if not leaves(one)}

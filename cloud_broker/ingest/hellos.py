"""Hellos that wait for their answer, and how many are answered between two live sales.

A thousand boxes whose broker was restarted say hello within a second or two. To answer them all in
one go takes a second, and a sale made meanwhile would stand behind them; so they are confirmed to
the broker at once and answered by pieces. One that is lost with a worker is said again.
"""

from collections.abc import Callable, Iterable
from itertools import islice

from cloud_broker.ingest.session import Delivery


class HelloLane:
    """The newest hello of each box, in the order they came; used from one thread."""

    def __init__(self) -> None:
        self._waits: dict[str, Delivery] = {}

    def __len__(self) -> int:
        return len(self._waits)

    def add(self, hellos: Iterable[Delivery]) -> list[Delivery]:
        """Put hellos in the lane, a box's later one in place of its earlier; return them."""
        added = list(hellos)
        self._waits |= {one.inbound.topic: one for one in added}
        return added

    def take(self, most: int) -> list[Delivery]:
        """Take so many hellos out."""
        topics = list(islice(self._waits, most))
        return [self._waits.pop(topic) for topic in topics]

    def drop(self, leaves: Callable[[Delivery], bool]) -> None:
        """Forget what is another worker's now: boxes greet it by themselves."""
        self._waits = {topic: one for topic, one in self._waits.items() if not leaves(one)}

"""The adaptive batch: take what waits; when it was busy, gather a moment longer.

A lone sale is booked at once. Under load a millisecond of gathering puts many sales into one
commit, which is what makes the database cheap; waiting never costs more than it saves.
"""

from contextlib import suppress
from queue import Empty, Queue
from typing import Generic, TypeVar

BATCH_MAX = 1_000
_BUSY = 2
_VERY_BUSY = 32
_S = 0.001

_T = TypeVar("_T")


def gather_ms(waiting: int, previous: int) -> int:
    """Return how long to gather: `waiting` lie there now, the last batch had `previous`."""
    load = max(waiting, previous)
    if load < _BUSY:
        return 0
    return 1 if load < _VERY_BUSY else 3


class Batcher(Generic[_T]):
    """Takes batches from a queue; one reader."""

    def __init__(self, queue: Queue[_T]) -> None:
        self._queue = queue
        self._previous = 0

    def take(self, idle_s: float) -> list[_T]:
        """Return the next batch, empty when nothing came in time."""
        try:
            batch = [self._queue.get(timeout=idle_s)]
        except Empty:
            self._previous = 0
            return []
        self._drain(batch)
        wait_ms = gather_ms(len(batch), self._previous)
        if wait_ms and len(batch) < BATCH_MAX:
            with suppress(Empty):
                batch.append(self._queue.get(timeout=wait_ms * _S))
            self._drain(batch)
        self._previous = len(batch)
        return batch

    def _drain(self, batch: list[_T]) -> None:
        while len(batch) < BATCH_MAX:
            try:
                batch.append(self._queue.get_nowait())
            except Empty:
                return

"""The adaptive batch: take what waits; when it was busy, gather a moment longer.

A lone sale is booked at once. What a batch costs hardly depends on how many sales it holds: under
load half of what the last one took is waited before the next, so that a third of the processor is
left to whom the sales are told, and batches grow instead of the line.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import Any, Generic, TypeVar

from retail_core import limits
from retail_core.wire.packing import is_packed

BATCH_MAX = 1_000
_BUSY = 2
_VERY_BUSY = 32
GATHER_S_MAX = 0.008

_NUDGE: Any = object()
_T = TypeVar("_T")


def is_live(payload: bytes) -> bool:
    """Return whether a frame is of sales made now: boxes cut those short and never pack them."""
    return len(payload) <= limits.FRAME_BYTES_LIVE and not is_packed(payload)


def gather_s(waiting: int, previous: int, took_s: float) -> float:
    """Return how long to gather: `waiting` lie there now, the last batch had `previous`."""
    if max(waiting, previous) < _BUSY or waiting >= _VERY_BUSY:
        return 0.0
    return min(took_s / 2, GATHER_S_MAX)


class Batcher(Generic[_T]):
    """Takes batches from a queue; one reader."""

    def __init__(
        self,
        queue: Queue[_T],
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._queue = queue  # besides what comes, it may hold nudges
        self._now = now
        self._sleep = sleep
        self._previous = 0
        self._taken_at = now()

    def nudge(self) -> None:
        """End a wait for what comes, from any thread: there is something else to do."""
        with suppress(Full):  # then nobody waits
            self._queue.put_nowait(_NUDGE)

    def take(self, idle_s: float, *, gather: bool = True) -> list[_T]:
        """Return the next batch, empty when nothing came in time; `gather` may wait for more."""
        took_s = self._now() - self._taken_at
        try:
            batch = [self._queue.get(timeout=idle_s)]
        except Empty:
            self._previous = 0
            self._taken_at = self._now()
            return []
        self._drain(batch)
        wait_s = gather_s(len(batch), self._previous, took_s) if gather else 0.0
        if wait_s:
            self._sleep(wait_s)
            self._drain(batch)
        self._previous = len(batch)
        self._taken_at = self._now()
        return [one for one in batch if one is not _NUDGE]

    def _drain(self, batch: list[_T]) -> None:
        while len(batch) < BATCH_MAX:
            try:
                batch.append(self._queue.get_nowait())
            except Empty:
                return

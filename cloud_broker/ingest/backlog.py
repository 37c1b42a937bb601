"""Backlog that came and is not durable yet, and how much of it is worked between two live sales.

The broker keeps only so many messages under way to us. A thousand shops that come back fill that
window with their nights, and a sale made now would stand behind them in the broker, where nobody
can let it pass. So what is taken into this lane is confirmed to the broker at once, up to a bound
of memory: that promises the boxes nothing, they keep what our own acknowledgement does not name.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cloud_broker.ingest.batcher import is_live
from cloud_broker.ingest.session import Delivery

# A thousand shops with two full frames each, packed as they are, and far below what a worker has.
HELD_BYTES_MAX = 64 * 1024 * 1024
# How long a piece of backlog may take: shops that sell just now wait for it, others hardly ever.
BESIDE_LIVE_S, ALONE_S = 0.03, 0.25
LIVE_LATELY_S = 2.0
# Bytes made durable in one go, events booked, hellos answered: at first, at least, at most.
KEPT_BYTES = 128 * 1024, 16 * 1024, 2 * 1024 * 1024
BOOKED_EVENTS = 96, 48, 384
GREETED = 16, 4, 256


def split(frames: Iterable[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
    """Part frames of sales made now from those of a backlog."""
    live: list[Delivery] = []
    backlog: list[Delivery] = []
    for one in frames:
        (live if is_live(one.inbound.payload) else backlog).append(one)
    return live, backlog


class BacklogLane:
    """Frames in the order they came; used from one thread."""

    def __init__(self, bytes_max: int = HELD_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._waits: deque[tuple[Delivery, bool]] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._waits)

    def add(self, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """Put frames in the lane; return those the broker may forget already."""
        confirmed: list[Delivery] = []
        for one in deliveries:
            self._bytes += len(one.inbound.payload)
            early = self._bytes <= self._bytes_max
            self._waits.append((one, early))
            if early:
                confirmed.append(one)
        return confirmed

    def take(self, bytes_max: int) -> tuple[list[Delivery], list[Delivery]]:
        """Take frames of so many bytes, one at least; the second list is still to be confirmed."""
        piece: list[Delivery] = []
        owed: list[Delivery] = []
        while self._waits and (not piece or bytes_max > 0):
            one, early = self._waits.popleft()
            size = len(one.inbound.payload)
            self._bytes -= size
            bytes_max -= size
            piece.append(one)
            if not early:
                owed.append(one)
        return piece, owed

    def drop(self, leaves: Callable[[Delivery], bool]) -> list[Delivery]:
        """Take out what is another's now; return what of it is still to be confirmed."""
        gone = [(one, early) for one, early in self._waits if leaves(one)]
        self._waits = deque((one, early) for one, early in self._waits if not leaves(one))
        self._bytes -= sum(len(one.inbound.payload) for one, _ in gone)
        return [one for one, early in gone if not early]


@dataclass(slots=True)
class Pace:
    """How much is worked in one go so that it takes about as long as it may, learned as it goes.

    `size` is in whatever the work is counted in; a piece that was not `full` teaches nothing. It
    moves by no more than a factor of two, so that one stall of the machine does not make many
    small pieces, which cost more each.
    """

    size: int
    least: int
    most: int
    full: bool = True

    def learn(self, took_s: float, may_s: float) -> None:
        """Take note of how long a full piece took."""
        factor = min(2.0, max(0.5, may_s / max(took_s, 1e-6)))
        self.size = min(self.most, max(self.least, int(self.size * factor)))


class Paces:
    """The sizes of the pieces of whatever is no live sale, smaller while shops sell."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.keeping, self.booking = Pace(*KEPT_BYTES), Pace(*BOOKED_EVENTS)
        self.greeting = Pace(*GREETED)
        self._now = now
        self._live_at = now() - LIVE_LATELY_S

    def live_came(self) -> None:
        """Take note of a live sale: the next one is soon to be expected."""
        self._live_at = self._now()

    @contextmanager
    def timed(self, pace: Pace) -> Iterator[Pace]:
        """Learn from a piece; who works it says whether it was full."""
        began = self._now()
        yield pace
        if pace.full:
            pace.learn(self._now() - began, BESIDE_LIVE_S if self._is_live(began) else ALONE_S)

    @property
    def live_lately(self) -> bool:
        """Whether the next live sale is to be expected soon."""
        return self._is_live(self._now())

    def _is_live(self, at: float) -> bool:
        return at - self._live_at < LIVE_LATELY_S

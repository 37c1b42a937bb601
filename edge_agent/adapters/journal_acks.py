"""What the cloud has committed, as ranges: in memory, and on disk with whatever is written next.

A mark of its own would write as many pages as a sale. One that a power cut or a kill takes is told
and acknowledged again.
"""

import threading
from collections.abc import Iterable

import msgspec

from retail_core.sync.ranges import Range, Ranges, clamp, covers, normalise, subtract

_decoder = msgspec.msgpack.Decoder(Ranges)


class Acked:
    """Safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ranges: Ranges = ()
        self._unkept = False

    def load(self, raw: bytes, pruned_seq: int) -> None:
        """Take what the file holds; everything up to `pruned_seq` was committed."""
        below = ((1, pruned_seq),) if pruned_seq else ()
        self._ranges = normalise((*_decoder.decode(raw), *below))
        self._unkept = False

    @staticmethod
    def of(ranges: Iterable[Range], head: int, pruned_seq: int) -> bytes:
        """Return what the file holds when the cloud has these ranges and no others."""
        below = ((1, pruned_seq),) if pruned_seq else ()
        return msgspec.msgpack.encode(normalise((*clamp(ranges, 1, head), *below)))

    def mark(self, ranges: Iterable[Range], head: int) -> int:
        """Add what is not beyond `head`; return how many sequences were new."""
        with self._lock:
            forward = (one for one in ranges if one[0] <= one[1])
            new = subtract(clamp(forward, 1, head), self._ranges)
            if new:
                self._ranges, self._unkept = normalise((*self._ranges, *new)), True
            return _count(new)

    @property
    def unkept(self) -> bool:
        """Whether anything was marked since the start: it may not be on disk."""
        return self._unkept

    def covers(self, seq: int) -> bool:
        """Return whether the cloud has a record."""
        return covers(self._ranges, seq)

    def waiting(self, low: int, head: int) -> Ranges:
        """Return what of low..head the cloud does not have."""
        return subtract([(low, head)], self._ranges) if low <= head else ()

    def depth(self, head: int) -> int:
        """Return how many records up to `head` wait."""
        return head - _count(self._ranges)

    def lowest_waiting(self) -> int:
        """Return the lowest sequence that waits or is yet to come."""
        ranges = self._ranges
        return ranges[0][1] + 1 if ranges and ranges[0][0] == 1 else 1

    def raw(self) -> bytes:
        """Return what the file is to hold."""
        return msgspec.msgpack.encode(self._ranges)

    def without_gaps(self) -> bytes:
        """Return it with nothing after the first record that waits."""
        first = self.lowest_waiting()
        return msgspec.msgpack.encode(((1, first - 1),) if first > 1 else ())


def _count(ranges: Ranges) -> int:
    return sum(high - low + 1 for low, high in ranges)

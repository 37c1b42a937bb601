"""What the line does to packets: late, lost, twice, out of order, too many; decided, not done.

Kernels without `sch_netem` cannot do this themselves, and a program can be told to change its mind
in the middle. Time and chance are arguments, so the same seed gives the same line.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

QUEUE_S = 0.5
_MS = 1_000.0
_MBIT = 1_000_000.0


@dataclass(slots=True)
class Manners:
    """How the line behaves; delay and jitter one way, in ms; shares in percent; `mbit` 0: any."""

    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    dup: float = 0.0
    reorder: float = 0.0
    mbit: float = 0.0

    def change(self, said: str) -> bool:
        """Take `loss 100` or the like; False when it is no such word."""
        name, _, value = said.strip().partition(" ")
        if name not in self.__dataclass_fields__:
            return False
        try:
            number = float(value)
        except ValueError:
            return False
        if number < 0:
            return False
        setattr(self, name, number)
        return True


@dataclass(slots=True)
class Direction:
    """One direction of the line."""

    draw: random.Random
    last_s: float = 0.0
    busy_s: float = 0.0
    passed: int = field(default=0)
    dropped: int = field(default=0)

    def takes(self, manners: Manners, size: int, now_s: float) -> Iterator[float]:
        """Return when each copy of a packet comes out: none when lost, two when doubled."""
        if self._hit(manners.loss):
            self.dropped += 1
            return
        out_s = now_s
        if manners.mbit:
            self.busy_s = max(now_s, self.busy_s) + size * 8 / (manners.mbit * _MBIT)
            out_s = self.busy_s
            if out_s - now_s > QUEUE_S:  # a router's buffer is full
                self.busy_s -= size * 8 / (manners.mbit * _MBIT)
                self.dropped += 1
                return
        due_s = out_s + (manners.delay + self.draw.uniform(-1, 1) * manners.jitter) / _MS
        if not self._hit(manners.reorder):
            due_s = self.last_s = max(due_s, self.last_s)
        for _ in range(2 if self._hit(manners.dup) else 1):
            self.passed += 1
            yield due_s

    def _hit(self, percent: float) -> bool:
        return percent > 0 and self.draw.random() * 100 < percent

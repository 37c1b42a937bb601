"""Latencies of a run: what each commit waits for, and what came when, second by second."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tools.bench.report import percentile

PERCENTS = (50.0, 95.0, 99.0, 99.9)
_NS = 1_000_000_000
_NS_PER_MS = 1_000_000
WAITING_MAX = 2_000_000


@dataclass(slots=True)
class Waiting:
    """A sale on its way: when it was on disk, and which other stores are to hear of it."""

    committed_ns: int
    home: int
    left: set[int]


@dataclass(slots=True)
class Meter:
    """Times of one process; monotonic nanoseconds, which all processes of a machine share."""

    waiting: dict[bytes, Waiting] = field(default_factory=dict)
    across: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    own: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    commit: list[float] = field(default_factory=list)
    sold: int = 0
    applied: int = 0

    def committed(
        self, receipt: UUID, home: int, holders: Sequence[int], due_ns: int, began_ns: int
    ) -> None:
        """Note a sale that is on disk now; `holders` are the stores that are to hear of it."""
        now = time.monotonic_ns()
        self.sold += 1
        self.late.append((began_ns - due_ns) / _NS_PER_MS)
        self.commit.append((now - began_ns) / _NS_PER_MS)
        if len(self.waiting) < WAITING_MAX:
            self.waiting[receipt.bytes] = Waiting(now, home, set(holders))

    def arrived(self, receipts: Sequence[bytes], store: int, at_ns: int) -> None:
        """Note that a store has applied a member's record which names these receipts."""
        for receipt in receipts:
            sale = self.waiting.get(receipt)
            if sale is None or store not in sale.left:
                continue
            took = (at_ns - sale.committed_ns) / _NS_PER_MS
            if sale.home == store:
                self.own.append(took)
            else:
                self.applied += 1
                self.across[sale.committed_ns // _NS].append(took)
            sale.left.discard(store)
            if not sale.left:
                del self.waiting[receipt]

    def forget(self) -> None:
        """Begin a new measurement."""
        self.waiting.clear()
        self.across.clear()
        for times in (self.own, self.late, self.commit):
            times.clear()
        self.sold = self.applied = 0


def summary(times: Sequence[float]) -> dict[str, float]:
    """Return count, percentiles and maximum of times in milliseconds."""
    if not times:
        return {"count": 0}
    found = {f"p{percent:g}": round(percentile(times, percent), 3) for percent in PERCENTS}
    return {"count": len(times), **found, "max": round(max(times), 3)}

"""What is wrong between the boxes and the cloud, judged from facts; each finding is a coded fault.

Limits are such that a healthy fleet in the middle of a busy day finds nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from retail_core import limits
from retail_core.errors import Fault
from retail_core.sync.ranges import Ranges
from retail_core.texts.faults import FaultCode
from retail_core.texts.spans import Span

WAITING_MANY = limits.FRAME_EVENTS_MAX
FEED_BEHIND_MANY = limits.CHANGES_PER_FRAME_MAX
CLOCK_OFF_MS = 60_000
BOOKED_WITHIN_MS = 60_000
HOLES_NAMED = 3
# Kinds of the repair queue that are tried again; whatever else stands there a person looks at.
REPLAYABLE = frozenset({"event", "frame"})
_MS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """One box as the cloud knows it; what it never said is None.

    `committed` are the ranges of its present journal epoch, `skew_ms` its clock minus ours.
    """

    store: UUID
    store_name: str
    device: UUID
    software: str
    state: str
    silent_ms: int | None
    skew_ms: int | None
    epoch: int | None
    waiting: int
    committed: Ranges
    breaks: int
    feed_pos: int
    feed_head: int
    feed_published: int
    faults: tuple[tuple[str, int], ...] = ()

    @property
    def watermark(self) -> int:
        """The sequence through which nothing is missing, 0 when nothing came."""
        return self.committed[0][1] if self.committed else 0

    @property
    def holes(self) -> Ranges:
        """Ranges that are missing below what is there."""
        pairs = zip(self.committed, self.committed[1:], strict=False)
        return tuple((high + 1, low - 1) for (_, high), (low, _) in pairs)

    @property
    def feed_lag(self) -> int:
        """How many changes it has not applied."""
        return max(0, self.feed_head - self.feed_pos)


@dataclass(frozen=True, slots=True)
class RepairFacts:
    """Open items of the repair queue with one code."""

    code: str
    kind: str
    count: int
    oldest_ms: int
    detail: str


def box_findings(box: BoxFacts) -> Iterator[Fault]:
    """Judge one box."""
    if box.silent_ms is None:
        return
    name = box.store_name
    gone = box.state == "gone" or box.silent_ms > limits.PRESENCE_GONE_AFTER_MS
    if gone:
        yield Fault(FaultCode.SYNC_BOX_SILENT, store=name, ago=Span(box.silent_ms))
    if box.waiting > WAITING_MANY:
        counts = {"count": box.waiting, "watermark": box.watermark}
        yield Fault(FaultCode.SYNC_BOX_WAITS, store=name, **counts)
    if box.holes and box.waiting == 0:
        yield Fault(FaultCode.SYNC_BOX_HOLE, store=name, holes=_named(box.holes))
    if box.breaks:
        yield Fault(FaultCode.SYNC_BOX_CHAIN, store=name, count=box.breaks)
    if box.feed_head > box.feed_published:
        unsent = box.feed_head - box.feed_published
        yield Fault(FaultCode.SYNC_FEED_UNSENT, store=name, count=unsent)
    if not gone:
        yield from _of_a_live_box(box)


def _of_a_live_box(box: BoxFacts) -> Iterator[Fault]:
    if box.feed_lag > FEED_BEHIND_MANY:
        yield Fault(
            FaultCode.SYNC_FEED_BEHIND,
            store=box.store_name,
            count=box.feed_lag,
            held=box.feed_pos,
            head=box.feed_head,
        )
    if box.skew_ms is not None and abs(box.skew_ms) > CLOCK_OFF_MS:
        seconds = box.skew_ms // _MS_PER_S
        yield Fault(FaultCode.SYNC_CLOCK_OFF, store=box.store_name, seconds=seconds)


def repair_findings(repairs: Sequence[RepairFacts], now_ms: int) -> Iterator[Fault]:
    """Say what stands in the repair queue, by code."""
    for one in repairs:
        meaning = Fault(FaultCode(one.code)) if one.code in set(FaultCode) else None
        again = one.kind in REPLAYABLE
        yield Fault(
            FaultCode.SYNC_REPAIR_OPEN if again else FaultCode.SYNC_REPAIR_LOOK,
            count=one.count,
            code=one.code,
            meaning=_Meaning(meaning, one.detail),
            ago=Span(now_ms - one.oldest_ms),
        )


def line_findings(events: int, oldest_ms: int | None, now_ms: int) -> Iterator[Fault]:
    """Say what has been promised for a while and is not in the books."""
    if oldest_ms is not None and now_ms - oldest_ms > BOOKED_WITHIN_MS:
        ago = Span(now_ms - oldest_ms)
        yield Fault(FaultCode.SYNC_BOOKING_WAITS, count=events, ago=ago)


class _Meaning:
    """What a code says, in either language; a code nobody knows is its own detail."""

    def __init__(self, fault: Fault | None, detail: str) -> None:
        self._fault = fault
        self._detail = detail

    @property
    def zh(self) -> str:
        return self._detail if self._fault is None else self._fault.text("zh")

    def __str__(self) -> str:
        return self._detail if self._fault is None else self._fault.text("en")


def _named(holes: Ranges) -> str:
    named = ", ".join(
        f"{low}–{high}" if low < high else str(low) for low, high in holes[:HOLES_NAMED]
    )
    more = len(holes) - HOLES_NAMED
    return f"{named} (+{more})" if more > 0 else named

"""Frames in, acknowledgements and changes out: the way of a sale into the cloud.

One transaction a batch and tenant. What is acknowledged is committed; what could not be applied is
committed too, in the repair queue. When the database refuses a batch's content, the batch is cut in
halves until the one event that is the cause stands alone; its neighbours are booked.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import StoreRefusedError, Units
from cloud_broker.ports.waiting import WaitingDepth
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.booking.entering import Booked
from cloud_broker.services.line import downlink
from cloud_broker.services.line.downlink import Outbound
from cloud_broker.services.line.feed_front import FeedFront
from cloud_broker.services.line.frames import (
    BadFrame,
    Inbound,
    OpenFrame,
    Piece,
    open_frame,
    piece_of,
)
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

AnyFrame = OpenFrame | BadFrame


@dataclass(slots=True)
class Outcome:
    """What to publish now, and how far each store's feed is announced with it."""

    send: list[Outbound] = field(default_factory=list)
    marks: dict[tuple[UUID, UUID], int] = field(default_factory=dict)
    events: int = 0


class Ingest:
    """Books frames; safe to call with the same frames again."""

    def __init__(self, units: Units, clock: Clock, tally: FaultTally) -> None:
        self._units = units
        self._clock = clock
        self._tally = tally
        self._front = FeedFront()

    def book(self, messages: Sequence[Inbound]) -> Outcome:
        """Commit a batch. Raises Fault SYNC_LINK_DOWN when it has to be tried again whole."""
        outcome = Outcome()
        for tenant, some in self._opened(messages).items():
            self._book(tenant, some, outcome)
        return outcome

    def keep(self, messages: Sequence[Inbound]) -> Outcome:
        """Make a backlog durable and acknowledge it; `book_waiting` books it, in this order.

        Raises Fault SYNC_LINK_DOWN when it has to be tried again whole.
        """
        outcome = Outcome()
        for tenant, some in self._opened(messages).items():
            self._keep(tenant, some, outcome)
        return outcome

    def book_waiting(self, tenant: UUID, shards: Collection[int], limit: int) -> Outcome:
        """Book the oldest events that wait of these shards, at most `limit` of them.

        `events` of the outcome is 0 when none could be. Raises Fault SYNC_LINK_DOWN.
        """
        outcome = Outcome()
        with self._units.begin(tenant) as unit:
            waits = unit.waiting.oldest(shards, limit)
        if waits:
            self._settle(tenant, _cut([piece_of(one) for one in waits], limit), outcome)
        return outcome

    def waits(self, tenant: UUID) -> WaitingDepth:
        """Return how much is acknowledged and not booked yet. Raises Fault SYNC_LINK_DOWN."""
        with self._units.begin(tenant) as unit:
            return unit.waiting.depth()

    def _opened(self, messages: Sequence[Inbound]) -> dict[UUID, list[AnyFrame]]:
        frames: dict[UUID, list[AnyFrame]] = {}
        for message in messages:
            frame = open_frame(message)
            if frame is None:
                self._tally.count(FaultCode.WIRE_MALFORMED)
            else:
                frames.setdefault(frame.sender.tenant, []).append(frame)
        return frames

    def _keep(self, tenant: UUID, frames: list[AnyFrame], outcome: Outcome) -> None:
        try:
            self._commit(tenant, outcome, lambda batch: batch.keep(*_parted(frames)))
        except StoreRefusedError:
            self._book(tenant, frames, outcome)

    def _book(self, tenant: UUID, frames: list[AnyFrame], outcome: Outcome) -> None:
        try:
            self._commit(tenant, outcome, lambda batch: batch.book(*_parted(frames)))
        except StoreRefusedError as refused:
            for part in self._parts(tenant, frames, outcome, str(refused)):
                self._book(tenant, part, outcome)

    def _parts(
        self, tenant: UUID, frames: list[AnyFrame], outcome: Outcome, reason: str
    ) -> tuple[list[AnyFrame], ...]:
        """Return what to try apart; an event that stands alone goes to the repair queue."""
        if len(frames) > 1:
            cut = len(frames) // 2
            return frames[:cut], frames[cut:]
        (frame,) = frames
        if isinstance(frame, BadFrame):
            self._tally.count(FaultCode.API_INTERNAL)
            return ()
        if len(frame.frame.events) > 1:
            first, second = frame.halves()
            return [first], [second]
        self._commit(tenant, outcome, lambda batch: batch.book(*_parted(frames)), poison=reason)
        return ()

    def _settle(
        self, tenant: UUID, pieces: list[Piece], outcome: Outcome, poison: str | None = None
    ) -> None:
        """Book pieces of the line; one that another worker has booked meanwhile is passed over."""
        try:
            self._commit(tenant, outcome, lambda batch: batch.settle(pieces), poison)
        except StoreRefusedError as refused:
            if poison is not None:
                raise
            if len(pieces) > 1:
                cut = len(pieces) // 2
                self._settle(tenant, pieces[:cut], outcome)
                self._settle(tenant, pieces[cut:], outcome)
            elif len(pieces[0].take) > 1:
                for half in pieces[0].halves():
                    self._settle(tenant, [half], outcome)
            else:
                self._settle(tenant, pieces, outcome, poison=str(refused))

    def _commit(
        self,
        tenant: UUID,
        outcome: Outcome,
        work: Callable[[Batch], Booked],
        poison: str | None = None,
    ) -> None:
        with self._units.begin(tenant) as unit:
            booked = work(Batch(unit, tenant, self._clock.now_ms(), poison))
            rows = self._front.filled(unit, tenant, booked.feed)
            stores = {row.store for row in rows}
            boxes = unit.fleet.devices_of(stores) if stores else {}
        for code in booked.faults:
            self._tally.count(code)
        outcome.events += booked.events
        outcome.send += _acks(tenant, booked)
        outcome.send += downlink.changes(tenant, rows, boxes)
        marks = {(tenant, row.store): row.pos for row in rows}
        self._front.told(marks)
        outcome.marks |= marks


def _cut(pieces: list[Piece], limit: int) -> list[Piece]:
    """Take no more than the limit: a frame of a night would be much more than was asked for."""
    cut: list[Piece] = []
    for piece in pieces:
        cut.append(piece.first(limit))
        limit -= len(cut[-1].take)
        if limit <= 0:
            break
    return cut


def _parted(frames: Iterable[AnyFrame]) -> tuple[list[OpenFrame], list[BadFrame]]:
    good: list[OpenFrame] = []
    bad: list[BadFrame] = []
    for frame in frames:
        if isinstance(frame, OpenFrame):
            good.append(frame)
        else:
            bad.append(frame)
    return good, bad


def _acks(tenant: UUID, booked: Booked) -> Iterable[Outbound]:
    return (
        downlink.ack(tenant, one.place, one.epoch, one.ranges, one.rejected, one.ends)
        for one in booked.acked
    )

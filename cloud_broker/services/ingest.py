"""Frames in, acknowledgements and changes out: the way of a sale into the cloud.

One transaction a batch and tenant. What is acknowledged is committed; what could not be applied is
committed too, in the repair queue. When the database refuses a batch's content, the batch is cut in
halves until the one event that is the cause stands alone; its neighbours are booked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import StoreRefusedError, Units
from cloud_broker.services import downlink
from cloud_broker.services.batch import Batch, Booked
from cloud_broker.services.downlink import Outbound
from cloud_broker.services.frames import BadFrame, Inbound, OpenFrame, open_frame
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

    def book(self, messages: Sequence[Inbound]) -> Outcome:
        """Commit a batch. Raises Fault SYNC_LINK_DOWN when it has to be tried again whole."""
        outcome = Outcome()
        frames: dict[UUID, list[AnyFrame]] = {}
        for message in messages:
            frame = open_frame(message)
            if frame is None:
                self._tally.count(FaultCode.WIRE_MALFORMED)
            else:
                frames.setdefault(frame.sender.tenant, []).append(frame)
        for tenant, some in frames.items():
            self._book(tenant, some, outcome)
        return outcome

    def _book(self, tenant: UUID, frames: list[AnyFrame], outcome: Outcome) -> None:
        try:
            self._commit(tenant, frames, outcome)
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
        self._commit(tenant, frames, outcome, poison=reason)
        return ()

    def _commit(
        self, tenant: UUID, frames: list[AnyFrame], outcome: Outcome, poison: str | None = None
    ) -> None:
        good = [frame for frame in frames if isinstance(frame, OpenFrame)]
        bad = [frame for frame in frames if isinstance(frame, BadFrame)]
        with self._units.begin(tenant) as unit:
            booked = Batch(unit, tenant, self._clock.now_ms(), poison).book(good, bad)
            stores = {row.store for row in booked.feed}
            boxes = unit.fleet.devices_of(stores) if stores else {}
        for code in booked.faults:
            self._tally.count(code)
        outcome.events += booked.events
        outcome.send += _acks(tenant, booked)
        outcome.send += downlink.changes(tenant, booked.feed, boxes)
        for row in booked.feed:
            outcome.marks[tenant, row.store] = row.pos


def _acks(tenant: UUID, booked: Booked) -> Iterable[Outbound]:
    return (
        downlink.ack(tenant, one.place, one.epoch, one.ranges, one.rejected, one.ends)
        for one in booked.acked
    )

"""The repair queue's button: try an item again, or note that a person has seen it."""

from uuid import UUID

from cloud_broker.domain.ingest_plan import detail_of
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.repair import RepairItem
from cloud_broker.ports.unit import StoreRefusedError, Unit, Units
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame, opened_again
from retail_core.texts.faults import FaultCode


class RepairBench:
    """Tries items of the repair queue again."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def replay(self, tenant: UUID, repair_id: UUID, *, who: str, second: bool = False) -> None:
        """Try an item again; one that is no longer open, or never was, is left as it is.

        `second`: she says that a sale equal to one that is booked was truly sold a second time.

        An event or frame is booked as if it had just arrived. Anything else a person has looked at:
        it is closed. Pressed twice, or by two persons, it is tried once.
        """
        try:
            with self._units.begin(tenant) as unit:
                item = unit.repair.take(repair_id)
                if item is not None:
                    code, detail = self._try(unit, tenant, item, second=second)
                    self._note(unit, tenant, item, who, code, detail)
        except StoreRefusedError as refused:
            # What was half written is undone with its transaction; the note needs one of its own.
            with self._units.begin(tenant) as unit:
                item = unit.repair.take(repair_id)
                if item is not None:
                    code, detail = FaultCode.WIRE_MALFORMED, str(refused)
                    self._note(unit, tenant, item, who, code, detail)

    def _try(
        self, unit: Unit, tenant: UUID, item: RepairItem, *, second: bool
    ) -> tuple[FaultCode | None, str]:
        if item.kind == "event":
            return self._event(unit, tenant, item, second=second)
        if item.kind == "frame":
            return self._frame(unit, tenant, item)
        return None, ""

    def _event(
        self, unit: Unit, tenant: UUID, item: RepairItem, *, second: bool
    ) -> tuple[FaultCode | None, str]:
        frame = opened_again(item.payload, item.received_ms)
        place = unit.fleet.places([frame.sender.device]).get(frame.sender.device)
        if place is None:
            return FaultCode.WIRE_SENDER_MISMATCH, "the device is retired"
        batch = Batch(unit, tenant, self._clock.now_ms())
        refused = batch.again(list(frame.arrivals(place)), {place.device: place}, second=second)
        if refused is not None:
            return refused.code, refused.detail
        unit.announce(LiveEvent(tenant, frozenset({"sale", "member", "published"}), (place.store,)))
        return None, ""

    def _frame(self, unit: Unit, tenant: UUID, item: RepairItem) -> tuple[FaultCode | None, str]:
        frame = open_frame(Inbound(item.topic, item.payload, item.received_ms))
        if frame is None:
            return FaultCode.WIRE_MALFORMED, "topic"
        if not isinstance(frame, OpenFrame):
            return frame.fault.code, detail_of(frame.fault)
        booked = Batch(unit, tenant, self._clock.now_ms()).book([frame], [])
        if FaultCode.WIRE_SENDER_MISMATCH in booked.faults:
            return FaultCode.WIRE_SENDER_MISMATCH, item.detail
        unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return None, ""

    def _note(
        self,
        unit: Unit,
        tenant: UUID,
        item: RepairItem,
        who: str,
        code: FaultCode | None,
        detail: str,
    ) -> None:
        now = self._clock.now_ms()
        if code is None:
            unit.repair.resolve([item.repair_id], who, now)
        else:
            unit.repair.still_broken(item.repair_id, code.value, detail)
        said = {"kind": item.kind, "code": "" if code is None else code.value}
        unit.hq.audit(AuditEntry(who, "repair.replay", str(item.repair_id), said), now)
        unit.announce(LiveEvent(tenant, frozenset({"repair"})))

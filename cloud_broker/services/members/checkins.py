"""A member's phone checks in at a lane: noted by the API, told to the store by ingest, answered."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.checkin_plan import (
    KEPT_MS,
    LIFE_MS,
    LaneFacts,
    NewCheckIn,
    check,
    number_of,
)
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.line import downlink
from cloud_broker.services.line.downlink import Outbound
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.members.phones import PhoneHolder
from retail_core.checkout.business_date import business_date
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.lane import Seen, decode_seen
from retail_core.wire.topics import DeviceTopic, parse_device_topic

NUMBER_BYTES = 8
_NDEF_WELL_KNOWN_SHORT = 0xD1
_SHORT_RECORD_MAX = 255
_MS = 1_000
_URI_PREFIXES = (("https://", 0x04), ("http://", 0x03), ("", 0x00))


@dataclass(frozen=True, slots=True)
class LaneTag:
    """A lane of a store, for its tag."""

    lane: UUID
    name: str


class CheckIns:
    """What the phone asks; called from the API's threads."""

    def __init__(self, units: Units, clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids

    def lane(self, tenant: UUID, store: UUID, lane: UUID) -> LaneFacts:
        """Return a lane; Fault CHECKIN_LANE_UNKNOWN."""
        with self._units.begin(tenant) as unit:
            found = unit.phones.lane(store, lane, self._clock.now_ms())
        if found is None:
            raise Fault(FaultCode.CHECKIN_LANE_UNKNOWN)
        return found

    def open(self, who: PhoneHolder, store: UUID, lane: UUID, code: str) -> NewCheckIn:
        """Note a check-in and have the store told at once.

        Raises Fault CHECKIN_LANE_UNKNOWN, CHECKIN_STORE_OFFLINE, QR_FOREIGN, PHONE_SIGNATURE.
        """
        now_ms = self._clock.now_ms()
        opened = NewCheckIn(
            checkin=self._ids.uuid7(),
            member=who.member,
            store=store,
            lane=lane,
            number=number_of(self._ids.random_bytes(NUMBER_BYTES)),
            code=code,
            opened_ms=now_ms,
            expires_ms=now_ms + LIFE_MS,
        )
        with self._units.begin(who.tenant) as unit:
            check(unit.phones.lane(store, lane, now_ms), code, who.key_id)
            unit.phones.open_checkin(opened)
            unit.announce(LiveEvent(who.tenant, frozenset({"checkin"}), (store,)))
        return opened

    def outcome(self, who: PhoneHolder, checkin: UUID) -> str:
        """Return what became of a check-in, '' while open; Fault API_NOT_FOUND."""
        with self._units.begin(who.tenant) as unit:
            found = unit.phones.checkin_outcome(who.member, checkin)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="checkin")
        return found

    def tags(self, tenant: UUID, store: UUID) -> tuple[LaneTag, ...]:
        """Return the lanes of a store."""
        with self._units.begin(tenant) as unit:
            return tuple(LaneTag(lane, name) for lane, name in unit.phones.lanes(store))


class LaneCaller:
    """Tells stores of check-ins and takes their answers; called on ingest's thread alone."""

    def __init__(self, units: Units, clock: Clock, tally: FaultTally) -> None:
        self._units = units
        self._clock = clock
        self._tally = tally

    def due(self, tenant: UUID) -> tuple[Outbound, ...]:
        """Take what stores still have to hear of this tenant's check-ins.

        Taken is told: one that the broker loses is not sent again, the phone says so and shows its
        code. A check-in that comes late is worse than none.
        """
        with self._units.begin(tenant) as unit:
            waiting = unit.phones.untold_checkins(self._clock.now_ms())
            return tuple(self._calls(unit, tenant, waiting)) if waiting else ()

    def answered(self, message: Inbound) -> None:
        """Note a counter's answer; one that cannot be is counted."""
        sender = parse_device_topic(message.topic)
        if sender is None:
            self._tally.count(FaultCode.WIRE_MALFORMED)
            return
        try:
            self._note(sender, message.payload)
        except Fault as fault:
            self._tally.count(fault.code)

    def forget(self, tenant: UUID) -> None:
        """Delete what is too old to matter."""
        with self._units.begin(tenant) as unit:
            unit.phones.forget_checkins(self._clock.now_ms() - KEPT_MS)

    def _calls(self, unit: Unit, tenant: UUID, waiting: tuple[NewCheckIn, ...]) -> list[Outbound]:
        boxes = unit.fleet.devices_of({checkin.store for checkin in waiting})
        return [
            downlink.check_in(tenant, place, checkin)
            for checkin in waiting
            for place in boxes.get(checkin.store, ())
        ]

    def _note(self, sender: DeviceTopic, payload: bytes) -> None:
        seen = decode_seen(payload)
        if seen.outcome not in set(Seen):
            raise Fault(FaultCode.WIRE_MALFORMED, detail=f"outcome {seen.outcome!r}")
        with self._units.begin(sender.tenant) as unit:
            place = unit.fleet.places([sender.device]).get(sender.device)
            if place is None:
                raise Fault(FaultCode.WIRE_SENDER_MISMATCH)
            now_ms, checkin = self._clock.now_ms(), UUID(bytes=seen.checkin)
            answered = unit.phones.answer_checkin(place.store, checkin, seen.outcome, now_ms)
            if answered and seen.outcome == Seen.SHOWN:
                _stood_there(unit, place, checkin, now_ms)


def _stood_there(unit: Unit, place: Place, checkin: UUID, now_ms: int) -> None:
    """Note, for tasks, that a counter showed a member: she really stood there that day."""
    member = unit.tasks.checkin_member(checkin)
    if member is None:
        return
    local = datetime.fromtimestamp(now_ms / _MS, UTC).astimezone(ZoneInfo(place.zone))
    day = business_date(local.replace(tzinfo=None), place.day_starts_at)
    if unit.tasks.note_checkin(member, day, place.store):
        unit.tasks.add_due({member}, now_ms)


def lane_url(base: str, store: UUID, lane: UUID) -> str:
    """Return the address that a counter's tag holds."""
    return f"{base.rstrip('/')}/m/lane/{store}/{lane}"


def ndef_of(url: str) -> bytes:
    """Return the NDEF message of one URI record (NFC Forum RTD URI), to be written on a tag.

    ValueError for an address that does not fit a short record.
    """
    prefix, rest = next(
        (code, url.removeprefix(word)) for word, code in _URI_PREFIXES if url.startswith(word)
    )
    payload = bytes([prefix]) + rest.encode()
    if len(payload) > _SHORT_RECORD_MAX:
        raise ValueError(f"{len(payload)} bytes")
    return bytes([_NDEF_WELL_KNOWN_SHORT, 1, len(payload)]) + b"U" + payload

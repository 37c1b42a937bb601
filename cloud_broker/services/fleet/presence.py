"""What boxes say of themselves: kept in memory as it comes, written down once a second."""

from itertools import islice
from uuid import UUID

from cloud_broker.domain.vitals import figures_of
from cloud_broker.ports.effects import DocumentSeen
from cloud_broker.ports.fleet import DeviceState
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import StoreRefusedError, Units
from cloud_broker.services.fleet.health_book import HealthBook, Heartbeat
from cloud_broker.services.line.frames import Inbound
from retail_core.errors import Fault
from retail_core.fleet.presence import ENDS, LEFT, LOST, SessionWord, counts
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_presence
from retail_core.wire.messages import Presence
from retail_core.wire.topics import DeviceTopic, parse_device_topic

_Key = tuple[UUID, UUID]


class PresenceBook:
    """The newest presence of each box that was not written down yet."""

    def __init__(self, units: Units, tally: FaultTally) -> None:
        self._units = units
        self._tally = tally
        self._known: dict[tuple[UUID, str], int] = {}
        self._waiting: dict[_Key, tuple[DeviceTopic, Presence, Inbound]] = {}
        self._health = HealthBook()

    def note(self, message: Inbound) -> None:
        """Take one presence; a bad one is counted."""
        sender = parse_device_topic(message.topic)
        if sender is None:
            self._tally.count(FaultCode.WIRE_MALFORMED)
            return
        try:
            presence = decode_presence(message.payload)
        except Fault as fault:
            self._tally.count(fault.code)
            return
        key = sender.tenant, sender.device
        held = self._waiting.get(key)
        # Between two writings a late will must not hide the birth that came before it.
        if held is None or counts(_word(held[1]), _word(presence)):
            self._waiting[key] = (sender, presence, message)

    def write(self, most: int | None = None) -> int:
        """Write down what waits, at most so many; return how many. On a Fault it waits on."""
        waiting = dict(islice(self._waiting.items(), most))
        for tenant in {tenant for tenant, _ in waiting}:
            some = [one for (owner, _), one in waiting.items() if owner == tenant]
            try:
                self._write(tenant, some)
            except StoreRefusedError:
                # A heartbeat is worth nothing in ten seconds; it must not hold up the next one.
                self._tally.count(FaultCode.WIRE_MALFORMED)
        for key, one in waiting.items():
            if self._waiting.get(key) is one:
                del self._waiting[key]
        return len(waiting)

    def _write(self, tenant: UUID, some: list[tuple[DeviceTopic, Presence, Inbound]]) -> None:
        seen = self._seen(some)
        with self._units.begin(tenant) as unit:
            unit.effects.saw(seen)
            places = unit.fleet.places([sender.device for sender, _, _ in some])
            states = [
                _state(places[sender.device].store, sender, presence, message)
                for sender, presence, message in some
                if sender.device in places
            ]
            beats = [
                Heartbeat(one.device, at.store, presence, message.received_ms, message.retained)
                for one, presence, message in some
                if (at := places.get(one.device)) is not None
            ]
            stores = unit.fleet.save_states(states)
            self._health.write(unit, beats)
            if stores:
                unit.announce(LiveEvent(tenant, frozenset({"store"}), tuple(sorted(stores))))
        self._health.written(beats)
        for one in seen:
            self._known[one.device, one.kind] = one.version
        for _ in range(len(some) - len(states)):
            self._tally.count(FaultCode.WIRE_SENDER_MISMATCH)

    def _seen(self, some: list[tuple[DeviceTopic, Presence, Inbound]]) -> list[DocumentSeen]:
        """Return what boxes say is in force there, as far as they had not said it to us before."""
        return [
            DocumentSeen(kind, version, sender.device, message.received_ms)
            for sender, presence, message in some
            for kind, version in _versions(presence).items()
            if version and self._known.get((sender.device, kind)) != version
        ]


def _word(presence: Presence) -> SessionWord:
    return SessionWord(presence.state, presence.boot_id, presence.session or b"")


def _versions(presence: Presence) -> dict[str, int]:
    return {"catalogue": presence.catalogue_version, "bundle": presence.bundle_version}


def _state(store: UUID, sender: DeviceTopic, presence: Presence, message: Inbound) -> DeviceState:
    return DeviceState(
        device=sender.device,
        store=store,
        state=LOST if presence.state in ENDS else presence.state,
        boot_id=UUID(bytes=presence.boot_id),
        wall_ms=presence.wall_ms,
        software=presence.software,
        epoch=presence.epoch,
        outbox_depth=presence.outbox_depth,
        feed_pos=presence.feed_pos,
        can_sell=presence.can_sell,
        devices=presence.devices,
        faults=presence.faults,
        seen_ms=message.received_ms,
        retained=message.retained,
        figures={} if presence.vitals is None else figures_of(presence.vitals),
        session=None if presence.session is None else UUID(bytes=presence.session),
        on_purpose=presence.state == LEFT,
    )

"""A frame as it came over the broker: opened, its sender checked, its hashes computed."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import accumulate
from uuid import UUID

import msgspec

from cloud_broker.domain.arrivals import Arrival, Place
from cloud_broker.domain.ingest_plan import detail_of
from cloud_broker.ports.repair import RepairItem
from cloud_broker.ports.waiting import WaitingFrame
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_up, encode, event_hash
from retail_core.wire.messages import UpFrame
from retail_core.wire.topics import DeviceTopic, parse_device_topic, shard_of


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from the broker; `retained` ones were kept by it and not just sent."""

    topic: str
    payload: bytes
    received_ms: int
    retained: bool = False


@dataclass(frozen=True, slots=True)
class OpenFrame:
    """A good frame; `hashes[0]` is the hash before its first event, then one an event."""

    sender: DeviceTopic
    frame: UpFrame
    hashes: tuple[bytes, ...]
    received_ms: int
    came_as: bytes = b""

    @property
    def payload(self) -> bytes:
        """Its bytes, as they came where it is whole."""
        return self.came_as or encode(self.frame)

    @property
    def key(self) -> tuple[UUID, int]:
        """The device and epoch it belongs to."""
        return self.sender.device, self.frame.epoch

    @property
    def last_seq(self) -> int:
        """The sequence of its last event."""
        return self.frame.first_seq + len(self.frame.events) - 1

    def arrivals(self, place: Place) -> Iterator[Arrival]:
        """Return its events with their place in the journal."""
        for index in range(len(self.frame.events)):
            yield self.arrival(index, place)

    def arrival(self, index: int, place: Place) -> Arrival:
        """Return one of its events, counted from 0."""
        event = self.frame.events[index]
        same_boot = event.boot_id == self.frame.sent_boot
        age_ms = self.frame.sent_mono_ms - event.mono_ms
        return Arrival(
            place=place,
            epoch=self.frame.epoch,
            seq=self.frame.first_seq + index,
            event=event,
            hash=self.hashes[index + 1],
            prev_hash=self.hashes[index],
            received_ms=self.received_ms,
            age_ms=max(0, age_ms) if same_boot else None,
        )

    def event_id(self, index: int) -> bytes:
        """Return the id of one of its events, counted from 0."""
        return self.frame.events[index].event_id

    def has_any(self, events: Container[bytes]) -> bool:
        """Return whether one of its events is among these."""
        return any(event.event_id in events for event in self.frame.events)

    def halves(self) -> tuple["OpenFrame", "OpenFrame"]:
        """Cut it in two good frames, to find the event that the database refuses."""
        cut = len(self.frame.events) // 2
        first = msgspec.structs.replace(self.frame, events=self.frame.events[:cut])
        second = msgspec.structs.replace(
            self.frame,
            first_seq=self.frame.first_seq + cut,
            prev_hash=self.hashes[cut],
            events=self.frame.events[cut:],
        )
        return (
            OpenFrame(self.sender, first, self.hashes[: cut + 1], self.received_ms),
            OpenFrame(self.sender, second, self.hashes[cut:], self.received_ms),
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """A waiting frame, opened: `left` of its events wait, `take` are those to be booked now."""

    pos: int
    open: OpenFrame
    left: tuple[int, ...]
    take: tuple[int, ...]

    def first(self, events: int) -> "Piece":
        """Return it with no more than so many events to be booked now."""
        return replace(self, take=self.take[:events])

    def halves(self) -> tuple["Piece", "Piece"]:
        """Cut what is to be booked in two, to find the event that the database refuses."""
        cut = len(self.take) // 2
        return replace(self, take=self.take[:cut]), replace(self, take=self.take[cut:])


@dataclass(frozen=True, slots=True)
class BadFrame:
    """A frame nobody can take for what it says it is."""

    sender: DeviceTopic
    message: Inbound
    fault: Fault

    def item(self, store: UUID | None = None) -> RepairItem:
        """Return it for the repair queue; the same bytes again are the same item."""
        digest = sha256(self.message.topic.encode() + b"\x00" + self.message.payload).digest()
        return RepairItem(
            repair_id=UUID(bytes=digest[:16]),
            kind="frame",
            code=self.fault.code.value,
            detail=detail_of(self.fault),
            received_ms=self.message.received_ms,
            store=store,
            device=self.sender.device,
            topic=self.message.topic,
            payload=self.message.payload,
        )


def open_frame(message: Inbound) -> OpenFrame | BadFrame | None:
    """Open one message of a device; None when not even its topic is one of ours."""
    sender = parse_device_topic(message.topic)
    if sender is None:
        return None
    try:
        frame = decode_up(message.payload)
    except Fault as fault:
        return BadFrame(sender, message, fault)
    if (frame.tenant, frame.device) != (sender.tenant.bytes, sender.device.bytes):
        return BadFrame(sender, message, Fault(FaultCode.WIRE_SENDER_MISMATCH))
    return OpenFrame(sender, frame, _hashes(frame), message.received_ms, message.payload)


def opened_again(payload: bytes, received_ms: int) -> OpenFrame:
    """Open a frame that the repair queue kept; it was good when it was put there."""
    frame = decode_up(payload)
    store, device = UUID(bytes=frame.store), UUID(bytes=frame.device)
    sender = DeviceTopic(UUID(bytes=frame.tenant), shard_of(store), device, "up")
    return OpenFrame(sender, frame, _hashes(frame), received_ms)


def _hashes(frame: UpFrame) -> tuple[bytes, ...]:
    return tuple(accumulate(frame.events, event_hash, initial=frame.prev_hash))


def stands_there(frame: OpenFrame, place: Place | None) -> bool:
    """Return whether our records have this box in that store, under that shard."""
    return (
        place is not None
        and place.store.bytes == frame.frame.store
        and place.shard == frame.sender.shard
    )


def single(arrival: Arrival, tenant: UUID) -> bytes:
    """Return one event as a frame of its own, as the repair queue keeps it."""
    return encode(
        UpFrame(
            v=1,
            tenant=tenant.bytes,
            store=arrival.place.store.bytes,
            device=arrival.place.device.bytes,
            epoch=arrival.epoch,
            first_seq=arrival.seq,
            prev_hash=arrival.prev_hash,
            events=(arrival.event,),
            sent_boot=None if arrival.age_ms is None else arrival.event.boot_id,
            sent_mono_ms=arrival.event.mono_ms + (arrival.age_ms or 0),
        )
    )


def waiting(frame: OpenFrame, fresh: tuple[int, ...]) -> WaitingFrame:
    """Return a frame as it is put in the line, with what of it is new."""
    whole = len(fresh) == len(frame.frame.events)
    return WaitingFrame(
        shard=frame.sender.shard,
        device=frame.sender.device,
        epoch=frame.frame.epoch,
        first_seq=frame.frame.first_seq,
        last_seq=frame.last_seq,
        received_ms=frame.received_ms,
        topic=str(frame.sender),
        payload=frame.payload,
        left=None if whole else fresh,
    )


def waiting_alone(arrival: Arrival, tenant: UUID) -> WaitingFrame:
    """Return one event as it is put in the line."""
    place = arrival.place
    return WaitingFrame(
        shard=place.shard,
        device=place.device,
        epoch=arrival.epoch,
        first_seq=arrival.seq,
        last_seq=arrival.seq,
        received_ms=arrival.received_ms,
        topic=str(DeviceTopic(tenant, place.shard, place.device, "up")),
        payload=single(arrival, tenant),
    )


def piece_of(waits: WaitingFrame) -> Piece:
    """Open a frame of the line; it was good when it was put there."""
    opened = opened_again(waits.payload, waits.received_ms)
    left = tuple(range(len(opened.frame.events))) if waits.left is None else waits.left
    return Piece(waits.pos, opened, left, left)

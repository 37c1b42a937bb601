"""A frame as it came over the broker: opened, its sender checked, its hashes computed."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from uuid import UUID

import msgspec

from cloud_broker.domain.arrivals import Arrival, Place
from cloud_broker.domain.ingest_plan import detail_of
from cloud_broker.ports.repair import RepairItem
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

    @property
    def payload(self) -> bytes:
        """Its bytes."""
        return encode(self.frame)

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
        for index, event in enumerate(self.frame.events):
            yield Arrival(
                place=place,
                epoch=self.frame.epoch,
                seq=self.frame.first_seq + index,
                event=event,
                hash=self.hashes[index + 1],
                prev_hash=self.hashes[index],
                received_ms=self.received_ms,
            )

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
    return OpenFrame(sender, frame, _hashes(frame), message.received_ms)


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
        )
    )

"""Frames for the boxes: acknowledgements, changes, announcements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import msgspec
from msgspec.structs import replace

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.checkin_plan import NewCheckIn
from cloud_broker.ports.catalogue import Announcement
from cloud_broker.ports.feed import FeedRow
from retail_core import limits
from retail_core.sync.ranges import Ranges
from retail_core.wire.codec import encode
from retail_core.wire.lane import CheckIn
from retail_core.wire.messages import (
    WIRE_VERSION,
    AckFrame,
    Change,
    ChangeFrame,
    CloudPresence,
    NewestMark,
    Published,
    Rejected,
)
from retail_core.wire.packing import NEWEST_PACKING
from retail_core.wire.topics import (
    DeviceTopic,
    all_topic,
    cloud_state_topic,
    shard_state_topic,
    worker_state_topic,
)

# The rest of a frame, so that changes are cut before the limit is met.
_FRAME_ROOM_BYTES = limits.FRAME_BYTES_MAX - 4096
_CHANGE_OVERHEAD_BYTES = 64


@dataclass(frozen=True, slots=True)
class Outbound:
    """A message to be published; at QoS 0 where the other side asks again by itself."""

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 1


def ack(
    tenant: UUID,
    place: Place,
    epoch: int,
    ranges: Ranges,
    rejected: Sequence[Rejected] = (),
    ends: Sequence[bytes] = (),
) -> Outbound:
    """Tell a box what of its journal is committed, and prove it by the hash at each range's end.

    At QoS 0: a box that does not hear it sends its frame again, and is told again.
    """
    frame = AckFrame(
        v=WIRE_VERSION,
        epoch=epoch,
        ranges=ranges[: limits.ACK_RANGES_MAX],
        credit=limits.FRAMES_IN_FLIGHT,
        rejected=tuple(rejected),
        ends=tuple(ends[: limits.ACK_RANGES_MAX]),
        packing=NEWEST_PACKING,
    )
    return Outbound(_topic(tenant, place, "ack"), encode(frame), qos=0)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the cloud stands, as a box that comes back is told: see `AckFrame`."""

    cloud_epoch: int
    newest: Mapping[str, int]
    feed_epoch: int
    feed_head: int


def greeted(
    tenant: UUID,
    place: Place,
    epoch: int,
    proven: Sequence[tuple[tuple[int, int], bytes]],
    stand: Stand,
) -> Outbound:
    """Answer a hello with every range that is here, proven, and with where the cloud stands."""
    some = proven[: limits.ACK_RANGES_MAX]
    frame = AckFrame(
        v=WIRE_VERSION,
        epoch=epoch,
        ranges=tuple(span for span, _ in some),
        credit=limits.FRAMES_IN_FLIGHT,
        ends=tuple(end for _, end in some),
        packing=NEWEST_PACKING,
        cloud_epoch=stand.cloud_epoch,
        newest=tuple(NewestMark(kind, mark) for kind, mark in sorted(stand.newest.items())),
        feed_epoch=stand.feed_epoch,
        feed_head=stand.feed_head,
    )
    return Outbound(_topic(tenant, place, "ack"), encode(frame))


def change_frames(rows: Sequence[FeedRow]) -> tuple[ChangeFrame, ...]:
    """Cut consecutive rows of one store into frames within both limits."""
    frames: list[ChangeFrame] = []
    batch: list[FeedRow] = []
    room = _FRAME_ROOM_BYTES
    for row in rows:
        size = len(row.change.body) + _CHANGE_OVERHEAD_BYTES
        if batch and (len(batch) == limits.CHANGES_PER_FRAME_MAX or size > room):
            frames.append(_frame(batch))
            batch, room = [], _FRAME_ROOM_BYTES
        batch.append(row)
        room -= size
    if batch:
        frames.append(_frame(batch))
    return tuple(frames)


def changes(
    tenant: UUID, rows: Iterable[FeedRow], boxes: Mapping[UUID, Sequence[Place]]
) -> tuple[Outbound, ...]:
    """Send rows, sorted by store and position, to every box of their stores."""
    return tuple(
        Outbound(_topic(tenant, place, "chg"), payload)
        for store, of_store in groupby(rows, key=lambda row: row.store)
        for payload in map(encode, change_frames(list(of_store)))
        for place in boxes.get(store, ())
    )


def to_one_box(tenant: UUID, place: Place, frame: ChangeFrame) -> Outbound:
    """Send one frame of changes to one box."""
    return Outbound(_topic(tenant, place, "chg"), encode(frame))


def announcement(tenant: UUID, document: Announcement) -> Outbound:
    """Tell every store of a new catalogue or bundle; a small change travels along."""
    frame = Published(
        v=WIRE_VERSION,
        kind=document.kind,
        version=document.version,
        sha256=document.sha256,
        size=document.size,
    )
    if document.step is not None:
        frame = replace(
            frame,
            base=document.step.base,
            base_sha256=document.step.base_sha256,
            delta=document.step.content,
        )
    return Outbound(all_topic(tenant, document.kind), encode(frame))


def cloud_state(tenant: UUID, boot_id: UUID, *, up: bool) -> Outbound:
    """Say, retained, whether ingest is there."""
    frame = CloudPresence(v=WIRE_VERSION, up=up, boot_id=boot_id.bytes)
    return Outbound(cloud_state_topic(tenant), encode(frame), retain=True)


def shard_state(shard: int, boot_id: UUID, *, up: bool) -> Outbound:
    """Say, retained and to every tenant's boxes, who works a shard."""
    frame = CloudPresence(v=WIRE_VERSION, up=up, boot_id=boot_id.bytes)
    return Outbound(shard_state_topic(shard), encode(frame), retain=True)


def worker_state(slot: int, boot_id: UUID, *, up: bool) -> Outbound:
    """Say, retained, whether a worker lives; `up=False` is its will."""
    frame = CloudPresence(v=WIRE_VERSION, up=up, boot_id=boot_id.bytes)
    return Outbound(worker_state_topic(slot), encode(frame), retain=True)


def check_in(tenant: UUID, place: Place, checkin: NewCheckIn) -> Outbound:
    """Tell a box that a member says she stands at one of its lanes."""
    frame = CheckIn(
        v=WIRE_VERSION,
        checkin=checkin.checkin.bytes,
        lane=checkin.lane.bytes,
        number=checkin.number,
        code=checkin.code,
        expires_ms=checkin.expires_ms,
    )
    return Outbound(_topic(tenant, place, "lane"), encode(frame))


def _topic(tenant: UUID, place: Place, tail: str) -> str:
    return str(DeviceTopic(tenant, place.shard, place.device, tail))


def _frame(rows: Sequence[FeedRow]) -> ChangeFrame:
    return ChangeFrame(
        v=WIRE_VERSION,
        feed_epoch=rows[0].feed_epoch,
        prev_pos=rows[0].pos - 1,
        pos=rows[-1].pos,
        changes=tuple(
            Change(
                pos=row.pos,
                kind=row.change.kind,
                key=row.change.key.bytes,
                ver=row.change.ver,
                body=msgspec.Raw(row.change.body),
            )
            for row in rows
        ),
        committed_ms=rows[-1].committed_ms,
    )

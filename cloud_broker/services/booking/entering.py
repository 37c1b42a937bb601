"""Frames at the door: who may come in, what of them is new, where they join their journals' chains.

The same for frames that are booked at once and for those that wait: what is told to a box does not
depend on it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.chain import DeviceChain, Piece, join, threads, used_before
from cloud_broker.ports.feed import FeedRow
from cloud_broker.ports.journal import ChainKey
from cloud_broker.ports.repair import RepairItem
from cloud_broker.ports.unit import Unit
from cloud_broker.services.line.frames import BadFrame, OpenFrame, stands_there
from retail_core.ids import id_of
from retail_core.sync.ranges import Ranges
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Rejected

SOURCE = "box"


@dataclass(frozen=True, slots=True)
class Acked:
    """What is committed of one (device, epoch) by this batch."""

    place: Place
    epoch: int
    ranges: Ranges
    rejected: tuple[Rejected, ...]
    ends: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Booked:
    """What a batch came to, to be told to the boxes after the commit."""

    acked: tuple[Acked, ...] = ()
    feed: tuple[FeedRow, ...] = ()
    faults: tuple[FaultCode, ...] = ()
    events: int = 0


@dataclass(slots=True)
class Entered:
    """Good frames with their boxes' places; `fresh` are each frame's events nobody saw before."""

    frames: list[OpenFrame] = field(default_factory=list)
    fresh: list[tuple[int, ...]] = field(default_factory=list)
    places: dict[UUID, Place] = field(default_factory=dict)
    chains: dict[ChainKey, DeviceChain] = field(default_factory=dict)
    repairs: list[RepairItem] = field(default_factory=list)

    @property
    def new_events(self) -> int:
        """How many events are new."""
        return sum(map(len, self.fresh))


def enter(unit: Unit, frames: Sequence[OpenFrame], bad: Sequence[BadFrame], now_ms: int) -> Entered:
    """Let frames in: their events are claimed and their chains saved in this transaction."""
    devices = {frame.sender.device for frame in frames}
    all_keys = list(dict.fromkeys(frame.key for frame in frames))
    if frames:
        # Nearly always all of them stand there.
        unit.ahead(lambda: unit.fleet.places(devices), lambda: unit.journal.chains(all_keys))
    places = unit.fleet.places(devices) if frames else {}
    entered = Entered(places=places, repairs=[one.item() for one in bad])
    for frame in frames:
        if stands_there(frame, places.get(frame.sender.device)):
            entered.frames.append(frame)
        else:
            entered.repairs.append(_foreign(frame))
    if entered.frames:
        keys = list(dict.fromkeys(frame.key for frame in entered.frames))
        _claim(unit, entered)
        _join_chains(unit, entered, unit.journal.chains(keys), now_ms)
    return entered


def told(
    frames: Iterable[OpenFrame],
    places: Mapping[UUID, Place],
    codes: Mapping[bytes, str],
) -> tuple[Acked, ...]:
    """Return what to say: all of the frames is committed; `codes` say why events were refused."""
    pieces: dict[ChainKey, list[Piece]] = {}
    rejected: dict[ChainKey, dict[int, Rejected]] = {}
    for frame in frames:
        pieces.setdefault(frame.key, []).append(
            Piece(frame.frame.first_seq, frame.last_seq, frame.hashes[0], frame.hashes[-1])
        )
        for seq, event in enumerate(frame.frame.events if codes else (), frame.frame.first_seq):
            if event.event_id in codes:
                said = rejected.setdefault(frame.key, {})
                said[seq] = Rejected(seq, codes[event.event_id])
    return tuple(
        Acked(
            places[device],
            epoch,
            tuple((piece.low, piece.high) for piece in some),
            tuple(one for _, one in sorted(rejected.get((device, epoch), {}).items())),
            tuple(piece.end for piece in some),
        )
        for (device, epoch), all_ in pieces.items()
        for some in threads(all_)
    )


def refused_before(unit: Unit, entered: Entered) -> dict[bytes, str]:
    """Return why events were refused that came before and come again."""
    old = [
        id_of(event.event_id)
        for frame, fresh in zip(entered.frames, entered.fresh, strict=True)
        if len(fresh) < len(frame.frame.events)
        for place, event in enumerate(frame.frame.events)
        if place not in fresh
    ]
    found = unit.repair.refused(old) if old else {}
    return {event.bytes: code for event, code in found.items()}


def _claim(unit: Unit, entered: Entered) -> None:
    """Find the events nobody has seen before, each in the first frame that brings it."""
    ids = dict.fromkeys(event.event_id for frame in entered.frames for event in frame.frame.events)
    new = set(unit.journal.claim_keys(SOURCE, list(ids)))
    for frame in entered.frames:
        fresh: list[int] = []
        for place, event in enumerate(frame.frame.events):
            if event.event_id in new:
                new.discard(event.event_id)
                fresh.append(place)
        entered.fresh.append(tuple(fresh))


def _join_chains(
    unit: Unit, entered: Entered, chains: dict[ChainKey, DeviceChain], now_ms: int
) -> None:
    reused: Counter[ChainKey] = Counter()
    for frame, fresh in zip(entered.frames, entered.fresh, strict=True):
        for place in fresh:
            seq = frame.frame.first_seq + place
            if used_before(chains[frame.key], seq):
                reused[frame.key] += 1
                entered.repairs.append(_broken(frame, seq))
    for frame in entered.frames:
        joined = join(chains[frame.key], frame.frame.first_seq, frame.hashes)
        chains[frame.key] = joined.chain
        entered.repairs += [_broken(frame, seq + 1) for seq in joined.broken]
    for key, times in reused.items():
        chains[key] = replace(chains[key], breaks=chains[key].breaks + times)
    unit.journal.save_chains(chains, now_ms)
    entered.chains = chains


def _broken(frame: OpenFrame, seq: int) -> RepairItem:
    device, epoch = frame.key
    digest = sha256(b"chain" + device.bytes + f"{epoch}/{seq}".encode()).digest()
    return RepairItem(
        repair_id=UUID(bytes=digest[:16]),
        kind="chain",
        code=FaultCode.WIRE_CHAIN_BROKEN.value,
        detail=f"seq={seq}",
        received_ms=frame.received_ms,
        store=id_of(frame.frame.store),
        device=device,
        epoch=epoch,
        seq=seq,
    )


def _foreign(frame: OpenFrame) -> RepairItem:
    digest = sha256(b"foreign" + frame.hashes[-1] + str(frame.sender).encode()).digest()
    store = id_of(frame.frame.store)
    return RepairItem(
        repair_id=UUID(bytes=digest[:16]),
        kind="frame",
        code=FaultCode.WIRE_SENDER_MISMATCH.value,
        detail=f"store={store}, shard={frame.sender.shard}",
        received_ms=frame.received_ms,
        store=store,
        device=frame.sender.device,
        epoch=frame.frame.epoch,
        seq=frame.frame.first_seq,
        topic=str(frame.sender),
        payload=frame.payload,
    )

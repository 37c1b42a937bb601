"""One batch of frames in one transaction: what is new is booked once, with all it entails."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival, Place
from cloud_broker.domain.chain import DeviceChain, Piece, join, threads, used_before
from cloud_broker.domain.ingest_effects import Note, Plan, Refused
from cloud_broker.domain.ingest_plan import open_bodies, plan
from cloud_broker.domain.lease_desk import Found
from cloud_broker.ports.feed import FeedRow
from cloud_broker.ports.journal import ChainKey
from cloud_broker.ports.live import LiveEvent, LiveKind
from cloud_broker.ports.repair import RepairItem
from cloud_broker.ports.unit import Unit
from cloud_broker.services.batch_tables import gather, write
from cloud_broker.services.benefits import Benefits
from cloud_broker.services.frames import BadFrame, OpenFrame, single, stands_there
from cloud_broker.services.lease_placing import wallets_to_place
from cloud_broker.services.leasing import Leasing
from cloud_broker.services.newcomers import Newcomers
from cloud_broker.services.refresh import refresh
from cloud_broker.services.refund_leases import give_again, give_back
from retail_core.sync.ranges import Ranges
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import (
    Rejected,
)

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


class Batch:
    """Frames of one tenant on their way into one transaction.

    With `poison` set, the events are not tried: the database refused them, they go to repair.
    """

    def __init__(self, unit: Unit, tenant: UUID, now_ms: int, poison: str | None = None) -> None:
        self._unit = unit
        self._tenant = tenant
        self._now_ms = now_ms
        self._poison = poison
        self._repairs: list[RepairItem] = []

    def book(self, frames: Sequence[OpenFrame], bad: Sequence[BadFrame]) -> Booked:
        """Write everything; the caller's transaction makes it durable."""
        places = self._unit.fleet.places({frame.sender.device for frame in frames})
        self._repairs += [one.item() for one in bad]
        good: list[OpenFrame] = []
        for frame in frames:
            if stands_there(frame, places.get(frame.sender.device)):
                good.append(frame)
            else:
                self._repairs.append(_foreign(frame))
        arrivals = _in_order(
            arrival for frame in good for arrival in frame.arrivals(places[frame.sender.device])
        )
        fresh = self._claim(arrivals)
        chains = self._join_chains(good, fresh)
        made = self._plan(fresh)
        feed = self._apply(made, chains, places)
        self._announce(made)
        return Booked(
            self._acked(good, places, arrivals, self._codes(arrivals, fresh, made)),
            tuple(sorted(feed, key=lambda row: (row.store.int, row.pos))),
            tuple(FaultCode(item.code) for item in self._repairs),
            len(fresh),
        )

    def again(self, arrivals: Sequence[Arrival], places: dict[UUID, Place]) -> Refused | None:
        """Book events of the repair queue; return why one still cannot be, then nothing is."""
        made = self._plan(arrivals)
        if made.refused:
            return made.refused[0]
        self._apply(made, {}, places)
        return None

    def _apply(
        self, made: Plan, chains: dict[ChainKey, DeviceChain], places: dict[UUID, Place]
    ) -> tuple[FeedRow, ...]:
        """Write a plan with all it entails; return the rows for the stores' feeds."""
        self._write(made)
        lent = self._lease(made, chains, places)
        gifts = Newcomers(self._unit, self._tenant, self._now_ms).settle(made)
        again = give_again(Benefits(self._unit, self._tenant, self._now_ms), made.refunds)
        feed = (*lent, *gifts, *again, *refresh(self._unit, made.touched, self._now_ms))
        self._unit.repair.add(self._repairs)
        return feed

    def _claim(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Return the events nobody has seen before, each once."""
        if not arrivals:
            return []
        once = {arrival.event.event_id: arrival for arrival in reversed(arrivals)}
        new = self._unit.journal.claim_keys(SOURCE, list(once))
        return [
            arrival
            for arrival in arrivals
            if arrival.event.event_id in new and once[arrival.event.event_id] is arrival
        ]

    def _join_chains(
        self, frames: Sequence[OpenFrame], fresh: Sequence[Arrival]
    ) -> dict[ChainKey, DeviceChain]:
        if not frames:
            return {}
        chains = self._unit.journal.chains(list(dict.fromkeys(frame.key for frame in frames)))
        reused: Counter[ChainKey] = Counter()
        for arrival in fresh:
            key = (arrival.place.device, arrival.epoch)
            if used_before(chains[key], arrival.seq):
                reused[key] += 1
                self._broken(arrival.place.store, key, arrival.seq)
        for frame in frames:
            joined = join(chains[frame.key], frame.frame.first_seq, frame.hashes)
            chains[frame.key] = joined.chain
            for seq in joined.broken:
                self._broken(UUID(bytes=frame.frame.store), frame.key, seq + 1)
        for key, times in reused.items():
            chains[key] = replace(chains[key], breaks=chains[key].breaks + times)
        self._unit.journal.save_chains(chains, self._now_ms)
        return chains

    def _lease(
        self, made: Plan, chains: dict[ChainKey, DeviceChain], places: dict[UUID, Place]
    ) -> tuple[FeedRow, ...]:
        """Book what the events say of leases; what a person should see joins the repairs."""
        leasing = Leasing(self._unit, self._tenant, self._now_ms)
        leasing.book(made.sales, made.lease_events, chains)
        give_back(self._unit, leasing, made.refunds, made.sales)
        rows = leasing.save(places)
        self._unit.placements.queue(wallets_to_place(made), self._now_ms)
        self._repairs += [self._found(one, places) for one in leasing.found]
        return rows

    def _found(self, found: Found, places: dict[UUID, Place]) -> RepairItem:
        said = f"lease/{found.device}/{found.code.value}/{found.detail}"
        place = places.get(found.device)
        return RepairItem(
            repair_id=UUID(bytes=sha256(said.encode()).digest()[:16]),
            kind="lease",
            code=found.code.value,
            detail=found.detail,
            received_ms=self._now_ms,
            store=None if place is None else place.store,
            device=found.device,
        )

    def _broken(self, store: UUID, key: ChainKey, seq: int) -> None:
        device, epoch = key
        digest = sha256(b"chain" + device.bytes + f"{epoch}/{seq}".encode()).digest()
        self._repairs.append(
            RepairItem(
                repair_id=UUID(bytes=digest[:16]),
                kind="chain",
                code=FaultCode.WIRE_CHAIN_BROKEN.value,
                detail=f"seq={seq}",
                received_ms=self._now_ms,
                store=store,
                device=device,
                epoch=epoch,
                seq=seq,
            )
        )

    def _plan(self, fresh: Sequence[Arrival]) -> Plan:
        if self._poison is not None:
            made = Plan()
            made.refused = [
                Refused(arrival, FaultCode.WIRE_MALFORMED, self._poison) for arrival in fresh
            ]
            return made
        opened, refused = open_bodies(fresh)
        made = plan(opened, gather(self._unit, self._tenant, opened))
        made.refused += refused
        return made

    def _write(self, made: Plan) -> None:
        write(self._unit, made, self._now_ms)
        self._repairs += [self._refused(one) for one in made.refused]
        self._repairs += [_noted(one) for one in made.notes]

    def _refused(self, refused: Refused) -> RepairItem:
        arrival = refused.arrival
        return RepairItem(
            repair_id=arrival.event_id,
            kind="event",
            code=refused.code.value,
            detail=refused.detail,
            received_ms=arrival.received_ms,
            store=arrival.place.store,
            device=arrival.place.device,
            epoch=arrival.epoch,
            seq=arrival.seq,
            event_id=arrival.event_id,
            member=arrival.member,
            payload=single(arrival, self._tenant),
        )

    def _announce(self, made: Plan) -> None:
        kinds: set[LiveKind] = set()
        if made.sales:
            kinds.add("sale")
        if made.touched:
            kinds.add("member")
        if self._repairs:
            kinds.add("repair")
        if kinds:
            stores = {arrival.place.store for arrival in made.applied}
            self._unit.announce(LiveEvent(self._tenant, frozenset(kinds), tuple(sorted(stores))))

    def _codes(
        self, arrivals: Sequence[Arrival], fresh: Sequence[Arrival], made: Plan
    ) -> dict[UUID, str]:
        """Return why events were refused, by this batch or, for repeated ones, by an earlier."""
        codes = {one.arrival.event_id: one.code.value for one in made.refused}
        if len(fresh) < len(arrivals):
            new = {arrival.event_id for arrival in fresh}
            old = [one.event_id for one in arrivals if one.event_id not in new]
            codes |= self._unit.repair.refused(old)
        return codes

    def _acked(
        self,
        frames: Sequence[OpenFrame],
        places: dict[UUID, Place],
        arrivals: Sequence[Arrival],
        codes: dict[UUID, str],
    ) -> tuple[Acked, ...]:
        """Whatever was in the frames is committed now, by this batch or an earlier one."""
        pieces: dict[ChainKey, list[Piece]] = {}
        for frame in frames:
            pieces.setdefault(frame.key, []).append(
                Piece(frame.frame.first_seq, frame.last_seq, frame.hashes[0], frame.hashes[-1])
            )
        rejected: dict[ChainKey, list[Rejected]] = {}
        for one in arrivals if codes else ():
            if one.event_id in codes:
                key = (one.place.device, one.epoch)
                rejected.setdefault(key, []).append(Rejected(one.seq, codes[one.event_id]))
        return tuple(
            Acked(
                places[device],
                epoch,
                tuple((piece.low, piece.high) for piece in some),
                tuple(rejected.get((device, epoch), ())),
                tuple(piece.end for piece in some),
            )
            for (device, epoch), all_ in pieces.items()
            for some in threads(all_)
        )


def _in_order(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Enrolments first: a sale may have come over the live lane before its member's backlog.

    Refunds last: the receipt may be another box's.
    """
    return sorted(
        arrivals,
        key=lambda one: (
            one.event.type != EventType.MEMBER_ENROLLED,
            one.event.type == EventType.REFUND,
            one.place.device.int,
            one.epoch,
            one.seq,
        ),
    )


def _foreign(frame: OpenFrame) -> RepairItem:
    digest = sha256(b"foreign" + frame.hashes[-1] + str(frame.sender).encode()).digest()
    store = UUID(bytes=frame.frame.store)
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


def _noted(note: Note) -> RepairItem:
    arrival = note.arrival
    digest = sha256(note.kind.encode() + arrival.event_id.bytes).digest()
    return RepairItem(
        repair_id=UUID(bytes=digest[:16]),
        kind=note.kind,
        code=note.code.value,
        detail=note.detail,
        received_ms=arrival.received_ms,
        store=arrival.place.store,
        device=arrival.place.device,
        epoch=arrival.epoch,
        seq=arrival.seq,
        event_id=arrival.event_id,
        member=note.member,
    )

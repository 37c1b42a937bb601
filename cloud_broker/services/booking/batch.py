"""One batch of frames in one transaction: what is new is booked once, with all it entails."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival, Place
from cloud_broker.domain.chain import DeviceChain
from cloud_broker.domain.ingest_effects import Note, Plan, Refused
from cloud_broker.domain.ingest_plan import open_bodies, plan
from cloud_broker.domain.lease_desk import Found
from cloud_broker.ports.feed import FeedRow
from cloud_broker.ports.journal import ChainKey
from cloud_broker.ports.live import LiveEvent, LiveKind
from cloud_broker.ports.repair import RepairItem
from cloud_broker.ports.unit import Unit
from cloud_broker.ports.waiting import Left
from cloud_broker.services.booking.batch_tables import gather, write
from cloud_broker.services.booking.entering import Acked, Booked, enter, refused_before, told
from cloud_broker.services.line.frames import (
    BadFrame,
    OpenFrame,
    Piece,
    single,
    waiting,
    waiting_alone,
)
from cloud_broker.services.members.newcomers import Newcomers
from cloud_broker.services.rights.benefits import Benefits
from cloud_broker.services.rights.lease_placing import wallets_to_place
from cloud_broker.services.rights.leasing import Leasing
from cloud_broker.services.rights.recall import came_back, serve
from cloud_broker.services.rights.refund_leases import give_again, give_back, uses_told
from cloud_broker.services.stores.refresh import refresh
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import EventType

# What a box may say before the cloud knows of what it speaks, as long as frames still wait.
EARLY = frozenset(
    {
        FaultCode.SALE_MEMBER_UNKNOWN,
        FaultCode.FACE_CONSENT_MISSING,
        FaultCode.REFUND_RECEIPT_UNKNOWN,
    }
)


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
        entered = enter(self._unit, frames, bad, self._now_ms)
        self._repairs += entered.repairs
        fresh = in_order(
            (frame, place, entered.places[frame.sender.device])
            for frame, places in zip(entered.frames, entered.fresh, strict=True)
            for place in places
        )
        made = self._plan(fresh)
        self._put_behind(made)
        feed = self._apply(made, entered.chains, entered.places)
        self._announce(made)
        codes = refused_before(self._unit, entered) | _codes(made)
        return self._booked(told(entered.frames, entered.places, codes), feed, len(fresh))

    def keep(self, frames: Sequence[OpenFrame], bad: Sequence[BadFrame]) -> Booked:
        """Make frames durable and put what is new of them in the line; `settle` books it."""
        entered = enter(self._unit, frames, bad, self._now_ms)
        self._repairs += entered.repairs
        some = zip(entered.frames, entered.fresh, strict=True)
        self._unit.waiting.add([waiting(frame, fresh) for frame, fresh in some if fresh])
        self._unit.repair.add(self._repairs)
        self._announce(Plan())
        codes = refused_before(self._unit, entered)
        return self._booked(told(entered.frames, entered.places, codes), (), 0)

    def settle(self, pieces: Sequence[Piece]) -> Booked:
        """Book events that waited; their boxes only hear of those that cannot be booked.

        What another worker has booked since they were read is passed over.
        """
        pieces = _still_there(pieces, self._unit.waiting.lock([one.pos for one in pieces]))
        if not pieces:
            return Booked()
        places = self._unit.fleet.places_ever({piece.open.sender.device for piece in pieces})
        fresh = in_order(
            (piece.open, place, places[piece.open.sender.device])
            for piece in pieces
            for place in piece.take
        )
        made = self._plan(fresh)
        kept = self._kept_waiting(made, pieces)
        self._unit.waiting.leave(
            {
                piece.pos: tuple(
                    place
                    for place in piece.left
                    if place not in piece.take or piece.open.event_id(place) in kept
                )
                for piece in pieces
            }
        )
        keys = list(dict.fromkeys(piece.open.key for piece in pieces))
        feed = self._apply(made, self._unit.journal.chains(keys), places)
        self._announce(made)
        codes = _codes(made)
        refused = [piece.open for piece in pieces if piece.open.has_any(codes)]
        return self._booked(told(refused, places, codes), feed, len(fresh) - len(kept))

    def again(
        self, arrivals: Sequence[Arrival], places: dict[UUID, Place], *, second: bool = False
    ) -> Refused | None:
        """Book events of the repair queue; return why one still cannot be, then nothing is.

        `second`: a person says that a sale equal to one that is booked is another one.
        """
        made = self._plan(arrivals, second=second)
        if made.refused:
            return made.refused[0]
        self._apply(made, {}, places)
        return None

    def _apply(
        self, made: Plan, chains: dict[ChainKey, DeviceChain], places: dict[UUID, Place]
    ) -> tuple[FeedRow, ...]:
        """Write a plan with all it entails; return the rows for the stores' feeds."""
        self._write(made)
        self._ask_ahead(made, chains)
        lent = self._lease(made, chains, places)
        gifts = Newcomers(self._unit, self._tenant, self._now_ms).settle(made)
        again = give_again(Benefits(self._unit, self._tenant, self._now_ms), made.refunds)
        beside = uses_told(made.refunds)
        feed = (*lent, *gifts, *again, *refresh(self._unit, made.touched, self._now_ms, beside))
        self._unit.repair.add(self._repairs)
        return feed

    def _ask_ahead(self, made: Plan, chains: dict[ChainKey, DeviceChain]) -> None:
        """Ask at once what a batch of sales asks one by one; where persons change, all waits."""
        unit, touched = self._unit, made.touched
        wallets = {sold.wallet for sold in made.sales if sold.wallet is not None}
        if wallets and not (made.members or made.refunds or made.handed or made.lease_events):
            unit.ahead(
                lambda: unit.leases.waiting({device for device, _ in chains}),
                lambda: unit.ledger.holders(sorted(wallets)),
                lambda: unit.benefits.persons(touched),
                lambda: unit.members.stores_of(touched),
            )

    def _put_behind(self, made: Plan) -> None:
        """Let what may only be early wait behind the frames that wait already."""
        early = [one for one in made.refused if one.code in EARLY]
        if not early or self._unit.waiting.first() is None:
            return
        self._unit.waiting.add([waiting_alone(one.arrival, self._tenant) for one in early])
        made.refused = [one for one in made.refused if one.code not in EARLY]

    def _kept_waiting(self, made: Plan, pieces: Sequence[Piece]) -> set[bytes]:
        """Take from the refused what an older frame that still waits may explain; return it."""
        early = [one for one in made.refused if one.code in EARLY]
        if not early:
            return set()
        first = self._unit.waiting.first(besides=[piece.pos for piece in pieces])
        young = {
            piece.open.event_id(place)
            for piece in pieces
            if first is not None and first < piece.pos
            for place in piece.take
        }
        kept = {one.arrival.event.event_id for one in early} & young
        made.refused = [one for one in made.refused if one.arrival.event.event_id not in kept]
        return kept

    def _booked(self, acked: tuple[Acked, ...], feed: tuple[FeedRow, ...], events: int) -> Booked:
        return Booked(
            acked,
            tuple(sorted(feed, key=lambda row: (row.store.int, row.pos))),
            tuple(FaultCode(item.code) for item in self._repairs),
            events,
        )

    def _lease(
        self, made: Plan, chains: dict[ChainKey, DeviceChain], places: dict[UUID, Place]
    ) -> tuple[FeedRow, ...]:
        """Book what the events say of leases; what a person should see joins the repairs."""
        leasing = Leasing(self._unit, self._tenant, self._now_ms)
        leasing.book(made.sales, made.lease_events, chains)
        give_back(self._unit, self._tenant, leasing, made.refunds, made.sales)
        lent = serve(self._unit, leasing, came_back(made), self._now_ms)
        rows = leasing.save({**places, **self._unit.fleet.places(lent)} if lent else places)
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

    def _plan(self, fresh: Sequence[Arrival], *, second: bool = False) -> Plan:
        if self._poison is not None:
            made = Plan()
            made.refused = [
                Refused(arrival, FaultCode.WIRE_MALFORMED, self._poison) for arrival in fresh
            ]
            return made
        opened, refused = open_bodies(fresh)
        facts = gather(self._unit, self._tenant, opened)
        facts.second = second
        made = plan(opened, facts)
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


def in_order(fresh: Iterable[tuple[OpenFrame, int, Place]]) -> list[Arrival]:
    """Enrolments first: a sale may have come over the live lane before its member's backlog.

    Refunds last: the receipt may be another box's.
    """
    return sorted(
        (frame.arrival(at, place) for frame, at, place in fresh),
        key=lambda one: (
            one.event.type != EventType.MEMBER_ENROLLED,
            one.event.type == EventType.REFUND,
            one.place.device.int,
            one.epoch,
            one.seq,
        ),
    )


def _still_there(pieces: Sequence[Piece], left: Mapping[int, Left]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if piece.pos in left:
            now = left[piece.pos]
            whole = tuple(range(len(piece.open.frame.events))) if now is None else now
            take = tuple(place for place in piece.take if place in whole)
            found.append(replace(piece, left=whole, take=take))
    return found


def _codes(made: Plan) -> dict[bytes, str]:
    return {one.arrival.event.event_id: one.code.value for one in made.refused}


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

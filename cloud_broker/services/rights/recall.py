"""A member stands in another store than her rights: they are asked back and lent where she is.

The asking box is answered at once: what is free goes with the answer, what boxes of other stores
hold is recalled. Their return is booked by ingest, which lends it to the asking box in the same
transaction; so the way is shop, cloud, shop. Whoever asked first is served first.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.ingest_effects import Plan
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.restores import Wanted
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.rights.leasing import Leasing
from cloud_broker.services.rights.restoring import frozen
from retail_core import limits
from retail_core.errors import Fault
from retail_core.loyalty import lease_books
from retail_core.loyalty.lease_wire import grant_message, right_of
from retail_core.loyalty.leases import LENT, Lease, LeaseState, Right, RightKind
from retail_core.wire.lease import LeaseGrant, LeaseReturned
from retail_core.wire.messages import WIRE_VERSION
from retail_core.wire.rights import AskState, RightAsked, RightsAnswer, RightsAsked, RightStands

# Longer than a basket usually holds back; whoever still waits then asks again.
WANTED_MS = 60_000
STAY_MS = 10 * 60 * 1_000


class Recall:
    """Answers boxes that ask for rights; every call is one transaction."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def ask(self, tenant: UUID, place: Place, asked: RightsAsked) -> RightsAnswer:
        """Lend what is free of the rights a box asks for, and ask other boxes for the rest.

        A box is lent only what belongs to members its store holds.
        """
        now_ms = self._clock.now_ms()
        wants = {right_of(one.kind, one.right): one for one in asked.rights}
        with self._units.begin(tenant) as unit:
            if frozen(unit):
                return RightsAnswer(WIRE_VERSION, (), _all(wants.values(), AskState.FROZEN))
            own = _of_store(unit, wants.keys(), place.store)
            leasing = Leasing(unit, tenant, now_ms)
            leasing.load(own)
            leasing.load_devices([place.device])
            tenure = leasing.desk.tenures.get(place.device)
            if tenure is None or tenure.frozen:
                return RightsAnswer(WIRE_VERSION, (), _all(wants.values(), AskState.NOTHING))
            asking = _Asking(unit, leasing, place, now_ms)
            stands = [
                asking.one(right, one) if right in own else _none(one)
                for right, one in wants.items()
            ]
            grants = tuple(grant for right in own for grant in asking.grants(right, tenure.epoch))
            leasing.save(unit.fleet.places_ever({one.device for one in leasing.desk.said}))
            if leasing.desk.said:
                unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return RightsAnswer(WIRE_VERSION, grants[: limits.RIGHTS_ASKED_MAX], tuple(stands))


class _Asking:
    """One box's asking within one transaction."""

    def __init__(self, unit: Unit, leasing: Leasing, place: Place, now_ms: int) -> None:
        self._unit = unit
        self._leasing = leasing
        self._device = place.device
        self._now_ms = now_ms

    def one(self, right: Right, asked: RightAsked) -> RightStands:
        """Lend what is free, recall the rest, say how it stands."""
        if right.kind == RightKind.POINTS:
            # Or the placing would fetch them home while she still stands here.
            self._unit.mall.wish(right.id, self._now_ms + STAY_MS)
        desk = self._leasing.desk
        missing = desk.lend_up_to(right, self._device, asked.amount)
        coming, dark = self._recall(right) if missing else (0, 0)
        if not coming and not dark:
            here = lease_books.lent_to(desk.books[right], self._device)
            return RightStands(asked.kind, asked.right, AskState.LENT if here else AskState.NOTHING)
        until_ms = self._now_ms + WANTED_MS
        self._unit.restores.want(
            [Wanted(right, self._device, asked.amount, self._now_ms, until_ms)]
        )
        state = AskState.ASKED if coming else AskState.DARK
        return RightStands(asked.kind, asked.right, state, coming, dark)

    def grants(self, right: Right, epoch: int) -> Iterable[LeaseGrant]:
        """Return every open lease of the asking box: what it knows already it passes over."""
        for key, lease in sorted(self._leasing.desk.books[right].leases.items()):
            if key.device == self._device and key.epoch == epoch and lease.state == LeaseState.OPEN:
                yield grant_message(lease)

    def _recall(self, right: Right) -> tuple[int, int]:
        """Ask every other holder; return what lies with boxes that answer, and what does not."""
        held: dict[UUID, int] = {}
        doubt = 0
        for key, lease in self._leasing.desk.books[right].leases.items():
            if key.device == self._device or lease.state not in LENT:
                continue
            if lease.state == LeaseState.OPEN and lease.held:
                held[key.device] = held.get(key.device, 0) + lease.held
            else:
                doubt += lease.held
        asked = bool(self._unit.restores.wanted([right], self._now_ms))
        since_ms = self._now_ms - limits.PRESENCE_GONE_AFTER_MS
        online = self._unit.restores.online(held, since_ms)
        for device in sorted(held):
            if not asked or device in online:
                self._leasing.desk.recall(right, device)
        coming = sum(amount for device, amount in held.items() if device in online)
        return coming, sum(held.values()) - coming + doubt


def serve(unit: Unit, leasing: Leasing, rights: Collection[Right], now_ms: int) -> set[UUID]:
    """Lend what has come back to the boxes that asked for it; return which boxes were lent to."""
    served: list[Wanted] = []
    lent: set[UUID] = set()
    if not rights or frozen(unit):
        return lent
    wanted = unit.restores.wanted(rights, now_ms)
    leasing.load_devices({one.device for one in wanted})
    for one in wanted:
        missing = leasing.desk.lend_up_to(one.right, one.device, one.amount)
        lent.add(one.device)
        if not missing or not _elsewhere(leasing.desk.books[one.right].leases.values(), one.device):
            served.append(one)
    unit.restores.served(served)
    return lent


def came_back(made: Plan) -> set[Right]:
    """Return the rights of which a box gave something back."""
    found: set[Right] = set()
    for _, event in made.lease_events:
        if isinstance(event, LeaseReturned):
            with suppress(Fault):  # one that names no right is noted elsewhere
                found.add(right_of(event.kind, event.right))
    return found


def _elsewhere(leases: Iterable[Lease], device: UUID) -> bool:
    return any(one.state in LENT and one.held for one in leases if one.key.device != device)


def _of_store(unit: Unit, rights: Iterable[Right], store: UUID) -> list[Right]:
    """Return the rights that belong to members this store holds."""
    asked = sorted(rights)
    wallets = {one.id for one in asked if one.kind == RightKind.POINTS}
    owners = unit.members.wallet_owners(wallets) if wallets else {}
    for one in asked:
        coupon = unit.benefits.coupon(one.id) if one.kind == RightKind.COUPON else None
        if coupon is not None:
            owners[one.id] = coupon.member
    persons = unit.benefits.persons(set(owners.values())) if owners else {}
    everybody = {other for same in persons.values() for other in same}
    holders = unit.members.stores_of(everybody) if everybody else {}
    return [
        one
        for one in asked
        if one.id in owners
        and any(store in holders.get(who, ()) for who in persons.get(owners[one.id], ()))
    ]


def _none(one: RightAsked) -> RightStands:
    return RightStands(one.kind, one.right, AskState.NOTHING)


def _all(asked: Iterable[RightAsked], state: AskState) -> tuple[RightStands, ...]:
    return tuple(RightStands(one.kind, one.right, state) for one in asked)

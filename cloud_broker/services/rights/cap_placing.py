"""A store's caps of a day go out to its boxes, once there are several: all of it, evenly.

A box alone in its store counts by itself and is told so. Where there are more, each is asked to
share from its next day on; when all have said since when they do, the caps of today and of a week
to come are lent to them, and levelled as they sell. Nothing is lent of a day that one of them may
still count alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.lease_desk import Said
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.rights.budget_placing import endow
from cloud_broker.services.rights.leasing import Leasing
from cloud_broker.services.rights.lending import Boxes
from cloud_broker.services.rights.restoring import frozen
from retail_core.checkout.business_date import as_int, business_date
from retail_core.loyalty import lease_books
from retail_core.loyalty.cap_sharing import (
    ALWAYS,
    NEXT_DAY,
    UNHEARD,
    CapStand,
    Levelling,
    Word,
    cap_right,
    level,
    shared_from,
    told,
    wish_for,
)
from retail_core.loyalty.leases import Right
from retail_core.pricing.uses import store_caps
from retail_core.wire.lease import LeaseEpoch

LOOK_MS = 10_000
TOLD_AGAIN_MS = 600_000
DAYS_AHEAD = 7  # a box may be cut so long and still sells its part of each day
GRANTS_MAX = 256  # of one transaction
ASKED_MAX = 20_000
_MS = 1_000


class _Cap(NamedTuple):
    """A rule's uses in the store on a day."""

    right: Right
    uses: int
    day: int


class CapPlacing:
    """Looks at every store now and then; used from one thread."""

    def __init__(self, units: Units, clock: Clock, rules: RulesInForce) -> None:
        self._units = units
        self._clock = clock
        self._rules = rules
        self._look_ms: dict[UUID, int] = {}
        self._again_ms: dict[tuple[UUID, bool], int] = {}
        self._asked: dict[tuple[Right, UUID, int], None] = {}

    def run(self, tenant: UUID) -> int:
        """Tell and lend what is due; return how much was done, 0 until it is time to look."""
        now_ms = self._clock.now_ms()
        if now_ms < self._look_ms.get(tenant, 0):
            return 0
        with self._units.begin(tenant) as unit:
            if frozen(unit):
                return 0
            bundle = self._rules.of(unit, tenant, now_ms)
            shops = _shops(unit)
        if len(self._asked) > ASKED_MAX:
            self._asked = dict(list(self._asked.items())[ASKED_MAX // 2 :])
        caps = store_caps(bundle)
        done = [self._tend(tenant, places, caps, now_ms) for places in shops]
        if max(done, default=0) < GRANTS_MAX:
            self._look_ms[tenant] = now_ms + LOOK_MS
        return sum(done)

    def _tend(
        self, tenant: UUID, places: Sequence[Place], caps: Mapping[str, int], now_ms: int
    ) -> int:
        """Do what is due in one store, in a transaction of its own; return how much that was."""
        today = _today(places[0], now_ms)
        rights = list(_rights(tenant, places[0].store, caps, today))
        with self._units.begin(tenant) as unit:
            leasing = Leasing(unit, tenant, now_ms)
            leasing.load([one.right for one in rights])
            leasing.load_devices([one.device for one in places])
            boxes = [one.device for one in places if one.device in leasing.desk.tenures]
            stands = self._tell(unit, leasing, boxes, _after(today, DAYS_AHEAD + 1))
            first = shared_from(stands.values())
            if first is not None:
                lending = Boxes(unit, leasing)
                for one in rights:
                    if one.day >= first and len(leasing.desk.said) < GRANTS_MAX:
                        self._level(lending, boxes, one)
            leasing.save({one.device: one for one in places})
            return len(leasing.desk.said)

    def _tell(
        self, unit: Unit, leasing: Leasing, boxes: Sequence[UUID], later: int
    ) -> dict[UUID, CapStand]:
        """Tell boxes to share or to count alone; return how they count then."""
        known = unit.leases.cap_stands(boxes)
        stands = {box: known.get(box, UNHEARD) for box in boxes}
        for box, stand in list(stands.items()):
            lent = any(
                key.device != box for book in leasing.desk.books.values() for key in book.leases
            )
            # Whoever took part in sharing may have left days behind of which others hold parts.
            free_from = later if lent or stand.agreed > NEXT_DAY else ALWAYS
            word = wish_for(stand, len(boxes), free_from)
            if word is None or not self._is_time(box, word):
                continue
            stands[box] = told(stand, word)
            tenure = leasing.desk.tenures[box]
            message = LeaseEpoch(
                box.bytes, tenure.epoch, tenure.shake.boot.bytes, tenure.frozen, *word
            )
            leasing.desk.said.append(Said(box, message))
        unit.leases.save_cap_stands(
            {box: stand for box, stand in stands.items() if stand != known.get(box, UNHEARD)}
        )
        return stands

    def _is_time(self, box: UUID, word: Word) -> bool:
        """Tell whether a box is told now: what it does not take is not said all the time."""
        key, now_ms = (box, bool(word.alone_from)), self._clock.now_ms()
        if now_ms < self._again_ms.get(key, 0):
            return False
        self._again_ms[key] = now_ms + TOLD_AGAIN_MS
        return True

    def _level(self, lending: Boxes, boxes: Sequence[UUID], cap: _Cap) -> None:
        leasing, right = lending.leasing, cap.right
        endow(leasing, right, cap.uses)
        book, tenures = leasing.desk.books[right], leasing.desk.tenures
        held = {box: lease_books.lent_to(book, box) for box in boxes if not tenures[box].frozen}
        if book.credited > cap.uses:
            # Lowered by more than is free: whoever holds a part gives it back first.
            due = Levelling(ask=tuple(box for box in held if held[box]))
        else:
            due = level(book.free, held)
        for box, amount in due.lend:
            lending.lend((right, box, amount))
        for box in due.ask:
            nth = lease_books.next_nth(book, box, tenures[box].epoch)
            if (right, box, nth) not in self._asked:
                self._asked[right, box, nth] = None
                leasing.desk.recall(right, box)


def _shops(unit: Unit) -> list[tuple[Place, ...]]:
    """Return the boxes of stores that may have something to do, without locking anything."""
    found = unit.fleet.devices_of(unit.fleet.store_names())
    stands = unit.leases.cap_stands([one.device for places in found.values() for one in places])

    def unsettled(place: Place) -> bool:
        stand = stands.get(place.device)
        return stand is not None and wish_for(stand, 1, ALWAYS) is not None

    return [
        places
        for _, places in sorted(found.items())
        if len(places) > 1 or any(map(unsettled, places))
    ]


def _today(place: Place, now_ms: int) -> date:
    local = datetime.fromtimestamp(now_ms / _MS, UTC).astimezone(ZoneInfo(place.zone))
    return business_date(local.replace(tzinfo=None), place.day_starts_at)


def _after(day: date, days: int) -> int:
    return as_int(day + timedelta(days=days))


def _rights(tenant: UUID, store: UUID, caps: Mapping[str, int], today: date) -> Iterator[_Cap]:
    """Yield the caps of the days in sight; a basket of yesterday may still be open."""
    for days in range(-1, DAYS_AHEAD + 1):
        day = _after(today, days)
        for rule, uses in sorted(caps.items()):
            yield _Cap(cap_right(tenant, store, rule, day), uses, day)

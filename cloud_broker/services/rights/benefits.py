"""What members are given: coupons and gifts, each once, lent to the box where they belong.

All of it in the transaction at hand. After `give_…` and `take_back` comes `tell`: it lends what a
box can take and puts the members' new records into the feeds; what is forgotten or finds no box is
lent by the sweep later.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.benefits import Coupon, Ending, Gift
from cloud_broker.ports.feed import FeedRow
from cloud_broker.ports.unit import Unit
from cloud_broker.services.rights.leasing import Leasing
from cloud_broker.services.rights.restoring import frozen
from cloud_broker.services.stores.refresh import refresh
from retail_core.loyalty import lease_books
from retail_core.loyalty.leases import LENT, Right, RightKind

SWEEP_MAX = 500
_MS = 1_000


class Benefits:
    """One transaction's work on coupons and gifts."""

    def __init__(self, unit: Unit, tenant: UUID, now_ms: int) -> None:
        self._unit = unit
        self._tenant = tenant
        self._now_ms = now_ms
        self._given: set[UUID] = set()
        self._recalled: set[UUID] = set()
        self._touched: set[UUID] = set()

    def give_coupon(
        self, member: UUID, rule: str, *, source: str, first_day: date, last_day: date
    ) -> UUID | None:
        """Give a coupon of a rule of the bundle.

        Return its right; None when this source gave the person one before, or nobody knows her.
        """
        if self._had(member, source, Coupon):
            return None
        right = self._right("coupon", member, source)
        coupon = Coupon(right, member, rule, source, first_day, last_day)
        if not self._unit.benefits.add_coupon(coupon, self._now_ms):
            return None
        return self._endowed(right, member)

    def give_gift(  # noqa: PLR0913 -- a gift has these parts, and they are named by the caller
        self,
        member: UUID,
        *,
        kind: str,
        sku: str,
        name: str,
        source: str,
        store: UUID | None,
        last_day: date,
        ready: bool = True,
    ) -> UUID | None:
        """Give a gift, to be picked up in `store` or anywhere; `ready` False only promises it.

        Return its right; None when this source gave the person one before, or nobody knows her.
        """
        if self._had(member, source, Gift):
            return None
        right = self._right("gift", member, source)
        gift = Gift(right, member, kind, sku, name, source, store, last_day, ready)
        if not self._unit.benefits.add_gift(gift, self._now_ms):
            return None
        return self._endowed(right, member)

    def make_ready(self, member: UUID, source: str) -> bool:
        """Let what was promised be handed over; False when nothing was."""
        promised = self._sourced(member, source)
        ready = self._unit.benefits.make_ready(promised)
        self._touched |= {promised[right] for right in ready}
        return bool(ready)

    def take_back(self, member: UUID, source: str, how: Ending = "taken") -> bool:
        """Take back what a source gave and was not used; False when there is nothing left of it.

        A box that holds it is asked for it. What it hands out before it hears of that stays used. A
        coupon that was used and came back with a refund is still what the source gave.
        """
        persons = self._unit.benefits.persons([member]).get(member, ())
        sources = [source]
        for one in persons:
            right = self._right("coupon", one, source)
            while (held := self._unit.benefits.coupon(right)) is not None:
                sources.append(_again(right))
                right = self._right("coupon", held.member, sources[-1])
        rights = {right for said in sources for right in self._unit.benefits.sourced(persons, said)}
        return self._end(rights, how)

    def one_of_each(self, member: UUID) -> bool:
        """Take back, of a person who was two, what both were given of one source; False for none.

        What one of them used counts: nobody comes to a second birthday coupon by a second card.
        """
        persons = self._unit.benefits.persons([member]).get(member, ())
        unused = (
            (Coupon, self._unit.benefits.coupons_of(persons)),
            (Gift, self._unit.benefits.gifts_of(persons)),
        )
        surplus = {
            right
            for what, held in unused
            for source in {one.source for one in held}
            for right in self._surplus(persons, what, [one for one in held if one.source == source])
        }
        return bool(surplus) and self._end(surplus, "merged")

    def parted(self, members: Collection[UUID]) -> None:
        """Give back what ended because members were one and are no more, once for each person."""
        persons = self._unit.benefits.persons(members)
        everyone = {one for same in persons.values() for one in same}
        back = self._unit.benefits.revive(everyone, self._today())
        self._given |= back.keys()
        self._touched |= set(back.values())
        for member in sorted(persons):
            self.one_of_each(member)

    def expire(self, day: date) -> int:
        """End what was to be used before a day, at most a page of it; return how much."""
        over = self._unit.benefits.over(day, SWEEP_MAX)
        self._end(set(over), "expired")
        return len(over)

    def reissue(self, right: UUID) -> UUID | None:
        """Give a used coupon again after a refund, for as many days as it had left or had at all.

        Return the new right; None when it was given again before, or is no coupon of a member.
        """
        used = self._unit.benefits.coupon(right)
        if used is None:
            return None
        today = self._today()
        whole = today + (used.last_day - used.first_day)
        return self.give_coupon(
            used.member,
            used.rule,
            source=_again(right),
            first_day=min(today, used.first_day),
            last_day=max(used.last_day, whole),
        )

    def touch(self, members: Iterable[UUID]) -> None:
        """Let `tell` tell of these members too."""
        self._touched |= set(members)

    def lend(self) -> tuple[FeedRow, ...]:
        """Lend what was given and recall what was taken, without telling of the members yet."""
        return self._lend(self._given) if self._given or self._recalled else ()

    def tell(self) -> tuple[FeedRow, ...]:
        """Lend what was given, recall what was taken, tell the stores; return the feeds' rows."""
        rows = self.lend()
        touched, self._touched = self._touched, set()
        return (*rows, *refresh(self._unit, touched, self._now_ms))

    def sweep(self) -> int:
        """Lend what no box could take before, at most a page of it; return how much."""
        waiting = {one.right for one in self._unit.benefits.lendable(None, SWEEP_MAX)}
        self._lend(waiting)
        return len(waiting)

    # ---- inside ---------------------------------------------------------------------------------

    def _had(self, member: UUID, source: str, what: type[Coupon | Gift]) -> bool:
        """Tell whether she is unknown, or another member of the same person was given it."""
        persons = self._unit.benefits.persons([member])
        if member not in persons:
            return True
        others = persons[member][1:]
        return bool(others) and self._unit.benefits.given(others, source, what)

    def _surplus(
        self, persons: Sequence[UUID], what: type[Coupon | Gift], held: Sequence[Coupon | Gift]
    ) -> list[UUID]:
        """Return what is too much of what one source gave: all but one, or all if one was used."""
        owners = {one.member for one in held}
        others = [one for one in persons if one not in owners]
        elsewhere = bool(others) and self._unit.benefits.given(others, held[0].source, what)
        first_hers = sorted(held, key=lambda one: persons.index(one.member))
        return [one.right for one in first_hers[0 if elsewhere else 1 :]]

    def _today(self) -> date:
        return datetime.fromtimestamp(self._now_ms / _MS, UTC).date()

    def _right(self, what: str, member: UUID, source: str) -> UUID:
        said = f"{what}/{self._tenant}/{member}/{source}"
        return UUID(bytes=sha256(said.encode()).digest()[:16])

    def _endowed(self, right: UUID, member: UUID) -> UUID:
        one = Right(RightKind.COUPON, right)
        book = self._unit.leases.books([one])[one]
        if not book.credited:
            # A restored cloud may know that a box holds it before it knows that it was given.
            self._unit.leases.save_free({one: book.free + 1})
        self._given.add(right)
        self._touched.add(member)
        return right

    def _sourced(self, member: UUID, source: str) -> dict[UUID, UUID]:
        persons = self._unit.benefits.persons([member]).get(member, ())
        return self._unit.benefits.sourced(persons, source)

    def _end(self, rights: set[UUID], how: Ending) -> bool:
        ended = self._unit.benefits.end(rights, how)
        self._touched |= ended
        self._recalled |= rights
        self._given -= rights
        return bool(ended)

    def _lend(self, rights: Collection[UUID]) -> tuple[FeedRow, ...]:
        if frozen(self._unit):
            rights = ()  # `sweep` lends them when the restore is thawed
        found = self._unit.benefits.lendable(rights, len(rights)) if rights else ()
        recalled, self._recalled, self._given = self._recalled, set(), set()
        leasing = Leasing(self._unit, self._tenant, self._now_ms)
        leasing.load([Right(RightKind.COUPON, one.right) for one in found])
        leasing.load([Right(RightKind.COUPON, right) for right in recalled])
        leasing.load_devices({one.device for one in found})
        devices = {one.device for one in found} | _recall(leasing, recalled)
        for one in found:
            right = Right(RightKind.COUPON, one.right)
            tenure = leasing.desk.tenures[one.device]
            nth = lease_books.next_nth(leasing.desk.books[right], one.device, tenure.epoch)
            leasing.desk.grant(right, one.device, 1, nth)
        return leasing.save(self._unit.fleet.places(devices))


def _again(right: UUID) -> str:
    """Return the source of a coupon that is given instead of a used one."""
    return f"reissue:{right}"


def _recall(leasing: Leasing, rights: Collection[UUID]) -> set[UUID]:
    """Ask the boxes that hold any of the rights for them; return which boxes."""
    asked: set[UUID] = set()
    for right in sorted(rights):
        one = Right(RightKind.COUPON, right)
        for key, lease in leasing.desk.books[one].leases.items():
            if lease.state in LENT:
                leasing.desk.recall(one, key.device)
                asked.add(key.device)
    return asked

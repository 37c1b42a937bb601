"""Coupons and gifts in memory, with the same rules as in PostgreSQL."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.benefits import Coupon, Ending, Gift, Lendable
from retail_core.loyalty.leases import Right, RightKind

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class BenefitShelf:
    """What was given, in the order it was, and how it ended."""

    given: dict[UUID, Coupon | Gift] = field(default_factory=dict)
    ended: dict[UUID, Ending] = field(default_factory=dict)


class FakeBenefitRepo:
    """Fulfils `BenefitRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.benefits

    def persons(self, members: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
        known = self._state.members
        tops = {member: self._top(new.wallet) for member, new in known.items()}
        return {
            member: (member, *sorted(o for o in known if o != member and tops[o] == tops[member]))
            for member in set(members) & known.keys()
        }

    def add_coupon(self, coupon: Coupon, now_ms: int) -> bool:
        return self._add(coupon)

    def add_gift(self, gift: Gift, now_ms: int) -> bool:
        return self._add(gift)

    def given(self, members: Collection[UUID], source: str, what: type[Coupon | Gift]) -> bool:
        return any(
            isinstance(one, what) and one.member in members and one.source == source
            for one in self._shelf.given.values()
            if self._shelf.ended.get(one.right) not in {"taken", "merged"}
        )

    def coupons_of(self, members: Collection[UUID]) -> tuple[Coupon, ...]:
        return tuple(
            one for one in self._held() if isinstance(one, Coupon) and one.member in members
        )

    def gifts_of(self, members: Collection[UUID]) -> tuple[Gift, ...]:
        return tuple(one for one in self._held() if isinstance(one, Gift) and one.member in members)

    def coupon(self, right: UUID) -> Coupon | None:
        found = self._shelf.given.get(right)
        return found if isinstance(found, Coupon) else None

    def sourced(self, members: Collection[UUID], source: str) -> dict[UUID, UUID]:
        return {
            one.right: one.member
            for one in self._held()
            if one.member in members and one.source == source
        }

    def make_ready(self, rights: Collection[UUID]) -> set[UUID]:
        ready = set()
        for right in rights:
            one = self._shelf.given.get(right)
            if isinstance(one, Gift) and not one.ready:
                self._shelf.given[right] = replace(one, ready=True)
                ready.add(right)
        return ready

    def end(self, rights: Collection[UUID], how: Ending) -> set[UUID]:
        ending = [one for one in self._held() if one.right in rights]
        self._shelf.ended |= {one.right: how for one in ending}
        return {one.member for one in ending}

    def revive(self, members: Collection[UUID], day: date) -> dict[UUID, UUID]:
        found = {
            right: one.member
            for right, one in self._shelf.given.items()
            if self._shelf.ended.get(right) == "merged" and one.member in members
            if one.last_day >= day and not self._used(right)
        }
        for right in found:
            del self._shelf.ended[right]
        return found

    def lendable(self, rights: Collection[UUID] | None, limit: int) -> tuple[Lendable, ...]:
        found = []
        for right, one in sorted(self._shelf.given.items()):
            if right in self._shelf.ended or (rights is not None and right not in rights):
                continue
            device = self._device(one)
            if device is not None and self._state.leases.free.get(_right(right), 0) > 0:
                found.append(Lendable(right, one.member, device))
        return tuple(found[:limit])

    def over(self, day: date, limit: int) -> tuple[UUID, ...]:
        over = sorted(one.right for one in self._held() if one.last_day < day)
        return tuple(over[:limit])

    # ---- inside ---------------------------------------------------------------------------------

    def _add(self, new: Coupon | Gift) -> bool:
        known = self._shelf.given.get(new.right)
        if known is not None and (
            self._shelf.ended.get(new.right) not in {"taken", "merged"} or self._used(new.right)
        ):
            return False
        self._shelf.given[new.right] = new
        self._shelf.ended.pop(new.right, None)
        return True

    def _held(self) -> Iterable[Coupon | Gift]:
        open_ = (
            one
            for right, one in self._shelf.given.items()
            if right not in self._shelf.ended and not self._used(right)
        )
        return sorted(open_, key=lambda one: (one.last_day, one.right))

    def _used(self, right: UUID) -> bool:
        leases = self._state.leases.leases
        return any(one.spends for key, one in leases.items() if key.right == _right(right))

    def _device(self, one: Coupon | Gift) -> UUID | None:
        home = self._state.members[one.member].arrival.place.store
        store = (one.store if isinstance(one, Gift) else None) or home
        tenures = self._state.leases.tenures
        boxes = sorted(
            device.device
            for device in self._state.devices.values()
            if device.store == store
            and device.device not in self._state.retired
            and device.device in tenures
            and not tenures[device.device].frozen
        )
        return boxes[0] if boxes else None

    def _top(self, wallet: UUID) -> UUID:
        moved = {
            one.from_wallet: one.into_wallet
            for one in self._state.merges.values()
            if not one.undone
        }
        while wallet in moved:
            wallet = moved[wallet]
        return wallet


def _right(right: UUID) -> Right:
    return Right(RightKind.COUPON, right)

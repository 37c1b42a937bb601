"""Leases in memory, with the same rules as in PostgreSQL."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from retail_core.loyalty.cap_sharing import CapStand
from retail_core.loyalty.lease_books import Anchor, RightBook, opened
from retail_core.loyalty.lease_fence import Handshake, Tenure
from retail_core.loyalty.leases import LENT, Lease, LeaseKey, LeaseState, Right, RightKind
from retail_core.loyalty.postings import member_account

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class LeaseShelf:
    """Leases of one tenant; what it holds is never changed, so a copy of the dicts will do."""

    tenures: dict[UUID, Tenure] = field(default_factory=dict)
    waiting: dict[UUID, Handshake] = field(default_factory=dict)
    free: dict[Right, int] = field(default_factory=dict)
    leases: dict[LeaseKey, Lease] = field(default_factory=dict)
    cap_stands: dict[UUID, CapStand] = field(default_factory=dict)

    def __deepcopy__(self, _memo: object) -> "LeaseShelf":
        return LeaseShelf(
            dict(self.tenures),
            dict(self.waiting),
            dict(self.free),
            dict(self.leases),
            dict(self.cap_stands),
        )


class FakeLeaseRepo:
    """Fulfils `LeaseRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.leases

    def tenures(self, devices: Collection[UUID]) -> dict[UUID, Tenure]:
        return {one: self._shelf.tenures[one] for one in devices if one in self._shelf.tenures}

    def save_tenures(self, tenures: Mapping[UUID, Tenure], now_ms: int) -> None:
        self._shelf.tenures |= tenures

    def waiting(self, devices: Collection[UUID]) -> dict[UUID, Handshake]:
        return {one: self._shelf.waiting[one] for one in devices if one in self._shelf.waiting}

    def save_waiting(self, waiting: Mapping[UUID, Handshake | None]) -> None:
        for device, shake in waiting.items():
            if shake is None:
                self._shelf.waiting.pop(device, None)
            else:
                self._shelf.waiting[device] = shake

    def cap_stands(self, devices: Collection[UUID]) -> dict[UUID, CapStand]:
        held = self._shelf.cap_stands
        return {one: held[one] for one in devices if one in held}

    def save_cap_stands(self, stands: Mapping[UUID, CapStand]) -> None:
        self._shelf.cap_stands |= stands

    def books(self, rights: Collection[Right]) -> dict[Right, RightBook]:
        return {right: self._book(right) for right in rights}

    def save_free(self, free: Mapping[Right, int]) -> None:
        self._shelf.free |= free

    def save_leases(self, leases: Iterable[Lease], now_ms: int) -> None:
        self._shelf.leases |= {one.key: one for one in leases}

    def lent_to(self, device: UUID) -> set[Right]:
        return {
            key.right
            for key, one in self._shelf.leases.items()
            if key.device == device and one.state in LENT
        }

    def holders(self) -> set[UUID]:
        return {key.device for key, one in self._shelf.leases.items() if one.state in LENT}

    def held_by(
        self, devices: Collection[UUID]
    ) -> dict[UUID, Counter[tuple[RightKind, LeaseState]]]:
        held = {device: Counter[tuple[RightKind, LeaseState]]() for device in devices}
        for key, lease in self._shelf.leases.items():
            if key.device in held and lease.state in LENT and lease.held:
                held[key.device][key.right.kind, lease.state] += lease.held
        return held

    def due(self, now_ms: int) -> set[Right]:
        return {
            key.right
            for key, one in self._shelf.leases.items()
            if one.state in LENT and one.term is not None and one.term.reclaim_ms <= now_ms
        }

    def known(self, keys: Collection[LeaseKey]) -> set[LeaseKey]:
        return set(keys) & self._shelf.leases.keys()

    def spends_of(self, receipts: Collection[UUID]) -> dict[UUID, tuple[tuple[LeaseKey, int], ...]]:
        found: dict[UUID, tuple[tuple[LeaseKey, int], ...]] = {}
        for key, lease in sorted(self._shelf.leases.items()):
            for receipt in lease.spends.keys() & set(receipts):
                spent = (key, lease.spends[receipt])
                found[receipt] = (*found.get(receipt, ()), spent)
        return found

    def anchor(self, device: UUID) -> Anchor | None:
        own = [one for one in self._state.events if one.place.device == device]
        if not own:
            return None
        last = max(own, key=lambda one: (one.received_ms, one.seq))
        return Anchor(UUID(bytes=last.event.boot_id), last.event.mono_ms, last.received_ms)

    def _book(self, right: Right) -> RightBook:
        free = self._shelf.free.get(right, 0)
        if right.kind == RightKind.POINTS:
            free = self._state.balances.setdefault(member_account(right.id, "free"), 0)
            free += self._state.balances.get(member_account(right.id, "owed"), 0)
        return opened(
            right, free, [one for k, one in self._shelf.leases.items() if k.right == right]
        )

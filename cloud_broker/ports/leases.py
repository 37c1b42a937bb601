"""Rights lent to boxes, and who may spend for a device."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol
from uuid import UUID

from retail_core.loyalty.cap_sharing import CapStand
from retail_core.loyalty.lease_books import Anchor, RightBook
from retail_core.loyalty.lease_fence import Handshake, Tenure
from retail_core.loyalty.leases import Lease, LeaseKey, LeaseState, Right, RightKind


class LeaseRepo(Protocol):
    """Leases with all that arrived about them."""

    def tenures(self, devices: Collection[UUID]) -> dict[UUID, Tenure]:
        """Return who may spend for devices, locked until the end."""
        ...

    def save_tenures(self, tenures: Mapping[UUID, Tenure], now_ms: int) -> None:
        """Store who may spend."""
        ...

    def waiting(self, devices: Collection[UUID]) -> dict[UUID, Handshake]:
        """Return handshakes that wait for the rest of their journal."""
        ...

    def save_waiting(self, waiting: Mapping[UUID, Handshake | None]) -> None:
        """Store handshakes that wait; None for one that was judged."""
        ...

    def cap_stands(self, devices: Collection[UUID]) -> dict[UUID, CapStand]:
        """Return how devices count their stores' caps; absent are those that never spoke of it."""
        ...

    def save_cap_stands(self, stands: Mapping[UUID, CapStand]) -> None:
        """Store how devices count; their tenures are locked."""
        ...

    def books(self, rights: Collection[Right]) -> dict[Right, RightBook]:
        """Return the books of rights, locked until the end; one never heard of is empty."""
        ...

    def save_free(self, free: Mapping[Right, int]) -> None:
        """Store what is free of coupons and budgets; free points stand in their account."""
        ...

    def save_leases(self, leases: Iterable[Lease], now_ms: int) -> None:
        """Store leases with their spends and refunds; what is stored of those is left as it is."""
        ...

    def lent_to(self, device: UUID) -> set[Right]:
        """Return the rights of which a device holds a part, open or in doubt."""
        ...

    def holders(self) -> set[UUID]:
        """Return the devices that hold anything, open or in doubt."""
        ...

    def held_by(
        self, devices: Collection[UUID]
    ) -> dict[UUID, Counter[tuple[RightKind, LeaseState]]]:
        """Return how much each device holds, open or in doubt, by kind of right."""
        ...

    def due(self, now_ms: int) -> set[Right]:
        """Return the rights with timed leases that are over."""
        ...

    def known(self, keys: Collection[LeaseKey]) -> set[LeaseKey]:
        """Return which leases were ever granted."""
        ...

    def spends_of(self, receipts: Collection[UUID]) -> dict[UUID, tuple[tuple[LeaseKey, int], ...]]:
        """Return what receipts spent of leases; one without a redemption is absent."""
        ...

    def anchor(self, device: UUID) -> Anchor | None:
        """Return the newest moment of a device that is in the event log."""
        ...

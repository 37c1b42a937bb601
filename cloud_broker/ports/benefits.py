"""Coupons and gifts in members' hands: what was given, what is left of it, where it can go.

Each is the right (coupon, id) of one; whether it was used is known from what was spent of its
leases and from nothing else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol
from uuid import UUID

from cloud_broker.domain.benefits import Coupon, Gift

__all__ = ["BenefitRepo", "Coupon", "Ending", "Gift", "Lendable"]

Ending = Literal["taken", "expired", "merged"]


@dataclass(frozen=True, slots=True)
class Lendable:
    """A benefit that no box holds, and a box that was let in where it belongs."""

    right: UUID
    member: UUID
    device: UUID


class BenefitRepo(Protocol):
    """What members were given."""

    def persons(self, members: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
        """Return all members that are one person with each (herself first); unknown are absent."""
        ...

    def add_coupon(self, coupon: Coupon, now_ms: int) -> bool:
        """Give a coupon; False when its source gave her one, unless that was taken back unused."""
        ...

    def add_gift(self, gift: Gift, now_ms: int) -> bool:
        """Give a gift; False when its source gave her one, unless that was taken back unused."""
        ...

    def given(self, members: Collection[UUID], source: str, what: type[Coupon | Gift]) -> bool:
        """Tell whether a source gave any of these members one and did not take it back."""
        ...

    def coupons_of(self, members: Collection[UUID]) -> tuple[Coupon, ...]:
        """Return coupons that are neither used nor ended, the next to end first."""
        ...

    def gifts_of(self, members: Collection[UUID]) -> tuple[Gift, ...]:
        """Return gifts that are neither handed over nor ended, the next to end first."""
        ...

    def coupon(self, right: UUID) -> Coupon | None:
        """Return a coupon, whatever became of it."""
        ...

    def sourced(self, members: Collection[UUID], source: str) -> dict[UUID, UUID]:
        """Return what a source gave these members and is not ended: member by right."""
        ...

    def make_ready(self, rights: Collection[UUID]) -> set[UUID]:
        """Let promised gifts be handed over; return those that were only promised."""
        ...

    def end(self, rights: Collection[UUID], how: Ending) -> set[UUID]:
        """End what is neither used nor ended; return whose it was."""
        ...

    def revive(self, members: Collection[UUID], day: date) -> dict[UUID, UUID]:
        """Let what a merge ended and still has days return; return members by right."""
        ...

    def lendable(self, rights: Collection[UUID] | None, limit: int) -> tuple[Lendable, ...]:
        """Return unlent benefits (of these, or any) for which a box can be found now."""
        ...

    def over(self, day: date, limit: int) -> tuple[UUID, ...]:
        """Return benefits whose last day lies before a day, neither used nor ended."""
        ...

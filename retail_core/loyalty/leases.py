"""Rights that a box may use up on its own: how much was lent to whom, and what became of it.

A bounded counter: of everything that may be spent, the cloud lends parts to devices. A device
spends only what it was lent, the cloud only what it did not lend, so nobody has to ask anybody and
the sum can never be overdrawn. What arrived about a lease is kept as sets (which receipt spent how
much, which was refunded), and every amount is worked out from them: the same messages in any order,
however often, make the same lease.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_NO_SPENDS: Mapping[UUID, int] = MappingProxyType({})
_NO_REFUNDS: Mapping[UUID, tuple[UUID, int]] = MappingProxyType({})


class RightKind(StrEnum):
    """What can be lent: a wallet's points, one coupon, a campaign's budget (fen or pieces)."""

    POINTS = "points"
    COUPON = "coupon"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One bounded amount: `id` is the wallet, the coupon or the campaign."""

    kind: RightKind
    id: UUID


@dataclass(frozen=True, slots=True, order=True)
class LeaseKey:
    """One lease: the `nth` of a right to a device within a lease epoch of that device."""

    right: Right
    device: UUID
    epoch: int
    nth: int


@dataclass(frozen=True, slots=True)
class Term:
    """When a timed lease ends: by the box's own count of time within one boot, never by a clock.

    `reclaim_ms` is the cloud's time from which the box cannot spend it any more, whatever happened.
    """

    boot: UUID
    until_mono_ms: int
    reclaim_ms: int


class LeaseState(StrEnum):
    """How a lease stands in the cloud; `LOST` is a coupon or budget that counts as used up."""

    OPEN = "open"
    FENCED = "fenced"
    CLOSED = "closed"
    RECLAIMED = "reclaimed"
    LOST = "lost"


LENT = frozenset({LeaseState.OPEN, LeaseState.FENCED})


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as the cloud knows it.

    `cover` is how much of its spends the right pays for: all of it while it is lent, later what
    the device says it spent. `spends` are amounts by receipt, `refunds` by their own id: which
    receipt, how much.
    """

    key: LeaseKey
    amount: int
    cover: int
    term: Term | None = None
    state: LeaseState = LeaseState.OPEN
    spends: Mapping[UUID, int] = field(default_factory=lambda: _NO_SPENDS)
    refunds: Mapping[UUID, tuple[UUID, int]] = field(default_factory=lambda: _NO_REFUNDS)

    @property
    def spent(self) -> int:
        """What the device is known to have spent of it."""
        return sum(self.spends.values())

    @property
    def kept(self) -> int:
        """What of the spends was not refunded; a receipt gives back no more than it spent."""
        if not self.refunds:
            return self.spent
        left = dict(self.spends)
        for receipt, amount in self.refunds.values():
            if receipt in left:
                left[receipt] = max(0, left[receipt] - amount)
        return sum(left.values())

    @property
    def held(self) -> int:
        """What is lent out, or is still to arrive as spent."""
        return max(0, self.cover - self.spent)

    @property
    def late(self) -> int:
        """What was spent beyond its cover and not refunded: the brand bears it, never a member."""
        return max(0, self.kept - self.cover)

    @property
    def tied(self) -> int:
        """What it takes out of the free part: lent, and spent without a refund."""
        return self.held + min(self.cover, self.kept)


def lent(key: LeaseKey, amount: int, term: Term | None = None) -> Lease:
    """Return a new lease.

    Only points may be timed: what is spent in time and told too late is the brand's loss, and a
    coupon's limit or a budget cannot be made whole with money.
    """
    if amount < 1:
        raise ValueError("a lease lends something")
    if term is not None and key.right.kind != RightKind.POINTS:
        raise ValueError("only points are lent for a time")
    return Lease(key, amount, amount, term)


def spent(lease: Lease, receipt: UUID, amount: int) -> Lease:
    """Enter a spend; the same again changes nothing, another amount is Fault LEASE_CONFLICT."""
    if amount < 1:
        raise Fault(FaultCode.LEASE_CONFLICT, receipt=receipt)
    known = lease.spends.get(receipt)
    if known == amount:
        return lease
    if known is not None:
        raise Fault(FaultCode.LEASE_CONFLICT, receipt=receipt)
    return replace(lease, spends=MappingProxyType({**lease.spends, receipt: amount}))


def refunded(lease: Lease, refund: UUID, receipt: UUID, amount: int) -> Lease:
    """Take back (a part of) a receipt's spend, before or after it arrived, once a refund."""
    if amount < 1 or lease.refunds.get(refund, (receipt, amount)) != (receipt, amount):
        raise Fault(FaultCode.LEASE_CONFLICT, receipt=refund)
    if refund in lease.refunds:
        return lease
    return replace(lease, refunds=MappingProxyType({**lease.refunds, refund: (receipt, amount)}))


def closed(lease: Lease, final: int) -> Lease:
    """End a lease by its device's word: it spent `final` of it in all and will spend no more.

    The rest is free at once, also while some of those spends have not arrived. Points that were
    taken back without the device's word stay so.
    """
    if not 0 <= final <= lease.amount:
        raise Fault(FaultCode.LEASE_CONFLICT, receipt=lease.key.right.id)
    if lease.state in {LeaseState.CLOSED, LeaseState.RECLAIMED}:
        return lease
    return replace(lease, state=LeaseState.CLOSED, cover=final)


def taken_back(lease: Lease) -> Lease:
    """End a lease without its device's word, at what is known to be spent.

    Points become free; of a coupon or a budget nothing does, because what the device may have
    spent without telling could not be made good.
    """
    if lease.state not in LENT:
        return lease
    if lease.key.right.kind != RightKind.POINTS:
        return replace(lease, state=LeaseState.LOST)
    cover = min(lease.spent, lease.amount)
    return replace(lease, state=LeaseState.RECLAIMED, cover=cover)

"""The cloud's book of one right: what is free, what is lent, and the moves between the two.

Σ held + free = balance, and free is never negative: a grant takes from free alone. A lease comes
back by its device's word, by the end of its time, or by a person's word that the device is lost.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from uuid import UUID

from retail_core import limits
from retail_core.errors import Fault
from retail_core.loyalty import leases
from retail_core.loyalty.leases import LENT, Lease, LeaseKey, LeaseState, Right, Term
from retail_core.texts.faults import FaultCode

_PER_MILLE = 1_000


@dataclass(frozen=True, slots=True)
class RightBook:
    """`credited` is all that ever came in less what went out by other ways than leases."""

    right: Right
    credited: int
    leases: Mapping[LeaseKey, Lease]

    @property
    def free(self) -> int:
        """What the cloud may lend or spend."""
        return self.credited - sum(lease.tied for lease in self.leases.values())

    @property
    def held(self) -> int:
        """What is lent out."""
        return sum(lease.held for lease in self.leases.values())

    @property
    def balance(self) -> int:
        """What is not spent: free and lent together."""
        return self.free + self.held

    @property
    def late(self) -> int:
        """What the brand bears."""
        return sum(lease.late for lease in self.leases.values())


@dataclass(frozen=True, slots=True)
class Anchor:
    """The newest moment of a device that the cloud knows: its boot, its count, our time then."""

    boot: UUID
    mono_ms: int
    received_ms: int


def opened(right: Right, free: int, known: Iterable[Lease] = ()) -> RightBook:
    """Return the book of what is free now and these leases."""
    held = {lease.key: lease for lease in known}
    tied = sum(lease.tied for lease in held.values())
    return RightBook(right, free + tied, MappingProxyType(held))


def credit(book: RightBook, amount: int) -> RightBook:
    """Add to the free part, or take from it; Fault LEDGER_OVERDRAWN when it does not suffice."""
    if amount < 0 and -amount > book.free:
        raise Fault(FaultCode.LEDGER_OVERDRAWN, free=book.free, wanted=-amount)
    return replace(book, credited=book.credited + amount)


def grant(book: RightBook, key: LeaseKey, amount: int, term: Term | None = None) -> RightBook:
    """Lend a part of what is free; Fault LEDGER_OVERDRAWN, LEASE_CONFLICT for a key that is used.

    The very same lease again changes nothing.
    """
    lease = leases.lent(key, amount, term)
    known = book.leases.get(key)
    if known is not None:
        if (known.amount, known.term) != (amount, term):
            raise Fault(FaultCode.LEASE_CONFLICT, receipt=key.right.id)
        return book
    if amount > book.free:
        raise Fault(FaultCode.LEDGER_OVERDRAWN, free=book.free, wanted=amount)
    return _with(book, lease)


def term_of(anchor: Anchor, lasts_ms: int) -> Term:
    """Return the end of a timed lease that begins at the last moment the device is known at.

    The device counted `mono_ms` before we received it, so it stops at the latest when `lasts_ms`
    have passed here, plus what its count may run slow, plus a margin for what is under way. No
    wall clock has a part in it, and after a reboot the count is gone and the lease is over.
    """
    slow_ms = -(-lasts_ms * limits.LEASE_DRIFT_PERMILLE // _PER_MILLE)
    return Term(
        boot=anchor.boot,
        until_mono_ms=anchor.mono_ms + lasts_ms,
        reclaim_ms=anchor.received_ms + lasts_ms + slow_ms + limits.LEASE_MARGIN_MS,
    )


def settle(book: RightBook, key: LeaseKey, receipt: UUID, amount: int) -> RightBook:
    """Enter what a device spent; Fault LEASE_UNKNOWN for a lease that was never granted."""
    return _with(book, leases.spent(_known(book, key), receipt, amount))


def refund(
    book: RightBook, key: LeaseKey, refund_id: UUID, receipt: UUID, amount: int
) -> RightBook:
    """Give back what a receipt spent: to the brand what it bore, the rest to the free part."""
    return _with(book, leases.refunded(_known(book, key), refund_id, receipt, amount))


def close(book: RightBook, key: LeaseKey, final: int) -> RightBook:
    """Take a lease back by its device's word on what it spent of it in all."""
    return _with(book, leases.closed(_known(book, key), final))


def fence(book: RightBook, device: UUID, epoch: int) -> RightBook:
    """Put a device's leases of an epoch and before in doubt: still lent, lent to nobody else."""
    return _each(
        book,
        lambda lease: (
            replace(lease, state=LeaseState.FENCED)
            if lease.state == LeaseState.OPEN and _is_of(lease.key, device, epoch)
            else lease
        ),
    )


def reclaim(book: RightBook, now_ms: int) -> RightBook:
    """Take back timed leases that no box can spend any more."""
    return _each(
        book,
        lambda lease: (
            leases.taken_back(lease)
            if lease.term is not None and now_ms >= lease.term.reclaim_ms
            else lease
        ),
    )


def write_off(book: RightBook, device: UUID, epoch: int) -> RightBook:
    """Take back what is in doubt on a person's word that the card is lost; see `taken_back`."""
    return _each(
        book,
        lambda lease: (
            leases.taken_back(lease)
            if lease.state == LeaseState.FENCED and _is_of(lease.key, device, epoch)
            else lease
        ),
    )


def revive(book: RightBook, key: LeaseKey, amount: int) -> RightBook:
    """Know a lease again that its device holds and a restore of the cloud has lost.

    It lends at least `amount` from now on. The free part may fall below zero until what earned or
    returned it has arrived again.
    """
    known = book.leases.get(key)
    if known is None:
        revived = leases.lent(key, amount)
    elif known.amount >= amount:
        return book
    else:
        cover = amount if known.state in LENT else known.cover
        revived = replace(known, amount=amount, cover=cover)
    return _with(book, revived)


def next_nth(book: RightBook, device: UUID, epoch: int) -> int:
    """Return the number of the next lease of this right to a device in an epoch."""
    return 1 + max(
        (key.nth for key in book.leases if (key.device, key.epoch) == (device, epoch)), default=0
    )


def lent_to(book: RightBook, device: UUID) -> int:
    """Return how much of the right is lent to a device and, as far as told, not spent."""
    return sum(
        lease.held
        for lease in book.leases.values()
        if lease.key.device == device and lease.state == LeaseState.OPEN
    )


def in_doubt(book: RightBook) -> int:
    """Return how much is lent to devices that were fenced."""
    return sum(
        lease.held
        for lease in book.leases.values()
        if lease.state in LENT and lease.state != LeaseState.OPEN
    )


def _known(book: RightBook, key: LeaseKey) -> Lease:
    lease = book.leases.get(key)
    if lease is None:
        raise Fault(FaultCode.LEASE_UNKNOWN, right=key.right.id, epoch=key.epoch, nth=key.nth)
    return lease


def _is_of(key: LeaseKey, device: UUID, epoch: int) -> bool:
    return key.device == device and key.epoch <= epoch


def _with(book: RightBook, lease: Lease) -> RightBook:
    if book.leases.get(lease.key) is lease:
        return book
    return replace(book, leases=MappingProxyType({**book.leases, lease.key: lease}))


def _each(book: RightBook, change: Callable[[Lease], Lease]) -> RightBook:
    changed = {key: change(lease) for key, lease in book.leases.items()}
    return replace(book, leases=MappingProxyType(changed))

"""Planted bugs: each must be found, or the simulator's silence means nothing.

Some are habits of the boxes or of the cloud, the others put a wrong function into the core.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType, ModuleType
from uuid import UUID

from retail_core.clock import Instant
from retail_core.loyalty import lease_books, lease_box, lease_fence, leases
from retail_core.loyalty.lease_books import Anchor, RightBook
from retail_core.loyalty.lease_box import BoxLeases, Held
from retail_core.loyalty.lease_fence import Handshake, Tenure, Verdict
from retail_core.loyalty.leases import Lease, LeaseKey, LeaseState, Term
from tools.verify_ledger.history import GOOD, Habits, Outcome, history, play

_ROUNDS_UP = 10


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: habits, or attributes of modules replaced by others."""

    name: str
    habits: Habits = GOOD
    wrong: tuple[tuple[ModuleType | type, str, object], ...] = field(default=())


def _no_fence(tenure: Tenure | None, shake: Handshake) -> tuple[Verdict, Tenure]:
    epoch = 1 if tenure is None else tenure.epoch
    return Verdict.WELCOME, Tenure(epoch, shake)


def _one_board(_one: Handshake, _other: Handshake) -> bool:
    return True


def _early(anchor: Anchor, lasts_ms: int) -> Term:
    until = anchor.mono_ms + lasts_ms
    return Term(anchor.boot, until, anchor.received_ms + lasts_ms // 2)


def _now_anchored(anchor: Anchor, lasts_ms: int) -> Term:
    """Count from our own clock's zero instead of the device's last word."""
    return Term(anchor.boot, 1 << 40, anchor.received_ms + lasts_ms)


def _again(lease: Lease, receipt: UUID, amount: int) -> Lease:
    spends = {**lease.spends, receipt: lease.spends.get(receipt, 0) + amount}
    return replace(lease, spends=MappingProxyType(spends))


def _by_what_arrived(lease: Lease, _final: int) -> Lease:
    return replace(lease, state=LeaseState.CLOSED, cover=lease.spent)


def _unchecked(book: RightBook, key: LeaseKey, amount: int, term: Term | None = None) -> RightBook:
    lease = leases.lent(key, amount + _ROUNDS_UP, term)
    return replace(book, leases=MappingProxyType({**book.leases, key: lease}))


def _fence_frees(book: RightBook, device: UUID, epoch: int) -> RightBook:
    changed = {
        key: leases.closed(lease, min(lease.spent, lease.amount))
        if key.device == device and key.epoch <= epoch
        else lease
        for key, lease in book.leases.items()
    }
    return replace(book, leases=MappingProxyType(changed))


def _no_wait(state: BoxLeases, _now: Instant) -> bool:
    return state.epoch > 0


def _any_boot(self: Held, now: Instant) -> bool:
    return not self.closed and (self.until_mono_ms is None or now.mono_ms < self.until_mono_ms)


def _by_wall_clock(self: Held, now: Instant) -> bool:
    if self.closed or self.until_mono_ms is None:
        return not self.closed
    return self.boot == now.boot_id and now.wall_ms - 1_000_000 < self.until_mono_ms


def _begun_again(state: BoxLeases, lease: Held) -> BoxLeases:
    if lease.key.device != state.device or lease.key.epoch != state.epoch:
        return state
    return replace(state, leases=MappingProxyType({**state.leases, lease.key: lease}))


def _keeps_old_leases(
    state: BoxLeases, epoch: int, boot: UUID, now: Instant, *, frozen: bool = False
) -> tuple[BoxLeases, tuple[lease_box.Closing, ...]]:
    own = boot == now.boot_id and not frozen
    return replace(state, epoch=max(epoch, state.epoch), boot=boot if own else state.boot), ()


MUTANTS = (
    Mutant("no epoch fence", wrong=((lease_fence, "admit", _no_fence),)),
    Mutant("two boards taken for one", wrong=((lease_fence, "_one_board", _one_board),)),
    Mutant("lent again at half time", wrong=((lease_books, "term_of", _early),)),
    Mutant("time not bound to the box's count", wrong=((lease_books, "term_of", _now_anchored),)),
    Mutant("a spend that arrives twice counts twice", wrong=((leases, "spent", _again),)),
    Mutant("returned at what arrived so far", wrong=((leases, "closed", _by_what_arrived),)),
    Mutant("lends more than is free", wrong=((lease_books, "grant", _unchecked),)),
    Mutant("a fence frees what is in doubt", wrong=((lease_books, "fence", _fence_frees),)),
    Mutant("spends after a boot without asking", wrong=((lease_box, "admitted", _no_wait),)),
    Mutant("a timed lease outlives its boot", wrong=((Held, "lives", _any_boot),)),
    Mutant("a lease ends by the wall clock", wrong=((Held, "lives", _by_wall_clock),)),
    Mutant("a repeated grant begins anew", wrong=((lease_box, "granted", _begun_again),)),
    Mutant("a fenced box keeps its leases", wrong=((lease_box, "welcomed", _keeps_old_leases),)),
    Mutant("PUBACK taken for commit", Habits(puback_commits=True)),
    Mutant("ack of everything up to the highest", Habits(acks_to_highest=True)),
    Mutant("ack taken without its proof", Habits(trusts_acks=True)),
    Mutant("sale and lease in two writes", Habits(torn_spend=True)),
    Mutant("read position before the grant", Habits(position_first=True)),
)


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Put a bug into the core for a while."""
    kept = [(place, name, getattr(place, name)) for place, name, _ in mutant.wrong]
    for place, name, wrong in mutant.wrong:
        setattr(place, name, wrong)
    try:
        yield
    finally:
        for place, name, right in kept:
            setattr(place, name, right)


def hunt(mutant: Mutant, seeds: int, steps: int) -> Outcome | None:
    """Return the first seed that finds a bug, None when none does."""
    with planted(mutant):
        for seed in range(seeds):
            outcome = play(seed, history(seed, steps), mutant.habits)
            if outcome.failure:
                return outcome
    return None

"""The box's side of leases: what this device may spend now, and what a message changes.

Spends only while the cloud let in this very boot: a card set back before the boot would otherwise
spend what it spent already. A restart of the program alone changes nothing, the boot is the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from uuid import UUID

from retail_core.clock import Instant
from retail_core.errors import Fault
from retail_core.loyalty import cap_sharing
from retail_core.loyalty.cap_sharing import COUNTS_ALONE, CapDays, Word
from retail_core.loyalty.leases import LeaseKey, Right
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as its device holds it; `until_mono_ms` counts within `boot`, None for a hard one."""

    key: LeaseKey
    amount: int
    boot: UUID | None = None
    until_mono_ms: int | None = None
    spent: int = 0
    closed: bool = False

    @property
    def left(self) -> int:
        """What is not spent of it, 0 when it was given back."""
        return 0 if self.closed else self.amount - self.spent

    def lives(self, now: Instant) -> bool:
        """Return whether it may be spent now, as far as time goes."""
        if self.closed:
            return False
        if self.until_mono_ms is None:
            return True
        return self.boot == now.boot_id and now.mono_ms < self.until_mono_ms


@dataclass(frozen=True, slots=True)
class Draw:
    """A part of a spend that one lease bears."""

    key: LeaseKey
    amount: int


@dataclass(frozen=True, slots=True)
class Closing:
    """A lease given back: `final` was spent of it in all."""

    key: LeaseKey
    final: int


@dataclass(frozen=True, slots=True)
class BoxLeases:
    """Everything a device holds. `boot` is the boot the cloud let in, None for none.

    `caps` are the days whose caps of the store it shares with other boxes.
    """

    device: UUID
    epoch: int = 0
    boot: UUID | None = None
    leases: Mapping[LeaseKey, Held] = field(default_factory=lambda: MappingProxyType({}))
    caps: CapDays = COUNTS_ALONE


def caps_told(state: BoxLeases, word: Word, next_day: int | None, *, own: bool) -> BoxLeases:
    """Take the cloud's word on a store's caps; only a boot that was let in (`own`) counts alone."""
    if word.alone_from and not own:
        return state
    caps = cap_sharing.heard(state.caps, word, next_day)
    return state if caps == state.caps else replace(state, caps=caps)


def admitted(state: BoxLeases, now: Instant) -> bool:
    """Return whether the cloud let in this boot."""
    return state.epoch > 0 and state.boot == now.boot_id


def spendable(state: BoxLeases, right: Right, now: Instant) -> int:
    """Return how much of a right may be spent here now without asking anybody."""
    if not admitted(state, now):
        return 0
    return sum(held.left for held in _of(state, right, now))


def draw(state: BoxLeases, right: Right, amount: int, now: Instant) -> tuple[Draw, ...]:
    """Split a spend over leases, those that end first before the others.

    Raises Fault LEASE_WAITS before the cloud let this boot in, LEASE_SHORT when it is too much.
    """
    if amount < 1:
        raise ValueError("a spend is positive")
    if not admitted(state, now):
        raise Fault(FaultCode.LEASE_WAITS)
    if amount > (free := spendable(state, right, now)):
        raise Fault(FaultCode.LEASE_SHORT, free=free, wanted=amount)
    draws: list[Draw] = []
    for held in _of(state, right, now):
        part = min(amount, held.left)
        if part:
            draws.append(Draw(held.key, part))
            amount -= part
    return tuple(draws)


def spend(state: BoxLeases, draws: Sequence[Draw], now: Instant) -> BoxLeases:
    """Use up leases; Fault LEASE_WAITS or LEASE_SHORT when they do not bear it (any more)."""
    if not admitted(state, now):
        raise Fault(FaultCode.LEASE_WAITS)
    for one in draws:
        held = state.leases.get(one.key)
        left = held.left if held is not None and held.lives(now) else 0
        if held is None or one.amount > left:
            raise Fault(FaultCode.LEASE_SHORT, free=left, wanted=one.amount)
        state = _with(state, replace(held, spent=held.spent + one.amount))
    return state


def granted(state: BoxLeases, lease: Held) -> BoxLeases:
    """Take in a lease of the epoch this device is in; one that is known is never begun again."""
    key = lease.key
    if key.device != state.device or key.epoch != state.epoch or key in state.leases:
        return state
    return _with(state, lease)


def welcomed(
    state: BoxLeases, epoch: int, boot: UUID, now: Instant, *, frozen: bool = False
) -> tuple[BoxLeases, tuple[Closing, ...]]:
    """Take the cloud's word on which boot may spend in which epoch; return what is given back.

    What a boot that was let in still holds of an older epoch it gives back by its own word, for
    nobody else could spend it. A boot that was never let in knows nothing: its card may be old.
    """
    if epoch < state.epoch or (epoch == state.epoch and boot != now.boot_id and not frozen):
        return state, ()
    closings = _closings(state, now, epoch) if admitted(state, now) else ()
    kept = state
    for one in closings:
        kept = given_back(kept, one.key)
    if epoch > state.epoch:
        kept = replace(kept, leases=MappingProxyType({}))
    own = boot == now.boot_id and not frozen
    return replace(kept, epoch=epoch, boot=boot if own else None), closings


def shut_out(state: BoxLeases) -> BoxLeases:
    """Spend nothing until the cloud lets this boot in (again)."""
    return replace(state, boot=None)


def closing(state: BoxLeases, right: Right, now: Instant) -> tuple[Closing, ...]:
    """Return what to give back of a right, on the cloud's wish or on our own."""
    if not admitted(state, now):
        return ()
    return tuple(
        Closing(held.key, held.spent)
        for held in _sorted(state)
        if held.key.right == right and not held.closed
    )


def expired(state: BoxLeases, now: Instant) -> tuple[Closing, ...]:
    """Return the timed leases that are over, to be given back."""
    if not admitted(state, now):
        return ()
    return tuple(
        Closing(held.key, held.spent)
        for held in _sorted(state)
        if not held.closed and not held.lives(now)
    )


def given_back(state: BoxLeases, key: LeaseKey) -> BoxLeases:
    """Mark a lease as given back; it stays known, so that a repeated grant does not begin it."""
    held = state.leases.get(key)
    return state if held is None else _with(state, replace(held, closed=True))


def _closings(state: BoxLeases, now: Instant, epoch: int) -> tuple[Closing, ...]:
    if epoch == state.epoch:
        return expired(state, now)
    return tuple(Closing(held.key, held.spent) for held in _sorted(state) if not held.closed)


def _of(state: BoxLeases, right: Right, now: Instant) -> list[Held]:
    living = (h for h in state.leases.values() if h.key.right == right and h.lives(now))
    return sorted(living, key=lambda h: (h.until_mono_ms is None, h.until_mono_ms or 0, h.key))


def _sorted(state: BoxLeases) -> list[Held]:
    return sorted(state.leases.values(), key=lambda held: held.key)


def _with(state: BoxLeases, held: Held) -> BoxLeases:
    return replace(state, leases=MappingProxyType({**state.leases, held.key: held}))

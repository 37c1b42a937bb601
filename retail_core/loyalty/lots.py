"""Which points are left, from when and until when: worked out from the postings and nothing else.

A lot is what one receipt (or gift, or import) brought. Points leave the lot that expires soonest,
of those the oldest: the member's favour. A refund puts points back where they came from. What is
given is sorted first by the business day, then by the moment, then by the key, so the same postings
give the same lots whatever order they came in and however often. A spending whose points arrive
later (two shops, one of them offline) waits as a shortage and takes from the next lots that come.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from uuid import UUID

from retail_core.loyalty.policy import Policies
from retail_core.loyalty.postings import (
    AWARD,
    EARN,
    EXPIRE,
    MATURE,
    MERGE,
    MERGE_OWN,
    REDEEM,
    RESTORED,
    REVERSED,
    SETTLE,
    Posting,
    PostingKey,
)

PoolKind = Literal["spendable", "pending"]
_POOLS: dict[str, PoolKind] = {
    "free": "spendable",
    "leased": "spendable",
    "pending": "pending",
}
_OWN_LOT = frozenset({EARN + REVERSED, AWARD + REVERSED, MATURE, MERGE_OWN})
_OWN_ISSUER = frozenset({MERGE, SETTLE})


class Pool(NamedTuple):
    """The points of one wallet that can be spent now, or those that wait."""

    wallet: str
    kind: PoolKind


@dataclass(frozen=True, slots=True)
class Lot:
    """Where points come from; `expires` is their last day, None when they have none."""

    expires: date | None
    day: date
    receipt_id: UUID
    issuer: UUID

    @property
    def order(self) -> tuple[date, date, UUID, UUID]:
        """What leaves first."""
        return self.expires or date.max, self.day, self.receipt_id, self.issuer


@dataclass(frozen=True, slots=True)
class Dated:
    """A posting with its key, the business day it counts on and the moment it happened."""

    key: PostingKey
    posting: Posting
    day: date
    at_ms: int

    @property
    def order(self) -> tuple[date, int, UUID, bool, int, str, str, int]:
        """When it counts; inside one receipt points are spent before any are earned."""
        key = self.key
        earns = base_kind(key.kind) != REDEEM
        return self.day, self.at_ms, key.receipt_id, earns, key.line, key.rule, key.kind, key.nth


@dataclass(frozen=True, slots=True)
class Movement:
    """Points of one issuer that came into (positive) or left a wallet's lots, and by what."""

    day: date
    kind: str
    issuer: UUID
    redeemer: UUID | None
    points: int


@dataclass(slots=True)
class _Taking:
    """What a posting took, lot by lot in order, and what it still lacks."""

    dated: Dated
    parts: list[tuple[Lot, int]] = field(default_factory=list)
    short: int = 0


_Origin = tuple[UUID, int, str, str]
_Prefer = Callable[[Lot], bool]


def base_kind(kind: str) -> str:
    """Return what kind of posting one is, or is the inverse of."""
    return kind.partition(".")[0]


@lru_cache(maxsize=4096)  # a wallet's postings name the same few accounts again and again
def pool_of(account: str) -> Pool | None:
    """Return the pool whose points an account counts, None for every other account."""
    owner, _, rest = account.partition(":")
    wallet, _, purse = rest.partition(":")
    kind = _POOLS.get(purse.partition(":")[0])
    return Pool(wallet, kind) if owner == "member" and kind is not None else None


def is_over(lot: Lot, day: date) -> bool:
    """Return whether a lot's last day lies before this one."""
    return lot.expires is not None and lot.expires < day


class LotBook:
    """The lots of some wallets; wallets that were ever merged have to be folded together."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._pools: dict[Pool, dict[Lot, int]] = {}
        self._shortages: dict[Pool, list[_Taking]] = {}
        self._takings: dict[_Origin, list[_Taking]] = {}
        self.movements: list[Movement] = []

    def lots(self, wallet: UUID, kind: PoolKind = "spendable") -> tuple[tuple[Lot, int], ...]:
        """Return what is left, the next to leave first."""
        held = self._pools.get(Pool(str(wallet), kind), {})
        return tuple(sorted(held.items(), key=lambda entry: entry[0].order))

    def short(self, wallet: UUID, kind: PoolKind = "spendable") -> int:
        """Return how many points were taken that no lot has brought yet."""
        return sum(one.short for one in self._shortages.get(Pool(str(wallet), kind), ()))

    def pools(self) -> dict[Pool, int]:
        """Return every pool with what is left less what it lacks: its accounts' balance."""
        names = self._pools.keys() | self._shortages.keys()
        return {
            name: sum(self._pools.get(name, {}).values())
            - sum(one.short for one in self._shortages.get(name, ()))
            for name in names
        }

    def apply(self, dated: Dated) -> None:
        """Move what a posting moves; postings come sorted and each once, as `fold` gives them."""
        source, target = pool_of(dated.posting.debit), pool_of(dated.posting.credit)
        if source == target:
            return
        if source is None:
            parts = self._brought(dated)
        else:
            parts = self._take(source, dated)
            if target is None:
                self._note(dated, parts, -1)
        if target is None:
            return
        if source is None:
            self._note(dated, parts, 1)
        for lot, points in parts:
            self._give(target, lot, points)

    def _take(self, pool: Pool, dated: Dated) -> list[tuple[Lot, int]]:
        held = self._pools.setdefault(pool, {})
        wanted, taking = dated.posting.points, _Taking(dated)
        for lot in _in_order(held, self._preferred(dated)):
            if wanted == 0:
                break
            points = min(wanted, held[lot])
            taking.parts.append((lot, points))
            wanted -= points
            held[lot] -= points
            if held[lot] == 0:
                del held[lot]
        if wanted:
            taking.short = wanted
            self._shortages.setdefault(pool, []).append(taking)
        self._takings.setdefault(_origin(dated.key), []).append(taking)
        parts = list(taking.parts)
        if wanted and pool_of(dated.posting.credit) is not None:
            parts.append((self._new_lot(dated), wanted))
        return parts

    def _preferred(self, dated: Dated) -> _Prefer | None:
        """Return which lots a posting means; the others give what these do not hold."""
        key, posting, day = dated.key, dated.posting, dated.day
        if key.kind in _OWN_LOT:
            return lambda lot: lot.receipt_id == key.receipt_id
        if key.kind in _OWN_ISSUER:
            return lambda lot: lot.issuer == posting.issuer
        if key.kind == EXPIRE:
            return lambda lot: lot.issuer == posting.issuer and is_over(lot, day)
        if base_kind(key.kind) == MERGE:
            moved = {lot for one in self._takings.get(_origin(key), ()) for lot, _ in one.parts}
            return lambda lot: lot in moved
        return None

    def _brought(self, dated: Dated) -> list[tuple[Lot, int]]:
        """Return lots for points from outside: new ones, or those a refunded spending took."""
        wanted = dated.posting.points
        parts: list[tuple[Lot, int]] = []
        if dated.key.kind.endswith(REVERSED):
            for taking in reversed(self._takings.get(_origin(dated.key), ())):
                wanted = self._untake(taking, wanted, dated, parts)
        if wanted:
            parts.append((self._new_lot(dated), wanted))
        return parts

    def _untake(
        self, taking: _Taking, wanted: int, dated: Dated, parts: list[tuple[Lot, int]]
    ) -> int:
        """Give back what was taken last first: the points that live longest come back first."""
        while wanted and taking.parts:
            lot, points = taking.parts.pop()
            back = min(wanted, points)
            if back < points:
                taking.parts.append((lot, points - back))
            parts.append((self._revived(lot, dated.day), back))
            wanted -= back
        return wanted

    def _revived(self, lot: Lot, day: date) -> Lot:
        grace = self._policies.on(day).grace_days
        if lot.expires is None or lot.expires >= day or grace == 0:
            return lot
        return replace(lot, expires=day + timedelta(days=grace))

    def _new_lot(self, dated: Dated) -> Lot:
        posting, day = dated.posting, dated.day
        restored = dated.key.kind.endswith(RESTORED)
        last = posting.expires or self._policies.last_day(day)
        if restored:
            held = [
                lot
                for pool in self._pools.values()
                for lot in pool
                if lot.receipt_id == dated.key.receipt_id
            ]
            if held:
                return min(held, key=lambda lot: lot.order)
        return Lot(last, day, dated.key.receipt_id, posting.issuer)

    def _give(self, pool: Pool, lot: Lot, points: int) -> None:
        shortages = self._shortages.get(pool, [])
        while points and shortages:
            first = shortages[0]
            filled = min(points, first.short)
            first.short -= filled
            first.parts.append((lot, filled))
            points -= filled
            if pool_of(first.dated.posting.credit) is None:
                self._note(first.dated, [(lot, filled)], -1)
            if first.short == 0:
                shortages.pop(0)
        if points:
            held = self._pools.setdefault(pool, {})
            held[lot] = held.get(lot, 0) + points

    def _note(self, dated: Dated, parts: Iterable[tuple[Lot, int]], sign: int) -> None:
        for lot, points in parts:
            self.movements.append(
                Movement(
                    dated.day, dated.key.kind, lot.issuer, dated.posting.redeemer, sign * points
                )
            )


def fold(postings: Iterable[Dated], policies: Policies) -> LotBook:
    """Return the lots after all postings, in any order and however often each is given."""
    book = LotBook(policies)
    once = {dated.key: dated for dated in postings}
    for dated in sorted(once.values(), key=lambda one: one.order):
        book.apply(dated)
    return book


def _in_order(held: Iterable[Lot], prefer: _Prefer | None) -> list[Lot]:
    """Return lots in the order they leave, those a posting means first."""
    if prefer is None:
        return sorted(held, key=lambda lot: lot.order)
    return sorted(held, key=lambda lot: (not prefer(lot), *lot.order))


def _origin(key: PostingKey) -> _Origin:
    """Return what a posting and its inverses have in common."""
    return key.receipt_id, key.line, key.rule, base_kind(key.kind)

"""Who counts a store's caps of a day: its only box alone, or its boxes by what each was lent.

A box alone in its store needs nobody: it counts what it sold. With a second box a cap becomes a
right of that store and day, and each box sells only what it was lent of it. Every change holds for
whole days, and of each day every box and the cloud say the same: the box names the first day on
which it will share, one that has not begun for it, and nothing is lent for days before. So a day
belongs to one way of counting, whoever hears of the change how late.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from retail_core.loyalty.leases import Right, RightKind

END = 99_991_231
ALWAYS = 1
NEXT_DAY = 1

# ---- the box ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CapDays:
    """The business days (20260731) on which a box sells of its store's caps what it was lent.

    `spans` are first and last days, `word` is the number of the cloud's last word on them.
    """

    word: int = 0
    spans: tuple[tuple[int, int], ...] = ()

    def shares(self, day: int) -> bool:
        """Tell whether the cap of a day is lent; else this box counts it alone."""
        return any(first <= day <= last for first, last in self.spans)

    @property
    def shares_from(self) -> int:
        """The day from which on it shares without an end, 0 for none."""
        return min((first for first, last in self.spans if last == END), default=0)


COUNTS_ALONE = CapDays()
# What an empty card knows: somebody else may be selling of the same caps.
NEVER_TOLD = CapDays(0, ((ALWAYS, END),))


class Word(NamedTuple):
    """The cloud's word to a box: share from a day on (1: from the next one), or count alone."""

    number: int
    share_from: int = 0
    alone_from: int = 0


def heard(days: CapDays, word: Word, next_day: int | None) -> CapDays:
    """Take the cloud's word; an older one changes nothing.

    `next_day` is the first day that has not begun here, None while the clock is unknown: a word
    that needs it then waits to be told again.
    """
    if word.number <= days.word:
        return days
    if word.alone_from:
        kept = ((first, min(last, _before(word.alone_from))) for first, last in days.spans)
        return CapDays(word.number, tuple(one for one in kept if one[0] <= one[1]))
    first = word.share_from
    if first == NEXT_DAY and not days.shares_from:
        if next_day is None:
            return days
        first = next_day
    spans = days.spans if days.shares_from else (*days.spans, (first, END))
    return CapDays(word.number, spans)


def _before(day: int) -> int:
    """Return a number below a day and above every earlier day."""
    return day - 1


# ---- the cloud ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CapStand:
    """How the cloud knows a box to count. `shares_from` 0: it may count alone.

    `word` is the number of what it was told last, `heard` of what it has taken; `agreed` is the day
    it said once, to be reminded of after its card was set back.
    """

    word: int = 0
    heard: int = 0
    shares_from: int = 0
    agreed: int = 0


UNHEARD = CapStand()


def said(stand: CapStand, word: int, shares_from: int) -> CapStand:
    """Enter what a box says of itself. What it says of an older word is not what it will do."""
    if word < stand.word:
        return replace(stand, heard=word, shares_from=0)
    agreed = shares_from or stand.agreed
    return CapStand(word=word, heard=word, shares_from=shares_from, agreed=agreed)


def wish_for(stand: CapStand, boxes: int, free_from: int) -> Word | None:
    """Return what a box of a store with so many boxes is to be told, None when all is well.

    `free_from` is the first day of which no other box was lent anything.
    """
    if boxes > 1:
        if stand.shares_from:
            return None
        return Word(stand.word + 1, share_from=stand.agreed or NEXT_DAY)
    if not stand.shares_from and stand.heard == stand.word:
        return None
    return Word(stand.word + 1, alone_from=free_from)


def told(stand: CapStand, word: Word) -> CapStand:
    """Enter that a box was told; whoever may count alone from now on is taken to do so."""
    if word.alone_from:
        return CapStand(word.number, stand.heard)
    return replace(stand, word=word.number)


def shared_from(stands: Iterable[CapStand]) -> int | None:
    """Return the first day of which boxes of a store may be lent parts; None while one may not."""
    days = [stand.shares_from for stand in stands]
    return max(days) if len(days) > 1 and all(days) else None


# ---- the rights ---------------------------------------------------------------------------------


def cap_right(tenant: UUID, store: UUID, rule: str, day: int) -> Right:
    """Return the right to a rule's uses in a store on a business day."""
    parts = (b"regulars cap", tenant.bytes, store.bytes, str(day).encode(), rule.encode())
    return Right(RightKind.BUDGET, UUID(bytes=sha256(b"\x00".join(parts)).digest()[:16]))


class Levelling(NamedTuple):
    """What to lend to whom, and whom to ask for what it holds so that others get their part."""

    lend: tuple[tuple[UUID, int], ...] = ()
    ask: tuple[UUID, ...] = ()


def level(free: int, held: Mapping[UUID, int]) -> Levelling:
    """Share what is not sold yet evenly among the boxes of a store, all of it.

    A box that has half its part is left alone. Where nothing is free, those are asked that hold
    more than their part, unless only a single one lies between them.
    """
    boxes = sorted(held)
    pool = free + sum(held.values())
    whole, rest = divmod(max(0, pool), len(boxes)) if boxes else (0, 0)
    lend: list[tuple[UUID, int]] = []
    poor = False
    for number, box in enumerate(sorted(boxes, key=lambda one: (-held[one], one))):
        part = whole + (number < rest)
        if 2 * held[box] >= part:
            continue
        amount = min(part - held[box], free)
        if amount > 0:
            lend.append((box, amount))
            free -= amount
        poor = poor or amount < part - held[box]
    least = min(held.values(), default=0)
    ask = [box for box in boxes if poor and held[box] > max(whole, least + 1)]
    return Levelling(tuple(lend), tuple(ask))

"""From what somebody did, in the order she did it, to journeys that end with an order or without.

A journey holds what touched her in the `window` before an order and after the order before it; the
order's own channel is its last touch. What is followed by no order within the window is a journey
without one. The same channel again on the same day is one touch.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from retail_core.insight.attribution.journeys import Journeys

DAY_MS: Final = 86_400_000
WINDOW_MS: Final = 30 * DAY_MS
STORE: Final = "store"
COUPON: Final = "coupon"
# A touch: the channel, and which store it was, "" anywhere else.
Touch = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """A thing somebody did; an order is the step that has `orders`, several at once for nobody."""

    at_ms: int
    channel: str
    store: str = ""
    orders: int = 0
    net_fen: int = 0
    coupons: int = 0


@dataclass(frozen=True, slots=True)
class Walk:
    """A journey: its touches, how many orders it ended with, what they were worth."""

    touches: tuple[Touch, ...]
    orders: int
    net_fen: int


def walks(
    steps: Iterable[Step], first_ms: int, last_ms: int, window_ms: int = WINDOW_MS
) -> Iterator[Walk]:
    """Yield one person's journeys that end in [first, last); her steps come in their order."""
    open_: list[Step] = []
    for step in steps:
        kept = [one for one in open_ if step.at_ms - one.at_ms <= window_ms]
        lost = open_[: len(open_) - len(kept)]
        if lost and first_ms <= lost[-1].at_ms < last_ms:
            yield Walk(_touches(lost), 0, 0)
        open_ = [*kept, step]
        if step.orders:
            if first_ms <= step.at_ms < last_ms:
                yield Walk(_touches(open_), step.orders, step.net_fen)
            open_ = []
    if open_ and first_ms <= open_[-1].at_ms < last_ms:
        yield Walk(_touches(open_), 0, 0)


def _touches(steps: Sequence[Step]) -> tuple[Touch, ...]:
    found: list[tuple[Touch, int]] = []
    for step in steps:
        day = step.at_ms // DAY_MS
        if step.coupons:
            found.append(((COUPON, ""), day))
        touch = (step.channel, step.store)
        if not found or found[-1] != (touch, day):
            found.append((touch, day))
    return tuple(touch for touch, _ in found)


class Book:
    """Journeys added up: each different one with how many ended how, by channel and by store."""

    def __init__(self) -> None:
        self._walks: defaultdict[tuple[Touch, ...], list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, walk: Walk) -> None:
        """Enter a journey."""
        held = self._walks[walk.touches]
        held[0] += walk.orders
        held[1] += walk.net_fen
        held[2] += 0 if walk.orders else 1

    def __len__(self) -> int:
        """How many different journeys there are."""
        return len(self._walks)

    @property
    def journeys(self) -> int:
        """How many journeys there are, with and without an order."""
        return sum(held[0] + held[2] for held in self._walks.values())

    def by_channel(self) -> Journeys:
        """Return the journeys over channels: every store is one."""
        found: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
        for touches, held in self._walks.items():
            sums = found[tuple(channel for channel, _ in touches)]
            for nth, amount in enumerate(held):
                sums[nth] += amount
        return _journeys(found)

    def by_store(self) -> "dict[str, StoreCredit]":
        """Return what each store had a part in, by Shapley values: exact, and they add up."""
        found: defaultdict[str, StoreCredit] = defaultdict(StoreCredit)
        for touches, (orders, net_fen, _) in self._walks.items():
            if not orders:
                continue
            parties = list(dict.fromkeys(touches))
            part, last = 1 / len(parties), touches[-1]
            for channel, store in parties:
                if channel == STORE:
                    found[store].add(orders * part, net_fen * part, own=last == (STORE, store))
            if last[0] == STORE:
                helped = {channel for channel, _ in parties} - {STORE}
                found[last[1]].sold(orders, net_fen, helped, part)
        return dict(found)


@dataclass(slots=True)
class StoreCredit:
    """A store: what it sold, how much of that others brought, what it brought to others."""

    orders: int = 0
    net_fen: int = 0
    helped_orders: int = 0
    helped_fen: int = 0
    credit_orders: float = 0.0
    credit_fen: float = 0.0
    elsewhere_fen: float = 0.0
    by_channel: Mapping[str, float] | None = None

    def add(self, orders: float, fen: float, *, own: bool) -> None:
        """Give it its part of some orders, its own or another's."""
        self.credit_orders += orders
        self.credit_fen += fen
        if not own:
            self.elsewhere_fen += fen

    def sold(self, orders: int, net_fen: int, helped: Iterable[str], part: float) -> None:
        """Enter what it sold, and the channels that touched the buyer before."""
        self.orders += orders
        self.net_fen += net_fen
        shares = dict(self.by_channel or {})
        channels = list(helped)
        if channels:
            self.helped_orders += orders
            self.helped_fen += net_fen
        for channel in channels:
            shares[channel] = shares.get(channel, 0.0) + net_fen * part
        self.by_channel = shares


def _journeys(found: Mapping[tuple[str, ...], Sequence[int]]) -> Journeys:
    paths = sorted(found)
    rows = np.array([found[path] for path in paths], dtype=np.float64).reshape(len(paths), 3)
    return Journeys(paths, rows[:, 0], rows[:, 2], rows[:, 1])

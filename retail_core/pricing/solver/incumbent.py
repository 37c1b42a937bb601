"""A good choice at once, whatever ties offers to each other: the most rewarding offer first.

Each offer is filled with the units that gain most over their own best price; the one that gains
most is taken, until none gains. Then a swap pass: once more without each offer that was taken.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from retail_core.pricing.solver.problem import Choice, Option, WholeProblem

SWAPS = 1  # so many of the offers that promised most are tried without
_Fill = dict[tuple[int, int, int], int]


def incumbent(problem: WholeProblem) -> Choice:
    """Return an allowed choice; leaving everything at its price is the least it can do."""
    desk = _Desk(problem)
    best, saved = _sound(problem, desk.choose(frozenset()))
    used = {offer for _, offer, _ in best if problem.offers[offer].is_set}
    for offer in sorted(used, key=desk.promise)[:SWAPS]:
        other, other_saved = _sound(problem, desk.choose(frozenset({offer})))
        if other_saved > saved:
            best, saved = other, other_saved
    return best


def _sound(problem: WholeProblem, choice: Choice) -> tuple[Choice, int]:
    settled = problem.settle(choice)
    return ({}, 0) if settled is None else (choice, settled.saved_fen)


@dataclass(frozen=True, slots=True)
class _Place:
    """A class an offer may take units of: the option, and what a unit saves by its own price."""

    place: int
    option: Option
    single: int


@dataclass(frozen=True, slots=True)
class _Use:
    """So many equal sets, what each gains, and the units of one."""

    gain: int
    times: int
    members: _Fill


class _Desk:
    def __init__(self, problem: WholeProblem) -> None:
        self._problem = problem
        self._named: dict[int, list[_Place]] = {}
        for place, entry in enumerate(problem.classes):
            singles = [o.off for o in entry.options if not problem.offers[o.offer].is_set]
            single = max(singles, default=0)
            for option in entry.options:
                self._named.setdefault(option.offer, []).append(_Place(place, option, single))
        self._sets = [offer for offer in sorted(self._named) if problem.offers[offer].is_set]
        self._orders = {offer: self._in_order(offer) for offer in self._sets}
        left = [entry.units for entry in problem.classes]
        self._first = {
            offer: sum(use.gain * use.times for use in self._uses(offer, left))
            for offer in self._sets
        }
        self._units = [offer for offer in sorted(self._named) if not problem.offers[offer].is_set]

    def promise(self, offer: int) -> tuple[int, int]:
        """Return what orders offers by what they would gain alone, most first."""
        return -self._first[offer], offer

    def choose(self, barred: frozenset[int]) -> Choice:
        """Let sets take what gains most, then give the rest its best price."""
        left = [entry.units for entry in self._problem.classes]
        choice: _Fill = {}
        # what an offer can gain only shrinks while others take units: look again at its turn
        heap = [(-gain, offer) for offer, gain in self._first.items() if offer not in barred]
        heapq.heapify(heap)
        while heap:
            _, offer = heapq.heappop(heap)
            uses = self._uses(offer, left)
            gain = sum(use.gain * use.times for use in uses)
            if uses and heap and (-gain, offer) > heap[0]:
                heapq.heappush(heap, (-gain, offer))
            elif uses:
                self._take_sets(choice, left, uses)
        self._take_units(choice, left)
        return choice

    def _take_sets(self, choice: _Fill, left: list[int], uses: list[_Use]) -> None:
        """Take all uses; if that is not allowed, once the best of them."""
        for tried in (uses, [_Use(uses[0].gain, 1, uses[0].members)]):
            fill: _Fill = {}
            for use in tried:
                for key, units in use.members.items():
                    fill[key] = fill.get(key, 0) + units * use.times
            if self._keep(choice, left, fill):
                return

    def _keep(self, choice: _Fill, left: list[int], fill: _Fill) -> bool:
        offer = next(iter(fill))[1]
        terms = self._problem.offers[offer]
        tied = terms.group or terms.campaign or terms.charge < 0
        if tied and self._problem.settle({**choice, **fill}) is None:
            return False
        choice.update(fill)
        for (place, _, _), units in fill.items():
            left[place] -= units
        return True

    def _take_units(self, choice: _Fill, left: list[int]) -> None:
        """Give single units their best price; one that may not be had makes room for others."""
        open_offers = list(self._units)
        while open_offers:
            best: dict[int, Option] = {}
            for offer in open_offers:
                for entry in self._named[offer]:
                    known = best.get(entry.place)
                    if left[entry.place] and (known is None or entry.option.off > known.off):
                        best[entry.place] = entry.option
            if not best:
                return
            worth: dict[int, int] = {}
            for place, option in best.items():
                worth[option.offer] = worth.get(option.offer, 0) + option.off * left[place]
            offer = max(worth, key=lambda o: (worth[o], -o))
            open_offers.remove(offer)
            mine = [place for place, option in best.items() if option.offer == offer]
            self._take_some(choice, left, offer, sorted(mine, key=lambda p: (-best[p].off, p)))

    def _take_some(self, choice: _Fill, left: list[int], offer: int, places: list[int]) -> None:
        room = self._problem.offers[offer].uses_max
        for place in places:
            units = left[place] if room is None else min(room, left[place])
            if units and self._keep(choice, left, {(place, offer, 0): units}):
                room = None if room is None else room - units

    def _uses(self, offer: int, left: list[int]) -> list[_Use]:
        """Return the sets an offer would take now, best first, as far as it may."""
        terms = self._problem.offers[offer]
        made = self._bundles(offer, left) if len(terms.needs) > 1 else self._cut(offer, left)
        uses, room = list[_Use](), terms.uses_max
        for use in sorted(made, key=lambda use: -use.gain):
            times = use.times if room is None else min(use.times, room)
            if use.gain > 0 and times:
                uses.append(_Use(use.gain, times, use.members))
                room = None if room is None else room - times
        return uses

    def _cut(self, offer: int, left: list[int]) -> Iterator[_Use]:
        terms = self._problem.offers[offer]
        need = terms.needs[0]
        members: _Fill = {}
        missing, gain = need, -terms.charge
        for entry in self._orders[offer]:
            units, off = left[entry.place], entry.option.off
            while units:
                if missing == need and units >= need:
                    value = (need - terms.first) * off - need * entry.single - terms.charge
                    yield _Use(value, units // need, {(entry.place, offer, 0): need})
                    units %= need
                    continue
                part = min(units, missing)
                position = need - missing
                saving = max(0, position + part - terms.first) - max(0, position - terms.first)
                gain += saving * off - part * entry.single
                members[entry.place, offer, 0] = part
                units, missing = units - part, missing - part
                if not missing:
                    yield _Use(gain, 1, members)
                    members, missing, gain = {}, need, -terms.charge

    def _in_order(self, offer: int) -> list[_Place]:
        """Return the classes dearest first; where position does not matter, best gain first."""
        if self._problem.offers[offer].first:
            return self._named[offer]
        return sorted(self._named[offer], key=lambda e: e.single - e.option.off)

    def _bundles(self, offer: int, left: list[int]) -> Iterator[_Use]:
        terms = self._problem.offers[offer]
        rest = list(left)
        fitting = [
            sorted(
                (e for e in self._named[offer] if e.option.slot == slot),
                key=lambda e: e.single - e.option.off,
            )
            for slot in range(len(terms.needs))
        ]
        while True:
            use = self._bundle(offer, rest, fitting)
            if use is None:
                return
            yield use
            for (place, _, _), units in use.members.items():
                rest[place] -= units * use.times

    def _bundle(self, offer: int, rest: list[int], fitting: list[list[_Place]]) -> _Use | None:
        """Return the best bundle out of what is left, as often as the same units allow."""
        terms = self._problem.offers[offer]
        members: _Fill = {}
        drawn: dict[int, int] = {}
        gain = -terms.charge
        for slot, need in enumerate(terms.needs):
            missing = need
            for entry in fitting[slot]:
                part = min(rest[entry.place] - drawn.get(entry.place, 0), missing)
                if part:
                    members[entry.place, offer, slot] = part
                    drawn[entry.place] = drawn.get(entry.place, 0) + part
                    missing -= part
                    gain += part * (entry.option.off - entry.single)
            if missing:
                return None
        return _Use(gain, min(rest[place] // units for place, units in drawn.items()), members)

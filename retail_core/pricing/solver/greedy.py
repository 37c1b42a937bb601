"""A good choice at once: the most rewarding rule first."""

import heapq
from collections.abc import Iterator, Sequence

from retail_core.pricing.solver.sets import Problem, Taken

PATIENCE = 4  # a rule is looked at this often on average before order is left as it is


def greedy(problem: Problem) -> Taken:
    """Return a choice whose value is never negative; no part of it loses against single units."""
    return _Greedy(problem).choose()


class _Greedy:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._left = [entry.units for entry in problem.classes]
        self._orders = [
            self._order_of(
                rule, [c for c, entry in enumerate(problem.classes) if rule in entry.rules]
            )
            for rule in range(len(problem.rules))
        ]
        self._apt = [
            [place for place in order if problem.set_value(rule, place) > 0]
            for rule, order in enumerate(self._orders)
        ]

    def _order_of(self, rule: int, places: list[int]) -> list[int]:
        if self._problem.rules[rule].free_from:
            return places
        # a set price takes the units that gain most; which of them are dear does not matter
        classes = self._problem.classes
        return sorted(places, key=lambda c: classes[c].single_fen - classes[c].off(rule))

    def choose(self) -> Taken:
        """Let the rules take their units, each after those that gain more."""
        taken: dict[tuple[int, int], int] = {}
        heap = [(-self._fill(rule)[0], rule) for rule in range(len(self._orders))]
        heapq.heapify(heap)
        patience = PATIENCE * len(heap)
        while heap:
            _, rule = heapq.heappop(heap)
            gain, units = self._fill(rule)
            patience -= 1
            if heap and patience > 0 and (-gain, rule) > heap[0]:
                heapq.heappush(heap, (-gain, rule))
                continue
            for place, count in units.items():
                taken[rule, place] = count
                self._left[place] -= count
        return taken

    def _fill(self, rule: int) -> tuple[int, dict[int, int]]:
        """Return (value, units by class) of the better filling: all units, or only the apt ones."""
        value, units = self._cut(rule, self._orders[rule])
        if len(self._apt[rule]) < len(self._orders[rule]):
            apt_value, apt_units = self._cut(rule, self._apt[rule])
            if apt_value > value:
                return apt_value, apt_units
        return value, units

    def _cut(self, rule: int, places: Sequence[int]) -> tuple[int, dict[int, int]]:
        """Cut the units, in the order given, into sets and keep those that gain."""
        value, units = 0, dict[int, int]()
        for members, times in _sets(self._problem.rules[rule].need, places, self._left):
            gain = self._set_value(rule, members)
            if gain > 0:
                value += gain * times
                for place, count in members:
                    units[place] = units.get(place, 0) + count * times
        return value, units

    def _set_value(self, rule: int, members: Sequence[tuple[int, int]]) -> int:
        set_rule, classes = self._problem.rules[rule], self._problem.classes
        gain, ties = -set_rule.price_fen, -self._problem.costs[rule]
        position = 0
        for place, count in members:
            position += count
            free = min(count, max(0, position - set_rule.free_from))
            gain += free * classes[place].off(rule) - count * classes[place].single_fen
            ties += count * classes[place].single_tie
        return gain * self._problem.scale + ties


def _sets(
    need: int, places: Sequence[int], left: Sequence[int]
) -> Iterator[tuple[list[tuple[int, int]], int]]:
    """Yield sets as (class and units of each member, how many such sets); drop one left open."""
    members: list[tuple[int, int]] = []
    missing = need
    for place in places:
        rest = left[place]
        if members and rest:
            count = min(rest, missing)
            members.append((place, count))
            missing -= count
            rest -= count
            if missing == 0:
                yield members, 1
                members, missing = [], need
        whole, over = divmod(rest, need)
        if whole:
            yield [(place, need)], whole
        if over:
            members, missing = [(place, over)], need - over

"""A good choice at once: the most rewarding rule first, then one pass of trying other orders."""

import heapq
from collections.abc import Sequence

from retail_core.pricing.sets import Problem, SetRule, Taken

REORDER_RULES_MAX = 12


def greedy(problem: Problem) -> Taken:
    """Return a choice whose value is never negative; no part of it loses against single units."""
    order = _best_first(problem)
    best = _play(problem, order)
    best_value = problem.value(best)
    if len(order) > REORDER_RULES_MAX:
        return best
    for rule in order[1:]:
        taken = _play(problem, [rule, *(other for other in order if other != rule)])
        value = problem.value(taken)
        if value > best_value:
            best, best_value = taken, value
    return best


def _best_first(problem: Problem) -> list[int]:
    """Order the rules by what they still gain after those before them have taken theirs."""
    left = [unit_class.units for unit_class in problem.classes]
    heap = [(-_fill(problem, rule, left)[0], rule) for rule in range(len(problem.rules))]
    heapq.heapify(heap)
    patience = 4 * len(heap)
    order = []
    while heap:
        _, rule = heapq.heappop(heap)
        gain, units = _fill(problem, rule, left)
        patience -= 1
        if heap and patience > 0 and (-gain, rule) > heap[0]:
            heapq.heappush(heap, (-gain, rule))
            continue
        order.append(rule)
        for place, count in units.items():
            left[place] -= count
    return order


def _play(problem: Problem, order: Sequence[int]) -> Taken:
    left = [unit_class.units for unit_class in problem.classes]
    taken: dict[tuple[int, int], int] = {}
    for rule in order:
        for place, count in _fill(problem, rule, left)[1].items():
            taken[rule, place] = count
            left[place] -= count
    return taken


def _fill(problem: Problem, rule: int, left: Sequence[int]) -> tuple[int, dict[int, int]]:
    """Return (value, units by class) of the better of two fillings: all units, or the apt ones."""
    set_rule = problem.rules[rule]
    named = [
        place
        for place, unit_class in enumerate(problem.classes)
        if left[place] and rule in unit_class.rules
    ]
    if set_rule.free_from == 0:  # the set price does not ask which units are dear
        named.sort(key=lambda place: problem.classes[place].single_fen - _price(problem, place))
    apt = [place for place in named if problem.single_set_value(rule, place) > 0]
    return max(
        (
            _cut(problem, rule, [(place, left[place]) for place in places])
            for places in (named, apt)
        ),
        key=lambda filling: filling[0],
    )


def _price(problem: Problem, place: int) -> int:
    return problem.classes[place].price_fen


def _cut(
    problem: Problem, rule: int, supply: Sequence[tuple[int, int]]
) -> tuple[int, dict[int, int]]:
    """Cut the units, in the order given, into sets and keep those that gain."""
    value, units = 0, dict[int, int]()
    for composition, times in _sets(problem.rules[rule], supply):
        gain = problem.value({(rule, place): count for place, count in composition.items()})
        if gain > 0:
            value += gain * times
            for place, count in composition.items():
                units[place] = units.get(place, 0) + count * times
    return value, units


def _sets(rule: SetRule, supply: Sequence[tuple[int, int]]) -> list[tuple[dict[int, int], int]]:
    """Return the sets as (units by class, how many such sets); a set left open is dropped."""
    sets: list[tuple[dict[int, int], int]] = []
    composition: dict[int, int] = {}
    missing = rule.need
    for place, units in supply:
        rest = units
        if missing < rule.need:
            composition[place] = min(rest, missing)
            rest -= composition[place]
            missing -= composition[place]
            if missing:
                continue
            sets.append((composition, 1))
        whole, rest = divmod(rest, rule.need)
        if whole:
            sets.append(({place: rule.need}, whole))
        composition = {place: rest} if rest else {}
        missing = rule.need - rest
    return sets

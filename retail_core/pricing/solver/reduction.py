"""Make the problem small without losing its best answer.

Rules that cannot win are named and dropped, the rest falls into components that share no unit, and
a class of very many equal units is cut down to the few that can matter.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from retail_core.pricing.solver.sets import Problem, SetRule, Taken, UnitClass


@dataclass(frozen=True, slots=True)
class Component:
    """A part that shares no unit with another; `rules` and `classes` name its members outside."""

    problem: Problem
    rules: tuple[int, ...]
    classes: tuple[int, ...]


def hopeless(rule: SetRule, classes: Iterable[UnitClass], number: int = 0) -> bool:
    """Tell whether a rule can save nothing more on these classes (dearest first)."""
    named = tuple(classes)
    if sum(unit_class.units for unit_class in named) < rule.need:
        return True
    gain = position = 0
    for unit_class in named:
        units = min(unit_class.units, rule.need - position)
        gain += rule.gain_fen(unit_class.off(number), position, units)
        position += units
    if gain <= 0:
        return True
    # a set saves at most the share `free` of its units' prices: where each unit saves that alone,
    # no set can do better
    shares = (rule.gain_fen(unit_class.off(number), 0, rule.need) for unit_class in named)
    return all(
        share <= rule.need * unit_class.single_fen
        for share, unit_class in zip(shares, named, strict=True)
    )


def components(problem: Problem) -> tuple[Component, ...]:
    """Split a problem into parts that share no unit; classes without a rule are left out."""
    leader = list(range(len(problem.rules)))

    def find(rule: int) -> int:
        while leader[rule] != rule:
            rule = leader[rule]
        return rule

    for unit_class in problem.classes:
        for rule in unit_class.rules[1:]:
            low, high = sorted((find(unit_class.rules[0]), find(rule)))
            leader[high] = low
    members: dict[int, list[int]] = defaultdict(list)
    for place, unit_class in enumerate(problem.classes):
        if unit_class.rules:
            members[find(unit_class.rules[0])].append(place)
    return tuple(_component(problem, members[root]) for root in sorted(members))


def _component(problem: Problem, places: Sequence[int]) -> Component:
    rules = sorted({rule for place in places for rule in problem.classes[place].rules})
    inner = {rule: index for index, rule in enumerate(rules)}
    classes = tuple(
        replace(problem.classes[place], rules=tuple(inner[r] for r in problem.classes[place].rules))
        for place in places
    )
    return Component(
        replace(
            problem,
            rules=tuple(problem.rules[rule] for rule in rules),
            classes=classes,
            set_costs=tuple(problem.set_costs[rule] for rule in rules if problem.set_costs),
        ),
        tuple(rules),
        tuple(places),
    )


def without_bulk(problem: Problem) -> tuple[Problem, Taken]:
    """Settle units of large classes at once; return the rest of the problem and what was settled.

    Let b be the option (a rule, or staying single) that makes the most per unit of a class. Of any
    other option o, need(b) whole sets within the class can be exchanged for need(o) sets of b: the
    units and what is left over are the same and the value is not lower. So some best choice leaves
    fewer than need(b) whole sets, plus an open one, to each other option, and the rest to b.
    """
    settled: dict[tuple[int, int], int] = {}
    classes = []
    for place, unit_class in enumerate(problem.classes):
        best = _best_rule(problem, place)
        need = 1 if best is None else problem.rules[best].need
        others = [1, *(problem.rules[rule].need for rule in unit_class.rules if rule != best)]
        bound = sum(need * other - 1 for other in others)
        bulk = max(0, unit_class.units - bound) // need * need
        if bulk and best is not None:
            settled[best, place] = bulk
        classes.append(replace(unit_class, units=unit_class.units - bulk))
    return replace(problem, classes=tuple(classes)), settled


def _best_rule(problem: Problem, place: int) -> int | None:
    """Return the rule with the highest gain per unit on a class, None when none gains."""
    best, best_value, best_need = None, 0, 1
    for rule in problem.classes[place].rules:
        value, need = problem.set_value(rule, place), problem.rules[rule].need
        if value * best_need > best_value * need:
            best, best_value, best_need = rule, value, need
    return best

"""The fast way: sets and best prices per unit, as if nothing tied offers to each other.

Without caps, groups, budgets and coupons a unit has one best price of its own and only sets have
to be searched. What comes out is often allowed as it is, and then it is the best choice of all;
what it saves bounds every other choice anyway.
"""

from collections import defaultdict
from dataclasses import dataclass, replace

from retail_core.pricing.solver.problem import Choice, Option, Units, WholeProblem
from retail_core.pricing.solver.reduction import hopeless
from retail_core.pricing.solver.sets import Problem, SetRule, Taken, UnitClass
from retail_core.pricing.solver.solve import solve


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A choice, which the rules may not allow; no choice saves more than `bound_fen`."""

    choice: Choice
    bound_fen: int
    nodes: int


@dataclass(frozen=True, slots=True)
class _Sets:
    """The problem of sets: which offer is which rule, which classes are in which class."""

    problem: Problem
    offers: tuple[int, ...]
    members: tuple[tuple[int, ...], ...]


def relax(problem: WholeProblem, nodes_max: int) -> Relaxed | None:
    """Return the best choice if offers were free of each other; None when bundles take part."""
    if any(
        len(problem.offers[o.offer].needs) > 1 for entry in problem.classes for o in entry.options
    ):
        return None
    singles = [_best_single(problem, entry) for entry in problem.classes]
    sets = _sets(problem, singles)
    solution = solve(sets.problem, nodes_max)
    choice = _spread(problem, sets, solution.taken, singles)
    saved = sum(
        sets.problem.rule_gain_fen(rule, solution.taken) for rule in range(len(sets.offers))
    )
    for place, single in enumerate(singles):
        if single is not None:
            saved += single.off * choice.get((place, single.offer, 0), 0)
    return Relaxed(choice, saved + solution.gap_fen, solution.nodes)


def _best_single(problem: WholeProblem, entry: Units) -> Option | None:
    """Return the price per unit that saves most, the stronger offer's when equal."""
    singles = [option for option in entry.options if not problem.offers[option.offer].is_set]
    return max(singles, key=lambda option: (option.off, -option.offer), default=None)


def _sets(problem: WholeProblem, singles: list[Option | None]) -> _Sets:
    named: dict[int, list[tuple[int, UnitClass]]] = defaultdict(list)
    for place, entry in enumerate(problem.classes):
        single = singles[place]
        for option in entry.options:
            if problem.offers[option.offer].is_set:
                fen = 0 if single is None else single.off
                unit = UnitClass(entry.price_fen, fen, entry.units, (option.offer,), (option.off,))
                named[option.offer].append((place, unit))
    rules: list[SetRule] = []
    numbers: dict[int, int] = {}
    for offer in sorted(named):
        terms = problem.offers[offer]
        rule = SetRule(terms.needs[0], terms.first, terms.charge)
        if not hopeless(rule, (unit for _, unit in named[offer]), offer):
            numbers[offer] = len(rules)
            rules.append(rule)
    alike: dict[UnitClass, list[int]] = defaultdict(list)
    for place, entry in enumerate(problem.classes):
        live = [option for option in entry.options if option.offer in numbers]
        if live:
            single = singles[place]
            fen = 0 if single is None else single.off
            key = UnitClass(
                entry.price_fen,
                fen,
                0,
                tuple(numbers[option.offer] for option in live),
                tuple(option.off for option in live),
                0 if single is None else problem.unit_ties[single.offer],
            )
            alike[key].append(place)
    order = sorted(
        alike,
        key=lambda key: (-key.price_fen, key.single_fen, key.rules, key.offs, key.single_tie),
    )
    classes = tuple(
        replace(key, units=sum(problem.classes[place].units for place in alike[key]))
        for key in order
    )
    members = tuple(tuple(alike[key]) for key in order)
    costs = tuple(problem.unit_ties[offer] for offer in numbers)
    units = sum(entry.units for entry in problem.classes)
    # twice all ties that a choice could have: the ties of sets and of single units
    fen = 2 * max(problem.unit_ties, default=0) * (units + 1) + 1
    return _Sets(Problem(tuple(rules), classes, costs, fen), tuple(numbers), members)


def _spread(
    problem: WholeProblem, sets: _Sets, taken: Taken, singles: list[Option | None]
) -> dict[tuple[int, int, int], int]:
    """Give the units that sets take to the classes they came from, and the rest its best price."""
    left = [entry.units for entry in problem.classes]
    choice: dict[tuple[int, int, int], int] = {}
    for (rule, group), units in sorted(taken.items()):
        for place in sets.members[group]:
            part = min(units, left[place])
            if part:
                choice[place, sets.offers[rule], 0] = part
                left[place] -= part
                units -= part  # noqa: PLW2901 - what is left to spread
    for place, single in enumerate(singles):
        if single is not None and left[place]:
            choice[place, single.offer, 0] = left[place]
    return choice

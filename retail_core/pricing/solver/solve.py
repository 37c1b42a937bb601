"""Solve a set problem: reduce, split, a good choice first, then the best one."""

from dataclasses import dataclass

from retail_core.pricing.solver.greedy import greedy
from retail_core.pricing.solver.reduction import Component, components, without_bulk
from retail_core.pricing.solver.search import search
from retail_core.pricing.solver.sets import Problem, Taken


@dataclass(frozen=True, slots=True)
class Solution:
    """The units each rule takes of each class, and how much better another choice could be."""

    taken: Taken
    gap_fen: int
    nodes: int


def solve(problem: Problem, nodes_max: int) -> Solution:
    """Return the best choice found within the node limit, smallest components first."""
    taken: dict[tuple[int, int], int] = {}
    gap = nodes = 0
    parts = sorted(components(problem), key=lambda part: _units(part.problem))
    for part in parts:
        solution = _solve_part(part, nodes_max - nodes)
        taken.update(solution.taken)
        gap += solution.gap_fen
        nodes += solution.nodes
    return Solution(taken, gap, nodes)


def _units(problem: Problem) -> int:
    return sum(unit_class.units for unit_class in problem.classes)


def _solve_part(part: Component, nodes_max: int) -> Solution:
    rest, settled = without_bulk(part.problem)
    found = search(rest, greedy(rest), nodes_max)
    taken = without_losers(rest, found.taken)
    # a value carries the cost of ties, less than a fen: its most keeps the bound honest
    costs_most = max(rest.costs) * sum(entry.units for entry in rest.classes)
    gap = (found.bound + costs_most) // rest.scale - (found.value + costs_most) // rest.scale
    whole = {key: taken.get(key, 0) + settled.get(key, 0) for key in taken.keys() | settled.keys()}
    return Solution(
        {(part.rules[rule], part.classes[place]): units for (rule, place), units in whole.items()},
        gap,
        found.nodes,
    )


def without_losers(problem: Problem, taken: Taken) -> Taken:
    """Give back the units of rules that gain nothing; a search cut short may hold such a rule."""
    losers = {rule for rule, _ in taken if problem.rule_value(rule, taken) <= 0}
    return {(rule, place): units for (rule, place), units in taken.items() if rule not in losers}

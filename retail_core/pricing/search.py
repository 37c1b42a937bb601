"""Exact search over a component, or the best choice within a node limit with a bound on the rest.

Units are decided dearest first. All that matters of the units decided so far is, per rule, how many
units its open set holds, so states with the same open sets merge and the better one stays. States
that cannot close their sets, or whose bound does not beat the best choice known, are dropped. When
the node limit does not allow every state to be followed, those with the lowest bounds are dropped
first and the highest bound among them is kept: it limits what the search may have missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from retail_core.pricing.bounds import Outlook, outlook, unit_gains
from retail_core.pricing.sets import Problem, Taken

NARROW_WIDTHS = (4, 32)
_SINGLE = -1


@dataclass(frozen=True, slots=True)
class Found:
    """The best choice that was found; no choice has a higher value than `bound`."""

    taken: Taken
    value: int
    bound: int
    nodes: int


@dataclass(frozen=True, slots=True)
class _Move:
    """Giving the unit to a rule: gain by how many units the rule's open set already holds."""

    rule: int
    stride: int
    need: int
    gains: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """The decision on one unit of a class."""

    place: int
    moves: tuple[_Move, ...]

    @property
    def fan_out(self) -> int:
        return 1 + len(self.moves)


def search(problem: Problem, known: Taken, nodes_max: int) -> Found:
    """Return the best choice found, at least as good as `known`.

    Narrow walks come first: they miss little, and the better the choice known, the more states of
    the walk that proves it can be dropped.
    """
    known_value = problem.value(known)
    ahead = outlook(problem)
    best = Found(known, known_value, max(known_value, ahead.bound), 0)
    nodes_min = sum(entry.units * (1 + len(entry.rules)) for entry in problem.classes)
    for width in (*NARROW_WIDTHS, nodes_max):
        allowed = min(width * nodes_min, nodes_max - best.nodes)
        if best.bound == best.value or allowed < nodes_min:
            break
        found = _Walk(problem, ahead, best.value).run(best.taken, allowed)
        best = replace(found, nodes=best.nodes + found.nodes)
    return best


class _Walk:
    def __init__(self, problem: Problem, ahead: Outlook, known_value: int) -> None:
        strides = [1]
        for rule in problem.rules:
            strides.append(strides[-1] * rule.need)
        self._wheels = [
            (stride, rule.need, table)
            for stride, rule, table in zip(strides, problem.rules, ahead.alone, strict=False)
        ]
        self._steps = _steps(problem, strides)
        self._fees = ahead.fees
        self._known_value = known_value
        self._trails: list[dict[int, tuple[int, int]]] = []
        self._missed = known_value
        self._nodes = 0

    def run(self, known: Taken, nodes_max: int) -> Found:
        layer = {0: 0}
        to_come = sum(step.fan_out for step in self._steps)
        for decided, step in enumerate(self._steps, start=1):
            layer = self._advance(layer, step)
            to_come -= step.fan_out
            width = (nodes_max - self._nodes) // to_come if to_come else 1
            layer = self._narrow(layer, decided, width)
        value = layer.get(0, self._known_value)
        taken = self._trace() if layer else known
        return Found(taken, value, max(value, self._missed), self._nodes)

    def _advance(self, layer: dict[int, int], step: _Step) -> dict[int, int]:
        self._nodes += len(layer) * step.fan_out
        reached = dict(layer)
        trail = {state: (state, _SINGLE) for state in layer}
        for move in step.moves:
            stride, need, gains = move.stride, move.need, move.gains
            back = stride * (need - 1)
            for state, value in layer.items():
                held = state // stride % need
                target = state + stride if held + 1 < need else state - back
                total = value + gains[held]
                if target not in reached or total > reached[target]:
                    reached[target] = total
                    trail[target] = (state, move.rule)
        self._trails.append(trail)
        return reached

    def _narrow(self, layer: dict[int, int], decided: int, width: int) -> dict[int, int]:
        """Keep the states that can still win, at most `width` of them."""
        wheels = [(stride, need, table[decided]) for stride, need, table in self._wheels]
        fees = self._fees[decided]
        bounds = {}
        for state, value in layer.items():
            bound = value + fees
            for stride, need, alone in wheels:
                bound += alone[state // stride % need]
            if bound > self._known_value:
                bounds[state] = bound
        kept = list(bounds)
        if len(kept) > width:
            kept.sort(key=lambda state: (-bounds[state], state))
            self._missed = max(self._missed, bounds[kept[width]])
            kept = kept[:width]
        return {state: layer[state] for state in kept}

    def _trace(self) -> Taken:
        taken: dict[tuple[int, int], int] = {}
        state = 0
        for step, trail in zip(reversed(self._steps), reversed(self._trails), strict=True):
            state, rule = trail[state]
            if rule != _SINGLE:
                taken[rule, step.place] = taken.get((rule, step.place), 0) + 1
        return taken


def _steps(problem: Problem, strides: Sequence[int]) -> tuple[_Step, ...]:
    steps: list[_Step] = []
    for place, entry in enumerate(problem.classes):
        moves = tuple(
            _Move(rule, strides[rule], problem.rules[rule].need, unit_gains(problem, rule, place))
            for rule in entry.rules
        )
        steps.extend([_Step(place, moves)] * entry.units)
    return tuple(steps)

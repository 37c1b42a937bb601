"""Exact search over a component, or the best choice within a node limit with a bound on the rest.

Units are decided dearest first. All that matters of the units decided so far is, per rule, how many
units its open set holds, so states with the same open sets merge and the better one stays. States
that cannot close their sets, or whose bound does not beat the best choice known, are dropped. When
the node limit does not allow every state to be followed, those with the lowest bounds are dropped
first and the highest bound among them is kept: it limits what the search may have missed.

The bound of a state is its value, plus for each undecided unit the most it can gain per unit of a
set of its own kind, plus a credit for each open set: with need N, free from F, price P, R units in
the open set and the next unit's price p, the set's future gain exceeds what was counted for its
future units by at most (p·(N-F)·R - R·P)/N when R <= F, and (p·(N-R)·F - R·P)/N otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from retail_core.pricing.sets import Problem, SetRule, Taken, UnitClass

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
    """The decision on one unit; `rest` and `credits` bound what follows it."""

    place: int
    moves: tuple[_Move, ...]
    rest: int
    credits: tuple[tuple[int | None, ...], ...]

    @property
    def fan_out(self) -> int:
        return 1 + len(self.moves)


def search(problem: Problem, known: Taken, nodes_max: int) -> Found:
    """Return the best choice, at least as good as `known`."""
    known_value = problem.value(known)
    if nodes_max < sum(entry.units * (1 + len(entry.rules)) for entry in problem.classes):
        return Found(known, known_value, max(known_value, _root_bound(problem)), 0)
    strides = _strides(problem.rules)
    walk = _Walk(problem, strides, known_value)
    return walk.run(_steps(problem, strides), known, nodes_max)


def _strides(rules: Sequence[SetRule]) -> tuple[int, ...]:
    strides = [1]
    for rule in rules:
        strides.append(strides[-1] * rule.need)
    return tuple(strides)


class _Walk:
    def __init__(self, problem: Problem, strides: Sequence[int], known_value: int) -> None:
        self._wheels = [
            (stride, rule.need) for stride, rule in zip(strides, problem.rules, strict=False)
        ]
        self._known_value = known_value
        self._trails: list[dict[int, tuple[int, int]]] = []
        self._missed: int | None = None
        self._nodes = 0

    def run(self, steps: Sequence[_Step], known: Taken, nodes_max: int) -> Found:
        layer = {0: 0}
        to_come = sum(step.fan_out for step in steps)
        for step in steps:
            layer = self._advance(layer, step)
            to_come -= step.fan_out
            width = (nodes_max - self._nodes) // to_come if to_come else 1
            layer = self._narrow(layer, step, width)
        value = max(self._known_value, layer.get(0, self._known_value))
        taken = self._trace(steps) if value > self._known_value else known
        bound = value if self._missed is None else max(value, self._missed)
        return Found(taken, value, bound, self._nodes)

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

    def _narrow(self, layer: dict[int, int], step: _Step, width: int) -> dict[int, int]:
        """Keep the states that can still win, at most `width` of them."""
        bounds = {}
        for state, value in layer.items():
            bound = self._bound(state, value, step)
            if bound is not None and bound > self._known_value:
                bounds[state] = bound
        kept = list(bounds)
        if len(kept) > width:
            kept.sort(key=lambda state: (-bounds[state], state))
            missed = bounds[kept[width]]
            self._missed = missed if self._missed is None else max(missed, self._missed)
            kept = kept[:width]
        return {state: layer[state] for state in kept}

    def _bound(self, state: int, value: int, step: _Step) -> int | None:
        bound = value + step.rest
        for (stride, need), open_credits in zip(self._wheels, step.credits, strict=True):
            credit = open_credits[state // stride % need]
            if credit is None:
                return None
            bound += credit
        return bound

    def _trace(self, steps: Sequence[_Step]) -> Taken:
        taken: dict[tuple[int, int], int] = {}
        state = 0
        for step, trail in zip(reversed(steps), reversed(self._trails), strict=True):
            state, rule = trail[state]
            if rule != _SINGLE:
                taken[rule, step.place] = taken.get((rule, step.place), 0) + 1
        return taken


def _steps(problem: Problem, strides: Sequence[int]) -> tuple[_Step, ...]:
    """Lay out the decisions; built from the last unit to the first, because bounds look ahead."""

    @cache
    def credits_of(rule: SetRule, supply: int, next_fen: int) -> tuple[int | None, ...]:
        return _credits(rule, supply, next_fen, problem.scale)

    steps = []
    rest = 0
    supply = [0] * len(problem.rules)
    next_fen = [0] * len(problem.rules)
    for place in reversed(range(len(problem.classes))):
        unit_class = problem.classes[place]
        moves = tuple(_move(problem, unit_class, rule, strides) for rule in unit_class.rules)
        hope = _hope(problem, unit_class)
        for _ in range(unit_class.units):
            open_credits = tuple(map(credits_of, problem.rules, supply, next_fen))
            steps.append(_Step(place, moves, rest, open_credits))
            rest += hope
            for rule in unit_class.rules:
                supply[rule] = min(supply[rule] + 1, problem.rules[rule].need)
                next_fen[rule] = unit_class.price_fen
    return tuple(reversed(steps))


def _move(problem: Problem, unit_class: UnitClass, rule: int, strides: Sequence[int]) -> _Move:
    set_rule = problem.rules[rule]
    gains = [
        (set_rule.gain_fen(unit_class.price_fen, held, 1) - unit_class.single_fen) * problem.scale
        for held in range(set_rule.need)
    ]
    gains[-1] -= problem.costs[rule]
    return _Move(rule, strides[rule], set_rule.need, tuple(gains))


def _root_bound(problem: Problem) -> int:
    return sum(_hope(problem, unit_class) * unit_class.units for unit_class in problem.classes)


def _hope(problem: Problem, unit_class: UnitClass) -> int:
    """Return the most a unit can gain as a part of a set of units like itself, rounded up."""
    shares = (
        -(-set_gain * problem.scale // need) - unit_class.single_fen * problem.scale
        for need, set_gain in (
            (rule.need, rule.gain_fen(unit_class.price_fen, 0, rule.need))
            for rule in (problem.rules[index] for index in unit_class.rules)
        )
    )
    return max(0, *shares)


def _credits(rule: SetRule, supply: int, next_fen: int, scale: int) -> tuple[int | None, ...]:
    """Return, by the units an open set holds, its credit; None when it can no longer close."""
    return tuple(
        None if held and rule.need - held > supply else _credit(rule, held, next_fen, scale)
        for held in range(rule.need)
    )


def _credit(rule: SetRule, held: int, next_fen: int, scale: int) -> int:
    free = rule.need - rule.free_from
    ahead = held * free if held <= rule.free_from else (rule.need - held) * rule.free_from
    return -(-(next_fen * ahead - held * rule.price_fen) * scale // rule.need)

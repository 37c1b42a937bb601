"""Exact search over a component, or the best choice within a node limit with a bound on the rest.

Units are decided dearest first. All that matters of the units decided so far is, per rule, how many
units its open set holds, so states with the same open sets merge and the one that lost least
against the bound stays. A state that has lost as much as the best choice known is dropped. When
the node limit does not allow every state to be followed, those that lost most are dropped first,
and the least loss among them is kept: it limits what the search may have missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from retail_core.pricing.solver.bounds import Decision, Outlook, outlook, quick_bound
from retail_core.pricing.solver.sets import Problem, SetRule, Taken

NARROW_WIDTHS = (4, 32)
_SINGLE = -1


@dataclass(frozen=True, slots=True)
class Found:
    """The best choice that was found; no choice has a higher value than `bound`."""

    taken: Taken
    value: int
    bound: int
    nodes: int


def search(problem: Problem, known: Taken, nodes_max: int) -> Found:
    """Return the best choice found, at least as good as `known`.

    Narrow walks come first: they miss little, and the better the choice known, the more states of
    the walk that proves it can be dropped.
    """
    known_value = problem.value(known)
    nodes_min = sum(entry.units * (1 + len(entry.rules)) for entry in problem.classes)
    if nodes_max < nodes_min:
        return Found(known, known_value, max(known_value, quick_bound(problem)), 0)
    ahead = outlook(problem)
    best = Found(known, known_value, max(known_value, ahead.bound), 0)
    for width in (*NARROW_WIDTHS, nodes_max):
        allowed = min(width * nodes_min, nodes_max - best.nodes)
        if best.bound == best.value or allowed < nodes_min:
            break
        found = _Walk(problem.rules, ahead, best).run(allowed)
        best = replace(found, nodes=best.nodes + found.nodes)
    return best


def _fan_out(decision: Decision) -> int:
    return 1 + len(decision.rules)


class _Walk:
    def __init__(self, rules: Sequence[SetRule], ahead: Outlook, known: Found) -> None:
        self._needs = [rule.need for rule in rules]
        self._strides = [1]
        for need in self._needs:
            self._strides.append(self._strides[-1] * need)
        self._ahead = ahead
        self._known = known
        self._least_missed = self._too_much = ahead.bound - known.value
        self._trails: list[dict[int, tuple[int, int]]] = []
        self._nodes = 0

    def run(self, nodes_max: int) -> Found:
        layer = {0: 0}
        to_come = sum(map(_fan_out, self._ahead.decisions))
        for decision in self._ahead.decisions:
            self._nodes += len(layer) * _fan_out(decision)
            to_come -= _fan_out(decision)
            layer = self._decide(layer, decision)
            if to_come:
                layer = self._narrow(layer, (nodes_max - self._nodes) // to_come)
        bound = self._ahead.bound - self._least_missed
        if not layer:
            return replace(self._known, bound=bound, nodes=self._nodes)
        value = self._ahead.bound - layer[0]
        return Found(self._trace(), value, max(value, bound), self._nodes)

    def _decide(self, layer: dict[int, int], decision: Decision) -> dict[int, int]:
        """Return the states after a decision with what they lost, and note how they came about."""
        wheels = [
            (self._strides[entry.rule], self._needs[entry.rule], entry) for entry in decision.rules
        ]
        reached: dict[int, int] = {}
        trail: dict[int, tuple[int, int]] = {}
        known, too_much = reached.get, self._too_much
        for state, lost in layer.items():
            held = [state // stride % need for stride, need, _ in wheels]
            skipped = lost + sum([entry.skip[held[at]] for at, (_, _, entry) in enumerate(wheels)])
            ways = [(skipped + decision.fee, state, _SINGLE)]
            for at, (stride, need, entry) in enumerate(wheels):
                units = held[at]
                loss = skipped - entry.skip[units] + entry.take[units]
                if loss < too_much:
                    target = state + stride if units + 1 < need else state - units * stride
                    ways.append((loss, target, entry.rule))
            for loss, target, rule in ways:
                if loss < known(target, too_much):
                    reached[target] = loss
                    trail[target] = (state, rule)
        self._trails.append(trail)
        return reached

    def _narrow(self, layer: dict[int, int], width: int) -> dict[int, int]:
        """Keep at most `width` states, those that lost least."""
        if len(layer) <= width:
            return layer
        ranked = sorted(layer, key=lambda state: (layer[state], state))
        self._least_missed = min(self._least_missed, layer[ranked[width]])
        return {state: layer[state] for state in ranked[:width]}

    def _trace(self) -> Taken:
        taken: dict[tuple[int, int], int] = {}
        state = 0
        for decision, trail in zip(
            reversed(self._ahead.decisions), reversed(self._trails), strict=True
        ):
            state, rule = trail[state]
            if rule != _SINGLE:
                taken[rule, decision.place] = taken.get((rule, decision.place), 0) + 1
        return taken

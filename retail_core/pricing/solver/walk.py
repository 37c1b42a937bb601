"""Walk over the units with machines for offers: the best choice, or every saving near the best.

States with the same machines merge. The walk for the best choice keeps the least loss of a state;
the walk for every saving keeps a set of losses, as the bits of one big integer, so that one shift
moves them all. States that lost more than can pay are dropped.
"""

from dataclasses import dataclass

from retail_core.pricing.solver.outlook import Step, View
from retail_core.pricing.solver.problem import Option
from retail_core.pricing.solver.ways import Ways, fan_out

NARROW_WIDTHS = (4, 32)
Choice = dict[tuple[int, int, int], int]


@dataclass(frozen=True, slots=True)
class Found:
    """The best choice that was found, None when none is as good as asked; no value is above."""

    choice: Choice | None
    value: int
    bound: int
    nodes: int


def best_walk(view: View, floor: int, nodes_max: int) -> Found:
    """Return the best choice worth more than `floor`; narrow walks first, they prune the last."""
    least = sum(map(fan_out, view.steps))
    best = Found(None, floor, max(floor, view.bound), 0)
    for width in (*NARROW_WIDTHS, nodes_max):
        allowed = min(width * least, nodes_max - best.nodes)
        if best.bound == best.value or allowed < least:
            break
        found = _Best(view, best.value).run(allowed)
        nodes = best.nodes + found.nodes
        choice = found.choice if found.choice is not None else best.choice
        best = Found(choice, found.value, min(best.bound, max(found.bound, found.value)), nodes)
    return best


class _Best:
    def __init__(self, view: View, floor: int) -> None:
        self._view = view
        self._ways = Ways(view)
        self._floor = floor
        self._too_much = self._least_missed = view.bound - floor
        self._trails: list[dict[int, tuple[int, int, int]]] = []
        self._nodes = 0

    def run(self, nodes_max: int) -> Found:
        layer = {0: 0}
        to_come = sum(map(fan_out, self._view.steps))
        for step in self._view.steps:
            self._nodes += len(layer) * fan_out(step)
            to_come -= fan_out(step)
            layer = self._decide(layer, step)
            if to_come:
                layer = self._narrow(layer, (nodes_max - self._nodes) // to_come)
        bound = self._view.bound - self._least_missed
        if not layer:
            return Found(None, self._floor, max(bound, self._floor), self._nodes)
        state = min(layer, key=lambda end: (layer[end], end))
        value = self._view.bound - layer[state]
        return Found(self._trace(state), value, max(value, bound), self._nodes)

    def _decide(self, layer: dict[int, int], step: Step) -> dict[int, int]:
        reached: dict[int, int] = {}
        trail: dict[int, tuple[int, int, int]] = {}
        known, too_much, ways = reached.get, self._too_much, self._ways.of(step)
        for state, lost in layer.items():
            for total, target, machine, slot, _ in ways(state, lost, too_much):
                if total < known(target, too_much):
                    reached[target] = total
                    trail[target] = (state, machine, slot)
        self._trails.append(trail)
        return reached

    def _narrow(self, layer: dict[int, int], width: int) -> dict[int, int]:
        if len(layer) <= width:
            return layer
        ranked = sorted(layer, key=lambda state: (layer[state], state))
        self._least_missed = min(self._least_missed, layer[ranked[width]])
        return {state: layer[state] for state in ranked[:width]}

    def _trace(self, state: int) -> Choice:
        taken: Choice = {}
        for step, trail in zip(reversed(self._view.steps), reversed(self._trails), strict=True):
            state, machine, slot = trail[state]
            note(taken, self._view, step, machine, slot)
        return taken


def note(taken: Choice, view: View, step: Step, machine: int, slot: int) -> None:
    """Note one unit as it was decided."""
    option: Option | None
    if machine < 0:
        option = step.alone[slot][1]
        key = None if option is None else (step.place, option.offer, option.slot)
    else:
        key = (step.place, view.machines[machine].offer, slot)
    if key is not None:
        taken[key] = taken.get(key, 0) + 1

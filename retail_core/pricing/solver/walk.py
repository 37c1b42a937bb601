"""Walk over the units with machines for offers: the best choice, or every saving near the best.

States with the same machines merge. The walk for the best choice keeps the least loss of a state;
the walk for every saving keeps a set of losses, as the bits of one big integer, so that one shift
moves them all. States that lost more than can pay are dropped.
"""

from dataclasses import dataclass

from retail_core.pricing.solver.outlook import Step, View
from retail_core.pricing.solver.problem import Option

NARROW_WIDTHS = (4, 32)
_Way = tuple[int, int, int]  # offer (-1: no machine), slot or index of its own price, state before
Choice = dict[tuple[int, int, int], int]


@dataclass(frozen=True, slots=True)
class Found:
    """The best choice that was found, None when none is as good as asked; no value is above."""

    choice: Choice | None
    value: int
    bound: int
    nodes: int


class Wheels:
    """The machines' states as the digits of one number."""

    def __init__(self, view: View) -> None:
        self.sizes = [len(machine.end) for machine in view.machines]
        self.strides = [1]
        for size in self.sizes:
            self.strides.append(self.strides[-1] * size)
        self._offers = [machine.offer for machine in view.machines]

    def digit(self, state: int, machine: int) -> int:
        """Return the state of one machine."""
        return state // self.strides[machine] % self.sizes[machine]

    def offer(self, machine: int) -> int:
        """Return whose machine it is."""
        return self._offers[machine]

    def ways(self, step: Step, state: int) -> list[tuple[int, int, int, int]]:
        """Return (loss, state after, offer's machine or -1, slot or price) of a decision."""
        skipped = 0
        held = []
        for part in step.parts:
            stride = self.strides[part.machine]
            digit = state // stride % self.sizes[part.machine]
            held.append((part, stride, digit))
            skipped += part.skip[digit]
        found = [(skipped + loss, state, -1, n) for n, (loss, _) in enumerate(step.alone)]
        for part, stride, digit in held:
            rest = skipped - part.skip[digit]
            for take in part.takes:
                after = state + (take.after[digit] - digit) * stride
                found.append((rest + take.loss[digit], after, part.machine, take.slot))
        return found


def fan_out(step: Step) -> int:
    """Return how many ways a decision has."""
    return len(step.alone) + sum(len(part.takes) for part in step.parts)


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
        self._wheels = Wheels(view)
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
        ways, too_much = self._wheels.ways, self._too_much
        for state, lost in layer.items():
            for loss, target, machine, slot in ways(step, state):
                total = lost + loss
                if total < reached.get(target, too_much):
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

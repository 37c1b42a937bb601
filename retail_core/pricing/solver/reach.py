"""Every saving near the best that can be reached, and the canonical choice for one of them.

The same walk as for the best choice, but a state keeps all its losses up to a width, as the bits
of one big integer: a decision shifts them all at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from retail_core.pricing.solver.outlook import Step, View
from retail_core.pricing.solver.problem import WholeProblem
from retail_core.pricing.solver.walk import Choice, note
from retail_core.pricing.solver.ways import Ways, fan_out

LABELS_MAX = 800
# state -> (state before, loss, machine, slot, digit of the machine)
_Trail = dict[int, list[tuple[int, int, int, int, int]]]
_Ties = dict[tuple[int, int], tuple[int, ...]]
# (state, loss) -> how it goes on to the end at the least cost of ties: that cost, machine, slot,
# and the state and loss after
_Links = dict[tuple[int, int], tuple[int, int, int, tuple[int, int]]]
_START = (0, 0)


@dataclass(frozen=True, slots=True)
class Reach:
    """What can be reached: bits of losses in fen, and how."""

    view: View
    losses: int
    nodes: int
    layers: list[dict[int, int]]
    trails: list[_Trail]

    def saved(self) -> Iterator[int]:
        """Yield the savings that can be reached, highest first."""
        bits, loss = self.losses, 0
        while bits:
            skip = (bits & -bits).bit_length() - 1
            loss += skip
            yield self.view.bound - loss
            bits >>= skip + 1
            loss += 1


def reach(view: View, width: int, nodes_max: int) -> Reach | None:
    """Return all that loses at most `width` fen, None when the limit does not allow it."""
    numbered = Ways(view)
    mask = (1 << (width + 1)) - 1
    layer = {0: 1}
    layers, trails, nodes = [layer], list[_Trail](), 0
    for step in view.steps:
        reached: dict[int, int] = {}
        trail: _Trail = {}
        ways = numbered.of(step)
        nodes += len(layer) * fan_out(step)
        for state, bits in layer.items():
            least = (bits & -bits).bit_length() - 1
            for total, target, machine, slot, digit in ways(state, least, width + 1):
                loss = total - least
                reached[target] = reached.get(target, 0) | (bits << loss & mask)
                trail.setdefault(target, []).append((state, loss, machine, slot, digit))
        if nodes > nodes_max:
            return None
        layer = reached
        layers.append(layer)
        trails.append(trail)
    losses = 0
    for bits in layer.values():
        losses |= bits
    return Reach(view, losses, nodes, layers, trails)


def cheapest(problem: WholeProblem, reached: Reach, saved: Iterable[int]) -> Choice:
    """Return a choice with one of the savings, of the lowest cost of ties that was looked at."""
    wanted = [reached.view.bound - fen for fen in saved]
    ends = reached.layers[-1]
    links: _Links = {
        (state, loss): (0, -1, 0, _START)
        for state in sorted(ends)
        for loss in wanted
        if ends[state] >> loss & 1
    }
    path: list[_Links] = []
    for step, layer, trail in zip(
        reversed(reached.view.steps),
        reversed(reached.layers[:-1]),
        reversed(reached.trails),
        strict=True,
    ):
        links = _back(_ties_of(problem, reached.view, step), (layer, trail), links)
        path.append(links)
    return _follow(reached.view, path)


def _ties_of(problem: WholeProblem, view: View, step: Step) -> _Ties:
    """Return the cost of ties of each way of a decision: by machine and slot, then by digit."""
    ties: _Ties = {}
    for number, (_, option) in enumerate(step.alone):
        ties[-1, number] = (0 if option is None else problem.unit_ties[option.offer],)
    for part in step.parts:
        cost = problem.unit_ties[view.machines[part.machine].offer]
        for take in part.takes:
            ties[part.machine, take.slot] = tuple(cost if used else 0 for used in take.uses)
    return ties


def _back(ties_of: _Ties, made: tuple[dict[int, int], _Trail], links: _Links) -> _Links:
    """Take all ways one step back; keep for each state and loss the one with the fewest ties."""
    layer, trail = made
    before: _Links = {}
    for onward, (later, _, _, _) in links.items():
        state, loss = onward
        for origin, lost, machine, slot, digit in trail[state]:
            rest = loss - lost
            if rest < 0 or not layer[origin] >> rest & 1:
                continue
            ties = later + ties_of[machine, slot][digit]
            known = before.get((origin, rest))
            if known is None or ties < known[0]:
                before[origin, rest] = ties, machine, slot, onward
    if len(before) > LABELS_MAX:
        ranked = sorted((link[0], key) for key, link in before.items())
        before = {key: before[key] for _, key in ranked[:LABELS_MAX]}
    return before


def _follow(view: View, path: list[_Links]) -> Choice:
    taken: Choice = {}
    here = _START
    for step, links in zip(view.steps, reversed(path), strict=True):
        _, machine, slot, here = links[here]
        note(taken, view, step, machine, slot)
    return taken

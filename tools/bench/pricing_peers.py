"""How others choose between offers, written plainly: in a fixed order, or the best one first."""

from collections.abc import Iterator

from retail_core.pricing.solver.problem import Choice, Option, WholeProblem

_Fill = dict[tuple[int, int, int], int]


def by_priority(problem: WholeProblem) -> int:
    """Return what is saved when each offer in order takes all it can of what is left."""
    left = [entry.units for entry in problem.classes]
    choice: _Fill = {}
    for offer in range(len(problem.offers)):
        _take(problem, choice, left, _fill(problem, offer, left))
    return _saved(problem, choice)


def best_first(problem: WholeProblem) -> int:
    """Return what is saved when the offer that saves most on what is left takes it, and so on."""
    left = [entry.units for entry in problem.classes]
    choice: _Fill = {}
    waiting = set(range(len(problem.offers)))
    while waiting:
        fills = {offer: _fill(problem, offer, left) for offer in sorted(waiting)}
        best = max(fills, key=lambda offer: (_saved(problem, fills[offer]), -offer))
        waiting.discard(best)
        _take(problem, choice, left, fills[best])
    return _saved(problem, choice)


def _saved(problem: WholeProblem, choice: Choice) -> int:
    settled = problem.settle(choice)
    return 0 if settled is None else settled.saved_fen


def _take(problem: WholeProblem, choice: _Fill, left: list[int], fill: _Fill) -> None:
    if fill and problem.settle({**choice, **fill}) is not None:
        choice.update(fill)
        for (place, _, _), units in fill.items():
            left[place] -= units


def _fill(problem: WholeProblem, offer: int, left: list[int]) -> _Fill:
    """Return the units an offer takes: whole sets, dearest first, as long as each saves."""
    terms = problem.offers[offer]
    by_slot: list[list[tuple[int, Option]]] = [[] for _ in terms.needs]
    for place, entry in enumerate(problem.classes):
        for option in entry.options:
            if option.offer == offer:
                by_slot[option.slot].append((place, option))
    rest, fill = list(left), _Fill()
    while members := _one_use(by_slot, rest, terms.needs):
        if problem.settle(members) is None:
            break
        for key, units in members.items():
            fill[key] = fill.get(key, 0) + units
    return fill


def _one_use(
    by_slot: list[list[tuple[int, Option]]], rest: list[int], needs: tuple[int, ...]
) -> _Fill:
    """Draw the units of one use, dearest first; nothing when there are not enough."""
    members: _Fill = {}
    for named, need in zip(by_slot, needs, strict=True):
        for place, option in _draw(named, rest, need):
            key = (place, option.offer, option.slot)
            members[key] = members.get(key, 0) + 1
    return members if sum(members.values()) == sum(needs) else {}


def _draw(
    named: list[tuple[int, Option]], rest: list[int], need: int
) -> Iterator[tuple[int, Option]]:
    for place, option in named:
        while need and rest[place]:
            rest[place] -= 1
            need -= 1
            yield place, option

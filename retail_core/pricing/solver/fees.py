"""Fees for units that make the bound tight: a few steps of the subgradient method, in integers.

A unit that more machines want than there are of it becomes dearer, one that nobody wants cheaper;
how far is set by the distance between the bound and the best choice known.
"""

from collections.abc import Sequence

from retail_core.pricing.solver.machines import Machine, Worth, singles_of
from retail_core.pricing.solver.problem import WholeProblem

ROUNDS = 12
_Row = tuple[int, ...] | list[int]


def good_fees(problem: WholeProblem, machines: Sequence[Machine], known_fen: int) -> list[int]:
    """Return the fees, in fen by class, with the lowest bound found; machines count in fen."""
    singles = [value for value, _ in singles_of(problem, Worth.in_fen(problem))]
    units = [entry.units for entry in problem.classes]
    own = sum(value * count for value, count in zip(singles, units, strict=True))
    fees = first_fees(problem, singles)
    best, best_bound = fees, None
    for _ in range(ROUNDS):
        bound = own + sum(fee * count for fee, count in zip(fees, units, strict=True))
        wanted = [0] * len(units)
        for machine in machines:
            bound += _alone(machine, fees, units, wanted)
        if best_bound is None or bound < best_bound:
            best, best_bound = fees, bound
        excess = [
            count - taken if fee or taken > count else 0
            for count, taken, fee in zip(units, wanted, fees, strict=True)
        ]
        length = sum(step * step for step in excess)
        if not length or bound <= known_fen:
            break
        far = bound - known_fen
        fees = [max(0, fee - far * step // length) for fee, step in zip(fees, excess, strict=True)]
    return best


def most_saved(problem: WholeProblem) -> int:
    """Return a bound on what any choice saves, unit by unit, without looking at sets."""
    total = 0
    for entry in problem.classes:
        shares = [0]
        for option in entry.options:
            terms = problem.offers[option.offer]
            need = sum(terms.needs)
            saving = option.off * (need - terms.first)  # of a set, at most its average
            shares.append(-(-(saving - terms.charge) // need))
        total += entry.units * min(entry.price_fen, max(shares))
    return total


def first_fees(problem: WholeProblem, singles: Sequence[int]) -> list[int]:
    """Return about the most a unit of each class could gain as a part of a set."""
    dearest: dict[tuple[int, int], int] = {}
    for entry in problem.classes:
        for option in entry.options:
            key = option.offer, option.slot
            dearest[key] = max(dearest.get(key, 0), entry.price_fen)
    fees = []
    for entry, single in zip(problem.classes, singles, strict=True):
        most = 0
        for option in entry.options:
            terms = problem.offers[option.offer]
            if len(terms.needs) == 1:
                share = terms.gain_fen(option.off, 0, terms.needs[0]) // terms.needs[0]
            else:
                worth = sum(
                    dearest.get((option.offer, slot), 0) * need
                    for slot, need in enumerate(terms.needs)
                )
                share = option.off - terms.charge * entry.price_fen // max(1, worth)
            most = max(most, share - single)
        fees.append(most)
    return fees


def _alone(machine: Machine, fees: Sequence[int], units: Sequence[int], wanted: list[int]) -> int:
    """Return what a machine gains alone after fees; add the units it takes to `wanted`."""
    after: _Row = machine.end
    trail: list[tuple[int, _Row]] = []
    for place in machine.backwards:
        fee = fees[place]
        moves = machine.moves[place]
        for _ in range(units[place]):
            trail.append((place, after))
            best = after
            for move in moves:
                best = [
                    known if (known := best[state]) > (net := gain + after[target] - fee) else net
                    for state, (gain, target) in enumerate(move.steps)
                ]
            after = best
    value, here, state = after[0], after, 0
    for place, behind in reversed(trail):
        if behind[state] != here[state]:
            for move in machine.moves[place]:
                if move.gain[state] - fees[place] + behind[move.after[state]] == here[state]:
                    state = move.after[state]
                    wanted[place] += 1
                    break
        here = behind
    return value

"""An upper bound on what any choice can gain: every unit pays a fee, every rule plays alone.

If a rule may take a unit only for a fee, and units may be taken by several rules at once, then no
choice gains more than all fees together plus what each rule gains alone after paying its fees
(Lagrangian relaxation of "each unit once"). One rule alone is easy: dearest first, all that matters
is how many units its open set holds. Any fees give a true bound; here a unit's fee is the most it
could gain as a part of a set of units like itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from retail_core.pricing.sets import Problem

NEVER = -(1 << 200)  # an open set that can no longer close: below every value, whatever is added


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may still be gained once the n dearest units are decided.

    `fees[n]` are the fees of all other units; `alone[rule][n][held]` is the most the rule gains on
    them alone, fees paid, when its open set holds `held` units.
    """

    fees: tuple[int, ...]
    alone: tuple[tuple[Sequence[int], ...], ...]

    @property
    def bound(self) -> int:
        """Return the bound on every choice."""
        return self.fees[0] + sum(table[0][0] for table in self.alone)


def outlook(problem: Problem) -> Outlook:
    """Return the bounds of a problem before and after each decision."""
    by_class = [_fee(problem, place) for place in range(len(problem.classes))]
    fees = [0]
    for place, entry in reversed(list(enumerate(problem.classes))):
        for _ in range(entry.units):
            fees.append(fees[-1] + by_class[place])
    rules = range(len(problem.rules))
    return Outlook(tuple(reversed(fees)), tuple(_alone(problem, rule, by_class) for rule in rules))


def unit_gains(problem: Problem, rule: int, place: int) -> tuple[int, ...]:
    """Return the scaled gain of giving a unit to a rule, by how many its open set holds."""
    set_rule, entry = problem.rules[rule], problem.classes[place]
    gains = [
        (set_rule.gain_fen(entry.price_fen, held, 1) - entry.single_fen) * problem.scale
        for held in range(set_rule.need)
    ]
    gains[-1] -= problem.costs[rule]
    return tuple(gains)


def _fee(problem: Problem, place: int) -> int:
    shares = (
        problem.set_value(rule, place) // problem.rules[rule].need
        for rule in problem.classes[place].rules
    )
    return max((0, *shares))


def _alone(problem: Problem, rule: int, fees: Sequence[int]) -> tuple[Sequence[int], ...]:
    following = [0] + [NEVER] * (problem.rules[rule].need - 1)
    table = [following]
    for place, entry in reversed(list(enumerate(problem.classes))):
        if rule not in entry.rules:
            table.extend([following] * entry.units)
            continue
        takings = [gain - fees[place] for gain in unit_gains(problem, rule, place)]
        for _ in range(entry.units):
            closer = following[1:] + following[:1]
            following = [
                max(left, taking + taken)
                for left, taking, taken in zip(following, takings, closer, strict=True)
            ]
            table.append(following)
    return tuple(reversed(table))

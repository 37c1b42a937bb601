"""An upper bound on what any choice can gain: every unit pays a fee, every rule plays alone.

If a rule may take a unit only for a fee, and units may be taken by several rules at once, then no
choice gains more than all fees together plus what each rule gains alone after paying its fees
(Lagrangian relaxation of "each unit once"). One rule alone is easy: dearest first, all that matters
is how many units its open set holds. Any fees give a true bound; here a unit's fee is the most it
could gain as a part of a set of units like itself.

Decisions then only lose against the bound: a unit that stays single loses its fee, a rule that does
not play as it would alone loses the difference. The value of a choice is the bound less its losses.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from retail_core.pricing.solver.sets import Problem

NEVER = -(1 << 200)  # an open set that can no longer close: below every value, whatever is added


@dataclass(frozen=True, slots=True)
class RuleLoss:
    """What a rule loses by a decision on a unit it names, by how many units its open set holds."""

    rule: int
    skip: tuple[int, ...]
    take: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on one unit of a class: the fee lost if it stays single, and the rules'."""

    place: int
    fee: int
    rules: tuple[RuleLoss, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """The bound on every choice, and the decisions, dearest unit first."""

    bound: int
    decisions: tuple[Decision, ...]


def quick_bound(problem: Problem) -> int:
    """Return a bound without looking at any unit: a set gains at most its units' fees."""
    return sum(
        (_fee(problem, place) + 1) * entry.units  # a fee is rounded down
        for place, entry in enumerate(problem.classes)
    )


def outlook(problem: Problem) -> Outlook:
    """Return the bound of a problem and what each decision can lose against it."""
    ahead = [[0] + [NEVER] * (rule.need - 1) for rule in problem.rules]
    fees = 0
    decisions = []
    for place, entry in reversed(list(enumerate(problem.classes))):
        fee = _fee(problem, place)
        nets = {
            rule: [gain - fee for gain in _unit_gains(problem, rule, place)] for rule in entry.rules
        }
        for _ in range(entry.units):
            fees += fee
            losses = tuple(_look_back(rule, net, ahead) for rule, net in nets.items())
            decisions.append(Decision(place, fee, losses))
    return Outlook(fees + sum(alone[0] for alone in ahead), tuple(reversed(decisions)))


def _look_back(rule: int, net: Sequence[int], ahead: list[list[int]]) -> RuleLoss:
    """Move a rule's best play alone one unit back; return what each way loses against it."""
    skipped = ahead[rule]
    taken = [gain + after for gain, after in zip(net, skipped[1:] + skipped[:1], strict=True)]
    best = [max(ways) for ways in zip(skipped, taken, strict=True)]
    ahead[rule] = best
    return RuleLoss(
        rule,
        tuple(top - way for top, way in zip(best, skipped, strict=True)),
        tuple(top - way for top, way in zip(best, taken, strict=True)),
    )


def _unit_gains(problem: Problem, rule: int, place: int) -> tuple[int, ...]:
    """Return the scaled gain of giving a unit to a rule, by how many its open set holds."""
    set_rule, entry = problem.rules[rule], problem.classes[place]
    gains = [
        (set_rule.gain_fen(entry.off(rule), held, 1) - entry.single_fen) * problem.scale
        + entry.single_tie
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

"""Small pricing problems, every choice of one, and what a choice saves or loses."""

from itertools import product

from hypothesis import settings
from hypothesis import strategies as st

from retail_core.pricing.solver.bounds import outlook
from retail_core.pricing.solver.sets import Problem, SetRule, Taken, UnitClass

THREE_FOR_TWO = SetRule(3, 2, 0)
TWO_FOR_1000 = SetRule(2, 0, 1000)


@st.composite
def problems(draw: st.DrawFn, *, rules_max: int = 3, units_max: int = 4) -> Problem:
    rules: list[SetRule] = []
    for _ in range(draw(st.integers(1, rules_max))):
        need = draw(st.integers(2, 4))
        if draw(st.booleans()):
            rules.append(SetRule(need, draw(st.integers(1, need - 1)), 0))
        else:
            rules.append(SetRule(need, 0, draw(st.integers(0, 60))))
    fens = sorted(draw(st.lists(st.integers(0, 40), min_size=1, max_size=4)), reverse=True)
    classes = tuple(
        UnitClass(
            fen,
            draw(st.integers(0, fen)),
            draw(st.integers(1, units_max)),
            tuple(sorted(draw(st.sets(st.integers(0, len(rules) - 1), min_size=1)))),
        )
        for fen in fens
    )
    return Problem(tuple(rules), classes)


def choices(problem: Problem) -> list[Taken]:
    """Every way to give units to rules in whole sets."""
    per_class = []
    for place, entry in enumerate(problem.classes):
        ways = [
            {(rule, place): count for rule, count in zip(entry.rules, counts, strict=True)}
            for counts in product(range(entry.units + 1), repeat=len(entry.rules))
            if sum(counts) <= entry.units
        ]
        per_class.append(ways)
    found: list[Taken] = []
    for combination in product(*per_class):
        taken = {key: units for part in combination for key, units in part.items() if units}
        if all(
            sum(units for (owner, _), units in taken.items() if owner == rule) % entry.need == 0
            for rule, entry in enumerate(problem.rules)
        ):
            found.append(taken)
    return found


def best_value(problem: Problem) -> int:
    return max(problem.value(taken) for taken in choices(problem))


small = problems(rules_max=2, units_max=3)
Law = settings(max_examples=60, deadline=None)


def saved(problem: Problem, taken: Taken) -> int:
    singles = sum(problem.classes[place].single_fen * units for (_, place), units in taken.items())
    return sum(problem.rule_gain_fen(rule, taken) for rule in range(len(problem.rules))) - singles


def lost(problem: Problem, taken: Taken) -> int:
    """What a choice loses against the outlook, decision by decision."""
    left = dict(taken)
    held = [0] * len(problem.rules)
    total = 0
    for decision in outlook(problem).decisions:
        owner = next(
            (entry.rule for entry in decision.rules if left.get((entry.rule, decision.place))), None
        )
        total += decision.fee if owner is None else 0
        for entry in decision.rules:
            if entry.rule == owner:
                total += entry.take[held[owner]]
                held[owner] = (held[owner] + 1) % problem.rules[owner].need
                left[owner, decision.place] -= 1
            else:
                total += entry.skip[held[entry.rule]]
    return total

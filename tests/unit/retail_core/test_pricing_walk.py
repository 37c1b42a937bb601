"""The bounds, the walk between them, and the parts put together again."""

from hypothesis import given
from hypothesis import strategies as st

from retail_core.pricing.solver.bounds import outlook, quick_bound
from retail_core.pricing.solver.greedy import greedy
from retail_core.pricing.solver.search import search
from retail_core.pricing.solver.sets import Problem, SetRule, UnitClass
from retail_core.pricing.solver.solve import solve, without_losers
from tests.factories.pricing_problems import (
    Law,
    best_value,
    choices,
    lost,
    problems,
    saved,
    small,
)


@Law
@given(small)
def test_the_value_of_a_choice_is_the_bound_less_its_losses(problem: Problem) -> None:
    ahead = outlook(problem)
    assert len(ahead.decisions) == sum(entry.units for entry in problem.classes)
    assert [d.place for d in ahead.decisions] == sorted(d.place for d in ahead.decisions)
    for decision in ahead.decisions:
        assert decision.fee >= 0
        assert [entry.rule for entry in decision.rules] == list(
            problem.classes[decision.place].rules
        )
        assert all(min(entry.skip + entry.take) >= 0 for entry in decision.rules)
    for taken in choices(problem):
        assert problem.value(taken) == ahead.bound - lost(problem, taken)


@Law
@given(small)
def test_no_choice_beats_a_bound(problem: Problem) -> None:
    best = best_value(problem)
    assert best <= outlook(problem).bound
    assert best <= quick_bound(problem)


def test_the_outlook_of_one_rule() -> None:
    problem = Problem((SetRule(2, 1, 0),), (UnitClass(10, 0, 1, (0,)), UnitClass(6, 0, 1, (0,))))
    fen, cost = problem.scale, problem.costs[0]
    ahead = outlook(problem)
    fees = [(10 * fen - cost) // 2, (6 * fen - cost) // 2]
    assert [decision.fee for decision in ahead.decisions] == fees
    assert ahead.bound == sum(fees)
    assert quick_bound(problem) == sum(fees) + 2
    first, second = (decision.rules[0] for decision in ahead.decisions)
    # opening a set at 10 lets the unit at 6 be free: short of what the fees promise
    assert (first.skip[0], first.take[0]) == (0, sum(fees) - (6 * fen - cost))
    assert second.take == (first_never := second.take[0], 0)
    assert second.skip[0] == 0
    assert min(first_never, second.skip[1]) > 10**30


def test_units_without_hope_pay_no_fee() -> None:
    problem = Problem((SetRule(2, 1, 0),), (UnitClass(10, 9, 2, (0,)),))
    assert [decision.fee for decision in outlook(problem).decisions] == [0, 0]
    assert quick_bound(problem) == 2


@Law
@given(small, st.sampled_from([0, 20, 10**6]))
def test_search_finds_the_best_or_bounds_it(problem: Problem, nodes_max: int) -> None:
    best = best_value(problem)
    found = search(problem, greedy(problem), nodes_max)
    assert found.value == problem.value(found.taken) <= best <= found.bound
    assert found.nodes <= nodes_max
    if nodes_max == 10**6:
        assert found.value == best == found.bound


@Law
@given(problems(rules_max=3, units_max=6))
def test_a_wider_search_is_never_worse(problem: Problem) -> None:
    smallest = sum(entry.units * (1 + len(entry.rules)) for entry in problem.classes)
    values = []
    for nodes_max in (0, smallest - 1, smallest, 2 * smallest, 10**6):
        found = search(problem, {}, nodes_max)
        assert found.nodes <= nodes_max
        assert found.value <= found.bound
        values.append(found.value)
    assert values[0] == values[1] == 0
    assert max(values) == values[-1]


def test_nodes_are_counted_over_all_walks() -> None:
    # two sets at 10 and 8 are free by one rule each; together they want the unit at 8
    pair = SetRule(2, 1, 0)
    problem = Problem(
        (pair, pair),
        (UnitClass(10, 0, 1, (0,)), UnitClass(10, 0, 1, (1,)), UnitClass(8, 0, 1, (0, 1))),
    )
    # from one state two ways each, then two states, then four states three ways
    found = search(problem, {}, 10**6)
    assert found.taken == {(0, 0): 1, (0, 2): 1}
    assert (found.value, found.nodes) == (found.bound, 2 + 4 + 12)
    # knowing the best, one state is left to follow when the last unit is decided
    again = search(problem, found.taken, 10**6)
    assert (again.taken, again.value, again.bound) == (found.taken, found.value, found.value)
    assert again.nodes == 2 + 4 + 3


def test_nothing_is_searched_when_the_bound_is_reached() -> None:
    problem = Problem((SetRule(2, 1, 0),), (UnitClass(10, 0, 2, (0,)),))
    found = search(problem, {(0, 0): 2}, 10**6)
    assert (found.taken, found.nodes, found.bound) == ({(0, 0): 2}, 0, found.value)


@Law
@given(small)
def test_solving_gives_the_best_saving_and_no_gap(problem: Problem) -> None:
    solution = solve(problem, 10**6)
    assert solution.gap_fen == 0
    assert -(-best_value(problem) // problem.scale) == saved(problem, solution.taken)


@Law
@given(small, small)
def test_parts_are_solved_apart(left: Problem, right: Problem) -> None:
    shifted = [
        UnitClass(
            entry.price_fen,
            entry.single_fen,
            entry.units,
            tuple(rule + len(left.rules) for rule in entry.rules),
        )
        for entry in right.classes
    ]
    classes = sorted([*left.classes, *shifted], key=lambda entry: -entry.price_fen)
    both = Problem(left.rules + right.rules, tuple(classes))
    together = solve(both, 10**6)
    apart = [solve(problem, 10**6) for problem in (left, right)]
    assert saved(both, together.taken) == saved(left, apart[0].taken) + saved(right, apart[1].taken)


def test_gaps_and_nodes_add_up_over_parts() -> None:
    pair = SetRule(2, 1, 0)
    lossy = (
        UnitClass(10, 0, 1, (0, 1)),
        UnitClass(10, 0, 1, (1, 2)),
        UnitClass(9, 0, 1, (0,)),
        UnitClass(9, 0, 1, (2,)),
    )
    one = Problem((pair, pair, pair), lossy)
    two = Problem(
        (pair,) * 6,
        tuple(
            UnitClass(entry.price_fen, 0, 1, tuple(rule + shift for rule in entry.rules))
            for entry in lossy
            for shift in (0, 3)
        ),
    )
    hasty, patient = solve(one, 0), solve(one, 10**6)
    assert hasty.gap_fen > 0
    assert solve(two, 0).gap_fen == 2 * hasty.gap_fen
    assert solve(two, 10**6).nodes == 2 * patient.nodes > 0
    # the second part has what the first one left of the limit
    partly = solve(two, patient.nodes)
    assert partly.gap_fen == hasty.gap_fen
    assert 0 < partly.nodes <= patient.nodes


def test_rules_that_gain_nothing_give_their_units_back() -> None:
    pair = SetRule(2, 0, 15)
    problem = Problem((pair, pair), (UnitClass(10, 0, 2, (0, 1)), UnitClass(7, 0, 2, (0, 1))))
    assert without_losers(problem, {(0, 0): 2, (1, 1): 2}) == {(0, 0): 2}
    even = Problem((SetRule(2, 1, 0),), (UnitClass(10, 5, 2, (0,)),))
    assert without_losers(even, {(0, 0): 2}) == {}

"""The parts of the search, each against what it promises."""

import pytest
from hypothesis import given

from retail_core.pricing.solver.greedy import greedy
from retail_core.pricing.solver.reduction import components, hopeless, without_bulk
from retail_core.pricing.solver.sets import Problem, SetRule, Taken, UnitClass
from retail_core.pricing.solver.solve import solve
from tests.factories.pricing_problems import (
    THREE_FOR_TWO,
    TWO_FOR_1000,
    Law,
    best_value,
    problems,
    saved,
)


@pytest.mark.parametrize(
    ("rule", "position", "free"),
    [
        (THREE_FOR_TWO, 0, 0),
        (THREE_FOR_TWO, 2, 0),
        (THREE_FOR_TWO, 3, 1),
        (THREE_FOR_TWO, 5, 1),
        (THREE_FOR_TWO, 6, 2),
        (SetRule(4, 2, 0), 3, 1),
        (SetRule(4, 2, 0), 7, 3),
        (TWO_FOR_1000, 3, 3),
    ],
)
def test_free_units(rule: SetRule, position: int, free: int) -> None:
    assert rule.free_before(position) == free


@pytest.mark.parametrize(
    ("rule", "position", "units", "gain"),
    [
        (THREE_FOR_TWO, 0, 2, 0),
        (THREE_FOR_TWO, 0, 3, 700),
        (THREE_FOR_TWO, 2, 1, 700),
        (THREE_FOR_TWO, 1, 5, 1400),
        (TWO_FOR_1000, 0, 1, 700),
        (TWO_FOR_1000, 1, 1, -300),
        (TWO_FOR_1000, 0, 4, 800),
        (TWO_FOR_1000, 1, 2, 400),
        (TWO_FOR_1000, 0, 0, 0),
    ],
)
def test_gains(rule: SetRule, position: int, units: int, gain: int) -> None:
    assert rule.gain_fen(700, position, units) == gain


def test_a_value_orders_by_saving_then_sets_then_strength() -> None:
    pair = SetRule(2, 1, 0)
    problem = Problem(
        (pair, pair, SetRule(4, 2, 0)),
        (UnitClass(10, 0, 4, (0, 1, 2)), UnitClass(9, 1, 2, (0, 1))),
    )
    nothing: Taken = {}
    ordered: list[Taken] = [
        nothing,
        {(1, 1): 2},  # saves 9 less 2
        {(0, 1): 2},
        {(1, 0): 2},  # saves 10
        {(0, 0): 2},
        {(1, 0): 4},  # saves 20 in two sets
        {(0, 0): 2, (1, 0): 2},
        {(0, 0): 4},
        {(2, 0): 4},  # saves 20 in one set
        {(2, 0): 4, (1, 1): 2},
    ]
    values = [problem.value(taken) for taken in ordered]
    assert values == sorted(values)
    assert len(set(values)) == len(values)
    assert values[0] == 0
    fen = [round(value / problem.scale) for value in values]
    assert fen == [0, 7, 7, 10, 10, 20, 20, 20, 20, 27]
    assert all(
        problem.scale * saved - value < problem.scale
        for saved, value in zip(fen, values, strict=True)
    )


def test_ranks_never_outweigh_a_set_nor_costs_a_fen() -> None:
    rules = tuple(SetRule(2, 1, 0) for _ in range(5))
    problem = Problem(rules, (UnitClass(1, 0, 9, (0, 1, 2, 3, 4)),))
    worst_of_one_less = 3 * problem.costs[-1]
    assert worst_of_one_less < 4 * problem.costs[0]
    assert 9 * problem.costs[-1] < problem.scale


@pytest.mark.parametrize(
    ("rule", "classes", "without_hope"),
    [
        (THREE_FOR_TWO, [(10, 0, 2)], True),
        (THREE_FOR_TWO, [(10, 0, 1), (9, 0, 2)], False),
        (THREE_FOR_TWO, [], True),
        (THREE_FOR_TWO, [(10, 0, 2), (0, 0, 5)], True),
        (TWO_FOR_1000, [(500, 0, 9)], True),
        (TWO_FOR_1000, [(501, 0, 1), (500, 0, 9)], False),
        (TWO_FOR_1000, [(600, 0, 1), (450, 0, 7)], False),
        (TWO_FOR_1000, [(501, 1, 2)], True),
        (TWO_FOR_1000, [(502, 1, 2)], False),
        (THREE_FOR_TWO, [(300, 100, 3)], True),
        (THREE_FOR_TWO, [(300, 99, 3)], False),
        (THREE_FOR_TWO, [(300, 100, 3), (200, 66, 3)], False),
        (THREE_FOR_TWO, [(300, 100, 2), (200, 67, 1)], True),
    ],
)
def test_hopeless_rules_are_named(
    rule: SetRule, classes: list[tuple[int, int, int]], *, without_hope: bool
) -> None:
    assert hopeless(rule, [UnitClass(*entry, rules=()) for entry in classes]) is without_hope


@Law
@given(problems(rules_max=1))
def test_a_rule_called_hopeless_gains_nothing(problem: Problem) -> None:
    if hopeless(problem.rules[0], problem.classes):
        assert best_value(problem) == 0
    else:
        assert best_value(problem) >= 0


def test_components_share_no_class() -> None:
    rules = tuple(SetRule(need, 1, 0) for need in (2, 3, 4, 5, 6))
    problem = Problem(
        rules,
        (
            UnitClass(9, 0, 1, (1, 3)),
            UnitClass(8, 0, 1, (0,)),
            UnitClass(7, 0, 1, ()),
            UnitClass(6, 0, 1, (3, 4)),
            UnitClass(5, 0, 1, (2,)),
        ),
    )
    first, second, third = components(problem)
    assert (first.rules, first.classes) == ((0,), (1,))
    assert (second.rules, second.classes) == ((1, 3, 4), (0, 3))
    assert (third.rules, third.classes) == ((2,), (4,))
    assert second.problem == Problem(
        (rules[1], rules[3], rules[4]),
        (UnitClass(9, 0, 1, (0, 1)), UnitClass(6, 0, 1, (1, 2))),
    )


def test_components_chain_through_many_rules() -> None:
    rules = tuple(SetRule(2, 1, 0) for _ in range(6))
    links = [(4, 5), (2, 3), (0, 1), (3, 4), (1, 2)]
    problem = Problem(rules, tuple(UnitClass(9, 0, 1, link) for link in links))
    assert [part.rules for part in components(problem)] == [(0, 1, 2, 3, 4, 5)]


@Law
@given(problems(rules_max=2, units_max=9))
def test_bulk_is_settled_without_loss(problem: Problem) -> None:
    rest, settled = without_bulk(problem)
    for place, entry in enumerate(problem.classes):
        gone = entry.units - rest.classes[place].units
        rules = [rule for rule in entry.rules if settled.get((rule, place))]
        assert len(rules) <= 1
        assert gone >= sum(settled.get((rule, place), 0) for rule in rules)
    full = solve(problem, 10**6)
    small_again = solve(Problem(problem.rules, rest.classes), 10**6)
    gain = sum(problem.rule_gain_fen(rule, settled) for rule in range(len(problem.rules)))
    assert saved(problem, full.taken) == saved(problem, small_again.taken) + gain - sum(
        problem.classes[place].single_fen * units for (_, place), units in settled.items()
    )


@pytest.mark.parametrize(
    ("units", "single_fen", "left", "settled"),
    [
        # 3 for 2 at 300 makes 100 a unit. Beside it only staying single: 2 units may be left
        (2, 0, 2, {}),
        (4, 0, 4, {}),
        (5, 0, 2, {(0, 0): 3}),
        (1_000_000, 0, 4, {(0, 0): 999_996}),
        # staying single makes more: of the sets at most an open one matters
        (7, 100, 2, {}),
        (2, 100, 2, {}),
    ],
)
def test_bulk_of_one_class(
    units: int, single_fen: int, left: int, settled: dict[tuple[int, int], int]
) -> None:
    problem = Problem((THREE_FOR_TWO,), (UnitClass(300, single_fen, units, (0,)),))
    rest, taken = without_bulk(problem)
    assert (rest.classes[0].units, taken) == (left, settled)


def test_bulk_goes_to_the_rule_that_makes_most_per_unit() -> None:
    rules = (SetRule(4, 3, 0), SetRule(3, 2, 0), SetRule(5, 4, 0))
    problem = Problem(rules, (UnitClass(60, 0, 100, (0, 1, 2)),))
    rest, settled = without_bulk(problem)
    bound = (3 * 4 - 1) + (3 * 5 - 1) + (3 * 1 - 1)
    assert settled == {(1, 0): (100 - bound) // 3 * 3}
    assert rest.classes[0].units == 100 - settled[1, 0]


@Law
@given(problems())
def test_greedy_never_loses(problem: Problem) -> None:
    taken = greedy(problem)
    for rule, entry in enumerate(problem.rules):
        assert sum(units for (owner, _), units in taken.items() if owner == rule) % entry.need == 0
        assert problem.rule_value(rule, taken) >= 0
    for place, unit_class in enumerate(problem.classes):
        used = {owner: units for (owner, at), units in taken.items() if at == place}
        assert sum(used.values()) <= unit_class.units
        assert used.keys() <= set(unit_class.rules)


def test_greedy_takes_the_most_rewarding_first_and_what_is_left_after() -> None:
    pair = SetRule(2, 1, 0)
    problem = Problem(
        (pair, pair, pair),
        (UnitClass(10, 0, 2, (0, 1)), UnitClass(9, 0, 2, (1, 2)), UnitClass(1, 0, 1, (0,))),
    )
    # rule 1 could take all four, rule 0 and 2 then find nothing better than a left-over
    assert greedy(problem) == {(1, 0): 2, (1, 1): 2}


def test_greedy_looks_again_when_units_are_gone() -> None:
    pair, four = SetRule(2, 1, 0), SetRule(4, 2, 0)
    problem = Problem(
        (pair, pair, four),
        (
            UnitClass(30, 0, 2, (0,)),
            UnitClass(20, 0, 2, (0, 1)),
            UnitClass(6, 0, 2, (1, 2)),
            UnitClass(5, 0, 2, (2,)),
        ),
    )
    # rule 1 looks better than rule 2 until rule 0 has taken the units at 20
    assert greedy(problem) == {(0, 0): 2, (0, 1): 2, (2, 2): 2, (2, 3): 2}


def test_greedy_leaves_units_that_do_better_alone() -> None:
    problem = Problem((SetRule(2, 1, 0),), (UnitClass(20, 12, 2, (0,)), UnitClass(15, 0, 2, (0,))))
    assert greedy(problem) == {(0, 1): 2}
    problem = Problem((SetRule(2, 1, 0),), (UnitClass(20, 0, 1, (0,)), UnitClass(15, 0, 1, (0,))))
    assert greedy(problem) == {(0, 0): 1, (0, 1): 1}


def test_greedy_gives_a_set_price_the_units_that_gain_most() -> None:
    problem = Problem(
        (SetRule(2, 0, 10),),
        (UnitClass(30, 25, 1, (0,)), UnitClass(20, 0, 1, (0,)), UnitClass(15, 0, 1, (0,))),
    )
    assert greedy(problem) == {(0, 1): 1, (0, 2): 1}
    problem = Problem(
        (SetRule(2, 0, 10),),
        (UnitClass(30, 10, 1, (0,)), UnitClass(25, 0, 1, (0,)), UnitClass(24, 0, 1, (0,))),
    )
    assert greedy(problem) == {(0, 1): 1, (0, 2): 1}


def test_greedy_cuts_a_class_over_open_sets() -> None:
    problem = Problem(
        (SetRule(3, 2, 0),),
        (UnitClass(30, 0, 2, (0,)), UnitClass(20, 0, 5, (0,)), UnitClass(10, 0, 3, (0,))),
    )
    assert greedy(problem) == {(0, 0): 2, (0, 1): 5, (0, 2): 2}

"""Transfers as a linear program, against every plan there is."""

from collections.abc import Iterator
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.insight.stock.transfers import Move, Sink, Step, best, plan

Ways = dict[tuple[str, str], float]


@st.composite
def problems(draw: st.DrawFn) -> tuple[dict[str, int], list[Sink], Ways]:
    spare = {f"s{n}": draw(st.integers(0, 3)) for n in range(draw(st.integers(1, 2)))}
    sinks = []
    for n in range(draw(st.integers(1, 2))):
        worth = sorted(draw(st.lists(st.integers(0, 50), min_size=1, max_size=2)), reverse=True)
        steps = tuple(Step(draw(st.integers(0, 2)), float(one)) for one in worth)
        sinks.append(Sink(f"t{n}", steps))
    ways = {
        (source, sink.place): float(draw(st.integers(0, 40)))
        for source in spare
        for sink in sinks
        if draw(st.integers(0, 4))
    }
    return spare, sinks, ways


def every_plan(
    spare: dict[str, int], sinks: list[Sink], ways: Ways
) -> Iterator[dict[tuple[str, str], int]]:
    """Every way to spread whole units that leaves nobody below nothing."""
    need = {sink.place: sum(one.units for one in sink.steps) for sink in sinks}
    names = sorted(ways)
    for units in product(*(range(min(spare[a], need[b]) + 1) for a, b in names)):
        flow = dict(zip(names, units, strict=True))
        left = all(sum(n for (a, _), n in flow.items() if a == s) <= m for s, m in spare.items())
        come = all(sum(n for (_, b), n in flow.items() if b == t) <= m for t, m in need.items())
        if left and come:
            yield flow


def worth(flow: dict[tuple[str, str], int], sinks: list[Sink], ways: Ways) -> float:
    total = -sum(ways[way] * units for way, units in flow.items())
    for sink in sinks:
        come = sum(units for (_, place), units in flow.items() if place == sink.place)
        for step in sink.steps:
            used = min(come, step.units)
            total, come = total + used * step.worth_fen, come - used
    return total


def flow_of(moves: tuple[Move, ...]) -> dict[tuple[str, str], int]:
    return {(move.source, move.sink): move.units for move in moves}


@settings(max_examples=150)
@given(problems())
def test_no_plan_of_all_is_worth_more(problem: tuple[dict[str, int], list[Sink], Ways]) -> None:
    spare, sinks, ways = problem
    found = flow_of(best(spare, sinks, ways))
    top = max(worth(flow, sinks, ways) for flow in every_plan(spare, sinks, ways))
    assert abs(worth(found, sinks, ways) - top) < 1e-6


@given(problems(), st.integers(0, 60))
def test_what_moves_is_there_and_is_wanted(
    problem: tuple[dict[str, int], list[Sink], Ways], handling: int
) -> None:
    spare, sinks, ways = problem
    moves = plan(spare, sinks, ways, handling)
    for source, units in spare.items():
        assert sum(move.units for move in moves if move.source == source) <= units
    for sink in sinks:
        come = sum(move.units for move in moves if move.sink == sink.place)
        assert come <= sum(step.units for step in sink.steps)
    assert all((move.source, move.sink) in ways and move.units > 0 for move in moves)
    assert all(move.net_fen > handling for move in moves)


def test_a_hundred_shops_of_an_article() -> None:
    spare = {f"s{n}": 1 + n % 7 for n in range(50)}
    sinks = [
        Sink(f"t{n}", (Step(2, 900.0 - n), Step(2, 500.0 - n), Step(1, 90.0))) for n in range(50)
    ]
    ways = {
        (a, sink.place): 100.0 + 7 * abs(int(a[1:]) - n)
        for a in spare
        for n, sink in enumerate(sinks)
    }
    moves = plan(spare, sinks, ways, 300.0)
    assert sum(move.units for move in moves) > 100
    assert {type(move.units) for move in moves} == {int}


def test_nothing_to_move_is_no_plan() -> None:
    sink = Sink("t", (Step(3, 10.0),))
    assert plan({}, [sink], {}) == ()
    assert plan({"s": 5}, [sink], {}) == ()
    assert plan({"s": 5}, [sink], {("s", "t"): 10.0}) == ()
    assert plan({"s": 5}, [], {("s", "t"): 1.0}) == ()
    assert plan({"s": 0}, [sink], {("s", "t"): 1.0}) == ()
    # Worth the way, not worth the handling.
    assert plan({"s": 5}, [sink], {("s", "t"): 8.0}, 6.0) == ()
    assert plan({"s": 5}, [sink], {("s", "t"): 8.0}, 5.9)[0].units == 3

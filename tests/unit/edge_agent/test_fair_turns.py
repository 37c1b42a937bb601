"""The nets are shared: who came first goes first, whoever asks how often."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.recognition.fair import FairEngine, FairTurns
from tests.fakes.face import FakeFaceEngine, seen

PICTURE = np.zeros((2, 2, 3), np.uint8)


def test_the_order_of_coming_is_the_order_of_going() -> None:
    turns, served, gates = FairTurns(1), list[int](), list[threading.Thread]()

    def serve(number: int) -> None:
        with turns.turn():
            served.append(number)

    with turns.turn():
        for number in range(5):
            gates.append(threading.Thread(target=serve, args=(number,)))
            gates[-1].start()
            while len(turns._waiting) <= number:
                pass
    for gate in gates:
        gate.join()
    assert served == list(range(5))


@given(places=st.integers(1, 3), callers=st.integers(1, 6), times=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_never_more_at_once_than_places_and_nobody_is_left(
    places: int, callers: int, times: int
) -> None:
    turns, lock = FairTurns(places), threading.Lock()
    inside = most = done = 0

    def call(_number: int) -> None:
        nonlocal inside, most, done
        for _ in range(times):
            with turns.turn():
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1
                    done += 1

    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(call, range(callers)))
    assert done == callers * times
    assert most <= places


def test_who_comes_again_goes_behind_those_who_wait() -> None:
    turns, served = FairTurns(1), list[str]()
    waits = threading.Event()

    def patient() -> None:
        waits.set()
        with turns.turn():
            served.append("patient")

    other = threading.Thread(target=patient)
    with turns.turn():
        served.append("greedy")
        other.start()
        waits.wait()
        while not turns._waiting:
            pass
    with turns.turn():
        served.append("greedy")
    other.join()
    assert served == ["greedy", "patient", "greedy"]


def test_an_engine_in_turns_reads_as_the_one_inside() -> None:
    engine = FairEngine(FakeFaceEngine({0: seen(1.0)}), FairTurns(1))
    assert engine.read(PICTURE).embedding is not None
    assert engine.model_id == FakeFaceEngine.model_id


def test_a_reading_that_breaks_gives_its_place_back() -> None:
    turns = FairTurns(1)
    with pytest.raises(ValueError, match="broken"), turns.turn():
        raise ValueError("broken")
    with turns.turn():
        assert turns._free == 0
    assert turns._free == 1


def test_a_holder_that_died_starves_nobody() -> None:
    turns, served = FairTurns(1, held_max_s=0.02), list[int]()
    dead = turns.turn()
    dead.__enter__()  # and never leaves

    def serve(number: int) -> None:
        with turns.turn():
            served.append(number)

    lines = [threading.Thread(target=serve, args=(number,), daemon=True) for number in range(3)]
    for line in lines:
        line.start()
    for line in lines:
        line.join(10)
    assert sorted(served) == [0, 1, 2]
    assert (turns._free, len(turns._inside)) == (1, 0), "its place is free, once"


def test_who_comes_back_after_all_gives_back_no_second_place() -> None:
    turns = FairTurns(1, held_max_s=0.02)
    late, other = turns.turn(), turns.turn()
    late.__enter__()
    other.__enter__()
    late.__exit__(None, None, None)
    assert turns._free == 0, "the place is the other's"
    other.__exit__(None, None, None)
    assert (turns._free, len(turns._inside)) == (1, 0)


def test_one_dead_holder_of_two_costs_the_lanes_one_place_for_a_moment() -> None:
    turns, done = FairTurns(2, held_max_s=0.02), list[int]()
    turns.turn().__enter__()

    def call(number: int) -> None:
        for _ in range(20):
            with turns.turn():
                pass
        done.append(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(call, range(4)))
    assert sorted(done) == [0, 1, 2, 3]
    assert turns._free + len(turns._inside) == 2

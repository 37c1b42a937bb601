"""Templates turned anew while the agent runs."""

import threading

import numpy as np

from edge_agent.recognition.rotation import Rotation
from edge_agent.services.recognition.rotate_faces import RotateFaces, Turned
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.waiting import PATIENCE_S, eventually


def test_the_door_is_shut_until_all_is_turned() -> None:
    go_on = threading.Event()
    seen: list[bool] = []

    def renew() -> int:
        seen.append(turning.is_open())
        assert go_on.wait(PATIENCE_S)
        return 2

    turning = RotateFaces(1, renew, lambda: seen.append(turning.is_open()), FaultTally(), drain_s=0)
    assert turning.is_open()
    assert turning.begin() == Turned(1, running=True)
    assert turning.begin().running, "asked twice, done once"
    eventually(lambda: seen)
    assert not turning.is_open()
    go_on.set()
    eventually(turning.is_open)
    assert seen == [False, False]
    assert turning.stands() == Turned(2, running=False)
    turning.stop()


def test_a_disk_that_refuses_is_told_and_opens_the_door() -> None:
    def renew() -> int:
        raise Fault(FaultCode.DISK_FULL)

    tally = FaultTally()
    turning = RotateFaces(1, renew, lambda: None, tally, drain_s=0)
    turning.begin()
    eventually(turning.is_open)
    assert turning.stands() == Turned(1, running=False, code=FaultCode.DISK_FULL)
    assert tally.snapshot() == {FaultCode.DISK_FULL.value: 1}


def test_a_bug_is_told_and_opens_the_door() -> None:
    def refill() -> None:
        raise RuntimeError("a bug")

    tally = FaultTally()
    turning = RotateFaces(1, lambda: 2, refill, tally, drain_s=0)
    turning.begin()
    eventually(turning.is_open)
    assert turning.stands() == Turned(2, running=False, code=FaultCode.API_INTERNAL)
    assert tally.snapshot() == {FaultCode.API_INTERNAL.value: 1}


def test_an_end_while_it_waits_changes_nothing() -> None:
    turned: list[int] = []

    def renew() -> int:
        turned.append(2)
        return 2

    turning = RotateFaces(1, renew, lambda: None, FaultTally())
    turning.begin()
    turning.stop()
    turning.stop()
    assert turned == []
    assert turning.begin() == Turned(1, running=False)


def test_whoever_holds_a_rotation_turns_as_it_has_become() -> None:
    held, other = Rotation(bytes([1]) * 32), Rotation(bytes([2]) * 32, 2)
    face = np.asarray(np.eye(8)[0], np.float32)
    turn = held.turn
    before = turn(face)
    held.become(other)
    assert held.epoch == 2
    assert np.array_equal(turn(face), other.turn(face))
    assert not np.allclose(turn(face), before)

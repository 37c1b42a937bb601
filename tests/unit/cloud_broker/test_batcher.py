"""The adaptive batch: when it waits, for how long, and what ends the wait."""

import threading
from queue import Queue

import pytest

from cloud_broker.ingest.batcher import BATCH_MAX, GATHER_S_MAX, Batcher, gather_s


class TestBatcher:
    def test_a_lone_message_does_not_wait(self) -> None:
        assert [gather_s(*load, 0.004) for load in ((1, 0), (1, 1), (2, 0), (1, 31))] == [
            0, 0, 0.002, 0.002,
        ]  # fmt: skip

    def test_a_full_line_is_not_waited_for_and_nothing_is_for_long(self) -> None:
        assert gather_s(32, 32, 0.004) == 0
        assert gather_s(2, 2, 60.0) == GATHER_S_MAX

    def test_half_of_what_the_last_batch_took_is_gathered(self) -> None:
        queue: Queue[int] = Queue()
        clock, slept = iter([0.0, 0.0, 1.0, 1.006, 1.1]), list[float]()

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            queue.put(3)

        batcher = Batcher(queue, now=clock.__next__, sleep=sleep)
        for number in (1, 2):
            queue.put(number)
        assert batcher.take(0.01) == [1, 2]
        for number in (1, 2):
            queue.put(number)
        assert batcher.take(0.01) == [1, 2, 3]
        assert slept == [pytest.approx(0.003)]

    def test_a_batch_is_bounded_and_in_order(self) -> None:
        queue: Queue[int] = Queue()
        for number in range(BATCH_MAX + 5):
            queue.put(number)
        batcher = Batcher(queue)
        assert batcher.take(0.01) == list(range(BATCH_MAX))
        assert batcher.take(0.01) == list(range(BATCH_MAX, BATCH_MAX + 5))
        assert batcher.take(0.01) == []

    def test_a_nudge_ends_the_wait_and_is_no_message(self) -> None:
        queue: Queue[int] = Queue(2)
        batcher = Batcher(queue)
        waits = threading.Timer(0.05, batcher.nudge)
        waits.start()
        assert batcher.take(60) == []
        batcher.nudge()
        queue.put(1)
        batcher.nudge()  # a full queue has no need of one
        assert batcher.take(60) == [1]

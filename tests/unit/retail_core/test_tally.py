"""Faults are counted, and only those that were seen are shown."""

import threading

from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode


def test_nothing_seen_nothing_shown() -> None:
    assert FaultTally().snapshot() == {}


def test_each_occurrence_counts() -> None:
    tally = FaultTally()
    for code in (FaultCode.WIRE_MALFORMED, FaultCode.QR_EXPIRED, FaultCode.WIRE_MALFORMED):
        tally.count(code)
    assert tally.snapshot() == {"R202": 1, "W101": 2}
    assert list(tally.snapshot()) == ["R202", "W101"]


def test_a_snapshot_stands_still() -> None:
    tally = FaultTally()
    tally.count(FaultCode.DISK_FULL)
    before = tally.snapshot()
    tally.count(FaultCode.DISK_FULL)
    assert before == {"D102": 1}
    assert tally.snapshot() == {"D102": 2}


def test_threads_lose_no_count() -> None:
    tally = FaultTally()

    def count_many() -> None:
        for _ in range(20_000):
            tally.count(FaultCode.QR_FOREIGN)

    threads = [threading.Thread(target=count_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.snapshot() == {"R201": 80_000}

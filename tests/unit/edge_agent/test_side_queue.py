"""What may be lost: the oldest first, by class, and never before there is no other way."""

from dataclasses import replace

import pytest

from edge_agent.ports.journal import Draft
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.journal.side_queue import KEPT, KEPT_BYTES, SideQueue
from retail_core.sync.urgency import COUNTED, Urgency, urgency_of_news
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.shop_floor import make_draft, make_id
from tests.fakes.journal import FakeJournal

TELEMETRY, DEBUG = Urgency.TELEMETRY, Urgency.DEBUG


class Bench:
    def __init__(self) -> None:
        self.journal, self.tally = FakeJournal(), FaultTally()
        recorder = Recorder(self.journal)
        self.queue = SideQueue(lambda draft: recorder.record([draft], lambda seq: seq), self.tally)

    def put(self, urgency: Urgency, count: int = 1, body: bytes = b"\x01") -> list[Draft]:
        drafts = [replace(make_draft(), event_id=make_id(), body=body) for _ in range(count)]
        for draft in drafts:
            self.queue.put(draft, urgency)
        return drafts

    def written(self) -> list[Draft]:
        return [record.draft for record in self.journal.records()]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_telemetry_goes_in_at_once_and_debug_when_the_cloud_answers(bench: Bench) -> None:
    counted = bench.put(DEBUG, 2)
    told = bench.put(TELEMETRY)
    assert bench.written() == told
    bench.queue.settle()
    assert bench.written() == told + counted
    assert not bench.queue.dropped


@pytest.mark.parametrize("urgency", list(KEPT))
def test_of_too_much_the_oldest_is_dropped_and_counted_by_class(
    bench: Bench, urgency: Urgency
) -> None:
    bench.journal.full = True
    drafts = bench.put(urgency, KEPT[urgency] + 3)
    bench.journal.full = False
    bench.queue.settle()
    assert bench.written() == drafts[3:], "the newest are what is worth telling"
    assert bench.queue.dropped == {urgency: 3}
    code = FaultCode.TELEMETRY_DROPPED if urgency is TELEMETRY else FaultCode.DEBUG_DROPPED
    assert bench.tally.snapshot() == {code.value: 3}


def test_it_is_bounded_by_bytes_too(bench: Bench) -> None:
    drafts = bench.put(DEBUG, 5, bytes(KEPT_BYTES // 2))
    assert bench.queue.waiting(DEBUG) == 2
    bench.put(DEBUG, 1, bytes(KEPT_BYTES + 1))
    assert bench.queue.waiting(DEBUG) == 0
    assert bench.queue.dropped[DEBUG] == len(drafts) + 1


def test_what_was_dropped_while_it_was_written_takes_no_other_along() -> None:
    journal = FakeJournal()
    first, *others = (replace(make_draft(), event_id=make_id()) for _ in range(KEPT[DEBUG] + 1))

    def append(draft: Draft) -> None:
        if not journal.records():  # amid the first write the queue runs over
            for one in others:
                queue.put(one, DEBUG)
        journal.append([draft])

    queue = SideQueue(append, FaultTally())
    queue.put(first, DEBUG)
    queue.settle()
    assert [record.draft for record in journal.records()] == [first, *others]
    assert queue.waiting(DEBUG) == 0


def test_a_mere_count_is_debug_and_a_permit_that_moves_is_telemetry() -> None:
    assert urgency_of_news(COUNTED) is DEBUG
    assert urgency_of_news("standing") is urgency_of_news("override") is TELEMETRY

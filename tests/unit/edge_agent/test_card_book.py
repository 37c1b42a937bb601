"""A copied card: refused, counted, and told to HQ once."""

import pytest

from edge_agent.ports.nfc import CardTap
from edge_agent.recognition.proofs import Proofs
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.card_book import OLD_DOCUMENT, CardBook
from retail_core.errors import Fault
from retail_core.identity.sun import SunRead
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import ProofSuspect
from tests.factories.counter import ALICE, MASTER_KEY, META_KEY, card_hash, uid_of
from tests.fakes.card_counters import FakeCardCounters
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal

UID = uid_of(1)


class Run:
    """One run of the program over a file that outlives it."""

    def __init__(self, counters: FakeCardCounters) -> None:
        self.journal = FakeJournal()
        self.tally = FaultTally()
        self.book = CardBook(
            counters, Recorder(self.journal), FakeClock(), FakeIdSource(), self.tally
        )
        self.proofs = Proofs(META_KEY, MASTER_KEY, card_hash, self.book)

    def tap(self, counter: int, at_ms: int) -> bool:
        """Lay the card down; whether it was taken."""
        try:
            tap = CardTap("reader", UID, "", at_ms, 1.0)
            self.proofs.admit_card(SunRead(UID, counter), tap, ALICE)
        except Fault as fault:
            assert fault.code is FaultCode.NFC_COUNTER_REPLAYED  # noqa: PT017 -- both are read
            return False
        return True

    def alerts(self) -> list[ProofSuspect]:
        records = self.journal.records(type_=EventType.PROOF_SUSPECT)
        assert all(record.draft.member == ALICE for record in records)
        bodies = [decode_body(record.draft.type, record.draft.body) for record in records]
        return [body for body in bodies if isinstance(body, ProofSuspect)]


@pytest.fixture
def counters() -> FakeCardCounters:
    return FakeCardCounters()


def test_a_step_back_is_refused_counted_and_told_once(counters: FakeCardCounters) -> None:
    run = Run(counters)
    assert run.tap(9, at_ms=1_000)
    assert run.alerts() == []
    for at_ms in (2_000, 3_000):
        assert not run.tap(7, at_ms)
    assert run.alerts() == [ProofSuspect("sun_card", "R312", card_hash(UID), 7, 9)]
    assert run.tally.snapshot() == {"R312": 2}


def test_the_same_counter_again_is_a_copy_too(counters: FakeCardCounters) -> None:
    run = Run(counters)
    assert run.tap(9, at_ms=1_000)
    assert not run.tap(9, at_ms=1_500)
    assert [alert.shown for alert in run.alerts()] == [9]


def test_a_copy_is_seen_after_whatever_ended_the_program(counters: FakeCardCounters) -> None:
    assert Run(counters).tap(9, at_ms=1_000)
    after = Run(counters)
    assert not after.tap(9, at_ms=10)
    assert [(alert.shown, alert.last) for alert in after.alerts()] == [(9, 9)]
    assert after.tap(10, at_ms=20)


def test_a_tap_that_waited_behind_a_later_one_is_no_copy(counters: FakeCardCounters) -> None:
    run = Run(counters)
    assert run.tap(9, at_ms=1_000)
    assert not run.tap(8, at_ms=900)
    assert run.alerts() == []
    assert run.tally.snapshot() == {}


def test_a_full_disk_stops_no_tap_and_is_counted(counters: FakeCardCounters) -> None:
    counters.fill()
    run = Run(counters)
    assert run.tap(9, at_ms=1_000)
    assert not run.tap(9, at_ms=2_000)
    assert run.tally.snapshot() == {"D102": 1, "R312": 1}


def test_counters_of_an_earlier_release_are_taken_over_once(counters: FakeCardCounters) -> None:
    documents = FakeDocuments()
    documents.put(OLD_DOCUMENT, {"counters": {UID.hex(): 41}})
    run = Run(counters)
    run.book.adopt(documents)
    run.book.adopt(documents)
    assert documents.get(OLD_DOCUMENT) is None
    assert not run.tap(41, at_ms=1)
    assert run.tap(42, at_ms=2)

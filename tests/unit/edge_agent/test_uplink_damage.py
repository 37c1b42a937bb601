"""What cannot be read is stepped over by the uplink, counted once, named by the doctor."""

from edge_agent.domain.line_doctor import LineFacts, line_findings
from edge_agent.ports.journal import Record
from edge_agent.services.line.uplink import HELLO_GRACE_MS
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.journal import FakeJournal
from tests.unit.edge_agent.test_uplink import Bench


def test_a_damaged_record_is_stepped_over_counted_once_and_tried_again() -> None:
    class Damaged(FakeJournal):
        hurt: frozenset[int] = frozenset({2, 3})

        def unacked(self, *, from_seq: int, limit: int) -> tuple[Record, ...]:
            return tuple(map(self._looked_at, super().unacked(from_seq=from_seq, limit=limit)))

        def record(self, seq: int) -> Record | None:
            found = super().record(seq)
            return None if found is None else self._looked_at(found)

        def _looked_at(self, record: Record) -> Record:
            if record.seq in self.hurt:
                raise Fault(FaultCode.DISK_JOURNAL_CORRUPT, seq=record.seq)
            return record

    journal = Damaged()
    bench = Bench(journal=journal)
    bench.sell(5)
    bench.link.connect()
    bench.uplink.session_began()
    bench.time.ms += HELLO_GRACE_MS
    bench.uplink.pump()
    assert sorted(bench.sent()) == [(1, 1), (4, 5)]
    assert bench.uplink.state().damaged == ((2, 3),)
    bench.ack((1, 1), (4, 5))
    bench.uplink.session_began()
    bench.time.ms += HELLO_GRACE_MS
    bench.uplink.pump()
    assert bench.sent() == []
    assert bench.tally.snapshot() == {FaultCode.JOURNAL_UNSENT.value: 2}, "counted once each"
    journal.hurt = frozenset()
    bench.uplink.session_began()
    bench.time.ms += HELLO_GRACE_MS
    bench.uplink.pump()
    assert bench.sent() == [(2, 3)]
    assert bench.uplink.state().damaged == ()


def test_the_doctor_names_what_could_not_be_sent() -> None:
    facts = LineFacts("Store", connected=True, damaged=((2, 3), (7, 7)))
    (found,) = line_findings(facts)
    assert found.code == FaultCode.JOURNAL_UNSENT
    assert "3 journal records" in found.text("en")
    assert "2-3, 7-7" in found.text("en")

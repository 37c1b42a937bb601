"""The door to the journal: what is on disk stands, whoever fails to hear of it."""

from edge_agent.ports.journal import Record
from edge_agent.services.journal.recorder import Recorder
from tests.factories.shop_floor import make_draft
from tests.fakes.journal import FakeJournal


def test_a_listener_that_fails_undoes_nothing_and_keeps_nobody_from_hearing() -> None:
    journal, heard = FakeJournal(), list[Record]()

    def broken(_records: tuple[Record, ...]) -> None:
        raise OSError("the disk could not be read")

    recorder = Recorder(journal, [broken, heard.extend])
    assert recorder.record([make_draft()], lambda seq: seq) == 1
    assert [record.seq for record in heard] == [1]
    assert journal.next_seq() == 2

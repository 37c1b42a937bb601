"""A box and a restored cloud: what it says, what it offers again, whom it does not believe."""

from datetime import time

import pytest

from edge_agent.domain.shop import Shop
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.restored import Restored, Shelves
from edge_agent.services.line.uplink import Uplink
from edge_agent.services.rights.lease_desk import LeaseDesk
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.restored import CloudHolds
from tests.factories.shop_floor import make_draft, make_id
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_desk import FakeCloudDesk
from tests.fakes.cloud_link import FakeCloudLink
from tests.fakes.documents import FakeDocuments
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.lease_book import FakeLeaseBook
from tests.fakes.replica import FakeReplica

EPOCH = 1_785_000_000_000


class Bench:
    """A box with five acknowledged records, and a cloud that was restored."""

    def __init__(self) -> None:
        self.journal, self.documents, self.tally = FakeJournal(), FakeDocuments(), FaultTally()
        self.journal.append([make_draft() for _ in range(5)])
        self.journal.mark_acked([(1, 5)])
        clock, device = FakeClock(), make_id()
        shop = Shop(make_id(), make_id(), device, make_id(), "店", "上海", "Asia/Shanghai", time(4))
        ids = FakeIdSource()
        leases = LeaseDesk(
            FakeLeaseBook(device), self.journal, Recorder(self.journal), clock, ids,
            self.tally, board=b"b" * 32,
        )  # fmt: skip
        self.uplink = Uplink(self.journal, FakeCloudLink(), shop, self.tally)
        self.desk = FakeCloudDesk(EPOCH)
        shelves = Shelves(self.journal, FakeReplica(), leases, self.documents)
        self.restored = Restored(shelves, self.desk, self.uplink, self.tally)
        self.greeted = 0
        self.restored.then(self._greet)

    def _greet(self) -> None:
        self.greeted += 1

    def has(self, *spans: tuple[int, int]) -> None:
        ends = tuple(self.journal.hash_at(high) or b"?" * 32 for _, high in spans)
        self.desk.holds = CloudHolds(1, EPOCH, spans, ends)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_what_the_cloud_lost_waits_again(bench: Bench) -> None:
    bench.has((1, 2))
    assert bench.restored.met(EPOCH)
    bench.restored.turn(0)
    assert [one.seq for one in bench.journal.unacked(from_seq=1, limit=9)] == [3, 4, 5]
    assert bench.greeted == 1
    (said,) = bench.desk.standings
    assert (said.kept_from, said.next_seq, said.last) == (1, 6, True)
    bench.restored.turn(0)
    assert bench.greeted == 1  # once


def test_a_journal_that_does_not_fit_is_told_whole_under_a_new_epoch(bench: Bench) -> None:
    before = bench.journal.epoch
    bench.desk.holds = CloudHolds(1, EPOCH, ((1, 2),), (b"x" * 32,))
    bench.restored.met(EPOCH)
    bench.restored.turn(0)
    assert bench.journal.epoch != before
    assert bench.journal.lowest_unacked() == 1
    assert [one.epoch for one in bench.desk.standings] == [before, bench.journal.epoch]


def test_an_older_cloud_is_not_believed(bench: Bench) -> None:
    bench.restored.met(EPOCH)
    bench.restored.turn(0)
    assert not bench.restored.met(EPOCH - 1)
    assert bench.tally.snapshot()[FaultCode.RESTORE_CLOUD_OLDER] == 1
    assert bench.restored.met(EPOCH)


def test_a_cloud_that_was_never_restored_asks_for_nothing(bench: Bench) -> None:
    assert bench.restored.met(1)
    bench.restored.turn(0)
    assert (bench.desk.standings, bench.greeted) == ([], 0)
    assert bench.documents.get("cloud") == {"epoch": 1}


def test_a_line_that_is_down_is_tried_again(bench: Bench) -> None:
    bench.desk.down = True
    bench.restored.met(EPOCH)
    with pytest.raises(Exception, match="S102"):
        bench.restored.turn(0)
    bench.desk.down = False
    bench.restored.turn(0)
    assert bench.greeted == 1

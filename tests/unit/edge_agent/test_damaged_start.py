"""A box whose journal is damaged starts, sells nothing, and can be examined."""

from pathlib import Path

import apsw
import pytest

from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.services.counter.pending_points import PendingPoints
from edge_agent.services.counter.pending_uses import PendingUses
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.restore import restore_unsynced
from edge_agent.services.line.uplink import Uplink
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import Box
from tests.factories.counter_sales import TillCalls
from tests.factories.shop_floor import SHOP, make_draft, make_id
from tests.fakes.cloud_link import FakeCloudLink
from tests.fakes.ids import FakeIdSource
from tests.fakes.replica import FakeReplica


def test_a_damaged_record_does_not_keep_the_box_from_starting(tmp_path: Path) -> None:
    path, key = tmp_path / "journal.db", b"k" * 32
    first = SqliteJournal(path, key, FakeIdSource())
    first.append([make_draft(event_id=make_id()) for _ in range(3)])
    first.close()
    connection = apsw.Connection(str(path))
    connection.pragma("cipher", "chacha20")
    connection.pragma("key", "raw:" + key.hex())
    connection.execute("UPDATE record SET crc = 0 WHERE seq = 2")
    connection.close()

    journal = SqliteJournal(path, key, FakeIdSource())
    PendingPoints(journal)
    PendingUses(journal, lambda: True, FakeReplica().uses_back)
    restore_unsynced(journal, FakeReplica(), SHOP)
    link, tally = FakeCloudLink(), FaultTally()
    uplink = Uplink(journal, link, SHOP, tally)
    link.connect()
    uplink.pump()
    sent = [(one.first_seq, len(one.events)) for one in link.frames()]
    assert sorted(sent) == [(1, 1), (3, 1)], "what can be read is not held back by what cannot"
    assert uplink.state().damaged == ((2, 2),)
    assert tally.snapshot() == {FaultCode.JOURNAL_UNSENT.value: 1}
    assert journal.fault is not None
    with pytest.raises(Fault) as caught:
        Recorder(journal).record([make_draft()], lambda seq: seq)
    assert caught.value.code == FaultCode.DISK_JOURNAL_CORRUPT
    journal.close()


def test_a_whole_agent_with_a_damaged_sale_starts_and_sells_nothing(tmp_path: Path) -> None:
    with Box(tmp_path / "box") as box:
        till = TillCalls(box.till())
        till.paid(till.opened("milk"), 12_800)
        till.paid(till.opened("milk"), 12_800)
        box.storage.journal.file.writer.execute("UPDATE record SET crc = 0 WHERE seq = 1")
    with Box(tmp_path / "box") as box:
        till = TillCalls(box.till())
        assert till.paid(till.opened("milk"), 12_800)["code"] == "D101"

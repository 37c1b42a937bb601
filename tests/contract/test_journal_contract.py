"""What every journal does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.ports.journal import Journal, StoredAnswer
from edge_agent.services.journal.events import event_of
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import GENESIS_HASH, event_hash
from tests.factories.shop_floor import make_draft
from tests.fakes.clock import NOON_MS
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal

DAY_MS = 24 * 60 * 60 * 1_000
ANSWER = StoredAnswer(b"asked", 200, b'{"ok":true}')


class JournalContract:
    """The suite; a subclass provides `journal`."""

    def test_what_a_restored_cloud_lost_waits_again(self, journal: Journal) -> None:
        journal.append([make_draft() for _ in range(5)])
        journal.mark_acked([(1, 5)])
        epoch = journal.epoch
        assert journal.reoffer([(1, 2), (4, 4)]) == 2
        assert [one.seq for one in journal.unacked(from_seq=1, limit=9)] == [3, 5]
        assert (journal.lowest_unacked(), journal.first_kept(), journal.epoch) == (3, 1, epoch)
        assert journal.reoffer([]) == 5

    def test_begins_empty_with_an_epoch(self, journal: Journal) -> None:
        assert 0 < journal.epoch < 2**63
        assert (journal.next_seq(), journal.lowest_unacked(), journal.depth()) == (1, 1, 0)
        assert journal.unacked(from_seq=0, limit=10) == ()

    def test_gives_sequences_and_a_hash_chain(self, journal: Journal) -> None:
        first, second = journal.append([make_draft(), make_draft()])
        (third,) = journal.append([make_draft()])
        assert [first.seq, second.seq, third.seq] == [1, 2, 3]
        assert first.prev_hash == GENESIS_HASH
        for previous, record in ((first, second), (second, third)):
            assert record.prev_hash == previous.hash
            assert record.hash == event_hash(previous.hash, event_of(record.draft))
        assert journal.records() == (first, second, third)
        assert journal.next_seq() == 4

    def test_gives_back_what_was_put_in(self, journal: Journal) -> None:
        draft = make_draft(quality=TimeQuality.UNKNOWN)
        journal.append([draft])
        (record,) = journal.unacked(from_seq=1, limit=1)
        assert record.draft == draft
        assert not record.acked

    def test_knows_the_hash_after_a_record(self, journal: Journal) -> None:
        first, second = journal.append([make_draft(), make_draft()])
        journal.mark_acked([(1, 1)])
        assert (journal.hash_at(1), journal.hash_at(2)) == (first.hash, second.hash)
        assert journal.hash_at(3) is None
        assert (journal.record(1), journal.record(2)) == (replace(first, acked=True), second)
        assert journal.record(3) is None

    def test_writes_an_event_once(self, journal: Journal) -> None:
        draft = make_draft()
        (first,) = journal.append([draft])
        again, other = journal.append([draft, make_draft()])
        assert again == first
        assert other.seq == 2
        assert journal.depth() == 2

    def test_keeps_an_answer_with_its_events(self, journal: Journal) -> None:
        assert journal.answer("key") is None
        journal.append([make_draft()], answer=("key", ANSWER))
        assert journal.answer("key") == ANSWER

    def test_a_repeated_key_writes_nothing(self, journal: Journal) -> None:
        journal.append([make_draft()], answer=("key", ANSWER))
        assert journal.append([make_draft()], answer=("key", ANSWER)) == ()
        assert journal.depth() == 1

    def test_a_key_used_for_another_body_is_refused_whole(self, journal: Journal) -> None:
        journal.append([make_draft()], answer=("key", ANSWER))
        with pytest.raises(Fault) as caught:
            journal.append([make_draft()], answer=("key", replace(ANSWER, body_hash=b"other")))
        assert caught.value.code == FaultCode.API_IDEMPOTENCY_KEY_REUSED
        assert journal.depth() == 1
        assert journal.answer("key") == ANSWER

    def test_keeps_an_answer_without_events(self, journal: Journal) -> None:
        assert journal.append([], answer=("key", ANSWER)) == ()
        assert journal.answer("key") == ANSWER
        assert journal.next_seq() == 1

    def test_acknowledges_only_the_ranges_named(self, journal: Journal) -> None:
        journal.append([make_draft() for _ in range(6)])
        assert journal.mark_acked([(1, 2), (4, 4)]) == 3
        assert [record.seq for record in journal.unacked(from_seq=0, limit=10)] == [3, 5, 6]
        assert journal.lowest_unacked() == 3
        assert journal.depth() == 3
        assert journal.mark_acked([(1, 100)]) == 3
        assert journal.lowest_unacked() == journal.next_seq() == 7
        assert all(record.acked for record in journal.records())

    def test_an_acknowledgement_of_the_future_reaches_nothing_later(self, journal: Journal) -> None:
        assert journal.mark_acked([(1, 100)]) == 0
        (record,) = journal.append([make_draft()])
        assert journal.unacked(from_seq=0, limit=1) == (record,)

    def test_pages_through_what_waits(self, journal: Journal) -> None:
        journal.append([make_draft() for _ in range(5)])
        assert [one.seq for one in journal.unacked(from_seq=2, limit=2)] == [2, 3]
        assert [one.seq for one in journal.unacked(from_seq=4, limit=9)] == [4, 5]

    def test_filters_records(self, journal: Journal) -> None:
        card = replace(make_draft(), type="card.issued")
        journal.append([make_draft(), card, make_draft()])
        assert [one.seq for one in journal.records(type_="sale")] == [1, 3]
        assert [one.seq for one in journal.records(since_seq=1)] == [2, 3]
        assert journal.records(type_="consent.given") == ()

    def test_prunes_old_acknowledged_records_and_keeps_the_chain(self, journal: Journal) -> None:
        old, newer = make_draft(wall_ms=NOON_MS - 20 * DAY_MS), make_draft()
        _first, second = journal.append([old, newer], answer=("key", ANSWER))
        journal.mark_acked([(1, 2)])
        assert journal.prune(acked_before_wall_ms=NOON_MS - 14 * DAY_MS) == 1
        assert journal.records() == (replace(second, acked=True),)
        assert journal.prune(acked_before_wall_ms=NOON_MS + 1) == 1
        (third,) = journal.append([make_draft()])
        assert (third.seq, third.prev_hash) == (3, second.hash)
        assert journal.answer("key") is None

    def test_prunes_nothing_the_cloud_has_not_committed(self, journal: Journal) -> None:
        journal.append([make_draft(wall_ms=1_000_000 + at) for at in range(3)])
        journal.mark_acked([(1, 1), (3, 3)])
        assert journal.prune(acked_before_wall_ms=NOON_MS) == 1
        assert [record.seq for record in journal.records()] == [2, 3]

    def test_does_not_believe_an_unknown_clock_when_pruning(self, journal: Journal) -> None:
        lost = make_draft(wall_ms=5_000, quality=TimeQuality.UNKNOWN)
        journal.append([lost])
        journal.mark_acked([(1, 1)])
        assert journal.prune(acked_before_wall_ms=NOON_MS) == 0
        journal.append([make_draft(wall_ms=NOON_MS - DAY_MS)])
        journal.mark_acked([(2, 2)])
        assert journal.prune(acked_before_wall_ms=NOON_MS) == 2

    def test_prunes_what_is_too_much_however_young_and_never_what_waits(
        self, journal: Journal
    ) -> None:
        journal.append([make_draft() for _ in range(4)])
        journal.mark_acked([(1, 2), (4, 4)])
        assert journal.prune(acked_before_wall_ms=None) == 0
        assert journal.prune(acked_before_wall_ms=None, keep_bytes=1) == 2
        assert [record.seq for record in journal.records()] == [3, 4]

    def test_a_trial_is_no_record(self, journal: Journal) -> None:
        (first,) = journal.append([make_draft()])
        for _ in range(3):
            journal.try_out()
        assert (journal.next_seq(), journal.depth(), journal.records()) == (2, 1, (first,))

    def test_closes_twice(self, journal: Journal) -> None:
        journal.close()
        journal.close()


class TestFakeJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> FakeJournal:
        return FakeJournal()


class TestSqliteJournal(JournalContract):
    @pytest.fixture
    def journal(self, tmp_path: Path) -> Iterator[SqliteJournal]:
        journal = SqliteJournal(tmp_path / "journal.db", b"k" * 32, FakeIdSource())
        yield journal
        journal.close()

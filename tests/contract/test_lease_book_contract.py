"""What every lease book does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import pytest

from edge_agent.adapters.journal_schema import MIGRATIONS
from edge_agent.adapters.journal_sqlite import MANNER, SqliteJournal
from edge_agent.adapters.lease_book_sqlite import SqliteLeaseBook
from edge_agent.adapters.sqlite_file import SqliteFile
from edge_agent.ports.journal import Journal
from edge_agent.ports.lease_book import LeaseBook
from retail_core.loyalty.cap_sharing import END, NEVER_TOLD, CapDays
from retail_core.loyalty.lease_box import BoxLeases, Held
from retail_core.loyalty.leases import LeaseKey, Right, RightKind
from tests.factories.shop_floor import make_draft
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.lease_book import FakeLeaseBook

DEVICE, BOOT = UUID(int=1), UUID(int=2)
HARD = Held(LeaseKey(Right(RightKind.POINTS, UUID(int=3)), DEVICE, 1, 1), 50)
TIMED = replace(HARD, key=replace(HARD.key, nth=2), boot=BOOT, until_mono_ms=9_000)
COUPON = Held(LeaseKey(Right(RightKind.COUPON, UUID(int=4)), DEVICE, 1, 1), 1, closed=True)

Books = tuple[Journal, LeaseBook]


def state(*held: Held, epoch: int = 1, boot: UUID | None = BOOT) -> BoxLeases:
    return BoxLeases(DEVICE, epoch, boot, MappingProxyType({one.key: one for one in held}))


class LeaseBookContract:
    """The suite; a subclass provides `books`."""

    def test_begins_with_nothing_and_nobody_let_in(self, books: Books) -> None:
        assert books[1].load() == BoxLeases(DEVICE, caps=NEVER_TOLD)

    def test_gives_back_what_was_put_in(self, books: Books) -> None:
        journal, book = books
        held = state(HARD, TIMED, COUPON)
        journal.append([make_draft()], beside=book.change(book.load(), held))
        assert book.load() == held

    def test_changes_and_forgets(self, books: Books) -> None:
        journal, book = books
        first = state(HARD, TIMED)
        journal.append([], beside=book.change(book.load(), first))
        spent = replace(HARD, spent=20)
        second = state(spent, epoch=2, boot=None)
        journal.append([make_draft()], beside=book.change(first, second))
        assert book.load() == second

    def test_keeps_the_days_whose_caps_are_shared(self, books: Books) -> None:
        journal, book = books
        alone = replace(state(HARD), caps=CapDays(2))
        journal.append([], beside=book.change(book.load(), alone))
        assert book.load() == alone
        shared = replace(alone, caps=CapDays(3, ((20260801, 20260805), (20260901, END))))
        journal.append([], beside=book.change(alone, shared))
        assert book.load() == shared

    def test_a_change_that_is_not_journalled_is_none(self, books: Books) -> None:
        journal, book = books
        book.change(book.load(), state(HARD))
        assert book.load() == BoxLeases(DEVICE, caps=NEVER_TOLD)
        assert journal.next_seq() == 1

    def test_goes_into_a_new_epoch_with_the_journal(self, books: Books) -> None:
        journal, book = books
        journal.append([make_draft()])
        before = journal.epoch
        after = state(HARD, boot=None)
        assert journal.begin_epoch(beside=book.change(book.load(), after)) == journal.epoch
        assert journal.epoch != before
        assert (book.load(), journal.next_seq(), journal.depth()) == (after, 2, 1)

    def test_a_new_epoch_has_no_gap(self, books: Books) -> None:
        journal, _ = books
        journal.append([make_draft() for _ in range(4)])
        journal.mark_acked([(1, 1), (3, 3)])
        journal.begin_epoch()
        assert [one.seq for one in journal.unacked(from_seq=1, limit=9)] == [2, 3, 4]
        journal.mark_acked([(2, 4)])
        journal.begin_epoch()
        assert journal.depth() == 0


class TestFakeLeaseBook(LeaseBookContract):
    @pytest.fixture
    def books(self) -> Books:
        return FakeJournal(), FakeLeaseBook(DEVICE)


class TestSqliteLeaseBook(LeaseBookContract):
    @pytest.fixture
    def books(self, tmp_path: Path) -> Iterator[Books]:
        journal = SqliteJournal(tmp_path / "journal.db", b"k" * 32, FakeIdSource())
        yield journal, SqliteLeaseBook(journal.file, DEVICE)
        journal.close()

    def test_the_file_itself_refuses_an_overspent_lease_and_the_sale_with_it(
        self, tmp_path: Path
    ) -> None:
        journal = SqliteJournal(tmp_path / "journal.db", b"k" * 32, FakeIdSource())
        book = SqliteLeaseBook(journal.file, DEVICE)
        journal.append([], beside=book.change(book.load(), state(HARD)))
        wrong = state(replace(HARD, spent=51))
        with pytest.raises(Exception, match="CHECK"):
            journal.append([make_draft()], beside=book.change(state(HARD), wrong))
        assert (book.load(), journal.next_seq(), journal.depth()) == (state(HARD), 1, 0)
        journal.close()

    @pytest.mark.parametrize(("epochs", "caps"), [((4,), CapDays()), ((), NEVER_TOLD)])
    def test_a_file_of_before_counts_alone_if_it_was_let_in(
        self, tmp_path: Path, epochs: tuple[int, ...], caps: CapDays
    ) -> None:
        old = SqliteFile(tmp_path / "journal.db", b"k" * 32, MIGRATIONS[:-1], MANNER)
        for epoch in epochs:
            old.writer.execute("INSERT INTO lease_tenure VALUES (1, ?, NULL)", (epoch,))
        old.close()
        journal = SqliteJournal(tmp_path / "journal.db", b"k" * 32, FakeIdSource())
        assert SqliteLeaseBook(journal.file, DEVICE).load().caps == caps
        journal.close()

    def test_survives_a_restart_with_the_epoch(self, tmp_path: Path) -> None:
        path = tmp_path / "journal.db"
        journal = SqliteJournal(path, b"k" * 32, FakeIdSource())
        book = SqliteLeaseBook(journal.file, DEVICE)
        epoch = journal.begin_epoch(beside=book.change(book.load(), state(HARD)))
        journal.close()
        again = SqliteJournal(path, b"k" * 32, FakeIdSource())
        assert again.epoch == epoch
        assert SqliteLeaseBook(again.file, DEVICE).load() == state(HARD)
        again.close()

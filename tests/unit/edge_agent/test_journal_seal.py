"""A journal that was set back: what its seal notices at the start, and what it cannot."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.adapters.journal_seal import JournalSeal, SealFound
from edge_agent.adapters.journal_sqlite import SqliteJournal
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import Box
from tests.factories.shop_floor import make_draft, make_id
from tests.fakes.ids import FakeIdSource

KEY = b"k" * 32
BOARD = b"this board"
JOURNAL_FILES = ("journal.db", "journal.db-wal", "journal.db-shm")


class Card:
    """A memory card with a journal and its seal, and a stick with another."""

    def __init__(self, folder: Path) -> None:
        self.card, self.stick = folder / "card", folder / "stick"
        self.stick.mkdir(parents=True)
        self.images = folder / "images"

    def run(
        self,
        work: Callable[[SqliteJournal, JournalSeal], object] = lambda _journal, _seal: None,
        *,
        stick: bool = False,
        board: bytes = BOARD,
        stops: bool = True,
    ) -> SealFound:
        """Start, work, stop or lose power; return what the seal said at the start."""
        journal = SqliteJournal(self.card / "journal.db", KEY, FakeIdSource())
        places = [self.card / "journal.seal", *([self.stick / "seal"] if stick else [])]
        seal = JournalSeal(journal, places, KEY, board)
        work(journal, seal)
        if stops:
            seal.turn()
        journal.close()
        return seal.found

    def image(self, name: str = "old") -> None:
        """Keep a copy of the card as it is now, also while the box runs."""
        shutil.copytree(self.card, self.images / name)

    def set_back(self, name: str = "old", *, journal_alone: bool = False) -> None:
        """Put the copy in place of the card, or only the journal in place of the journal."""
        for path in self.card.iterdir():
            if not journal_alone or path.name in JOURNAL_FILES:
                path.unlink()
        for path in (self.images / name).iterdir():
            if not journal_alone or path.name in JOURNAL_FILES:
                shutil.copy(path, self.card / path.name)


def sell(journal: SqliteJournal, _seal: object = None) -> None:
    journal.append([make_draft(event_id=make_id())])


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def test_a_whole_journal_is_whole_after_a_stop_and_after_a_power_cut(card: Card) -> None:
    assert card.run(sell) is SealFound.NEW
    assert card.run(sell, stops=False) is SealFound.WHOLE
    assert card.run() is SealFound.WHOLE


def test_an_older_journal_put_back_alone_is_noticed(card: Card) -> None:
    card.run(sell)
    card.image()
    card.run(sell)
    card.set_back(journal_alone=True)
    assert card.run() is SealFound.SET_BACK
    assert card.run() is SealFound.WHOLE, "told once"


def test_one_from_before_a_start_is_noticed_even_when_nothing_was_sold(card: Card) -> None:
    card.run(sell)
    card.image()
    card.run()
    card.set_back(journal_alone=True)
    assert card.run() is SealFound.SET_BACK


def test_an_image_of_the_same_run_is_noticed_from_the_last_sealing_on(card: Card) -> None:
    def work(journal: SqliteJournal, seal: JournalSeal) -> None:
        sell(journal)
        card.image()
        sell(journal)
        seal.turn()

    card.run(work, stops=False)
    card.set_back(journal_alone=True)
    assert card.run() is SealFound.SET_BACK


def test_another_past_of_the_same_length_is_noticed(card: Card) -> None:
    card.run(sell)
    card.image()
    card.run(sell)
    shutil.copy(card.card / "journal.seal", card.images / "newest")
    card.set_back()
    card.run(sell)
    card.run(sell)  # as many starts and more records, but others
    shutil.copy(card.images / "newest", card.card / "journal.seal")
    assert card.run() is SealFound.SET_BACK


def test_a_card_set_back_whole_is_noticed_by_a_seal_elsewhere(card: Card) -> None:
    card.run(sell, stick=True)
    card.image()
    card.run(sell, stick=True)
    card.set_back()
    assert card.run(stick=True) is SealFound.SET_BACK


def test_a_card_set_back_whole_is_not_noticed_without_one(card: Card) -> None:
    card.run(sell)
    card.image()
    card.run(sell)
    card.set_back()
    assert card.run() is SealFound.WHOLE, "the cloud's high-water mark finds it, nothing here can"


@pytest.mark.parametrize("spoil", ["taken away", "cut short", "of another board"])
def test_a_seal_that_is_gone_is_told_and_made_anew(card: Card, spoil: str) -> None:
    card.run(sell)
    seal = card.card / "journal.seal"
    if spoil == "taken away":
        seal.unlink()
    elif spoil == "cut short":
        seal.write_bytes(seal.read_bytes()[:-1])
    board = b"other" if spoil == "of another board" else BOARD
    assert card.run(board=board) is SealFound.GONE
    assert card.run(board=board) is SealFound.WHOLE


def test_a_stick_that_is_pulled_out_stops_nothing(card: Card) -> None:
    card.run(sell, stick=True)
    shutil.rmtree(card.stick)
    assert card.run(sell, stick=True) is SealFound.GONE


def test_a_pruned_journal_is_whole(card: Card) -> None:
    def work(journal: SqliteJournal, _seal: JournalSeal) -> None:
        journal.mark_acked([(1, 1)])
        assert journal.prune(acked_before_wall_ms=2**61) == 1

    card.run(sell)
    card.run(work, stops=False)
    assert card.run() is SealFound.WHOLE


def test_a_box_with_an_older_journal_says_so_and_begins_a_new_epoch(tmp_path: Path) -> None:
    folder, image = tmp_path / "box", tmp_path / "image"
    with Box(folder) as box:
        data = box.settings.config.data_dir
        epoch = box.storage.journal.epoch
        first = box.storage.journal.append([make_draft(event_id=make_id())])
    shutil.copytree(data, image)
    with Box(folder) as box:
        box.storage.journal.append([make_draft(event_id=make_id()) for _ in range(3)])
        assert FaultCode.JOURNAL_SET_BACK not in codes(box)
    for name in JOURNAL_FILES:
        (data / name).unlink(missing_ok=True)
    shutil.copy(image / "journal.db", data / "journal.db")
    with Box(folder) as box:
        journal = box.storage.journal
        assert FaultCode.JOURNAL_SET_BACK in codes(box)
        assert journal.epoch != epoch
        assert not box.agent.services.leases.admitted()
        assert journal.record(first[0].seq) is not None
        (sold,) = journal.append([make_draft(event_id=make_id())])
        assert sold.seq == journal.next_seq() - 1
        assert journal.verify() == sold.seq
        epoch = journal.epoch
    with Box(folder) as box:
        assert box.storage.journal.epoch == epoch
        assert FaultCode.JOURNAL_SET_BACK not in codes(box)


def codes(box: Box) -> set[str]:
    return {reason.code for reason in box.agent.surface.wellbeing.view().reasons}

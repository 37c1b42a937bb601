"""The journal's file: what survives, what is noticed, what is refused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.adapters.journal_sqlite import PAGE, SqliteJournal
from edge_agent.ports.journal import StoredAnswer
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.shop_floor import make_draft, make_id, make_sale
from tests.fakes.ids import FakeIdSource

KEY = b"k" * 32


def open_journal(path: Path, *, seed: int = 0, key: bytes = KEY) -> SqliteJournal:
    return SqliteJournal(path, key, FakeIdSource(seed))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    journal = open_journal(path)
    yield journal
    journal.close()


def raw(path: Path) -> apsw.Connection:
    """The file opened past the adapter, as a fault of the disk would change it."""
    connection = apsw.Connection(str(path))
    connection.pragma("cipher", "chacha20")
    connection.pragma("key", "raw:" + KEY.hex())
    return connection


def test_everything_is_there_after_a_restart(path: Path) -> None:
    first = open_journal(path)
    records = first.append(
        [make_draft(), make_draft()], answer=("key", StoredAnswer(b"b", 200, b"{}"))
    )
    first.mark_acked([(1, 1)])
    epoch = first.epoch
    first.close()
    again = open_journal(path, seed=1)
    assert again.epoch == epoch
    assert again.unacked(from_seq=0, limit=9) == records[1:]
    assert again.answer("key") == StoredAnswer(b"b", 200, b"{}")
    (third,) = again.append([make_draft()])
    assert (third.seq, third.prev_hash) == (3, records[1].hash)
    assert again.verify() == 3
    again.close()


def test_a_new_file_is_a_new_epoch(tmp_path: Path) -> None:
    journals = [open_journal(tmp_path / f"{seed}.db", seed=seed) for seed in range(3)]
    assert len({journal.epoch for journal in journals}) == 3
    for journal in journals:
        journal.close()


def test_nothing_of_it_can_be_read_without_the_key(path: Path, journal: SqliteJournal) -> None:
    sale = make_sale()
    journal.append([make_draft(sale=sale)])
    journal.close()
    content = path.read_bytes()
    assert sale.receipt_id not in content
    assert sale.lines[0].name.encode() not in content
    assert not content.startswith(b"SQLite format 3")
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_boxs_key_is_named(path: Path, journal: SqliteJournal) -> None:
    journal.append([make_draft()])
    journal.close()
    with pytest.raises(Fault) as caught:
        open_journal(path, key=b"x" * 32)
    assert caught.value.code == FaultCode.DISK_KEY_WRONG
    assert open_journal_depth(path) == 1


def open_journal_depth(path: Path) -> int:
    journal = open_journal(path)
    try:
        return journal.depth()
    finally:
        journal.close()


def test_a_newer_releases_file_is_not_touched(path: Path, journal: SqliteJournal) -> None:
    journal.close()
    connection = raw(path)
    connection.execute("INSERT INTO schema_version VALUES (99)")
    connection.close()
    with pytest.raises(Fault) as caught:
        open_journal(path)
    assert caught.value.code == FaultCode.SETUP_CONFIG_INVALID


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE record SET event = zeroblob(length(event)) WHERE seq = 2",
        "UPDATE record SET hash = zeroblob(32) WHERE seq = 2",
        "UPDATE record SET prev_hash = zeroblob(32) WHERE seq = 2",
        "UPDATE record SET crc = crc + 1 WHERE seq = 2",
    ],
)
def test_a_damaged_record_is_found_when_read_and_stops_writing(path: Path, damage: str) -> None:
    first = open_journal(path)
    first.append([make_draft() for _ in range(3)])
    first.close()
    connection = raw(path)
    connection.execute(damage)
    connection.close()
    journal = open_journal(path)
    before = journal.fault
    assert before is None, "the head is whole"
    with pytest.raises(Fault) as caught:
        journal.unacked(from_seq=1, limit=3)
    assert caught.value.code == FaultCode.DISK_JOURNAL_CORRUPT
    assert caught.value.fields == {"seq": 2}
    with pytest.raises(Fault) as refused:
        journal.append([make_draft()])
    assert refused.value.code == FaultCode.DISK_JOURNAL_CORRUPT
    assert journal.fault is not None
    assert journal.next_seq() == 4
    journal.close()


def test_a_damaged_head_is_found_at_once(path: Path) -> None:
    first = open_journal(path)
    first.append([make_draft() for _ in range(3)])
    first.close()
    connection = raw(path)
    connection.execute("DELETE FROM record WHERE seq = 3")
    connection.close()
    journal = open_journal(path)
    assert journal.fault is not None
    with pytest.raises(Fault):
        journal.append([make_draft()])
    journal.close()


def test_a_journal_emptied_behind_its_back_is_found(path: Path) -> None:
    first = open_journal(path)
    first.append([make_draft() for _ in range(3)])
    first.close()
    connection = raw(path)
    connection.execute("DELETE FROM record")
    connection.close()
    journal = open_journal(path)
    assert journal.fault is not None
    journal.close()


def test_a_journal_pruned_to_nothing_is_whole(path: Path) -> None:
    first = open_journal(path)
    first.append([make_draft() for _ in range(3)])
    first.mark_acked([(1, 3)])
    assert first.prune(acked_before_wall_ms=2**62) == 3
    first.close()
    journal = open_journal(path)
    assert journal.fault is None
    assert journal.next_seq() == 4
    assert journal.verify() == 0
    journal.close()


def test_a_second_agent_on_the_same_folder_is_kept_out(path: Path, journal: SqliteJournal) -> None:
    with pytest.raises(Fault) as caught:
        open_journal(path)
    assert caught.value.code == FaultCode.SETUP_CONFIG_INVALID
    journal.append([make_draft()])
    journal.close()
    assert open_journal_depth(path) == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(Fault) as caught:
        open_journal(tmp_path / "journal.db")
    assert caught.value.code == FaultCode.SETUP_CONFIG_INVALID


def test_a_long_journal_is_read_whole(journal: SqliteJournal) -> None:
    journal.append([make_draft(event_id=make_id()) for _ in range(2 * PAGE + 3)])
    assert [record.seq for record in journal.records()] == list(range(1, 2 * PAGE + 4))
    assert len(journal.records(type_="sale", since_seq=PAGE)) == PAGE + 3
    assert journal.verify() == 2 * PAGE + 3


def test_a_record_taken_out_of_the_middle_breaks_the_chain(path: Path) -> None:
    first = open_journal(path)
    first.append([make_draft() for _ in range(3)])
    first.close()
    connection = raw(path)
    connection.execute("DELETE FROM record WHERE seq = 2")
    connection.close()
    journal = open_journal(path)
    with pytest.raises(Fault) as caught:
        journal.verify()
    assert caught.value.code == FaultCode.WIRE_CHAIN_BROKEN
    journal.close()


def test_flipped_bytes_on_the_card_are_named(path: Path) -> None:
    journal = open_journal(path)
    journal.append([make_draft() for _ in range(200)])
    journal.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    path.write_bytes(content)
    damaged = open_journal(path)
    with pytest.raises(Fault) as caught:
        damaged.records()
    assert caught.value.code == FaultCode.DISK_JOURNAL_CORRUPT
    damaged.close()


def test_a_full_disk_keeps_nothing_of_the_call(journal: SqliteJournal) -> None:
    journal.append([make_draft()])
    pages = journal._file.writer.pragma("page_count")
    journal._file.writer.pragma("max_page_count", pages)
    with pytest.raises(Fault) as caught:
        journal.append(
            [make_draft() for _ in range(200)], answer=("key", StoredAnswer(b"b", 200, b""))
        )
    assert caught.value.code == FaultCode.DISK_FULL
    assert journal.depth() == 1
    assert journal.answer("key") is None
    journal._file.writer.pragma("max_page_count", 2**30)
    (second,) = journal.append([make_draft()])
    assert second.seq == 2
    assert journal.verify() == 2


def test_an_event_too_large_for_a_frame_is_refused_whole(journal: SqliteJournal) -> None:
    good, bad = make_draft(), make_draft()
    with pytest.raises(Fault) as caught:
        journal.append([good, type(bad)(bad.event_id, bad.type, bad.at, b"\xc6" * 300_000)])
    assert caught.value.code == FaultCode.WIRE_TOO_LARGE
    assert journal.depth() == 0


def test_threads_get_one_chain_without_holes(journal: SqliteJournal) -> None:
    def sell(_number: int) -> int:
        (record,) = journal.append([make_draft(event_id=ids.uuid7())])
        journal.unacked(from_seq=1, limit=5)
        return record.seq

    ids = FakeIdSource(seed=5)
    with ThreadPoolExecutor(4) as pool:
        seqs = list(pool.map(sell, range(60)))
    assert sorted(seqs) == list(range(1, 61))
    assert journal.verify() == 60


@settings(max_examples=20, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(1, 4)),
            st.tuples(st.just("ack"), st.integers(1, 12)),
            st.tuples(st.just("prune"), st.just(0)),
            st.tuples(st.just("reopen"), st.just(0)),
        ),
        max_size=12,
    )
)
def test_the_chain_holds_whatever_is_done(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("chain") / "journal.db"
    journal = open_journal(path)
    written = 0
    for step, number in steps:
        if step == "append":
            journal.append([make_draft(event_id=make_id()) for _ in range(number)])
            written += number
        elif step == "ack":
            journal.mark_acked([(1, number)])
        elif step == "prune":
            journal.prune(acked_before_wall_ms=2**62)
        else:
            journal.close()
            journal = open_journal(path, seed=1)
    assert journal.next_seq() == written + 1
    journal.verify()
    waiting = [record.seq for record in journal.unacked(from_seq=0, limit=100)]
    assert journal.depth() == len(waiting)
    assert waiting == list(range(journal.lowest_unacked(), written + 1))
    journal.close()

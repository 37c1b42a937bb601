"""Callers at the same moment share one sync, and nothing else."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.adapters.group_commit import PARTS_MAX, GroupCommit
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.ports.journal import StoredAnswer
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.shop_floor import make_draft, make_id
from tests.factories.waiting import eventually
from tests.fakes.ids import FakeIdSource

TILLS = 4


class Table:
    """A table, its shared commits, and how many of them there were."""

    def __init__(self, path: Path) -> None:
        self.db = apsw.Connection(str(path))
        self.db.pragma("journal_mode", "WAL")
        self.db.pragma("foreign_keys", "ON")
        self.db.execute("CREATE TABLE number (n INTEGER PRIMARY KEY)")
        self.db.execute(
            "CREATE TABLE half (of INTEGER REFERENCES number DEFERRABLE INITIALLY DEFERRED)"
        )
        self.lock = threading.RLock()
        self.commits = GroupCommit(self.db, self.lock)
        self.count = 0
        self.db.set_commit_hook(self._committed)

    def _committed(self) -> bool:
        self.count += 1
        return False

    def write(self, number: int, beside: Callable[[], object] = lambda: None) -> None:
        with self.commits.part() as db:
            db.execute("INSERT INTO number VALUES (?)", (number,))
            beside()

    def held(self) -> set[int]:
        return {number for (number,) in self.db.execute("SELECT n FROM number")}

    def together(self, *parts: Callable[[], object]) -> list[Future[object]]:
        """Run all of them so that each is on its way before the first can write."""
        with ThreadPoolExecutor(len(parts)) as pool:
            with self.lock:
                running = [pool.submit(part) for part in parts]
                eventually(lambda: self.commits._coming == len(parts))
            return running


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    table = Table(tmp_path / "numbers.db")
    yield table
    table.db.close()


def outcomes(running: list[Future[object]]) -> list[type | None]:
    return [None if one.exception() is None else type(one.exception()) for one in running]


def test_a_caller_alone_commits_at_once(table: Table) -> None:
    table.write(1)
    table.write(2)
    assert (table.held(), table.count) == ({1, 2}, 2)


def test_callers_at_the_same_moment_share_one_commit(table: Table) -> None:
    running = table.together(*(lambda n=n: table.write(n) for n in range(TILLS)))
    assert outcomes(running) == [None] * TILLS
    assert (table.held(), table.count) == (set(range(TILLS)), 1)


def test_one_callers_fault_takes_back_its_own_part_alone(table: Table) -> None:
    def refuse() -> None:
        raise Fault(FaultCode.LEASE_SHORT)

    running = table.together(
        lambda: table.write(1),
        lambda: table.write(2, refuse),
        lambda: table.write(3),
        lambda: table.write(4, lambda: table.db.execute("INSERT INTO number VALUES (4)")),
    )
    assert outcomes(running) == [None, Fault, None, apsw.ConstraintError]
    assert (table.held(), table.count) == ({1, 3}, 1)


def test_a_commit_that_fails_fails_for_everyone_in_it(table: Table) -> None:
    running = table.together(
        lambda: table.write(1),
        lambda: table.write(2, lambda: table.db.execute("INSERT INTO half VALUES (99)")),
    )
    assert outcomes(running) == [apsw.ConstraintError] * 2
    assert table.held() == set()
    table.write(3)
    assert table.held() == {3}


def test_a_transaction_ended_by_the_disk_ends_for_everyone_in_it(table: Table) -> None:
    def ended() -> None:
        table.db.execute("ROLLBACK")  # as SQLite itself does when the disk refuses a page
        raise apsw.FullError

    running = table.together(lambda: table.write(1), lambda: table.write(2, ended))
    assert apsw.FullError in outcomes(running)
    assert table.held() <= {1}, "what stands was committed in another group"
    for part, outcome in zip((1, 2), outcomes(running), strict=True):
        assert (part in table.held()) == (outcome is None)


def test_a_commit_that_cannot_even_be_taken_back_is_told_to_nobody() -> None:
    class Dying:
        """A disk that refuses the commit, then the way back."""

        in_transaction = True

        def execute(self, sql: str) -> None:
            if sql in {"COMMIT", "ROLLBACK"}:
                raise apsw.IOError(sql)

    commits = GroupCommit(cast("apsw.Connection", Dying()), threading.RLock())
    commits._coming = 1  # somebody else is on the way, so the first waits for the group

    def first() -> None:
        with commits.part():
            pass

    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(first)
        eventually(lambda: commits._group is not None and commits._group.parts == 1)
        with pytest.raises(apsw.IOError), commits._lock:
            commits.close()
        assert isinstance(told.exception(), apsw.IOError)


def test_a_group_has_an_end(table: Table) -> None:
    count = PARTS_MAX + 6
    running = table.together(*(lambda n=n: table.write(n) for n in range(count)))
    assert outcomes(running) == [None] * count
    assert table.count == 2


def test_a_lone_transaction_first_ends_what_is_open(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", b"k" * 32, FakeIdSource())
    journal.append([make_draft()])
    file = journal.file
    with ThreadPoolExecutor(2) as pool:
        with file.write_lock:
            one = pool.submit(journal.append, [make_draft(event_id=make_id())])
            eventually(lambda: file._commits._coming == 1)
            file._commits._coming += 1  # somebody who is on the way and does not come
        eventually(lambda: file.writer.in_transaction)
        assert not one.done()
        journal.begin_epoch()
        assert one.result()[0].seq == 2
        file._commits._coming -= 1
    assert journal.verify() == 2
    journal.close()


Step = tuple[str, int]
plans = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["sale", "two", "again", "fault", "key", "ack"]), st.integers(0, 5)
        ),
        min_size=1,
        max_size=6,
    ),
    min_size=2,
    max_size=TILLS,
)


class Till:
    """Does its steps and remembers what it was told."""

    def __init__(self, journal: SqliteJournal, number: int) -> None:
        self.journal = journal
        self.number = number
        self.told: dict[int, Any] = {}
        self.answers: dict[str, tuple[bytes, bytes]] = {}

    def run(self, steps: list[Step]) -> None:
        for kind, number in steps:
            getattr(self, f"_{kind}")(number)

    def _sale(self, _number: int) -> None:
        self._keep(self.journal.append([make_draft(event_id=make_id())]))

    def _two(self, _number: int) -> None:
        self._keep(self.journal.append([make_draft(event_id=make_id()) for _ in "ab"]))

    def _again(self, _number: int) -> None:
        for record in list(self.told.values())[-1:]:
            (again,) = self.journal.append([record.draft])
            assert (again.seq, again.hash) == (record.seq, record.hash)

    def _fault(self, _number: int) -> None:
        def refuse(_db: object) -> None:
            raise Fault(FaultCode.LEASE_SHORT)

        with pytest.raises(Fault):
            self.journal.append([make_draft(event_id=make_id())], beside=refuse)

    def _key(self, number: int) -> None:
        key, body = f"{self.number}-{number}", b"%d" % number
        seqs: list[int] = []

        def answered(seq: int) -> tuple[str, StoredAnswer]:
            seqs.append(seq)
            return key, StoredAnswer(body, 200, b"%d" % seq)

        records = self.journal.append([make_draft(event_id=make_id())], answer=answered)
        if records:
            assert records[0].seq == seqs[-1]
            self.answers[key] = (body, b"%d" % seqs[-1])
        self._keep(records)

    def _ack(self, number: int) -> None:
        self.journal.mark_acked([(1, number)])

    def _keep(self, records: tuple[Any, ...]) -> None:
        self.told |= {record.seq: record for record in records}


@settings(max_examples=15, deadline=None)
@given(plans=plans)
def test_order_chain_and_answers_are_exact_whoever_writes_beside_whom(
    plans: list[list[Step]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("tills") / "journal.db"
    journal = SqliteJournal(path, b"k" * 32, FakeIdSource())
    tills = [Till(journal, number) for number in range(len(plans))]
    with ThreadPoolExecutor(len(plans)) as pool:
        for done in [pool.submit(till.run, plan) for till, plan in zip(tills, plans, strict=True)]:
            done.result()
    kept = {record.seq: record for record in journal.records()}
    told = {seq: record for till in tills for seq, record in till.told.items()}
    assert list(kept) == list(range(1, len(told) + 1)), "a fault leaves no hole"
    assert {seq: one.hash for seq, one in kept.items()} == {
        seq: one.hash for seq, one in told.items()
    }
    assert journal.verify() == len(told)
    assert journal.next_seq() == len(told) + 1
    for till in tills:
        for key, (body, said) in till.answers.items():
            assert journal.answer(key) == StoredAnswer(body, 200, said)
    journal.close()

"""A disk that is full: money commits out of room kept for it, and the end of that is told."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edge_agent.adapters.baskets_sqlite import SqliteBaskets
from edge_agent.adapters.disk_reserve import STEPS, DiskReserve
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.replica_file import ReplicaFile
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.adapters.replica_steady import SteadyReplica
from edge_agent.ports.journal import Draft, StoredAnswer
from retail_core.errors import Fault
from retail_core.sync.urgency import Urgency, urgency_of
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.snapshot import HeldRow
from tests.factories.shop_floor import SOAP, make_draft, make_id, make_record
from tests.fakes.ids import FakeIdSource

RESERVE = 512 * 1_024
KEY = b"k" * 32


def refused(times: int) -> Callable[[], str]:
    """A write that finds the disk full so many times."""
    left = iter(range(times))

    def write() -> str:
        if next(left, None) is not None:
            raise Fault(FaultCode.DISK_FULL)
        return "written"

    return write


@pytest.fixture
def reserve(tmp_path: Path) -> DiskReserve:
    return DiskReserve(tmp_path / "box" / "journal.reserve", RESERVE)


def test_the_reserve_is_really_on_the_disk(reserve: DiskReserve, tmp_path: Path) -> None:
    stat = (tmp_path / "box" / "journal.reserve").stat()
    assert stat.st_size == RESERVE <= stat.st_blocks * 512
    assert (reserve.left, reserve.noted(), reserve.fault) == (RESERVE, (), None)


def test_money_takes_it_step_by_step_and_the_end_is_told(reserve: DiskReserve) -> None:
    assert reserve.insist(refused(2), Urgency.MONEY) == "written"
    assert reserve.left == RESERVE - 2 * (RESERVE // STEPS)
    assert [one.code for one in reserve.noted()] == [FaultCode.DISK_ON_RESERVE]
    with pytest.raises(Fault) as caught:
        reserve.insist(refused(STEPS), Urgency.MONEY)
    assert caught.value.code == FaultCode.DISK_RESERVE_GONE
    assert (reserve.left, reserve.fault) == (0, None), "there is room on this disk again"
    reserve.fill()
    assert (reserve.left, reserve.noted()) == (RESERVE, ())


@pytest.mark.parametrize(
    ("urgency", "left", "code"),
    [
        (Urgency.MEMBERSHIP, 0.5, FaultCode.DISK_FULL),
        (Urgency.TELEMETRY, 1, FaultCode.TELEMETRY_DROPPED),
    ],
)
def test_others_take_less_of_it(
    reserve: DiskReserve, urgency: Urgency, left: float, code: FaultCode
) -> None:
    with pytest.raises(Fault) as caught:
        reserve.insist(refused(99), urgency)
    assert caught.value.code == code
    assert (reserve.left, reserve.refused) == (RESERVE * left, {urgency: 1})


def test_what_is_not_about_room_takes_nothing(reserve: DiskReserve) -> None:
    def write() -> None:
        raise Fault(FaultCode.DISK_JOURNAL_CORRUPT, seq=1)

    with pytest.raises(Fault):
        reserve.insist(write, Urgency.MONEY)
    assert reserve.left == RESERVE


def test_every_event_has_a_class() -> None:
    classes = {type_: urgency_of(type_) for type_ in EventType}
    assert classes[EventType.SALE] is classes[EventType.REFUND] is Urgency.MONEY
    assert classes[EventType.CONSENT_GIVEN] is Urgency.MEMBERSHIP
    assert classes[EventType.TILL_AGREEMENT] is Urgency.TELEMETRY
    assert urgency_of("of tomorrow") is Urgency.MEMBERSHIP


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that really ends."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("a disk that fills up needs the right to mount: run as root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def filled_up(disk: Path) -> None:
    """Take all that is left, as a log gone wild does."""
    with (disk / "log").open("ab", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def sold(journal: SqliteJournal) -> None:
    draft = make_draft(event_id=make_id())
    answer = StoredAnswer(b"asked", 200, bytes(2_000))
    journal.append([draft], answer=(str(draft.event_id), answer))


def until_refused(write: Callable[[], object]) -> tuple[int, FaultCode]:
    """Write on; return how often it was done, and what ended it."""
    done = 0
    while True:
        try:
            write()
        except Fault as fault:
            return done, fault.code
        done += 1


def stopped(journal: SqliteJournal) -> FaultCode | None:
    return None if journal.fault is None else journal.fault.code


def test_a_full_disk_sells_out_of_the_reserve_until_it_is_gone(small_disk: Path) -> None:
    reserve = DiskReserve(small_disk / "journal.reserve", RESERVE)
    journal = SqliteJournal(small_disk / "journal.db", KEY, FakeIdSource(), reserve=reserve)
    baskets = SqliteBaskets(journal.file, FaultTally(), reserve)
    sold(journal)
    filled_up(small_disk)
    telemetry = Draft(make_id(), EventType.TILL_AGREEMENT, make_draft().at, make_draft().body)

    def measured() -> None:
        journal.append([replace(telemetry, event_id=make_id())])

    assert until_refused(measured)[1] == FaultCode.TELEMETRY_DROPPED
    assert reserve.refused == {Urgency.TELEMETRY: 1}
    assert (reserve.left, journal.fault) == (RESERVE, None), "telemetry took nothing of it"

    told = len(journal.records())
    sales, why = until_refused(lambda: sold(journal))
    told += sales
    assert why == FaultCode.DISK_RESERVE_GONE
    assert sales > 100
    assert stopped(journal) == FaultCode.DISK_RESERVE_GONE
    assert baskets.load() == ()
    assert journal.verify() == told

    (small_disk / "log").unlink()
    assert stopped(journal) is None, "there is room again"
    sold(journal)
    assert journal.prune(acked_before_wall_ms=0) == 0
    assert reserve.left == RESERVE
    journal.close()
    again = SqliteJournal(small_disk / "journal.db", KEY, FakeIdSource(), reserve=reserve)
    assert again.verify() == told + 1
    again.close()


def test_a_trial_finds_a_full_disk_once_no_sale_finds_room(small_disk: Path) -> None:
    reserve = DiskReserve(small_disk / "journal.reserve", RESERVE)
    journal = SqliteJournal(small_disk / "journal.db", KEY, FakeIdSource(), reserve=reserve)
    filled_up(small_disk)
    for _ in range(200):
        journal.try_out()
    assert reserve.left == RESERVE, "a trial takes nothing of what is kept for sales"
    (small_disk / "journal.reserve").unlink()
    filled_up(small_disk)
    assert until_refused(journal.try_out)[1] is FaultCode.DISK_RESERVE_GONE
    (small_disk / "log").unlink()
    journal.try_out()
    journal.close()


def test_a_trial_finds_a_card_that_has_turned_read_only(small_disk: Path) -> None:
    journal = SqliteJournal(small_disk / "journal.db", KEY, FakeIdSource())
    journal._file.writer.pragma("query_only", 1)
    with pytest.raises(Fault) as caught:
        journal.try_out()
    assert caught.value.code is FaultCode.DISK_JOURNAL_CORRUPT
    journal._file.writer.pragma("query_only", 0)
    journal.try_out()
    journal.close()


def test_a_box_that_starts_on_a_full_disk_opens_its_journal(small_disk: Path) -> None:
    reserve = DiskReserve(small_disk / "journal.reserve", RESERVE)
    journal = SqliteJournal(small_disk / "journal.db", KEY, FakeIdSource(), reserve=reserve)
    sold(journal)
    journal.close()
    filled_up(small_disk)
    again = SqliteJournal(small_disk / "journal.db", KEY, FakeIdSource(), reserve=reserve)
    sold(again)
    assert again.verify() == 2
    assert reserve.left < RESERVE
    again.close()


def test_a_disk_that_fills_up_at_the_end_of_a_snapshot_leaves_the_copy_there_was(
    small_disk: Path,
) -> None:
    replica = SqliteReplica(small_disk / "replica.db", KEY)
    replica.replace_catalogue(3, [SOAP])
    member = make_id()
    replica.put_member(member, 1, make_record())
    record = msgspec.Raw(encode_body(make_record(cards=())))
    replica.begin_load(b"manifest")
    replica.load_segment(KEY, [HeldRow(make_id().bytes, 1, record) for _ in range(500)])
    swap = replica._file.taken_by

    def too_late(other: ReplicaFile) -> None:
        filled_up(small_disk)
        swap(other)

    replica._file.taken_by = too_late  # type: ignore[method-assign]
    with pytest.raises(Fault) as caught:
        replica.finish_load(feed_epoch=1, base=9)
    assert caught.value.code is FaultCode.DISK_FULL
    assert (replica.feed_position(), replica.member_count()) == ((0, 0), 1)
    assert replica.article_by_sku(SOAP.sku) == SOAP, "the shop sells on"
    (small_disk / "log").unlink()
    replica._file.taken_by = swap  # type: ignore[method-assign]
    assert replica.begin_load(b"manifest") == frozenset(), "it begins anew"
    replica.finish_load(feed_epoch=1, base=9)
    assert (replica.feed_position(), replica.article_by_sku(SOAP.sku)) == ((1, 9), SOAP)
    replica.close()


def test_a_copy_that_found_no_room_to_be_opened_is_opened_by_who_comes_next(
    small_disk: Path,
) -> None:
    replica = SteadyReplica.opened_or_new(small_disk / "replica.db", KEY, FaultTally())
    replica.replace_catalogue(3, [SOAP])
    replica.begin_load(b"manifest")
    reopen = replica._file._reopen

    def too_late() -> None:
        filled_up(small_disk)
        reopen()

    replica._file._reopen = too_late  # type: ignore[method-assign]
    with pytest.raises(Fault):
        replica.finish_load(feed_epoch=1, base=9)
    assert replica.article_by_sku(SOAP.sku) is None, "sold at the till's price, and not refused"
    assert [one.code for one in replica.noted()] == [FaultCode.REPLICA_SICK]
    replica._file._reopen = reopen  # type: ignore[method-assign]
    (small_disk / "log").unlink()
    assert (replica.article_by_sku(SOAP.sku), replica.feed_position()) == (SOAP, (1, 9))
    assert replica.begin_load(b"manifest") == frozenset()
    replica.close()

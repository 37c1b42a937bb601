"""Nightly exports on real files: what is written, when again, and what a cut leaves."""

import csv
import gzip
import json
import shutil
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.adapters.export_files import ExportFiles
from cloud_broker.domain.export_plan import LATE_DAYS, TABLES, gone, is_due, looked_at
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.outward.exporting import (
    Exporter,
    ExportHow,
    ExportNight,
    pseudonym,
)
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock, FakeKeyRing
from tests.fakes.cloud_box import Person, SimBox
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant

DAY = date(2026, 11, 18)
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
# 2026-11-19 05:00 in Shanghai.
MORNING_MS = 1_795_035_600_000


@dataclass
class Night:
    """A chain with a shop, and its exports."""

    folder: Path
    people: bool = False
    units: FakeUnits = field(default_factory=FakeUnits)
    clock: FakeCloudClock = field(default_factory=lambda: FakeCloudClock(MORNING_MS))

    def __post_init__(self) -> None:
        self.tenant = new_tenant(self.units)
        self.box: SimBox = new_box(self.units, self.tenant)
        self.person = Person()
        self.box.enrols(self.person)
        self.box.sells(self.person, fen=12_800)
        self.books()
        self.shelf = ExportFiles(self.folder)
        how = ExportHow("Asia/Shanghai", people=self.people)
        self.exporter = Exporter(self.units, self.clock, FakeKeyRing(), self.shelf, how)

    def books(self) -> None:
        ingest = Ingest(self.units, FakeCloudClock(), FaultTally())
        ingest.book([Inbound(self.box.topic(), self.box.frame(), FakeCloudClock().now_ms())])

    def rows(self, table: str, day: date = DAY) -> list[dict[str, str]]:
        made = self.shelf.newest(self.tenant, day)
        assert made is not None
        place = self.shelf.file(self.tenant, day, made.revision, f"{table}.csv.gz")
        with gzip.open(place, "rt", encoding="utf-8", newline="") as text:
            return list(csv.DictReader(text))

    @property
    def place(self) -> Path:
        return self.folder / str(self.tenant) / str(DAY)


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(tmp_path)


def test_a_night_writes_what_the_books_hold_and_the_next_one_nothing(night: Night) -> None:
    made = night.exporter.nightly(night.tenant)
    assert [one.day for one in made] == [DAY - timedelta(days=n) for n in range(6, -1, -1)]
    assert made[-1].counted["receipts"] == (1, 12_800)
    (receipt,) = night.rows("receipts")
    assert (receipt["total_fen"], receipt["business_date"]) == ("12800", "2026-11-18")
    assert json.loads(receipt["tenders"]) == [["wechat", 12_800]]
    assert [line["sku"] for line in night.rows("lines")] == ["A1", ""]
    assert night.exporter.nightly(night.tenant) == ()


def test_nobody_is_named_and_the_same_person_is_the_same_everywhere(night: Night) -> None:
    night.exporter.nightly(night.tenant)
    (receipt,), (member,) = night.rows("receipts"), night.rows("members")
    assert receipt["member"] == member["member"] != ""
    accounts = {cell for row in night.rows("postings") for cell in (row["debit"], row["credit"])}
    assert f"member:{member['wallet']}:free" in accounts
    packed = b"".join(gzip.decompress(one.read_bytes()) for one in night.place.glob("1/*.gz"))
    for secret in (
        night.person.name,
        "138****",
        str(night.person.member),
        str(night.person.wallet),
    ):
        assert secret not in packed.decode()
    assert not list(night.place.glob("1/people*"))


def test_who_they_are_is_written_only_where_the_setting_says_so(tmp_path: Path) -> None:
    night = Night(tmp_path, people=True)
    night.exporter.nightly(night.tenant)
    (person,), (member,) = night.rows("people"), night.rows("members")
    assert person == {
        "member": member["member"],
        "member_id": str(night.person.member),
        "name": night.person.name,
        "phone_masked": "138****8000",
    }


def test_what_comes_late_is_a_revision_and_the_one_before_stays(night: Night) -> None:
    night.exporter.nightly(night.tenant)
    before = (night.place / "1" / "receipts.csv.gz").read_bytes()
    night.box.sells(fen=5_900)
    night.books()
    (late,) = night.exporter.nightly(night.tenant)
    assert (late.day, late.revision, late.counted["receipts"]) == (DAY, 2, (2, 18_700))
    assert (night.place / "1" / "receipts.csv.gz").read_bytes() == before
    assert (night.place / "2" / "members.csv.gz").read_bytes() == (
        night.place / "1" / "members.csv.gz"
    ).read_bytes()
    assert night.exporter.nightly(night.tenant) == ()


def test_the_same_rows_are_the_same_bytes(night: Night) -> None:
    first = night.exporter.day(night.tenant, DAY)
    shutil.rmtree(night.place)
    again = night.exporter.day(night.tenant, DAY)
    assert first is not None
    assert again is not None
    assert first.files == again.files


@pytest.mark.parametrize("whole", range(len(TABLES)))
def test_a_night_that_was_cut_goes_on_where_it_stopped(night: Night, whole: int) -> None:
    """Cut after each file in turn, in the middle of the next one."""
    first = night.exporter.day(night.tenant, DAY)
    assert first is not None
    begun = night.place / ".1"
    (night.place / "1").rename(begun)
    (begun / "manifest.json").unlink()
    names = list(TABLES)
    for number, name in enumerate(names):
        packed = begun / f"{name}.csv.gz"
        if number < whole:
            said = next(one for one in first.files if one.name == name)
            (begun / f"{name}.json").write_bytes(msgspec.json.encode(said))
        elif number == whole:
            packed.write_bytes(packed.read_bytes()[:20])
        else:
            packed.unlink()
    kept = [(begun / f"{name}.csv.gz").stat().st_ino for name in names[:whole]]
    again = night.exporter.day(night.tenant, DAY)
    assert again is not None
    assert again.files == first.files
    now = [(night.place / "1" / f"{name}.csv.gz").stat().st_ino for name in names[:whole]]
    assert kept == now
    assert not begun.exists()
    assert night.shelf.verify(night.tenant, DAY).revision == 1


def test_what_was_begun_before_more_came_is_thrown_away(night: Night) -> None:
    night.exporter.day(night.tenant, DAY)
    (night.place / "1").rename(night.place / ".1")
    made = json.loads((night.place / ".1" / "manifest.json").read_bytes())
    for one in made["files"]:
        (night.place / ".1" / f"{one['name']}.json").write_text(json.dumps(one))
    night.box.sells(fen=5_900)
    night.books()
    with pytest.raises(Fault) as caught:
        night.exporter.day(night.tenant, DAY)
    assert caught.value.code is FaultCode.EXPORT_MISMATCH
    assert night.shelf.days(night.tenant) == ()
    again = night.exporter.day(night.tenant, DAY)
    assert again is not None
    assert again.counted["receipts"] == (2, 18_700)


def test_damage_and_books_that_went_on_are_found(night: Night) -> None:
    made = night.exporter.day(night.tenant, DAY)
    assert made is not None
    night.exporter.check_books(night.tenant, night.shelf.verify(night.tenant, DAY))
    night.box.sells(fen=5_900)
    night.books()
    with pytest.raises(Fault) as late:
        night.exporter.check_books(night.tenant, made)
    assert late.value.code is FaultCode.EXPORT_MISMATCH
    packed = night.place / "1" / "lines.csv.gz"
    packed.write_bytes(packed.read_bytes()[:-1])
    with pytest.raises(Fault) as damaged:
        night.shelf.verify(night.tenant, DAY)
    assert damaged.value.code is FaultCode.EXPORT_DAMAGED
    with pytest.raises(Fault) as nowhere:
        night.shelf.verify(night.tenant, date(2020, 1, 1))
    assert nowhere.value.code is FaultCode.API_NOT_FOUND


def test_days_are_kept_so_long_and_no_longer(night: Night) -> None:
    night.exporter.nightly(night.tenant)
    night.clock.advance(23 * DAY_MS)
    night.exporter.nightly(night.tenant)
    assert DAY - timedelta(days=6) in night.shelf.days(night.tenant)
    night.clock.advance(DAY_MS)
    night.exporter.nightly(night.tenant)
    assert DAY - timedelta(days=6) not in night.shelf.days(night.tenant)
    assert DAY in night.shelf.days(night.tenant)


def test_the_night_waits_for_its_hour(night: Night) -> None:
    work = ExportNight(night.exporter)
    night.clock.advance(-HOUR_MS)
    assert work.run(night.tenant) == 0
    night.clock.advance(HOUR_MS)
    assert work.run(night.tenant) == LATE_DAYS
    night.box.sells(fen=5_900)
    night.books()
    assert work.run(night.tenant) == 0
    night.clock.advance(HOUR_MS)
    assert work.run(night.tenant) == 1


@given(one=st.uuids(), other=st.uuids())
def test_a_pseudonym_is_one_persons(one: UUID, other: UUID) -> None:
    key = b"k" * 32
    assert pseudonym(key, one) == pseudonym(key, str(one))
    assert (pseudonym(key, one) == pseudonym(key, other)) is (one == other)
    assert pseudonym(key, one) != pseudonym(b"x" * 32, one)
    assert str(one) not in pseudonym(key, f"member:{one}:leased:{other}:7")
    assert pseudonym(key, f"brand:{one}:liability") == f"brand:{one}:liability"
    assert pseudonym(key, None) == ""


@given(today=st.dates(date(2026, 1, 1), date(2027, 1, 1)), keep=st.integers(1, 400))
def test_what_is_looked_at_is_not_thrown_away_and_is_over(today: date, keep: int) -> None:
    days = looked_at(today, keep)
    assert gone(days, today, keep) == ()
    assert max(days) == today - timedelta(days=1)
    assert days == tuple(sorted(days))


def test_a_day_is_due_when_its_books_hold_more() -> None:
    books = dict.fromkeys(TABLES, (3, 100))
    assert is_due(books, None)
    assert not is_due(books, books)
    assert not is_due(books | {"members": (9, 0)}, books)
    assert is_due(books | {"postings": (4, 100)}, books)

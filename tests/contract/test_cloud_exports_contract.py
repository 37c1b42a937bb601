"""What every `ExportRepo` owes: a day's rows, and counts that agree with them."""

from datetime import date

import pytest

from cloud_broker.domain.export_plan import PEOPLE, TABLES, tables
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from retail_core.tally import FaultTally
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, SimBox
from tests.plugins.cloud import new_box, new_tenant

DAY, NEXT = date(2026, 11, 18), date(2026, 11, 19)


@pytest.fixture
def sold(any_units: Units) -> tuple[SimBox, Person]:
    """Return a box with two sales of the 18th and one of the 17th, refunded in part on the 19th."""
    box, person = new_box(any_units, new_tenant(any_units)), Person()
    box.enrols(person)
    first = box.sells(person, fen=12_800)
    box.sells(fen=5_900)
    box.sells(fen=1_000, business_date=20261117)
    box.refunds(first, (1, 1_000), fen=12_700)
    clock = FakeCloudClock()
    Ingest(any_units, clock, FaultTally()).book([Inbound(box.topic(), box.frame(), clock.now_ms())])
    return box, person


def test_rows_agree_with_the_books(any_units: Units, sold: tuple[SimBox, Person]) -> None:
    box, person = sold
    with any_units.begin(box.tenant) as unit:
        for day in (DAY, NEXT):
            counted = unit.exports.counted(day)
            assert counted.keys() == tables(people=True).keys()
            for name, table in tables(people=True).items():
                rows = list(unit.exports.rows(name, day))
                assert all(len(row) == len(table.columns) for row in rows)
                at = table.columns.index(table.total) if table.total else None
                total = 0 if at is None else sum(int(str(row[at])) for row in rows)
                assert counted[name] == (len(rows), total), (name, day)
        counted = unit.exports.counted(DAY)
        assert (counted["receipts"], counted["lines"]) == ((2, 18_700), (4, 18_700))
        assert unit.exports.counted(NEXT)["refunds"] == (1, 12_700)
        assert counted["postings"] == (1, 59)
        receipts = list(unit.exports.rows("receipts", DAY))
        members = list(unit.exports.rows("members", DAY))
        people = list(unit.exports.rows(PEOPLE, DAY))
    assert {row[3] for row in receipts} == {person.member, None}
    assert {row[1] for row in receipts} == {box.store}
    assert [(row[0], row[1], row[4]) for row in members] == [
        (person.member, person.wallet, box.store)
    ]
    assert people == [(person.member, person.member, person.name, "138****8000")]


def test_another_chain_sees_nothing(any_units: Units, sold: tuple[SimBox, Person]) -> None:
    assert sold
    other = new_tenant(any_units)
    with any_units.begin(other) as unit:
        assert set(unit.exports.counted(DAY).values()) == {(0, 0)}
        assert all(not list(unit.exports.rows(name, DAY)) for name in TABLES)

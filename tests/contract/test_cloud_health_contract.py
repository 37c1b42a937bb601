"""What every `HealthRepo` promises, and the book of heartbeats over it."""

from dataclasses import dataclass
from uuid import UUID

import msgspec
import pytest

from cloud_broker.domain.vitals import SPAN_MS, Span
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.presence import PresenceBook
from cloud_broker.services.line.frames import Inbound
from retail_core.tally import FaultTally
from retail_core.wire.health import BoxVitals, IssueTold
from tests.fakes.cloud_box import SimBox
from tests.plugins.cloud import new_box, new_tenant

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOON_MS = 20_000 * DAY_MS + 12 * HOUR_MS
HOT = IssueTold("H103", "", 0, {"celsius": "83"})
AWAY = IssueTold("H119", "nfc@a", 0, {"device": "nfc@a", "state": "gone"})
WELL = BoxVitals(temperature_c=50, disk_free_percent=40)


@dataclass
class Line:
    """A box whose heartbeats are written down as they come."""

    units: Units
    box: SimBox
    book: PresenceBook

    def says(self, at_ms: int, *issues: IssueTold, state: str = "ok", **said: object) -> None:
        payload = self.box.presence(state, **{"vitals": WELL, "issues": issues} | said)
        self.book.note(Inbound(self.box.topic("st"), payload, at_ms))
        self.book.write()

    def issues(self) -> list[tuple[str, str, int, int | None]]:
        with self.units.begin(self.box.tenant) as unit:
            rows = unit.health.issues(self.box.store, limit=10)
        return [(row.code, row.subject, row.raised_ms, row.cleared_ms) for row in rows]

    def spans(self, since_ms: int = 0) -> list[tuple[int, dict[str, int]]]:
        with self.units.begin(self.box.tenant) as unit:
            found = unit.health.spans(self.box.device, since_ms)
        return [(span.since_ms, dict(span.figures)) for span in found]


@pytest.fixture
def line(any_units: Units) -> Line:
    box = new_box(any_units, new_tenant(any_units))
    return Line(any_units, box, PresenceBook(any_units, FaultTally()))


def test_an_issue_is_raised_once_and_cleared_by_itself(line: Line) -> None:
    line.says(NOON_MS, HOT, AWAY)
    line.says(NOON_MS + 15_000, msgspec.structs.replace(HOT, fields={"celsius": "85"}), AWAY)
    line.says(NOON_MS + 30_000, AWAY)
    line.says(NOON_MS + 45_000, AWAY)
    assert line.issues() == [
        ("H119", "nfc@a", NOON_MS, None),
        ("H103", "", NOON_MS, NOON_MS + 30_000),
    ]
    line.says(NOON_MS + 60_000, HOT, AWAY)
    assert [row[:2] for row in line.issues()] == [("H103", ""), ("H119", "nfc@a"), ("H103", "")]
    with line.units.begin(line.box.tenant) as unit:
        standing = unit.health.standing()
    assert {(row.code, row.fields["celsius"]) for row in standing if row.code == "H103"} == {
        ("H103", "83")
    }


def test_a_silent_box_keeps_what_it_said_last(line: Line) -> None:
    line.says(NOON_MS, HOT)
    line.says(NOON_MS + 20_000, state="gone", vitals=None)
    assert line.issues() == [("H103", "", NOON_MS, None)]
    with line.units.begin(line.box.tenant) as unit:
        (now,) = unit.health.boxes(line.box.store)
    assert (now.seen_ms, now.figures["temperature_c"]) == (NOON_MS, 50)


def test_one_that_says_an_issue_twice_is_heard_once(line: Line) -> None:
    line.says(NOON_MS, HOT, HOT)
    assert len(line.issues()) == 1


def test_another_worker_takes_over_what_stands(line: Line) -> None:
    line.says(NOON_MS, HOT, AWAY)
    line.book = PresenceBook(line.units, FaultTally())
    line.says(NOON_MS + 15_000, AWAY)
    assert [row[3] for row in line.issues()] == [None, NOON_MS + 15_000]


def test_the_worst_of_ten_minutes_is_kept(line: Line) -> None:
    line.says(NOON_MS, vitals=BoxVitals(temperature_c=50, throttled=1))
    worst = BoxVitals(temperature_c=81, disk_free_percent=9, throttled=2)
    line.says(NOON_MS + 15_000, vitals=worst)
    line.says(NOON_MS + 30_000, vitals=BoxVitals(temperature_c=60, disk_free_percent=30))
    line.says(NOON_MS + SPAN_MS, vitals=BoxVitals(temperature_c=55))
    assert line.spans() == [
        (NOON_MS, {"temperature_c": 81, "disk_free_percent": 9, "throttled": 3}),
        (NOON_MS + SPAN_MS, {"temperature_c": 55}),
    ]


def test_what_is_old_is_drawn_together_and_what_is_very_old_goes(line: Line) -> None:
    device, tenant = line.box.device, line.box.tenant
    line.says(NOON_MS - 100 * DAY_MS, HOT)
    line.says(NOON_MS - 99 * DAY_MS)
    old = NOON_MS - 3 * DAY_MS
    with line.units.begin(tenant) as unit:
        unit.health.keep_spans(
            [Span(device, old + n * SPAN_MS, {"temperature_c": 40 + n}) for n in range(8)]
        )
        unit.health.keep_spans([Span(device, NOON_MS - SPAN_MS, {"queue_depth": 7})])
        assert unit.health.tidy(NOON_MS) > 0
        assert unit.health.tidy(NOON_MS) == 0
    assert line.spans() == [
        (old, {"temperature_c": 45}),
        (old + HOUR_MS, {"temperature_c": 47}),
        (NOON_MS - SPAN_MS, {"queue_depth": 7}),
    ]
    assert line.issues() == []


def test_other_boxes_are_left_alone(line: Line) -> None:
    other = new_box(line.units, line.box.tenant, "成都店")
    line.says(NOON_MS, HOT)
    line.book.note(Inbound(other.topic("st"), other.presence(vitals=WELL), NOON_MS + 1))
    line.book.write()
    assert [row[3] for row in line.issues()] == [None]
    with line.units.begin(line.box.tenant) as unit:
        unit.enrolments.retire(line.box.device, NOON_MS)
        assert unit.health.standing() == ()


def test_a_box_that_was_never_heard_stands_there_too(line: Line) -> None:
    with line.units.begin(line.box.tenant) as unit:
        (box,) = unit.health.boxes(line.box.store)
        assert unit.health.boxes(UUID(int=7)) == ()
    assert (box.device, box.seen_ms, dict(box.figures)) == (line.box.device, None, {})

"""When the night's tags are worked out, and that one bad segment keeps nobody else from it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from uuid import UUID

import pytest

from cloud_broker.ports.tags import TagRun
from cloud_broker.services.insight.nights import Nights, tags_due
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.analytic_world import TENANT, member
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_segments import segmenting
from tests.fakes.cloud_tags import FakeTagShelf

HOUR_MS = 3_600_000
# 03:40 in Shanghai.
BEGIN = int(datetime(2026, 11, 3, 19, 40, tzinfo=UTC).timestamp() * 1_000)
DAY = date(2026, 11, 4)


def nights(now_ms: int) -> tuple[Nights, FakeTagShelf, FakeCloudClock, list[UUID]]:
    shelf, clock, asked = FakeTagShelf(), FakeCloudClock(now_ms), list[UUID]()
    return Nights(clock, tags_due(shelf), asked.append, time(3, 40)), shelf, clock, asked


def test_once_a_night_and_not_by_day() -> None:
    work, shelf, clock, asked = nights(BEGIN - 1)
    assert work.run(TENANT) == 0
    clock.advance(1)
    assert work.run(TENANT) == 1
    assert work.run(TENANT) == 0
    clock.advance(24 * HOUR_MS)
    shelf.runs.append(TagRun("v", date(2026, 11, 5), 1, 1))
    assert work.run(TENANT) == 0  # somebody ran it by hand
    clock.advance(24 * HOUR_MS + 3 * HOUR_MS)
    assert work.run(TENANT) == 0  # begun too late: the next night
    assert asked == [TENANT]


def test_another_process_that_has_done_it_is_seen() -> None:
    work, shelf, _, asked = nights(BEGIN)
    shelf.runs.append(TagRun("v", DAY, 1, 1))
    assert work.run(TENANT) == 0
    assert asked == []


def test_a_night_that_failed_is_tried_again() -> None:
    shelf, clock, tries = FakeTagShelf(), FakeCloudClock(BEGIN), list[UUID]()

    def fails(tenant: UUID) -> None:
        tries.append(tenant)
        raise Fault(FaultCode.METRICS_ENGINE, engine="tags", why="exit 1")

    work = Nights(clock, tags_due(shelf), fails, time(3, 40))
    for _ in range(2):
        with pytest.raises(Fault):
            work.run(TENANT)
    assert len(tries) == 2


def test_one_bad_segment_holds_up_no_other() -> None:
    work = segmenting(FakeCloudClock(), tables={"members": [member(1)]})
    everybody = {"who": {"tag": "spend_year", "is": ">=", "value": 0}}
    made = work.create(TENANT, "都", everybody, who="li")
    bad = work.create(TENANT, "坏", everybody, who="li")
    gone = replace(bad, version=2, definition={"who": {"tag": "gone", "is": "yes"}})
    work.book.change(TENANT, gone, 1)
    ended = work.create(TENANT, "完", everybody, who="li")
    work.end(TENANT, ended.segment_id, who="li")
    looks = work.nightly(TENANT)
    assert looks.runs.keys() == {made.segment_id}
    assert looks.failed[bad.segment_id].code is FaultCode.SEGMENT_TAG
    assert looks.failed.keys() == {bad.segment_id}

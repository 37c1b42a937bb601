"""What the cloud's sync doctor says of boxes, feeds and the repair queue."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from cloud_broker.domain.sync_doctor import (
    BoxFacts,
    RepairFacts,
    box_findings,
    line_findings,
    repair_findings,
)
from cloud_broker.ports.waiting import WaitingDepth
from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.booking.sync_doctor import OpenItem, SyncDoctor
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.spans import Span
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, fresh_id
from tests.fakes.cloud_units import FakeUnits

WELL = BoxFacts(
    store=fresh_id(),
    store_name="上海店",
    device=fresh_id(),
    software="1.0",
    state="ok",
    silent_ms=2_000,
    skew_ms=-40,
    epoch=7,
    waiting=3,
    committed=((1, 40),),
    breaks=0,
    feed_pos=99,
    feed_head=100,
    feed_published=100,
)


def codes(box: BoxFacts) -> set[str]:
    return {fault.code.name for fault in box_findings(box)}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        ({"silent_ms": None, "waiting": 9_999}, set()),
        ({"silent_ms": 75_001}, {"SYNC_BOX_SILENT"}),
        ({"state": "gone", "skew_ms": 99_999}, {"SYNC_BOX_SILENT"}),
        ({"waiting": 257}, {"SYNC_BOX_WAITS"}),
        ({"committed": ((1, 40), (42, 42)), "waiting": 1}, set()),
        ({"committed": ((1, 40), (42, 42)), "waiting": 0}, {"SYNC_BOX_HOLE"}),
        ({"breaks": 1}, {"SYNC_BOX_CHAIN"}),
        ({"feed_published": 98}, {"SYNC_FEED_UNSENT"}),
        ({"feed_head": 500, "feed_published": 500}, {"SYNC_FEED_BEHIND"}),
        ({"skew_ms": 61_000}, {"SYNC_CLOCK_OFF"}),
    ],
)
def test_a_box_is_judged(changes: dict[str, object], found: set[str]) -> None:
    assert codes(replace(WELL, **changes)) == found  # type: ignore[arg-type]


def test_watermark_and_holes_are_named() -> None:
    box = replace(WELL, committed=((1, 40), (42, 50), (60, 60), (70, 71), (80, 80)), waiting=0)
    assert (box.watermark, box.holes[:2]) == (40, ((41, 41), (51, 59)))
    (hole,) = box_findings(box)
    assert "41, 51–59, 61–69 (+1)" in hole.text("zh")
    assert replace(WELL, committed=()).watermark == 0


def test_the_repair_queue_is_told_by_code_with_what_to_do() -> None:
    items = (
        RepairFacts("W101", "frame", 3, WALL_MS - 7_200_000, "…"),
        RepairFacts("later", "event", 1, WALL_MS, "a code of a newer release"),
    )
    known, newer = repair_findings(items, WALL_MS)
    assert "2 小时" in known.text("zh")
    assert "消息无法解析" in known.text("zh")
    assert "`cloud-broker sync replay --code W101`" in known.text("en")
    assert "a code of a newer release" in newer.text("en")


def test_what_no_replay_can_end_is_not_said_to_be_replayed() -> None:
    (price,) = repair_findings((RepairFacts("P143", "price", 2, WALL_MS, "…"),), WALL_MS)
    assert price.code is FaultCode.SYNC_REPAIR_LOOK
    for language, words in (("zh", "看过了"), ("en", "mark it as seen")):
        assert words in price.text(language)
        assert "sync replay" not in price.text(language)


def test_what_was_promised_and_is_not_booked_for_a_while_is_said() -> None:
    assert list(line_findings(200, WALL_MS - 5_000, WALL_MS)) == []
    (late,) = line_findings(600, WALL_MS - 7_200_000, WALL_MS)
    assert "600 条账" in late.text("zh")
    assert "2 小时" in late.text("zh")


def test_spans_are_said_in_one_unit() -> None:
    said = [(Span(ms).zh, str(Span(ms))) for ms in (-5, 59_999, 60_000, 3_600_000, 90_000_000)]
    assert said[0] == ("0 秒", "0 s")
    assert [zh for zh, _ in said[1:]] == ["59 秒", "1 分钟", "1 小时", "1 天"]
    assert said[-1][1] == "1 d"


class Reads:
    """A database that is away, or has nothing in it."""

    def __init__(self, *, away: bool = False) -> None:
        self._away = away

    def boxes(self, tenant: UUID, now_ms: int) -> tuple[BoxFacts, ...]:
        del tenant, now_ms
        if self._away:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
        return (WELL,)

    def repairs(self, tenant: UUID) -> tuple[RepairFacts, ...]:
        del tenant
        return ()

    def waiting(self, tenant: UUID) -> WaitingDepth:
        del tenant
        return WaitingDepth(0, 0, None)

    def open_items(
        self, tenant: UUID, *, codes: Sequence[str], ids: Sequence[UUID], limit: int
    ) -> tuple[OpenItem, ...]:
        del tenant, codes, ids, limit
        return (OpenItem(fresh_id(), "price", "P101"),)


def doctor_of(reads: Reads, *broken: Fault) -> SyncDoctor:
    clock = FakeCloudClock(WALL_MS)
    return SyncDoctor(reads, RepairBench(FakeUnits(), clock), clock, lambda: broken)


def test_without_a_database_the_broker_is_still_looked_at() -> None:
    away = Fault(FaultCode.SYNC_BROKER_UNREACHABLE, where="x:1", reason="refused")
    seen = doctor_of(Reads(away=True), away).examine(fresh_id)
    assert [fault.code.name for fault in seen.findings] == [
        "SYNC_DATABASE_AWAY",
        "SYNC_BROKER_UNREACHABLE",
    ]
    assert seen.boxes is None
    assert doctor_of(Reads()).examine(fresh_id).findings == ()


def test_what_only_a_person_can_judge_is_not_replayed() -> None:
    done = doctor_of(Reads()).replay(fresh_id(), codes=(), ids=(), who="cli")
    assert (done.tried, done.failed, done.to_look_at) == (0, (), 1)

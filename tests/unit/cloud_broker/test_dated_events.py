"""Events of a box that did not know the time: dated by its own counting, the original kept."""

from datetime import date, time

import msgspec

from cloud_broker.domain.arrivals import Place, day_of
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame, opened_again, single
from retail_core.clock import TimeQuality
from retail_core.wire.codec import decode_body, encode
from retail_core.wire.messages import Sale, UpFrame
from tests.fakes.cloud_box import WALL_MS, SimBox, fresh_id

HOUR_MS = 3_600_000
YEAR_MS = 365 * 24 * HOUR_MS


def place_of(box: SimBox) -> Place:
    return Place(box.device, box.store, box.legal_entity, 1, "Asia/Shanghai", time(4))


def offline_day() -> SimBox:
    """Three sales an hour apart by a box that woke in 1970."""
    box = SimBox(fresh_id(), quality=TimeQuality.UNKNOWN)
    for _ in range(3):
        box.sells(business_date=None)
    mono = [HOUR_MS * (number + 1) for number in range(3)]
    box.events = [
        msgspec.structs.replace(event, wall_ms=12_345, mono_ms=ms)
        for event, ms in zip(box.events, mono, strict=True)
    ]
    return box


def opened(box: SimBox, sent_boot: bytes | None) -> OpenFrame:
    plain = UpFrame(
        *(1, box.tenant.bytes, box.store.bytes, box.device.bytes, box.epoch, 1, bytes(32)),
        tuple(box.events),
        sent_boot=sent_boot,
        sent_mono_ms=5 * HOUR_MS,
    )
    frame = open_frame(Inbound(box.topic(), encode(plain), WALL_MS))
    assert isinstance(frame, OpenFrame)
    return frame


def test_within_a_boot_each_sale_gets_its_own_hour_and_business_date() -> None:
    box = offline_day()
    arrivals = list(opened(box, box.boot.bytes).arrivals(place_of(box)))
    assert [WALL_MS - one.happened_ms for one in arrivals] == [
        4 * HOUR_MS,
        3 * HOUR_MS,
        2 * HOUR_MS,
    ]
    assert {one.event.wall_ms for one in arrivals} == {12_345}, "what the box said is kept"
    sale = decode_body("sale", arrivals[0].event.body)
    assert isinstance(sale, Sale)
    assert day_of(arrivals[0], sale) is not None


def test_an_earlier_boot_and_an_older_box_are_dated_by_the_receipt() -> None:
    box = offline_day()
    for sent_boot in (fresh_id().bytes, None):
        arrivals = opened(box, sent_boot).arrivals(place_of(box))
        assert {one.happened_ms for one in arrivals} == {WALL_MS}


def test_a_known_time_is_never_touched() -> None:
    box = SimBox(fresh_id())
    box.sells()
    (arrival,) = opened(box, box.boot.bytes).arrivals(place_of(box))
    assert arrival.happened_ms == box.events[0].wall_ms


def test_a_clock_a_year_wrong_is_dated_by_its_own_counting() -> None:
    for ahead_ms in (YEAR_MS, -YEAR_MS):
        for quality in (TimeQuality.HOLDOVER, TimeQuality.SYNCED):
            box = SimBox(fresh_id(), quality=quality)
            box.sells(business_date=20_271_118)
            box.events = [
                msgspec.structs.replace(box.events[0], wall_ms=WALL_MS + ahead_ms, mono_ms=HOUR_MS)
            ]
            (arrival,) = opened(box, box.boot.bytes).arrivals(place_of(box))
            sale = decode_body("sale", arrival.event.body)
            assert isinstance(sale, Sale)
            assert arrival.happened_ms == WALL_MS - 4 * HOUR_MS
            assert day_of(arrival, sale) == date(2026, 11, 18)
            assert arrival.sync_ms is None, "no figure of the line's delay"
            assert arrival.event.wall_ms == WALL_MS + ahead_ms, "what the box said is kept"


def test_sales_of_an_earlier_boot_that_lie_ahead_are_dated_by_the_receipt() -> None:
    box = SimBox(fresh_id(), quality=TimeQuality.HOLDOVER)
    box.sells(business_date=20_271_118)
    box.events = [msgspec.structs.replace(box.events[0], wall_ms=WALL_MS + YEAR_MS)]
    (arrival,) = opened(box, fresh_id().bytes).arrivals(place_of(box))
    sale = decode_body("sale", arrival.event.body)
    assert isinstance(sale, Sale)
    assert arrival.happened_ms == WALL_MS
    assert day_of(arrival, sale) == date(2026, 11, 18)


def test_a_few_days_without_a_line_are_believed() -> None:
    box = SimBox(fresh_id(), quality=TimeQuality.HOLDOVER)
    box.sells(business_date=20_261_113)
    three_days = WALL_MS - 3 * 24 * HOUR_MS
    box.events = [msgspec.structs.replace(box.events[0], wall_ms=three_days, mono_ms=HOUR_MS)]
    for sent_boot in (box.boot.bytes, fresh_id().bytes):
        (arrival,) = opened(box, sent_boot).arrivals(place_of(box))
        sale = decode_body("sale", arrival.event.body)
        assert isinstance(sale, Sale)
        assert arrival.happened_ms == three_days
        assert day_of(arrival, sale) == date(2026, 11, 13)


def test_an_event_that_waited_for_repair_keeps_its_age() -> None:
    box = offline_day()
    first = next(opened(box, box.boot.bytes).arrivals(place_of(box)))
    (again,) = opened_again(single(first, box.tenant), WALL_MS).arrivals(place_of(box))
    assert again.happened_ms == first.happened_ms

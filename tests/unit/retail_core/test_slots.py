from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from retail_core.pricing.rules.slots import WeekSlot, check_slot, in_slots, minute_of, week_minutes

MONDAY = datetime(2026, 7, 27)  # noqa: DTZ001 - wall time in the store's zone


def at(weekday: int, hour: int, minute: int, second: int = 0) -> datetime:
    return MONDAY + timedelta(days=weekday, hours=hour, minutes=minute, seconds=second)


@pytest.mark.parametrize(
    ("text", "minute"),
    [("00:00", 0), ("00:01", 1), ("09:30", 570), ("23:59", 1439), ("24:00", 1440)],
)
def test_times_of_day(text: str, minute: int) -> None:
    assert minute_of(text) == minute


@pytest.mark.parametrize(
    "text", ["", "9:30", "24:01", "25:00", "12:60", "12-30", "12:3", "012:30", "12:30 ", "１２:00"]
)
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a time of day"):
        minute_of(text)


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (at(2, 8, 59, 59), False),
        (at(2, 9, 0), True),
        (at(2, 11, 29, 59), True),
        (at(2, 11, 30), False),
        (at(1, 10, 0), False),
        (at(3, 10, 0), False),
    ],
)
def test_a_slot_holds_its_start_and_not_its_end(moment: datetime, *, inside: bool) -> None:
    assert in_slots([WeekSlot(2, "09:00", "11:30")], moment) is inside


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (at(6, 20, 59), False),
        (at(6, 21, 0), True),
        (at(6, 23, 59), True),
        (at(0, 0, 0), True),
        (at(0, 1, 59), True),
        (at(0, 2, 0), False),
        (at(0, 21, 0), False),
        (at(6, 1, 0), False),
        (at(5, 22, 0), False),
        (at(1, 1, 0), False),
    ],
)
def test_a_slot_may_run_past_midnight_into_the_next_week(moment: datetime, *, inside: bool) -> None:
    assert in_slots([WeekSlot(6, "21:00", "02:00")], moment) is inside


def test_a_whole_day_and_several_slots() -> None:
    assert in_slots([WeekSlot(3, "00:00", "24:00")], at(3, 0, 0))
    assert in_slots([WeekSlot(3, "00:00", "24:00")], at(3, 23, 59, 59))
    assert not in_slots([WeekSlot(3, "00:00", "24:00")], at(4, 0, 0))
    assert in_slots([WeekSlot(1, "08:00", "09:00"), WeekSlot(4, "08:00", "09:00")], at(4, 8, 0))
    assert not in_slots([], at(4, 8, 0))


def test_a_slot_up_to_midnight_ends_there() -> None:
    evening = [WeekSlot(4, "20:00", "00:00")]
    assert in_slots(evening, at(4, 23, 59))
    assert not in_slots(evening, at(5, 0, 0))


@pytest.mark.parametrize("weekday", [0, 6])
def test_sound_slots_pass(weekday: int) -> None:
    check_slot(WeekSlot(weekday, "00:00", "24:00"))
    check_slot(WeekSlot(weekday, "23:59", "00:00"))


@pytest.mark.parametrize(
    ("slot", "reason"),
    [
        (WeekSlot(-1, "00:00", "24:00"), "^weekday -1 is not 0..6"),
        (WeekSlot(7, "00:00", "24:00"), "^weekday 7 is not 0..6"),
        (WeekSlot(0, "24:00", "02:00"), "^a slot may not start at 24:00"),
        (WeekSlot(0, "10:00", "10:00"), "^the slot is empty"),
        (WeekSlot(0, "10:00", "soon"), "^not a time of day"),
        (WeekSlot(0, "late", "10:00"), "^not a time of day"),
    ],
)
def test_slots_that_mean_nothing_are_refused(slot: WeekSlot, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_slot(slot)


clocks = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


@given(st.integers(0, 6), clocks, clocks | st.just("24:00"), st.integers(0, 7 * 24 * 60 - 1))
def test_the_minutes_of_a_slot_are_those_it_holds(
    weekday: int, start: str, end: str, minute: int
) -> None:
    slot = WeekSlot(weekday, start, end)
    assume(start != end)
    spans = week_minutes(slot)
    covered = sum(last - first for first, last in spans)
    assert 0 < covered <= 24 * 60
    inside = any(first <= minute < last for first, last in spans)
    assert in_slots([slot], MONDAY + timedelta(minutes=minute)) is inside

"""Weekly time slots in the store's own wall time; a slot may run past midnight."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Annotated

import msgspec

from retail_core.pricing.rules.fields import Clock, ClockOrMidnight

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)


class WeekSlot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[start, end) on a weekday (Monday is 0); an `end` not after `start` is on the next day."""

    weekday: Annotated[int, msgspec.Meta(ge=0, le=6)]
    start: Clock
    end: ClockOrMidnight


@lru_cache(maxsize=DAY_MINUTES)
def minute_of(text: str) -> int:
    """Return the minute of the day of "HH:MM", "24:00" included; ValueError for anything else."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"not a time of day: {text!r}")
    hour, minute = match.groups()
    return DAY_MINUTES if hour is None else int(hour) * 60 + int(minute)


def check_slot(slot: WeekSlot) -> None:
    """Raise ValueError for a slot that means nothing."""
    if not 0 <= slot.weekday <= 6:  # noqa: PLR2004 - days of a week
        raise ValueError(f"weekday {slot.weekday} is not 0..6")
    start, end = minute_of(slot.start), minute_of(slot.end)
    if start == DAY_MINUTES:
        raise ValueError("a slot may not start at 24:00")
    if start == end:
        raise ValueError("the slot is empty; a whole day is 00:00 to 24:00")


def week_minutes(slot: WeekSlot) -> tuple[tuple[int, int], ...]:
    """Return what a slot covers as [from, until) in minutes of the week, in two when it wraps."""
    start = slot.weekday * DAY_MINUTES + minute_of(slot.start)
    end = slot.weekday * DAY_MINUTES + minute_of(slot.end)
    if end <= start:
        end += DAY_MINUTES
    if end <= WEEK_MINUTES:
        return ((start, end),)
    return ((start, WEEK_MINUTES), (0, end - WEEK_MINUTES))


def in_slots(slots: Iterable[WeekSlot], local: datetime) -> bool:
    """Tell whether the naive wall time lies in any slot."""
    minute = local.hour * 60 + local.minute
    return any(_holds(slot, local.weekday(), minute) for slot in slots)


def _holds(slot: WeekSlot, weekday: int, minute: int) -> bool:
    start, end = minute_of(slot.start), minute_of(slot.end)
    if start < end:
        return weekday == slot.weekday and start <= minute < end
    if weekday == slot.weekday:
        return minute >= start
    return weekday == (slot.weekday + 1) % 7 and minute < end

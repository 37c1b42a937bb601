"""Birthdays as people say them, solar or lunar, and the days of a year they fall on.

What was declared is kept as it was said. A day that a year does not have is kept on the last one
before it: 29 February on the 28th, the 30th of a short lunar month on its 29th, a leap month in the
ordinary one of its name. A lunar year is numbered by the solar year its first month begins in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.standing import BirthSaid

Calendar = Literal["solar", "lunar"]
# Two birthdays of one person are never nearer, whatever the calendar: a lunar year is no shorter
# than 353 days. What comes sooner is another day that was declared meanwhile.
YEAR_DAYS_MIN = 330
LEAP_YEAR = 2000
LUNAR_DAYS_MAX = 30
MONTHS = 12


@dataclass(frozen=True, slots=True)
class LunarMonth:
    """A month of a lunar year: its first day, and how many it has (29 or 30)."""

    month: int
    leap: bool
    first: date
    days: int


LunarYears = Callable[[int], tuple[LunarMonth, ...]]


@dataclass(frozen=True, slots=True, order=True)
class Birthday:
    """Month and day as declared; `leap` is a lunar leap month."""

    calendar: Calendar
    month: int
    day: int
    leap: bool = False


def check_birthday(born: Birthday) -> Birthday:
    """Return a birthday that some year has; Fault M120 for any other."""
    if not 1 <= born.month <= MONTHS:
        raise Fault(FaultCode.BIRTHDAY_INVALID, given=f"{born.month}-{born.day}")
    days = LUNAR_DAYS_MAX if born.calendar == "lunar" else _days_of(LEAP_YEAR, born.month)
    if not 1 <= born.day <= days or (born.leap and born.calendar == "solar"):
        raise Fault(FaultCode.BIRTHDAY_INVALID, given=f"{born.month}-{born.day}")
    return born


def birthday_said(said: BirthSaid) -> Birthday:
    """Return a birthday that a shop sent (Fault M120)."""
    calendar: Calendar = "lunar" if said.lunar else "solar"
    return check_birthday(Birthday(calendar, said.month, said.day, said.leap))


def to_say(born: Birthday) -> BirthSaid:
    """Return a birthday as it travels."""
    return BirthSaid(born.month, born.day, born.calendar == "lunar", born.leap)


def falls_on(born: Birthday, year: int, lunar: LunarYears) -> date:
    """Return the solar day of a birthday in a year of its own calendar."""
    if born.calendar == "solar":
        return date(year, born.month, min(born.day, _days_of(year, born.month)))
    named = {one.leap: one for one in lunar(year) if one.month == born.month}
    month = named.get(born.leap, named[False])
    return month.first + timedelta(days=min(born.day, month.days) - 1)


def nearest(born: Birthday, today: date, lunar: LunarYears) -> date:
    """Return the birthday nearest to a day, before or after it."""
    around = (falls_on(born, today.year + years, lunar) for years in (-1, 0, 1))
    return min(around, key=lambda day: (abs(day - today), day))


def born_on(day: date, lunar: LunarYears) -> frozenset[Birthday]:
    """Return every birthday that is kept on a day."""
    solar = Birthday("solar", day.month, day.day)
    late = Birthday("solar", day.month, day.day + 1)
    found = {solar}
    if late.day <= _days_of(LEAP_YEAR, day.month) and day.day == _days_of(day.year, day.month):
        found.add(late)
    for year in (day.year - 1, day.year):
        for one in lunar(year):
            if one.first <= day < one.first + timedelta(days=one.days):
                found |= _lunar_on((day - one.first).days + 1, one, lunar(year))
    return frozenset(found)


def may_give(given: Iterable[date], birthday: date) -> bool:
    """Tell whether a person may be given something for a birthday, by those given for before."""
    return all(abs(birthday - other).days >= YEAR_DAYS_MIN for other in given)


def _lunar_on(day: int, month: LunarMonth, year: tuple[LunarMonth, ...]) -> set[Birthday]:
    days = {day} if day < month.days else set(range(day, LUNAR_DAYS_MAX + 1))
    alone = not any(one.leap and one.month == month.month for one in year)
    leaps = {False, True} if alone else {month.leap}
    return {Birthday("lunar", month.month, one, leap) for one in days for leap in leaps}


def _days_of(year: int, month: int) -> int:
    following = date(year + month // MONTHS, month % MONTHS + 1, 1)
    return (following - timedelta(days=1)).day

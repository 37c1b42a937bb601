"""Twelve years of the lunar calendar as almanacs print them, for tests of the core alone."""

from datetime import date, timedelta
from functools import cache

from retail_core.growth.birthdays import LunarMonth

FIRST_YEAR, LAST_YEAR = 2019, 2030
# First day of the first month, months of 30 days (+) and of 29 (-), the month that comes twice.
_ALMANAC = {
    2019: (date(2019, 2, 5), "+-+-+--+--++", 0),
    2020: (date(2020, 1, 25), "-+++-+--+-+-+", 4),
    2021: (date(2021, 2, 12), "-++-+-+-+-+-", 0),
    2022: (date(2022, 2, 1), "+-+-++-+-+-+", 0),
    2023: (date(2023, 1, 22), "-+--++-++-+-+", 2),
    2024: (date(2024, 2, 10), "-+--+-++-++-", 0),
    2025: (date(2025, 1, 29), "+-+--+-+-+++-", 6),
    2026: (date(2026, 2, 17), "+-+--+--+++-", 0),
    2027: (date(2027, 2, 6), "++-+--+--++-", 0),
    2028: (date(2028, 1, 26), "+++-+--+--++-", 5),
    2029: (date(2029, 2, 13), "++-+-+-+--++", 0),
    2030: (date(2030, 2, 3), "-+-++-+-+-+-", 0),
}


@cache
def printed_year(year: int) -> tuple[LunarMonth, ...]:
    """Return the months of a lunar year from the table."""
    first, lengths, leap = _ALMANAC[year]
    months = []
    for nth, length in enumerate(lengths, start=1):
        after_leap = bool(leap) and nth > leap
        days = 30 if length == "+" else 29
        months.append(LunarMonth(nth - after_leap, nth == leap + 1 and after_leap, first, days))
        first += timedelta(days=days)
    return tuple(months)

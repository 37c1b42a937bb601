"""The lunar calendar's years, from the package that knows them; boxes are told solar days only."""

from datetime import date, timedelta
from functools import lru_cache

from lunar_python import LunarYear

from retail_core.growth.birthdays import LunarMonth

_EPOCH = date(2000, 1, 1)
_EPOCH_JULIAN = 2_451_545
_YEARS_KEPT = 16


@lru_cache(maxsize=_YEARS_KEPT)
def lunar_year(year: int) -> tuple[LunarMonth, ...]:
    """Return the months of a lunar year in order, numbered by the year it begins in."""
    return tuple(
        LunarMonth(
            month=abs(one.getMonth()),
            leap=one.getMonth() < 0,
            first=_EPOCH + timedelta(days=int(one.getFirstJulianDay()) - _EPOCH_JULIAN),
            days=one.getDayCount(),
        )
        for one in LunarYear.fromYear(year).getMonthsInYear()
    )

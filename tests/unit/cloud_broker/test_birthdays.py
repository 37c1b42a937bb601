"""Birthdays by the real lunar calendar: which solar day, once a year, whatever was declared."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.lunar import lunar_year
from retail_core.errors import Fault
from retail_core.growth.birthdays import (
    YEAR_DAYS_MIN,
    Birthday,
    born_on,
    check_birthday,
    falls_on,
    may_give,
    nearest,
)

solar = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(
    lambda day: Birthday("solar", day.month, day.day)
)
lunar = st.builds(Birthday, st.just("lunar"), st.integers(1, 12), st.integers(1, 30), st.booleans())
birthdays = solar | lunar
years = st.integers(1990, 2070)
days = st.dates(date(1990, 1, 1), date(2070, 12, 31))


@pytest.mark.parametrize(
    ("born", "year", "day"),
    [
        (Birthday("solar", 2, 29), 2026, date(2026, 2, 28)),
        (Birthday("solar", 2, 29), 2028, date(2028, 2, 29)),
        (Birthday("lunar", 1, 1), 2026, date(2026, 2, 17)),
        (Birthday("lunar", 8, 15), 2025, date(2025, 10, 6)),
        (Birthday("lunar", 6, 1, leap=True), 2025, date(2025, 7, 25)),
        (Birthday("lunar", 6, 1), 2025, date(2025, 6, 25)),
        # no leap sixth month in 2026: kept in the ordinary one
        (Birthday("lunar", 6, 1, leap=True), 2026, date(2026, 7, 14)),
        # the twelfth month of 2024 has 29 days
        (Birthday("lunar", 12, 30), 2024, date(2025, 1, 28)),
        (Birthday("lunar", 12, 30), 2023, date(2024, 2, 9)),
    ],
)
def test_known_birthdays(born: Birthday, year: int, day: date) -> None:
    assert falls_on(born, year, lunar_year) == day


@given(birthdays, years)
def test_a_birthday_is_found_by_the_day_it_falls_on(born: Birthday, year: int) -> None:
    assert born in born_on(falls_on(born, year, lunar_year), lunar_year)


@given(days)
def test_whoever_is_found_on_a_day_has_her_birthday_then(day: date) -> None:
    for born in born_on(day, lunar_year):
        assert nearest(born, day, lunar_year) == day


@given(birthdays, years)
def test_a_year_has_one_birthday_and_the_next_is_far_enough(born: Birthday, year: int) -> None:
    this, following = falls_on(born, year, lunar_year), falls_on(born, year + 1, lunar_year)
    assert may_give([this], following)
    assert not may_give([this], this)


@given(st.lists(st.tuples(birthdays, st.integers(0, 60)), min_size=1, max_size=8), days)
def test_changing_the_birthday_never_gives_a_second_within_a_year(
    declared: list[tuple[Birthday, int]], first: date
) -> None:
    given_for: list[date] = []
    today = first
    for born, wait in declared:
        today += timedelta(days=wait)
        birthday = nearest(born, today, lunar_year)
        if may_give(given_for, birthday):
            given_for.append(birthday)
    given_for.sort()
    gaps = [later - earlier for earlier, later in pairwise(given_for)]
    assert all(gap.days >= YEAR_DAYS_MIN for gap in gaps)


@pytest.mark.parametrize(
    "born",
    [
        Birthday("solar", 2, 30),
        Birthday("solar", 13, 1),
        Birthday("solar", 4, 31),
        Birthday("solar", 4, 1, leap=True),
        Birthday("lunar", 1, 31),
        Birthday("lunar", 0, 1),
    ],
)
def test_a_day_that_no_year_has_is_refused(born: Birthday) -> None:
    with pytest.raises(Fault, match="M120"):
        check_birthday(born)


@given(birthdays)
def test_every_birthday_is_taken(born: Birthday) -> None:
    assert check_birthday(born) == born


def test_the_package_agrees_with_the_spring_festivals_everybody_knows() -> None:
    festivals = {
        1990: date(1990, 1, 27),
        2000: date(2000, 2, 5),
        2012: date(2012, 1, 23),
        2020: date(2020, 1, 25),
        2024: date(2024, 2, 10),
        2027: date(2027, 2, 6),
    }
    assert {year: lunar_year(year)[0].first for year in festivals} == festivals

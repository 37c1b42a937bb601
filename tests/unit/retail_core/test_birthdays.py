"""Birthdays by a printed lunar calendar: which solar day, once a year, whatever was declared."""

import os
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.growth.birthdays import (
    YEAR_DAYS_MIN,
    Birthday,
    birthday_said,
    born_on,
    check_birthday,
    falls_on,
    may_give,
    nearest,
    to_say,
)
from retail_core.texts.faults import FaultCode
from retail_core.wire.standing import BirthSaid
from tests.factories.lunar_years import FIRST_YEAR, LAST_YEAR, printed_year

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "60"))
SOLAR = [
    Birthday("solar", day.month, day.day)
    for day in (date(2000, 1, 1) + timedelta(days=nth) for nth in range(366))
]
LUNAR = [
    Birthday("lunar", month, day, leap)
    for month, day, leap in product(range(1, 13), range(1, 31), (False, True))
]
birthdays = st.sampled_from([*SOLAR, *LUNAR])
years = st.integers(FIRST_YEAR, LAST_YEAR - 1)
days = st.dates(date(FIRST_YEAR + 1, 1, 1), date(LAST_YEAR - 2, 12, 31))


@pytest.mark.parametrize(
    ("born", "year", "day"),
    [
        (Birthday("solar", 2, 29), 2026, date(2026, 2, 28)),
        (Birthday("solar", 2, 29), 2028, date(2028, 2, 29)),
        (Birthday("solar", 12, 31), 2028, date(2028, 12, 31)),
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
    assert falls_on(born, year, printed_year) == day


@pytest.mark.parametrize(
    ("day", "found"),
    [
        # the last day of a February that has 28, in a lunar month of 30
        (date(2026, 2, 28), {("solar", 2, 28), ("solar", 2, 29), ("lunar", 1, 12, "either")}),
        (date(2028, 2, 28), {("solar", 2, 28), ("lunar", 2, 4, "either")}),
        (date(2026, 4, 30), {("solar", 4, 30), ("lunar", 3, 14, "either")}),
        # the sixth month comes twice in 2025, and each has its own
        (date(2025, 6, 25), {("solar", 6, 25), ("lunar", 6, 1)}),
        (date(2025, 7, 25), {("solar", 7, 25), ("lunar", 6, 1, "leap")}),
        # the leap month has 29 days, and so has the twelfth of 2024
        (date(2025, 8, 22), {("solar", 8, 22), ("lunar", 6, 29, "leap"), ("lunar", 6, 30, "leap")}),
        (
            date(2025, 1, 28),
            {("solar", 1, 28), ("lunar", 12, 29, "either"), ("lunar", 12, 30, "either")},
        ),
        (date(2025, 1, 29), {("solar", 1, 29), ("lunar", 1, 1, "either")}),
    ],
)
def test_everybody_of_a_day(day: date, found: set[tuple[str, int, int, str]]) -> None:
    leaps = {"either": (False, True), "leap": (True,)}
    assert born_on(day, printed_year) == {
        Birthday(calendar, month, nth, leap)  # type: ignore[arg-type]  # as the table says
        for calendar, month, nth, *rest in found
        for leap in leaps.get("".join(rest), (False,))
    }


def test_each_birthday_is_found_on_its_day_of_a_year_and_on_no_other() -> None:
    kept: dict[date, set[Birthday]] = defaultdict(set)
    for born, year in product([*SOLAR, *LUNAR], range(2023, 2027)):
        kept[falls_on(born, year, printed_year)].add(born)
    first = date(2025, 1, 1)
    for nth in range(400):
        day = first + timedelta(days=nth)
        assert born_on(day, printed_year) == kept[day]


@settings(max_examples=EXAMPLES)
@given(days)
def test_whoever_is_found_on_a_day_has_her_birthday_then(day: date) -> None:
    for born in born_on(day, printed_year):
        assert nearest(born, day, printed_year) == day


@settings(max_examples=EXAMPLES)
@given(birthdays, days)
def test_no_birthday_is_nearer_than_the_nearest(born: Birthday, today: date) -> None:
    found = nearest(born, today, printed_year)
    kept = [falls_on(born, today.year + years, printed_year) for years in (-1, 0, 1)]
    assert found in kept
    assert all(abs(found - today) <= abs(other - today) for other in kept)


@pytest.mark.parametrize(
    ("born", "today", "day"),
    [
        (Birthday("solar", 12, 31), date(2025, 1, 1), date(2024, 12, 31)),
        (Birthday("solar", 1, 1), date(2025, 12, 30), date(2026, 1, 1)),
        (Birthday("solar", 6, 1), date(2025, 6, 1), date(2025, 6, 1)),
        # 183 days from either: the one that was
        (Birthday("solar", 3, 1), date(2023, 8, 31), date(2023, 3, 1)),
        (Birthday("lunar", 12, 30), date(2026, 1, 10), date(2026, 2, 16)),
    ],
)
def test_the_nearest_may_lie_in_another_year(born: Birthday, today: date, day: date) -> None:
    assert nearest(born, today, printed_year) == day


@settings(max_examples=EXAMPLES)
@given(birthdays, years)
def test_a_year_has_one_birthday_and_the_next_is_far_enough(born: Birthday, year: int) -> None:
    this, following = falls_on(born, year, printed_year), falls_on(born, year + 1, printed_year)
    assert may_give([this], following)
    assert not may_give([this], this)


def test_two_birthdays_are_eleven_months_apart_or_one() -> None:
    day = date(2026, 1, 1)
    before, after = (day + timedelta(days=days) for days in (-YEAR_DAYS_MIN, YEAR_DAYS_MIN))
    assert YEAR_DAYS_MIN == 330
    assert may_give([], day)
    assert may_give([before, after], day)
    assert not may_give([before + timedelta(days=1), after], day)
    assert not may_give([before, after - timedelta(days=1)], day)


@settings(max_examples=EXAMPLES)
@given(
    st.lists(st.tuples(birthdays, st.integers(0, 60)), min_size=1, max_size=8),
    st.dates(date(FIRST_YEAR + 1, 1, 1), date(LAST_YEAR - 4, 12, 31)),
)
def test_changing_the_birthday_never_gives_a_second_within_a_year(
    declared: list[tuple[Birthday, int]], first: date
) -> None:
    given_for: list[date] = []
    today = first
    for born, wait in declared:
        today += timedelta(days=wait)
        birthday = nearest(born, today, printed_year)
        if may_give(given_for, birthday):
            given_for.append(birthday)
    given_for.sort()
    assert all((later - earlier).days >= YEAR_DAYS_MIN for earlier, later in pairwise(given_for))


@pytest.mark.parametrize(
    "born",
    [
        Birthday("solar", 2, 30),
        Birthday("solar", 13, 1),
        Birthday("solar", 0, 1),
        Birthday("solar", 1, 0),
        Birthday("solar", 4, 31),
        Birthday("solar", 12, 32),
        Birthday("solar", 4, 1, leap=True),
        Birthday("lunar", 1, 31),
        Birthday("lunar", 1, 0),
        Birthday("lunar", 13, 1),
        Birthday("lunar", 0, 1),
    ],
)
def test_a_day_that_no_year_has_is_refused(born: Birthday) -> None:
    with pytest.raises(Fault) as refused:
        check_birthday(born)
    assert refused.value.code is FaultCode.BIRTHDAY_INVALID
    assert refused.value.fields == {"given": f"{born.month}-{born.day}"}
    with pytest.raises(Fault, match=r"^M120 "):
        birthday_said(to_say(born))


@pytest.mark.parametrize("born", [*SOLAR, *LUNAR][::13])
def test_every_birthday_is_taken_and_travels(born: Birthday) -> None:
    assert check_birthday(born) == born
    assert birthday_said(to_say(born)) == born


@pytest.mark.parametrize(
    "born",
    [Birthday("solar", 1, 31), Birthday("solar", 2, 29), Birthday("lunar", 12, 30, leap=True)],
)
def test_the_last_day_of_a_month_is_taken(born: Birthday) -> None:
    assert check_birthday(born) == born


def test_a_birthday_as_it_travels() -> None:
    assert to_say(Birthday("solar", 2, 29)) == BirthSaid(2, 29, lunar=False, leap=False)
    assert to_say(Birthday("lunar", 6, 1, leap=True)) == BirthSaid(6, 1, lunar=True, leap=True)

"""The newcomer's gift: how long it holds, and what the reader of rules refuses."""

from datetime import date

import msgspec
import pytest

from retail_core.growth.newcomer import Newcomer


@pytest.mark.parametrize(
    ("days", "last"),
    [
        (1, date(2026, 2, 27)),
        (2, date(2026, 2, 28)),
        (30, date(2026, 3, 28)),
        (1_000, date(2028, 11, 22)),
    ],
)
def test_the_day_of_enrolment_is_the_first(days: int, last: date) -> None:
    assert Newcomer(name="礼", coupon="c", days=days).last_day(date(2026, 2, 27)) == last


def test_a_month_where_the_rules_say_nothing() -> None:
    assert Newcomer(name="礼").last_day(date(2026, 6, 1)) == date(2026, 6, 30)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "礼", "days": 0},
        {"name": "礼", "days": 1_001},
        {"name": "礼", "coupon": "c" * 65},
        {"name": "礼", "points": 5},
        {"coupon": "c"},
    ],
)
def test_what_rules_may_not_say(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Newcomer)

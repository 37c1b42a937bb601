from datetime import UTC, date, datetime, time

import pytest

from retail_core.checkout.business_date import as_int, business_date


@pytest.mark.parametrize(
    ("hour", "minute", "day"), [(0, 0, 30), (3, 59, 30), (4, 0, 31), (12, 0, 31), (23, 59, 31)]
)
def test_the_day_starts_when_the_store_says(hour: int, minute: int, day: int) -> None:
    local = datetime(2026, 7, 31, hour, minute)  # noqa: DTZ001 - wall time in the store's zone
    assert business_date(local, time(4, 0)) == date(2026, 7, day)


def test_midnight_starts_make_calendar_days() -> None:
    midnight = datetime(2026, 1, 1)  # noqa: DTZ001 - wall time in the store's zone
    assert business_date(midnight, time(0, 0)) == date(2026, 1, 1)


def test_a_new_years_night_belongs_to_the_old_year() -> None:
    night = datetime(2026, 1, 1, 1, 30)  # noqa: DTZ001 - wall time in the store's zone
    assert business_date(night, time(4, 0)) == date(2025, 12, 31)


def test_a_time_with_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^local time must be naive"):
        business_date(datetime(2026, 7, 31, tzinfo=UTC), time(4, 0))


def test_the_wire_carries_the_day_as_a_number() -> None:
    assert as_int(date(2026, 7, 31)) == 20_260_731
    assert as_int(date(2027, 1, 2)) == 20_270_102

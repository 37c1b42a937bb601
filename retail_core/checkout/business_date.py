"""The business date: a shop that closes at two in the morning still closes yesterday."""

from datetime import date, datetime, time, timedelta

# Where nothing else is said, and for the brand as a whole.
DAY_STARTS_AT = time(4)


def business_date(local: datetime, day_starts_at: time) -> date:
    """Return the day a sale belongs to; `local` is naive wall time in the store's zone."""
    if local.tzinfo is not None:
        raise ValueError("local time must be naive, in the store's zone")
    day = local.date()
    return day - timedelta(days=1) if local.time() < day_starts_at else day


def as_int(day: date) -> int:
    """Return the date as the wire carries it: 20260731."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_after(day: int) -> int:
    """Return the day after 20260731 as 20260801."""
    return as_int(date(day // 10_000, day // 100 % 100, day % 100) + timedelta(days=1))

"""Which days count for a tier, and how long one holds."""

from calendar import monthrange
from datetime import date, timedelta

from retail_core.growth.plan import RollingWindow, Window

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def counted_from(window: Window, today: date) -> date:
    """Return the first day that counts on `today`."""
    if isinstance(window, RollingWindow):
        return today - timedelta(days=window.days - 1)
    months = _MONTHS[window.period]
    return date(today.year, (today.month - 1) // months * months + 1, 1)


def holds_until(window: Window, reached: date) -> date:
    """Return the last day of a tier reached on a day."""
    if isinstance(window, RollingWindow):
        return reached + timedelta(days=window.days - 1)
    months = _MONTHS[window.period]
    return _last_day(counted_from(window, reached), 2 * months)


def keeps_from(window: Window, until: date) -> date:
    """Return the first day that counts towards keeping a tier that holds to the end of `until`.

    In a rolling window it is the day after the one on which it was reached: what reached it does
    not keep it as well.
    """
    if isinstance(window, RollingWindow):
        return counted_from(window, until) + timedelta(days=1)
    return counted_from(window, until)


def _last_day(first: date, months: int) -> date:
    """Return the last day of the span of `months` that begins with `first`."""
    years, month = divmod(first.month - 1 + months - 1, 12)
    year = first.year + years
    return date(year, month + 1, monthrange(year, month + 1)[1])

"""Whether somebody of the segment is due for a campaign today."""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta

from retail_core.insight.campaigns.plan import Trigger

AT_RISK = frozenset({"at_risk"})
_LEAP, _LEAP_KEPT = 229, (2, 28)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a person for triggers.

    `born` is month and day as 731 in this year's calendar, 0 unknown; `missing_fen` what she has
    yet to spend for the next tier, None where nothing is told of one.
    """

    lifecycle: str = ""
    overdue: bool = False
    born: int = 0
    missing_fen: int | None = None


def due(trigger: Trigger, standing: Standing, today: date) -> bool:
    """Tell whether a person of the segment comes in today."""
    if trigger.kind == "churn":
        return standing.lifecycle in AT_RISK or standing.overdue
    if trigger.kind == "birthday":
        return standing.born in days_ahead(today, trigger.value)
    if trigger.kind == "tier_near":
        missing = standing.missing_fen
        return missing is not None and 0 < missing <= trigger.value
    return True


def days_ahead(today: date, ahead: int) -> frozenset[int]:
    """Return the days from today on as month and day; 29 February is kept on the 28th."""
    days = [today + timedelta(days=nth) for nth in range(ahead + 1)]
    found = {day.month * 100 + day.day for day in days}
    kept_before = any((day.month, day.day) == _LEAP_KEPT and not isleap(day.year) for day in days)
    return frozenset(found | ({_LEAP} if kept_before else set()))

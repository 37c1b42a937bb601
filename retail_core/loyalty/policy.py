"""When points mature and expire: data of the brand, versioned by the day from which it holds.

A day always is a business day: a shop that closes at two in the morning takes yesterday's points
as yesterday's. Points count until the end of their last day.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MONTHS_PER_YEAR = 12
DAYS_MAX = 31
Days = Annotated[int, Meta(ge=0, le=3_650)]


class Never(msgspec.Struct, frozen=True, tag_field="kind", tag="never", forbid_unknown_fields=True):
    """Points do not expire."""


class Months(
    msgspec.Struct, frozen=True, tag_field="kind", tag="months", forbid_unknown_fields=True
):
    """Points last until the end of the month `months` after the one they were earned in."""

    months: Annotated[int, Meta(ge=1, le=600)]


class Yearly(
    msgspec.Struct, frozen=True, tag_field="kind", tag="yearly", forbid_unknown_fields=True
):
    """Points last until the next `month`/`day` after they were earned, and `years` more."""

    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=31)]
    years: Annotated[int, Meta(ge=0, le=50)] = 1


Expiry = Never | Months | Yearly


class LoyaltyPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`return_days`: how long points booked as pending wait after the day of the sale.

    `grace_days`: how long points live that come back by a refund after their own last day; 0 lets
    them expire at once. `claim_days`: how long after a sale without a member somebody may claim it;
    0 lets nobody.
    """

    expiry: Expiry = Never()
    return_days: Days = 0
    grace_days: Days = 30
    claim_days: Days = 7


@dataclass(frozen=True, slots=True)
class Policies:
    """Every version with its first day, in ascending order; before the first the default holds."""

    versions: tuple[tuple[date, LoyaltyPolicy], ...] = ()

    @classmethod
    def of(cls, versions: Iterable[tuple[date, LoyaltyPolicy]]) -> "Policies":
        """Sort versions; of two with the same first day the later one given wins."""
        return cls(tuple(sorted(dict(versions).items(), key=lambda one: one[0])))

    def on(self, day: date) -> LoyaltyPolicy:
        """Return what holds on a day."""
        found = LoyaltyPolicy()
        for first, policy in self.versions:
            if first > day:
                break
            found = policy
        return found

    def last_day(self, earned: date) -> date | None:
        """Return the last day of points earned on a day, None when they do not expire."""
        return last_day(earned, self.on(earned).expiry)


def last_day(earned: date, expiry: Expiry) -> date | None:
    """Return the last day of points earned on a day, None when they do not expire."""
    match expiry:
        case Never():
            return None
        case Months(months):
            years, month = divmod(earned.month - 1 + months, MONTHS_PER_YEAR)
            return _day_in(earned.year + years, month + 1, DAYS_MAX)
        case Yearly(month, day, years):
            this_year = _day_in(earned.year, month, day)
            later = 0 if this_year > earned else 1
            return _day_in(earned.year + years + later, month, day)


def _day_in(year: int, month: int, day: int) -> date:
    """Return a day of a month, the month's last where it has no such day."""
    year = min(year, MAXYEAR)
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def matures_on(earned: date, policy: LoyaltyPolicy) -> date:
    """Return the first day on which pending points are free."""
    return earned + timedelta(days=policy.return_days)


def parse_policy(content: bytes) -> LoyaltyPolicy:
    """Read a policy's JSON (Fault L110 says what is wrong)."""
    try:
        return msgspec.json.decode(content, type=LoyaltyPolicy)
    except msgspec.DecodeError as error:
        raise Fault(FaultCode.LEDGER_POLICY_INVALID, reason=str(error)) from None

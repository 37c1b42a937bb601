"""When points mature and expire."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.loyalty.policy import (
    LoyaltyPolicy,
    Months,
    Never,
    Policies,
    Yearly,
    last_day,
    matures_on,
    parse_policy,
)
from retail_core.texts.faults import FaultCode

DAY = date(2026, 11, 22)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("earned", "expiry", "last"),
    [
        (DAY, Never(), None),
        (DAY, Months(months=1), date(2026, 12, 31)),
        (DAY, Months(months=3), date(2027, 2, 28)),
        (date(2027, 11, 30), Months(months=3), date(2028, 2, 29)),
        (date(2026, 12, 31), Months(months=1), date(2027, 1, 31)),
        (DAY, Months(months=24), date(2028, 11, 30)),
        (DAY, Yearly(month=12, day=31, years=0), date(2026, 12, 31)),
        (date(2026, 12, 31), Yearly(month=12, day=31, years=0), date(2027, 12, 31)),
        (date(2026, 12, 30), Yearly(month=12, day=31, years=0), date(2026, 12, 31)),
        (DAY, Yearly(month=12, day=31), date(2027, 12, 31)),
        (DAY, Yearly(month=2, day=30), date(2028, 2, 29)),
        (date(9999, 12, 31), Months(months=600), date(9999, 12, 31)),
    ],
)
def test_the_last_day(earned: date, expiry: Never | Months | Yearly, last: date | None) -> None:
    assert last_day(earned, expiry) == last


@given(DAYS, st.integers(1, 60))
def test_months_end_at_a_months_end_and_later_points_never_expire_sooner(
    earned: date, months: int
) -> None:
    last = last_day(earned, Months(months=months))
    assert last is not None
    assert last > earned
    assert last.month != date.fromordinal(last.toordinal() + 1).month
    after = last_day(date.fromordinal(earned.toordinal() + 1), Months(months=months))
    assert after is not None
    assert after >= last


def test_a_version_holds_from_its_first_day() -> None:
    one, two = LoyaltyPolicy(return_days=7), LoyaltyPolicy(expiry=Months(months=1))
    policies = Policies.of([(date(2027, 1, 1), two), (DAY, one)])
    assert policies.on(date(2026, 11, 21)) == LoyaltyPolicy()
    assert policies.on(DAY) == policies.on(date(2026, 12, 31)) == one
    assert policies.on(date(2027, 1, 1)) == two
    assert policies.last_day(DAY) is None
    assert policies.last_day(date(2027, 1, 1)) == date(2027, 2, 28)
    assert Policies.of([(DAY, one), (DAY, two)]).on(DAY) == two


def test_points_mature_after_the_days_of_return() -> None:
    assert matures_on(DAY, LoyaltyPolicy()) == DAY
    assert matures_on(DAY, LoyaltyPolicy(return_days=9)) == date(2026, 12, 1)


def test_a_policy_is_read_whole() -> None:
    text = b'{"expiry": {"kind": "yearly", "month": 12, "day": 31}, "grace_days": 0}'
    policy = LoyaltyPolicy(expiry=Yearly(month=12, day=31, years=1), grace_days=0)
    assert parse_policy(text) == policy
    assert parse_policy(b"{}") == LoyaltyPolicy(expiry=Never(), return_days=0, grace_days=30)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"expire": {}}',
        b'{"expiry": {"kind": "months"}}',
        b'{"expiry": {"kind": "months", "months": 0}}',
        b'{"expiry": {"kind": "yearly", "month": 13, "day": 1}}',
        b'{"return_days": -1}',
        b'{"grace_days": 99999}',
    ],
)
def test_what_is_no_policy_is_refused(text: bytes) -> None:
    with pytest.raises(Fault) as caught:
        parse_policy(text)
    assert caught.value.code is FaultCode.LEDGER_POLICY_INVALID
    assert caught.value.fields["reason"]

"""Whether a rule may be had here and now: every condition at its boundary."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.pricing.certificate import Reason
from retail_core.pricing.matching.eligibility import is_near_birthday
from retail_core.pricing.matching.setting import Budget
from retail_core.pricing.rules.context import MemberContext, StoreContext, Used
from tests.factories.matched_rules import HOUR, matched, offered
from tests.factories.pricing import FRIDAY_NOON


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"tiers": ["gold"]}, None),
        ({"tiers": ["silver"]}, Reason.NOT_ELIGIBLE_TIER),
        ({"member_tags": ["学生", "教师"]}, None),
        ({"member_tags": ["教师"]}, Reason.NOT_ELIGIBLE_TAG),
        ({"when": {"tags_all": ["学生"]}}, None),
        ({"when": {"tags_all": ["学生", "教师"]}}, Reason.NOT_ELIGIBLE_TAG),
        ({"when": {"tags_none": ["教师"]}}, None),
        ({"when": {"tags_none": ["教师", "学生"]}}, Reason.TAG_EXCLUDED),
        ({"when": {"groups": ["团购"]}}, Reason.NOT_IN_GROUP),
        ({"when": {"members_only": True}}, None),
        ({"when": {"valid_from": "2026-07-31T12:00:00"}}, None),
        ({"when": {"valid_from": "2026-07-31T12:00:01"}}, Reason.NOT_YET_VALID),
        ({"when": {"valid_until": "2026-07-31T12:00:01"}}, None),
        ({"when": {"valid_until": "2026-07-31T12:00:00"}}, Reason.NO_LONGER_VALID),
        ({"when": {"slots": [HOUR]}}, None),
        ({"when": {"slots": [HOUR | {"start": "12:01"}]}}, Reason.OUTSIDE_SLOT),
        ({"when": {"slots": [HOUR | {"weekday": 3}]}}, Reason.OUTSIDE_SLOT),
        ({"kind": "time_slot_price", "slots": [HOUR]}, None),
        ({"kind": "time_slot_price", "slots": [HOUR | {"weekday": 5}]}, Reason.OUTSIDE_SLOT),
        ({"when": {"member_days_from": 30}}, None),
        ({"when": {"member_days_from": 31}}, Reason.MEMBER_TOO_NEW),
        ({"when": {"member_days_until": 31}}, None),
        ({"when": {"member_days_until": 30}}, Reason.MEMBER_TOO_LONG),
        ({"when": {"birthday_within_days": 3}}, None),
        ({"when": {"birthday_within_days": 2}}, Reason.NOT_BIRTHDAY),
        ({"when": {"basket_shelf_from_fen": 2500}}, None),
        ({"when": {"basket_shelf_from_fen": 2501}}, Reason.BASKET_TOO_SMALL),
        ({"when": {"stock_from": 1}}, Reason.STOCK_TOO_LOW),
        ({"when": {"channels": ["store"]}}, Reason.OTHER_CHANNEL),
        ({"when": {"regions": ["east"]}}, Reason.OTHER_PLACE),
        ({"when": {"stores": ["S1"]}}, Reason.OTHER_PLACE),
        ({"caps": {"per_receipt": 1, "per_member": 1, "per_member_day": 1}}, None),
    ],
)
def test_a_member_may_have_what_its_conditions_allow(
    fields: dict[str, Any], reason: Reason | None
) -> None:
    assert offered(fields).reason is reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"tiers": ["gold"]}, Reason.NOT_ELIGIBLE_TIER),
        ({"member_tags": ["学生"]}, Reason.NOT_ELIGIBLE_TAG),
        ({"when": {"tags_all": ["学生"]}}, Reason.NOT_ELIGIBLE_TAG),
        ({"when": {"tags_none": ["学生"]}}, None),
        ({"when": {"groups": ["团购"]}}, Reason.NOT_IN_GROUP),
        ({"when": {"members_only": True}}, Reason.MEMBERS_ONLY),
        ({"when": {"member_days_from": 0}}, Reason.MEMBERS_ONLY),
        ({"when": {"member_days_until": 9}}, Reason.MEMBERS_ONLY),
        ({"when": {"birthday_within_days": 182}}, Reason.MEMBERS_ONLY),
        ({"caps": {"per_member": 1}}, Reason.MEMBERS_ONLY),
        ({"caps": {"per_member_day": 1}}, Reason.MEMBERS_ONLY),
        ({"caps": {"per_receipt": 1, "per_store_day": 1}}, None),
    ],
)
def test_nobody_may_have_what_asks_for_a_member(
    fields: dict[str, Any], reason: Reason | None
) -> None:
    assert offered(fields, None).reason is reason


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ({"member_days_from": 0}, Reason.MEMBER_TOO_NEW),
        ({"member_days_until": 99}, Reason.MEMBER_TOO_NEW),
        ({"birthday_within_days": 182}, Reason.NOT_BIRTHDAY),
        ({"members_only": True}, None),
    ],
)
def test_what_is_not_known_of_a_member_grants_nothing(
    when: dict[str, Any], reason: Reason | None
) -> None:
    unknown = MemberContext("gold")
    tomorrow = MemberContext("gold", joined=date(2026, 8, 1))
    assert offered({"when": when}, unknown).reason is reason
    assert offered({"when": when}, tomorrow).reason is reason


def test_the_day_of_joining_is_day_zero() -> None:
    today = MemberContext("gold", joined=FRIDAY_NOON.date())
    assert offered({"when": {"member_days_from": 0, "member_days_until": 1}}, today).reason is None
    too_new = offered({"when": {"member_days_from": 1}}, today)
    assert too_new.reason is Reason.MEMBER_TOO_NEW


SHOP = StoreContext("S1", "east", "store", {"A": 3, "B": 2})


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ({"stores": ["S1", "S2"], "regions": ["east"], "channels": ["store"]}, None),
        ({"stores": ["S2"], "regions": ["east"]}, Reason.OTHER_PLACE),
        ({"stores": ["S1"], "regions": ["west"]}, Reason.OTHER_PLACE),
        ({"channels": ["web"]}, Reason.OTHER_CHANNEL),
        ({"stock_from": 2}, None),
        ({"stock_from": 4}, Reason.STOCK_TOO_LOW),
    ],
)
def test_a_rule_asks_where_it_is(when: dict[str, Any], reason: Reason | None) -> None:
    assert offered({"when": when}, store=SHOP).reason is reason


def test_only_articles_in_stock_are_meant() -> None:
    assert offered({"when": {"stock_from": 3}}, store=SHOP).lines == (0,)
    assert offered({"when": {"stock_from": 2}}, store=SHOP).lines == (0, 1)


@pytest.mark.parametrize(
    ("caps", "ever", "today", "in_store", "left"),
    [
        ({}, 9, 9, 9, None),
        ({"per_receipt": 2}, 9, 9, 9, 2),
        ({"per_member": 5}, 2, 9, 9, 3),
        ({"per_member_day": 5}, 9, 1, 9, 4),
        ({"per_store_day": 5}, 9, 9, 3, 2),
        ({"per_receipt": 4, "per_member": 5, "per_store_day": 9}, 4, 0, 0, 1),
        ({"per_member": 5}, 5, 0, 0, 0),
        ({"per_member_day": 1}, 0, 3, 0, -2),
        ({"per_store_day": 7}, 0, 0, 7, 0),
    ],
)
def test_what_caps_leave(
    caps: dict[str, int], ever: int, today: int, in_store: int, left: int | None
) -> None:
    member = MemberContext("gold", used=Used({"o": ever}, {"o": today, "other": 99}))
    match = offered({"caps": caps}, member, StoreContext(used=Used(today={"o": in_store})))
    assert match.uses_left == left
    assert match.reason is (Reason.CAP_REACHED if left is not None and left <= 0 else None)


@pytest.mark.parametrize(
    ("campaign", "fen", "uses", "reason"),
    [
        ({"budget_fen": 100}, 99, 9, None),
        ({"budget_fen": 100}, 100, 0, Reason.BUDGET_SPENT),
        ({"uses": 3}, 999, 2, None),
        ({"uses": 3}, 0, 3, Reason.BUDGET_SPENT),
        ({"budget_fen": 100, "uses": 3}, 99, 4, Reason.BUDGET_SPENT),
        ({}, 999, 999, None),
    ],
)
def test_what_a_campaign_leaves(
    campaign: dict[str, int], fen: int, uses: int, reason: Reason | None
) -> None:
    store = StoreContext(campaign_fen={"k": fen}, campaign_uses={"k": uses})
    rules: dict[str, Any] = {"campaigns": [{"id": "k"} | campaign]}
    assert offered({"campaign": "k"}, store=store, **rules).reason is reason
    budget, most = campaign.get("budget_fen"), campaign.get("uses")
    assert matched(rules, store=store).campaigns == {
        "k": Budget(None if budget is None else budget - fen, None if most is None else most - uses)
    }


COUNTED: list[dict[str, Any]] = [
    {"caps": {"per_member": 9}},
    {"caps": {"per_member_day": 9}},
    {"caps": {"per_store_day": 9}},
    {"campaign": "k"},
]
TIMED: list[dict[str, Any]] = [
    {"kind": "time_slot_price", "slots": [HOUR]},
    {"when": {"slots": [HOUR]}},
    {"when": {"valid_from": "2026-01-01T00:00:00"}},
    {"when": {"valid_until": "2027-01-01T00:00:00"}},
    {"when": {"member_days_from": 0}},
    {"when": {"member_days_until": 99}},
    {"when": {"birthday_within_days": 100}},
    {"caps": {"per_member_day": 9}},
    {"caps": {"per_store_day": 9}},
]
CAMPAIGN: dict[str, Any] = {"campaigns": [{"id": "k", "uses": 99}]}


@pytest.mark.parametrize("fields", COUNTED)
def test_use_that_is_not_known_grants_nothing_counted(fields: dict[str, Any]) -> None:
    assert offered(fields, **CAMPAIGN).reason is None
    match = offered(fields, store=StoreContext(use_known=False), **CAMPAIGN)
    assert match.reason is Reason.USE_UNKNOWN


@pytest.mark.parametrize("fields", TIMED)
def test_a_clock_that_is_not_known_grants_nothing_timed(fields: dict[str, Any]) -> None:
    assert offered(fields).reason is None
    match = offered(fields, store=StoreContext(clock_known=False))
    assert match.reason is Reason.CLOCK_UNKNOWN


@pytest.mark.parametrize(
    "fields", [{}, {"caps": {"per_receipt": 1, "per_member": 9}}, {"tiers": ["gold"]}]
)
def test_the_rest_needs_no_clock(fields: dict[str, Any]) -> None:
    assert offered(fields, store=StoreContext(clock_known=False)).reason is None


def test_the_first_reason_is_given() -> None:
    everything: dict[str, Any] = {
        "tiers": ["silver"],
        "member_tags": ["教师"],
        "kind": "time_slot_price",
        "slots": [HOUR | {"weekday": 3}],
        "when": {"stores": ["S9"], "basket_shelf_from_fen": 9999, "stock_from": 99},
    }
    ban: dict[str, Any] = {"restrictions": [{"stores": ["S1"], "off": ["o"]}]}
    assert offered(everything, store=SHOP, **ban).reason is Reason.RESTRICTED
    assert offered(everything, store=SHOP).reason is Reason.OTHER_PLACE
    here = everything | {"when": {"basket_shelf_from_fen": 9999, "stock_from": 99}}
    assert offered(here, store=SHOP).reason is Reason.NOT_ELIGIBLE_TIER
    gold = here | {"tiers": ["gold"]}
    assert offered(gold, store=SHOP).reason is Reason.NOT_ELIGIBLE_TAG
    tagged = gold | {"member_tags": ["学生"]}
    assert offered(tagged, store=SHOP).reason is Reason.OUTSIDE_SLOT
    on_time = tagged | {"slots": [HOUR]}
    assert offered(on_time, store=SHOP).reason is Reason.BASKET_TOO_SMALL
    large = on_time | {"when": {"stock_from": 99}}
    assert offered(large, store=SHOP).reason is Reason.STOCK_TOO_LOW


# ---- birthdays -----------------------------------------------------------------------------------


@given(
    st.dates(date(2023, 1, 1), date(2029, 12, 31)),
    st.dates(date(2024, 1, 1), date(2024, 12, 31)),
    st.integers(0, 182),
)
def test_a_birthday_is_near_when_a_day_within_reach_is_hers(
    today: date, born: date, days: int
) -> None:
    def is_hers(day: date) -> bool:
        if (born.month, born.day) == (2, 29) and (day.month, day.day) == (2, 28):
            return (day + timedelta(1)).month == 3
        return (day.month, day.day) == (born.month, born.day)

    expected = any(is_hers(today + timedelta(off)) for off in range(-days, days + 1))
    assert is_near_birthday((born.month, born.day), today, days) is expected


@pytest.mark.parametrize(
    ("today", "near"),
    [
        (date(2026, 2, 27), False),
        (date(2026, 2, 28), True),
        (date(2026, 3, 1), False),
        (date(2028, 2, 28), False),
        (date(2028, 2, 29), True),
    ],
)
def test_born_on_the_29th_of_february(today: date, *, near: bool) -> None:
    assert is_near_birthday((2, 29), today, 0) is near


def test_a_birthday_not_known_is_never_near() -> None:
    assert not is_near_birthday(None, date(2026, 1, 1), 182)

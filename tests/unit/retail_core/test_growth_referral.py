"""Invitations: who counts, and when both are rewarded."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.growth.mall import MallItem, Purse, Wish, check_order, pick_up_until
from retail_core.growth.referral import (
    Link,
    Newcomer,
    Referral,
    Refusal,
    due,
    earned_on,
    refusal,
)
from tests.factories.growth import FIRST, INVITERS, RULE, SHOP, points, referrals

ANN, BEA = INVITERS
DAY_MS = 86_400_000
LINK = Link(ANN, 1_000_000, b"anns browser")
NEW = Newcomer(BEA, 1_000_500, b"beas browser")
LATER = FIRST + timedelta(days=200)


@pytest.mark.parametrize(
    ("who", "now_ms", "why"),
    [
        (NEW, 1_001_000, None),
        (replace(NEW, device=b""), 1_001_000, None),
        (replace(NEW, member=ANN), 1_001_000, Refusal.HERSELF),
        (replace(NEW, invited=True), 1_001_000, Refusal.INVITED),
        (replace(NEW, joined_ms=999_999), 1_001_000, Refusal.KNOWN),
        (replace(NEW, device=b"anns browser"), 1_001_000, Refusal.SAME_DEVICE),
        (replace(NEW, used_devices=frozenset({b"beas browser"})), 1_001_000, Refusal.SAME_DEVICE),
        (NEW, 1_000_500 + 31 * DAY_MS, Refusal.TOO_LATE),
    ],
)
def test_who_counts_as_invited(who: Newcomer, now_ms: int, why: Refusal | None) -> None:
    assert refusal(RULE, LINK, who, now_ms) == why


def test_both_are_rewarded_when_the_first_real_purchase_cannot_be_given_back() -> None:
    friend = Referral(ANN, BEA, FIRST, ((FIRST, 999), (FIRST + timedelta(days=2), 1_000)))
    assert earned_on(RULE, friend) == FIRST + timedelta(days=9)
    assert due(RULE, [friend], FIRST + timedelta(days=8)) == {}
    assert due(RULE, [friend], FIRST + timedelta(days=9)) == {
        BEA: {f"invited:referral:{ANN}": points(100)},
        ANN: {f"referral:referral:{BEA}": points(200)},
    }
    over = msgspec.structs.replace(RULE, last_day=FIRST - timedelta(days=1))
    assert earned_on(over, friend) is None


def test_an_inviter_is_rewarded_so_often_her_friends_always() -> None:
    friends = [
        Referral(ANN, UUID(int=n), FIRST, ((FIRST + timedelta(days=n), 2_000),)) for n in range(3)
    ]
    rule = msgspec.structs.replace(RULE, per_month=2, per_person=1)
    found = due(rule, friends, LATER)
    assert set(found[ANN]) == {f"referral:referral:{UUID(int=0)}"}
    assert all(UUID(int=n) in found for n in range(3))
    monthly = msgspec.structs.replace(RULE, per_month=2)
    assert len(due(monthly, friends, LATER)[ANN]) == 3  # the third is earned in December


@given(referrals(), st.permutations(range(8)), st.integers(0, 60))
def test_neither_order_nor_repetition_matters_here(
    all_: tuple[Referral, ...], order: list[int], days: int
) -> None:
    rule, today = msgspec.structs.replace(RULE, per_month=2), FIRST + timedelta(days=days)
    told = [all_[at] for at in order if at < len(all_)] + list(all_)
    assert due(rule, told, today) == due(rule, all_, today)


@given(referrals())
def test_a_refund_of_everything_rewards_nobody(all_: tuple[Referral, ...]) -> None:
    gone = [replace(one, bought=tuple((day, 0) for day, _ in one.bought)) for one in all_]
    assert due(RULE, gone, LATER) == {}


@given(referrals(), st.integers(1, 3))
def test_no_cap_is_passed(all_: tuple[Referral, ...], cap: int) -> None:
    rule = msgspec.structs.replace(RULE, per_person=cap)
    found = due(rule, all_, LATER)
    for inviter in INVITERS:
        assert sum(one.startswith("referral:") for one in found.get(inviter, {})) <= cap


ITEM = MallItem(id="cup", sku="CUP", name="马克杯", points=500, per_person=2, pick_up_days=3)
RICH = Purse(free=800, whole=900)
HERE = Wish(SHOP, FIRST, ordered=0, in_stock=4)


@pytest.mark.parametrize(
    ("item", "purse", "wish", "code"),
    [
        ({}, RICH, HERE, ""),
        ({"last_day": FIRST - timedelta(days=1)}, RICH, HERE, "M130"),
        ({"first_day": FIRST + timedelta(days=1)}, RICH, HERE, "M130"),
        ({"stores": frozenset({"别的店"})}, RICH, HERE, "M130"),
        ({}, RICH, replace(HERE, ordered=2), "M131"),
        ({}, RICH, replace(HERE, in_stock=0), "M132"),
        ({}, Purse(free=499, whole=499), HERE, "M133"),
        ({}, Purse(free=100, whole=900), HERE, "M134"),
    ],
)
def test_what_the_mall_gives(item: dict[str, object], purse: Purse, wish: Wish, code: str) -> None:
    changed = msgspec.structs.replace(ITEM, **item)
    if not code:
        check_order(changed, purse, wish)
        return
    with pytest.raises(Fault) as refused:
        check_order(changed, purse, wish)
    assert refused.value.code == code


def test_it_is_kept_for_so_many_days() -> None:
    assert pick_up_until(ITEM, date(2026, 12, 31)) == date(2027, 1, 2)

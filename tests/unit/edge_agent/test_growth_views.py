"""What a till shows of a member's tier, coupons, gifts and birthday on its own day."""

from datetime import UTC, date, datetime, time
from uuid import UUID

import pytest

from edge_agent.api.growth_views import growth_seen, is_birthday
from edge_agent.domain.member_view import MemberView
from edge_agent.domain.shop import Shop
from retail_core.pricing.rules.coupons import ThresholdCoupon
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.wire.standing import CouponHeld, GiftDue, TierAsk, TierStanding

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
SHOP = Shop(HERE, HERE, HERE, HERE, "上海店", "上海", "Asia/Shanghai", time(4))
BUNDLE = RuleBundle(
    version=1,
    tier_names={"silver": "银卡", "gold": "金卡"},
    tier_names_en={"gold": "Gold"},
    coupons=(ThresholdCoupon(id="HELLO", name="迎新券", fen_off=500),),
)
STANDING = TierStanding(
    since=20260101,
    until=20261231,
    counted_from=20260101,
    spend_fen=120_000,
    visits=3,
    next=TierAsk("gold", 3_800, 0),
)


def view(at: datetime, birthday: int = 0) -> MemberView:
    return MemberView(
        member_id=UUID(int=9),
        ver=1,
        name="王芳",
        tier="silver",
        tags=(),
        points_free=0,
        points_pending=0,
        pending_local_points=0,
        phone_masked="",
        home_store=HERE,
        last_purchase=None,
        as_of_ms=int(at.timestamp() * 1_000),
        standing=STANDING,
        coupons=(
            CouponHeld(UUID(int=5).bytes, "HELLO", 20260701, 20260731),
            CouponHeld(UUID(int=6).bytes, "GONE", 20260701, 20260730),
        ),
        gifts=(
            GiftDue(UUID(int=7).bytes, "tier", "B1", "帆布袋", 20260801),
            GiftDue(UUID(int=8).bytes, "mall", "C1", "杯子", 20260801, ELSEWHERE.bytes),
        ),
        birthday=birthday,
    )


def test_what_is_over_on_the_shops_own_day_is_not_shown() -> None:
    # half past midnight on 31 July in Shanghai
    seen = growth_seen(view(datetime(2026, 7, 30, 16, 30, tzinfo=UTC)), SHOP, BUNDLE)
    assert [(one.name, one.last_day) for one in seen.coupons] == [("迎新券", 20260731)]
    assert [(one.name, one.here) for one in seen.gifts] == [("帆布袋", True), ("杯子", False)]
    earlier = growth_seen(view(datetime(2026, 7, 30, 15, 59, tzinfo=UTC)), SHOP, BUNDLE)
    assert [one.name for one in earlier.coupons] == ["迎新券", "GONE"]


def test_the_account_names_tiers_as_the_bundle_does() -> None:
    seen = growth_seen(view(datetime(2026, 7, 1, tzinfo=UTC)), SHOP, BUNDLE)
    assert seen.standing is not None
    assert (seen.standing.tier_name, seen.standing.tier_name_en) == ("银卡", "银卡")
    assert seen.standing.text_en.endswith("¥38.00 more for Gold.")
    assert seen.standing.text_zh.endswith("再消费 ¥38.00,即升为金卡。")
    assert seen.standing.next is not None
    assert (seen.standing.next.fen, seen.standing.keep) == (3_800, None)


def test_a_birthday_begins_at_the_shops_midnight() -> None:
    midnight = datetime(2026, 7, 30, 16, 0, tzinfo=UTC)
    assert growth_seen(view(midnight, 731), SHOP, BUNDLE).birthday_today
    before = datetime(2026, 7, 30, 15, 59, tzinfo=UTC)
    assert not growth_seen(view(before, 731), SHOP, BUNDLE).birthday_today


@pytest.mark.parametrize(
    ("birthday", "day", "is_today"),
    [
        (229, date(2026, 2, 28), True),
        (229, date(2028, 2, 28), False),
        (229, date(2028, 2, 29), True),
        (229, date(2100, 2, 28), True),
        (228, date(2028, 2, 28), True),
        (0, date(2026, 1, 1), False),
    ],
)
def test_the_leap_day_is_kept_the_day_before(birthday: int, day: date, *, is_today: bool) -> None:
    assert is_birthday(birthday, day) is is_today

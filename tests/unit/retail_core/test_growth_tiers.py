from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.growth.plan import (
    CalendarWindow,
    GrowthPlan,
    Privileges,
    RollingWindow,
    TierGift,
    TierRule,
)
from retail_core.growth.standing import Bought, DayActivity, Held, hold, judge
from retail_core.growth.windows import counted_from, holds_until
from retail_core.pricing.rules.bundle import RuleBundle, parse_bundle
from retail_core.pricing.rules.checking import check_bundle
from retail_core.pricing.rules.coupons import ThresholdCoupon
from retail_core.texts.words import Words

TODAY = date(2026, 11, 22)
LADDER = (
    TierRule(code="standard"),
    TierRule(code="silver", spend_fen=100_000, visits=3),
    TierRule(code="gold", spend_fen=300_000, visits=6),
    TierRule(code="black", spend_fen=1_000_000, visits=24, mode="any"),
)
BAG = TierGift(id="BAG", sku="BAG1", name="帆布袋")
PLAN = GrowthPlan(tiers=LADDER, window=RollingWindow(100), grace_days=30)
YEARLY = GrowthPlan(tiers=LADDER, window=CalendarWindow("year"), grace_days=30)


def bought(*spends: int, last: date = TODAY) -> tuple[DayActivity, ...]:
    """Purchases of so many yuan on consecutive days, the last of them on `last`."""
    count = len(spends)
    return tuple(
        DayActivity(last - timedelta(days=count - 1 - at), yuan * 100)
        for at, yuan in enumerate(spends)
    )


days_bought = st.lists(
    st.builds(
        DayActivity,
        st.dates(TODAY - timedelta(days=420), TODAY),
        st.integers(0, 400_000),
        st.just(1),
    ),
    max_size=12,
)
plans = st.sampled_from(
    [
        PLAN,
        YEARLY,
        GrowthPlan(tiers=LADDER, window=CalendarWindow("quarter"), soft_landing=False),
        GrowthPlan(tiers=LADDER, window=RollingWindow(30), grace_days=0),
    ]
)
helds = st.builds(
    lambda code, until: Held(code, until - timedelta(days=60), until),
    st.sampled_from([tier.code for tier in LADDER]),
    st.dates(TODAY - timedelta(days=400), TODAY + timedelta(days=100)),
)


@pytest.mark.parametrize(
    ("window", "today", "first", "until"),
    [
        (RollingWindow(100), date(2026, 4, 10), date(2026, 1, 1), date(2026, 7, 18)),
        (RollingWindow(1), TODAY, TODAY, TODAY),
        (CalendarWindow("year"), date(2026, 2, 28), date(2026, 1, 1), date(2027, 12, 31)),
        (CalendarWindow("quarter"), date(2026, 12, 31), date(2026, 10, 1), date(2027, 3, 31)),
        (CalendarWindow("month"), date(2028, 1, 31), date(2028, 1, 1), date(2028, 2, 29)),
        (CalendarWindow("month"), date(2026, 12, 5), date(2026, 12, 1), date(2027, 1, 31)),
    ],
)
def test_windows(
    window: RollingWindow | CalendarWindow, today: date, first: date, until: date
) -> None:
    assert counted_from(window, today) == first
    assert holds_until(window, today) == until


def test_a_new_member_begins_at_the_lowest_and_is_told_what_the_next_asks() -> None:
    standing = judge(PLAN, bought(380, 240), None, TODAY)
    assert (standing.held.code, standing.change) == ("standard", "none")
    assert standing.keep is None
    assert standing.next is not None
    assert (standing.next.code, standing.next.missing_fen) == ("silver", 38_000)
    assert standing.next.missing_visits == 1


def test_both_numbers_are_asked_and_the_tier_is_reached_at_once() -> None:
    assert judge(PLAN, bought(1_000), None, TODAY).held.code == "standard"
    reached = judge(PLAN, bought(400, 300, 300), None, TODAY)
    assert reached.change == "reached"
    assert reached.held == Held("silver", TODAY, TODAY + timedelta(days=99))
    assert (reached.why.spend_fen, reached.why.visits) == (100_000, 3)


def test_any_asks_one_of_two() -> None:
    by_spending = judge(PLAN, bought(10_000), None, TODAY)
    by_visits = judge(PLAN, bought(*[1] * 24), None, TODAY)
    assert by_spending.held.code == by_visits.held.code == "black"
    assert by_spending.next is None


def test_thirty_eight_yuan_more_keep_it() -> None:
    held = Held("gold", TODAY - timedelta(days=50), TODAY + timedelta(days=20))
    early = bought(900, last=TODAY - timedelta(days=105))
    late = bought(600, 600, 600, 600, 562)
    standing = judge(PLAN, early + late, held, TODAY)
    assert (standing.held, standing.change) == (held, "none")
    assert standing.keep is not None
    assert (standing.keep.missing_fen, standing.keep.missing_visits) == (3_800, 1)
    kept = judge(PLAN, (*early, *late, DayActivity(TODAY, 3_800)), held, TODAY)
    assert kept.held == Held("gold", held.since, TODAY + timedelta(days=99))
    assert kept.change == "kept"


def test_a_fall_waits_for_the_grace_and_is_one_step() -> None:
    held = Held("gold", TODAY - timedelta(days=200), TODAY - timedelta(days=30))
    assert judge(PLAN, (), held, TODAY).change == "grace"
    fallen = judge(PLAN, (), held, TODAY + timedelta(days=1))
    assert (fallen.held.code, fallen.change) == ("silver", "lowered")
    assert fallen.held.since == TODAY + timedelta(days=1)
    assert fallen.held.until == held.until + timedelta(days=99)
    hard = judge(
        GrowthPlan(tiers=LADDER, window=PLAN.window, grace_days=30, soft_landing=False),
        (),
        held,
        TODAY + timedelta(days=1),
    )
    assert hard.held.code == "standard"


def test_what_was_bought_in_the_year_that_ended_counts_for_the_one_after() -> None:
    held = Held("black", date(2025, 5, 1), date(2026, 12, 31))
    in_2026 = bought(800, 800, 800, 800, 800, 800, last=date(2026, 6, 1))
    fallen = judge(YEARLY, in_2026, held, date(2027, 3, 1))
    assert (fallen.held.code, fallen.held.until) == ("gold", date(2027, 12, 31))


def test_nobody_is_lowered_where_the_cloud_is_away() -> None:
    held = Held("black", date(2020, 1, 1), date(2020, 12, 31))
    standing = judge(PLAN, (), held, TODAY, may_lower=False)
    assert (standing.held, standing.change) == (held, "grace")
    assert judge(PLAN, (), held, TODAY).held.code == "standard"


def test_who_buys_enough_in_the_grace_never_falls() -> None:
    held = Held("silver", TODAY - timedelta(days=200), TODAY - timedelta(days=5))
    kept = judge(PLAN, bought(400, 300, 300), held, TODAY)
    assert (kept.held.code, kept.held.since, kept.change) == ("silver", held.since, "kept")
    assert kept.held.until == TODAY + timedelta(days=99)


@given(plans, days_bought, st.none() | helds)
def test_judging_again_changes_nothing(
    plan: GrowthPlan, days: list[DayActivity], held: Held | None
) -> None:
    once = judge(plan, days, held, TODAY)
    again = judge(plan, days, once.held, TODAY)
    assert again.held == once.held
    assert again.change in {"none", "grace"}


@given(plans, days_bought, helds)
def test_without_the_cloud_a_tier_only_rises(
    plan: GrowthPlan, days: list[DayActivity], held: Held
) -> None:
    offline = judge(plan, days, held, TODAY, may_lower=False).held
    assert plan.rank(offline.code) >= plan.rank(held.code)
    assert plan.rank(offline.code) >= plan.rank(judge(plan, days, held, TODAY).held.code)


@given(plans, days_bought, helds, st.integers(0, 500_000))
def test_buying_more_never_lowers(
    plan: GrowthPlan, days: list[DayActivity], held: Held, fen: int
) -> None:
    less = judge(plan, days, held, TODAY).held
    more = judge(plan, [*days, DayActivity(TODAY, fen)], held, TODAY).held
    assert plan.rank(more.code) >= plan.rank(less.code)


@given(plans, days_bought, st.none() | helds)
def test_what_is_missing_is_exactly_what_is_missing(
    plan: GrowthPlan, days: list[DayActivity], held: Held | None
) -> None:
    standing = judge(plan, days, held, TODAY)
    ahead = standing.next
    if ahead is None:
        return
    visits = [DayActivity(TODAY, 0)] * ahead.missing_visits
    enough = [*days, *visits, DayActivity(TODAY, ahead.missing_fen, 0)]
    assert judge(plan, enough, standing.held, TODAY).held.code != standing.held.code
    if ahead.mode == "all" and ahead.missing_fen:
        short = [*days, *visits, DayActivity(TODAY, ahead.missing_fen - 1, 0)]
        assert judge(plan, short, standing.held, TODAY).held.code == standing.held.code


COUPON = ThresholdCoupon(id="SPRING", name="春天", fen_off=100)
NAMES = {tier.code: tier.code for tier in LADDER}


def planned(*tiers: TierRule, names: dict[str, str] = NAMES, **more: Any) -> RuleBundle:
    plan = GrowthPlan(tiers=tiers, **more)
    return RuleBundle(version=1, tier_names=names, coupons=(COUPON,), growth=plan)


def bringing(**privileges: Any) -> tuple[TierRule, ...]:
    return (TierRule(code="standard", privileges=Privileges(**privileges)), *LADDER[1:])


@pytest.mark.parametrize(
    ("bundle", "reason"),
    [
        (planned(LADDER[0], *LADDER), "standard stands there more than once"),
        (planned(*LADDER, TierRule(code="nobody", visits=99)), "not in tier_names: nobody"),
        (planned(*LADDER[:3]), "says nothing of black"),
        (planned(LADDER[0], LADDER[2], LADDER[1], LADDER[3]), "order differs"),
        (planned(LADDER[1], names={"silver": ""}), "the lowest tier asks nothing"),
        (planned(LADDER[0], TierRule(code="silver"), *LADDER[2:]), "are needed"),
        (planned(*LADDER[:3], TierRule(code="black", visits=9)), "asks less than gold"),
        (planned(*bringing(welcome=("SPRING", "AUTUMN"))), "is called AUTUMN"),
        (planned(*bringing(trial=("SPRING",))), "is called SPRING"),
        (planned(*bringing(monthly=("SPRING", "SPRING"))), "an id is there twice"),
        (planned(*LADDER, gifts=(BAG, BAG)), "BAG stands there more than once"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(bundle: RuleBundle, reason: str) -> None:
    with pytest.raises(Fault, match="P107") as caught:
        check_bundle(bundle)
    said = caught.value.fields["reason"]
    assert isinstance(said, Words)
    assert reason in said
    assert said.zh != str(said)


def test_a_plan_is_read_with_its_bundle() -> None:
    bundle = planned(*bringing(welcome=("SPRING", "BAG"), trial=("BAG",)), gifts=(BAG,))
    assert parse_bundle(msgspec.json.encode(bundle)).growth == bundle.growth


@given(plan=plans, days=days_bought, held=st.none() | helds, renews=st.booleans())
def test_holding_is_judging_without_the_account(
    plan: GrowthPlan, days: list[DayActivity], held: Held | None, *, renews: bool
) -> None:
    standing = judge(plan, days, held, TODAY, renews=renews)
    assert hold(plan, Bought(days), held, TODAY, renews=renews) == standing.held
    if standing.next is not None:
        assert not standing.next.met

"""The laws of a standing: it is a function of what happened, and time alone never surprises."""

from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from retail_core.growth.account import TierNames, explain, is_met, lacking
from retail_core.growth.history import (
    Grant,
    History,
    Plans,
    check_order,
    grace_until,
    judge_on,
    stand,
    to_wire,
)
from retail_core.growth.plan import CalendarWindow, GrowthPlan, RollingWindow, TierRule
from retail_core.growth.standing import Bought, DayActivity
from retail_core.wire.standing import TierAsk

BEGUN = date(2024, 1, 1)
LADDER = (
    TierRule(code="standard"),
    TierRule(code="silver", spend_fen=100_000, visits=2),
    TierRule(code="gold", spend_fen=300_000, visits=4),
    TierRule(code="black", spend_fen=900_000, visits=20, mode="any"),
)
NAMES = {"standard": "普卡", "silver": "银卡", "gold": "金卡", "black": "黑卡"}
CALLED = TierNames(NAMES, {"gold": "Gold"})
PLAN = GrowthPlan(tiers=LADDER, window=RollingWindow(100), grace_days=30)
STRICT = GrowthPlan(
    tiers=(LADDER[0], *(TierRule(code=t.code, spend_fen=t.spend_fen * 4) for t in LADDER[1:])),
    window=RollingWindow(100),
)
ONE_PLAN = Plans(((BEGUN, PLAN),))
plans = st.sampled_from(
    [
        ONE_PLAN,
        Plans(((BEGUN, GrowthPlan(tiers=LADDER, window=CalendarWindow("quarter"))),)),
        Plans(((BEGUN, GrowthPlan(tiers=LADDER, window=CalendarWindow("year"), grace_days=0)),)),
        Plans(((BEGUN, GrowthPlan(tiers=LADDER, window=RollingWindow(30), soft_landing=False)),)),
    ]
)
days = st.dates(BEGUN, BEGUN + timedelta(days=700))
activity = st.lists(st.builds(DayActivity, days, st.integers(0, 400_000)), max_size=14)
grants = st.lists(
    st.builds(
        lambda day, code, lasts: Grant(day, code, day + timedelta(days=lasts)),
        days,
        st.sampled_from([tier.code for tier in LADDER]),
        st.integers(0, 200),
    ),
    max_size=2,
).map(tuple)


def history(bought: list[DayActivity], given_: tuple[Grant, ...] = ()) -> History:
    return History(BEGUN, Bought(bought), given_)


@given(plans, activity, grants, days, st.integers(1, 400))
def test_time_alone_never_lowers_before_the_end_and_the_grace(
    plans: Plans, bought: list[DayActivity], granted: tuple[Grant, ...], day: date, later: int
) -> None:
    known = history([one for one in bought if one.day <= day], granted)
    known = History(BEGUN, known.bought, tuple(one for one in granted if one.day <= day))
    before, after = stand(plans, known, day), stand(plans, known, day + timedelta(days=later))
    plan = plans.newest
    over = before.held.until + timedelta(days=plan.grace_days)
    if day + timedelta(days=later) <= over:
        assert plan.rank(after.held.code) >= plan.rank(before.held.code)
        assert after.held.until >= before.held.until


@given(plans, activity, grants, days)
def test_nothing_happens_before_the_day_it_is_judged_again(
    plans: Plans, bought: list[DayActivity], granted: tuple[Grant, ...], day: date
) -> None:
    known = History(
        BEGUN,
        Bought(one for one in bought if one.day <= day),
        tuple(one for one in granted if one.day <= day),
    )
    now = stand(plans, known, day)
    due = judge_on(plans.newest, now, day)
    assert due > day
    eve = stand(plans, known, due - timedelta(days=1))
    assert (eve.held, eve.change == "grace") == (now.held, now.change == "grace")


@given(plans, activity, grants, days, st.integers(0, 500_000), days)
def test_spending_more_never_gives_a_lower_tier(
    plans: Plans,
    bought: list[DayActivity],
    granted: tuple[Grant, ...],
    day: date,
    fen: int,
    other: date,
) -> None:
    less = stand(plans, history(bought, granted), day)
    more = stand(plans, history([*bought, DayActivity(other, fen)], granted), day)
    assert plans.newest.rank(more.held.code) >= plans.newest.rank(less.held.code)


@given(plans, activity, grants, days, st.randoms(use_true_random=False))
def test_any_order_and_any_split_of_days_says_the_same(
    plans: Plans,
    bought: list[DayActivity],
    granted: tuple[Grant, ...],
    day: date,
    shuffle: Random,
) -> None:
    mixed = [
        part
        for one in bought
        for part in (
            DayActivity(one.day, one.spend_fen // 3, 1),
            DayActivity(one.day, one.spend_fen - one.spend_fen // 3, 0),
        )
    ]
    shuffle.shuffle(mixed)
    assert stand(plans, history(mixed, granted), day) == stand(plans, history(bought, granted), day)


@given(plans, activity, days, st.integers(1, 900_000), days)
def test_a_refund_of_all_is_as_if_never_bought(
    plans: Plans, bought: list[DayActivity], day: date, fen: int, when: date
) -> None:
    others = [one for one in bought if one.day != when]
    undone = [*others, DayActivity(when, fen - fen, 0)]
    without = stand(plans, history(others), day)
    with_ = stand(plans, history([one for one in undone if one.visits or one.spend_fen]), day)
    assert with_ == without


def test_gold_on_a_sale_and_gone_with_its_refund() -> None:
    spree = [DayActivity(BEGUN + timedelta(days=n), 80_000) for n in range(4)]
    day = BEGUN + timedelta(days=10)
    assert stand(ONE_PLAN, history(spree), day).held.code == "gold"
    assert stand(ONE_PLAN, history(spree[:3]), day).held.code == "silver"


def test_a_grant_holds_to_its_end_and_lands_softly() -> None:
    granted = (Grant(BEGUN, "gold", BEGUN + timedelta(days=60)),)
    known = history([], granted)
    assert stand(ONE_PLAN, known, BEGUN + timedelta(days=60)).held.code == "gold"
    in_grace = stand(ONE_PLAN, known, BEGUN + timedelta(days=61))
    assert (in_grace.held.code, in_grace.change) == ("gold", "grace")
    assert grace_until(PLAN, in_grace) == BEGUN + timedelta(days=90)
    assert stand(ONE_PLAN, known, BEGUN + timedelta(days=91)).held.code == "silver"


def test_a_stricter_plan_takes_nothing_before_its_time() -> None:
    spree = [DayActivity(BEGUN + timedelta(days=n), 80_000) for n in range(4)]
    stricter = check_order([(BEGUN, PLAN), (BEGUN + timedelta(days=20), STRICT)])
    reached = stand(stricter, history(spree), BEGUN + timedelta(days=30)).held
    assert (reached.code, reached.until) == ("gold", BEGUN + timedelta(days=3 + 99))
    fallen = stand(stricter, history(spree), BEGUN + timedelta(days=3 + 99 + 31)).held
    assert fallen.code == "silver"


def test_a_tier_that_a_new_plan_does_not_know_is_its_lowest() -> None:
    short = GrowthPlan(tiers=(LADDER[0], TierRule(code="diamond", spend_fen=1_000_000)))
    spree = [DayActivity(BEGUN + timedelta(days=n), 80_000) for n in range(4)]
    both = check_order([(BEGUN, PLAN), (BEGUN + timedelta(days=20), short)])
    assert stand(both, history(spree), BEGUN + timedelta(days=30)).held.code == "standard"


def test_plans_that_say_the_same_are_one() -> None:
    later = BEGUN + timedelta(days=9)
    assert check_order([(BEGUN, PLAN), (later, PLAN)]).since == ((BEGUN, PLAN),)


def test_the_account_says_what_keeps_it_and_what_is_next() -> None:
    spree = [DayActivity(BEGUN + timedelta(days=n), 80_000) for n in range(4)]
    standing = stand(ONE_PLAN, history(spree), BEGUN + timedelta(days=5))
    zh, en = explain(to_wire(PLAN, standing), "gold", CALLED)
    assert zh == (
        "金卡:自 2023-09-29 起消费 ¥3,200.00,到店 4 天。"
        "有效至 2024-04-12;再消费 ¥3,000.00 并再来 4 次,到期后继续保留。"
        "再消费 ¥5,800.00 或再来 16 次,即升为黑卡。"
    )
    assert en.startswith("Gold: ¥3,200.00 on 4 days")
    assert "holds until 2024-04-12; ¥3,000.00 more and 4 visits more keeps it beyond." in en
    assert en.endswith("¥5,800.00 more or 16 visits more for 黑卡.")


def test_the_account_in_the_grace_and_when_it_is_safe() -> None:
    spree = [DayActivity(BEGUN + timedelta(days=n), 80_000) for n in range(4)]
    late = stand(ONE_PLAN, history(spree), BEGUN + timedelta(days=110))
    zh, en = explain(to_wire(PLAN, late), "gold", CALLED)
    assert "有效期已于 2024-04-12 结束,宽限至 2024-05-12" in zh
    assert "until 2024-05-12 keeps it" in en
    safe = [*spree, *(DayActivity(BEGUN + timedelta(days=50 + n), 90_000) for n in range(4))]
    both = check_order([(BEGUN, GrowthPlan(tiers=LADDER, window=CalendarWindow("year")))])
    kept = stand(both, history([*safe]), BEGUN + timedelta(days=60))
    assert kept.keep is not None
    assert "有效至 2025-12-31" in explain(to_wire(both.newest, kept), "gold", CALLED).zh


def test_one_of_two_is_enough_where_either_is_asked() -> None:
    assert is_met(TierAsk("black", 0, 3, both=False))
    assert not is_met(TierAsk("black", 0, 3, both=True))
    assert lacking(TierAsk("black", 3_800, 1)) == (
        "再消费 ¥38.00 并再来 1 次",
        "¥38.00 more and 1 visit more",
    )

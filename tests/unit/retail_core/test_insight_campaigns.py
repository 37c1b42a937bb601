"""Campaigns: plans, the coin, quiet hours, pace, templates, triggers, worth."""

from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.insight.campaigns.assignment import arm_of, salt_of
from retail_core.insight.campaigns.pacing import (
    DAY_MS,
    DueMessage,
    Pace,
    coalesced,
    reached,
    room,
    within_cap,
)
from retail_core.insight.campaigns.plan import Plan, Trigger, needs_second, plan_of, said_plan
from retail_core.insight.campaigns.quiet import Quiet
from retail_core.insight.campaigns.templates import check_template, filled, is_stop
from retail_core.insight.campaigns.triggers import Standing, due
from retail_core.insight.campaigns.worth import allowed_fen, bound_fen, worth_it
from retail_core.texts.faults import FaultCode

SAID: dict[str, Any] = {
    "name": "回来看看",
    "segment": str(UUID(int=1)),
    "actions": [
        {"kind": "coupon", "rule": "ten-off", "days": 7},
        {"kind": "message", "channel": "sms", "template": str(UUID(int=2))},
        {"kind": "call", "note": "问问新品", "days": 7},
        {"kind": "group", "group": "vip"},
    ],
    "first_day": "2026-11-01",
    "last_day": "2026-11-30",
    "budget_fen": 100_000,
    "benefit_fen": 1_000,
    "message_fen": 5,
}
CHINA = timezone(timedelta(hours=8))
moments = st.datetimes(timezones=st.just(CHINA))
times = st.times().map(lambda at: at.replace(microsecond=0))


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CHINA)  # type: ignore[misc,arg-type] # year, month, day, hour


def said(**changed: object) -> dict[str, Any]:
    return SAID | changed


class TestPlan:
    def test_it_reads_what_it_writes(self) -> None:
        plan = plan_of(SAID)
        assert plan_of(said_plan(plan)) == plan
        assert plan.person_fen == 1_005
        assert not plan.only_messages
        assert plan.measured_until == date(2026, 12, 28)

    @pytest.mark.parametrize(
        ("field", "wrong"),
        [
            ("name", {"name": "  "}),
            ("name", {"name": 7}),
            ("segment", {"segment": "none"}),
            ("actions", {"actions": []}),
            ("actions[0].days", {"actions": [{"kind": "coupon", "rule": "a", "days": 0}]}),
            ("actions", {"actions": SAID["actions"][:1] * 2}),
            ("actions", {"actions": SAID["actions"][1:2] * 2}),
            ("actions", {"actions": SAID["actions"][2:3] * 2}),
            ("last_day", {"last_day": "2026-10-31"}),
            ("holdout_permille", {"holdout_permille": 901}),
            ("trigger", {"trigger": {"kind": "birthday", "value": 61}}),
            ("trigger.kind", {"trigger": {"kind": "full moon"}}),
            ("budget_fen", {"budget_fen": 1_004}),
            ("plan", {"colour": "red"}),
        ],
    )
    def test_what_is_wrong_is_named(self, field: str, wrong: dict[str, Any]) -> None:
        with pytest.raises(Fault) as caught:
            plan_of(said(**wrong))
        assert caught.value.code is FaultCode.CAMPAIGN_INVALID
        assert caught.value.fields["field"] == field

    def test_nobody_alone_holds_nobody_out(self) -> None:
        assert needs_second(plan_of(said(holdout_permille=0)))
        assert needs_second(plan_of(said(holdout_permille=9)))
        assert not needs_second(plan_of(said(holdout_permille=10)))


class TestCoin:
    @given(st.uuids(), st.uuids(), st.integers(0, 1_000), st.integers(0, 1_000))
    def test_it_falls_the_same_and_a_larger_share_holds_all_of_a_smaller(
        self, campaign: UUID, person: UUID, one: int, other: int
    ) -> None:
        salt = salt_of(b"key", campaign)
        low, high = sorted((one, other))
        assert arm_of(salt, person, one) == arm_of(salt, person, one)
        if arm_of(salt, person, low) == "held":
            assert arm_of(salt, person, high) == "held"
        assert arm_of(salt, person, 0) == "treated"
        assert arm_of(salt, person, 1_000) == "held"

    def test_the_share_comes_out_and_two_campaigns_are_two_coins(self) -> None:
        people = [UUID(int=nth) for nth in range(20_000)]
        arms = [
            [arm_of(salt_of(b"key", UUID(int=nth)), person, 100) == "held" for person in people]
            for nth in (1, 2)
        ]
        both = sum(one and other for one, other in zip(*arms, strict=True))
        # Five standard deviations of a binomial either side.
        assert all(abs(sum(arm) - 2_000) < 215 for arm in arms)
        assert abs(both - 200) < 71

    def test_another_key_is_another_coin(self) -> None:
        assert salt_of(b"key", UUID(int=1)) != salt_of(b"yek", UUID(int=1))


class TestQuiet:
    @given(moments, times, times)
    def test_it_ends_within_a_day_and_is_never_quiet_then(
        self, local: datetime, begins: time, ends: time
    ) -> None:
        quiet = Quiet(begins, ends)
        until = quiet.until(local)
        assert local <= until < local + timedelta(days=1)
        assert not quiet.holds(until)
        assert quiet.holds(local) is (until > local)

    def test_the_night_is_quiet(self) -> None:
        quiet = Quiet()
        assert quiet.until(local(2026, 11, 1, 23)) == local(2026, 11, 2, 9)
        assert quiet.until(local(2026, 11, 1, 3)) == local(2026, 11, 1, 9)
        assert not quiet.holds(local(2026, 11, 1, 9))
        assert not quiet.holds(local(2026, 11, 1, 20, 29))


class TestPace:
    @given(st.integers(0, 300), st.integers(0, 30_000))
    def test_never_more_than_the_brand_may(self, minute: int, day: int) -> None:
        pace = Pace(per_minute=100, per_day=1_000)
        may = room(pace, minute, day)
        assert may >= 0
        assert may == 0 or (minute + may <= 100 and day + may <= 1_000)

    @given(st.lists(st.integers(0, 40), max_size=60))
    def test_sending_whenever_one_may_never_breaks_the_cap(self, days: list[int]) -> None:
        pace = Pace(person_max=2, person_days=7)
        sent: list[int] = []
        for day in sorted(days):
            if within_cap(pace, sent, day * DAY_MS):
                sent.append(day * DAY_MS)
        for moment in sent:
            assert sum(moment - 7 * DAY_MS < other <= moment for other in sent) <= 2

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 5))))
    def test_one_a_person_the_most_urgent(self, rows: list[tuple[int, int, int]]) -> None:
        waiting = [
            DueMessage(UUID(int=100 + nth), UUID(int=nth), UUID(int=person), urgent, made)
            for nth, (person, urgent, made) in enumerate(rows)
        ]
        going, dropped = coalesced(waiting)
        assert len({one.person for one in going}) == len(going)
        assert {one.message for one in going} | set(dropped) == {one.message for one in waiting}
        assert not {one.message for one in going} & set(dropped)
        for one in waiting:
            best = next(goes for goes in going if goes.person == one.person)
            assert (best.priority, -best.made_ms) >= (one.priority, -one.made_ms)

    def test_one_no_of_a_person_is_a_no(self) -> None:
        assert reached(["sms", "wechat"], ["sms", "wechat"], ["sms"]) == ["wechat"]
        assert reached(["sms"], [], []) == []


class TestTemplates:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "您好,退订回T",
            "【{brand}】您好",
            "【{brand}】{name} 退订回T",
            "【{brand}】{退订",
            "【{brand}】\x07退订",
        ],
    )
    def test_what_may_not_be_sent_is_refused(self, text: str) -> None:
        with pytest.raises(Fault) as caught:
            check_template("sms", text)
        assert caught.value.code is FaultCode.TEMPLATE_INVALID

    def test_places_are_filled_once(self) -> None:
        text = "【{brand}】送您「{coupon}」,{last_day} 前到店可用,拒收请回复R"
        check_template("sms", text)
        values = {"brand": "{coupon}", "coupon": "满百减十", "last_day": "11-30"}
        assert filled(text, values) == "【{coupon}】送您「满百减十」,11-30 前到店可用,拒收请回复R"
        check_template("wechat", "{coupon}")

    @pytest.mark.parametrize("reply", ["T", " td ", "退订。", "r!", "Stop", "0000"])
    def test_a_stop_is_understood(self, reply: str) -> None:
        assert is_stop(reply)

    @pytest.mark.parametrize("reply", ["", "谢谢", "Thanks", "退订吗", "不想退订"])
    def test_other_words_stop_nothing(self, reply: str) -> None:
        assert not is_stop(reply)


class TestTriggers:
    def test_who_is_due(self) -> None:
        today = date(2026, 2, 25)
        churn, near = Trigger("churn"), Trigger("tier_near", 5_000)
        birthday = Trigger("birthday", 7)
        assert due(Trigger(), Standing(), today)
        assert due(Trigger("entered"), Standing(), today)
        assert due(churn, Standing(lifecycle="at_risk"), today)
        assert due(churn, Standing(overdue=True), today)
        assert not due(churn, Standing(lifecycle="repeat"), today)
        assert due(near, Standing(missing_fen=5_000), today)
        assert not due(near, Standing(missing_fen=5_001), today)
        assert not due(near, Standing(missing_fen=0), today)
        assert not due(near, Standing(), today)
        assert due(birthday, Standing(born=301), today)
        assert not due(birthday, Standing(born=305), today)
        assert not due(birthday, Standing(), today)

    def test_the_29th_of_february_has_its_day_every_year(self) -> None:
        on_the_day = Trigger("birthday", 0)
        assert due(on_the_day, Standing(born=229), date(2027, 2, 28))
        assert not due(on_the_day, Standing(born=229), date(2028, 2, 28))
        assert due(on_the_day, Standing(born=229), date(2028, 2, 29))


class TestWorth:
    PLAN: Plan = plan_of(said(margin_permille=300, worth_permille=200))

    def test_a_person_costs_no_more_than_her_share(self) -> None:
        assert allowed_fen(self.PLAN, 100_000) == 6_000
        assert worth_it(self.PLAN, 16_750)
        assert not worth_it(self.PLAN, 16_749)
        assert worth_it(self.PLAN, None)
        assert worth_it(plan_of(said(worth_permille=0)), 0)

    @given(st.lists(st.one_of(st.none(), st.integers(-5, 10**7)), max_size=30))
    def test_the_bound_pays_for_everybody_who_is_worth_it(self, expected: list[int | None]) -> None:
        bound = bound_fen(self.PLAN, expected)
        assert bound is not None
        cost = self.PLAN.person_fen * sum(worth_it(self.PLAN, one) for one in expected)
        assert cost <= bound

    def test_no_share_is_no_bound(self) -> None:
        assert bound_fen(plan_of(said(worth_permille=0)), [1]) is None

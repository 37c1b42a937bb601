"""Campaigns (CampaignRepo) and their messages (MessageRepo): what every store promises."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_broker.domain.connectors.shape import Pushed
from cloud_broker.ports.profiles import Profile
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import plan_of
from retail_core.texts.faults import FaultCode
from tests.factories.campaigns import Advertising
from tests.fakes.cloud_box import fresh_id

PUSHED = Pushed("POST", {}, {}, b"")


class TestRunning:
    def test_the_coin_divides_and_only_the_treated_are_given(self, ads: Advertising) -> None:
        ads.enrol(40, agreed=False)
        ads.segment_of()
        begun = ads.begun()
        ads.run()
        arms = ads.arms(begun)
        assert sum(arms.values()) == 40
        assert min(arms.values()) > 0
        holders = [one for one in ads.people if ads.grown.coupons(one)]
        assert len(holders) == arms["treated"]
        # A box of theirs holds each coupon, so that it can be used without a line.
        assert all(ads.grown.lease_of(ads.grown.coupons(one)[0]) for one in holders)
        # Again nothing happens: nobody is drawn twice.
        ads.clock.advance(3_600_000)
        ads.run()
        assert ads.arms(begun) == arms

    def test_who_enters_the_segment_later_comes_in_by_the_trigger_alone(
        self, ads: Advertising
    ) -> None:
        ads.enrol(3, agreed=False)
        ads.segment_of()
        once = ads.begun()
        always = ads.begun(trigger={"kind": "entered"})
        ads.run()
        ads.enrol(4, agreed=False)
        ads.segment_of()
        ads.clock.advance(16 * 60_000)
        ads.run()
        assert sum(ads.arms(once).values()) == 3
        assert sum(ads.arms(always).values()) == 7

    def test_the_budget_is_never_passed_and_ends_it(self, ads: Advertising) -> None:
        ads.enrol(12, agreed=False)
        ads.segment_of()
        begun = ads.begun(budget_fen=3_999, holdout_permille=100)
        ads.run()
        assert ads.arms(begun)["treated"] == 3
        assert ads.figures(begun)["committed_fen"] == 3_000
        ads.clock.advance(16 * 60_000)
        ads.run()
        assert (ads.standing(begun).state, ads.standing(begun).why) == ("stopped", "budget")

    def test_a_stop_takes_back_what_was_not_used(self, ads: Advertising) -> None:
        ads.enrol(6, agreed=False)
        ads.segment_of()
        begun = ads.begun(actions=[
            *ads.said()["actions"],
            {"kind": "group", "group": "vip"},
            {"kind": "call", "note": "问问新品", "days": 3},
        ])  # fmt: skip
        ads.run()
        treated = ads.arms(begun)["treated"]
        with ads.units.begin(ads.tenant) as unit:
            profiles = unit.profiles.profiles([one.member for one in ads.people])
        assert sum(one.groups == ("vip",) for one in profiles.values()) == treated
        assert ads.figures(begun)["calls"] == treated
        ads.desks.campaigns.stop(ads.who(), begun.campaign, take_back=True)
        ads.run()
        assert not any(ads.grown.coupons(one) for one in ads.people)
        with ads.units.begin(ads.tenant) as unit:
            profiles = unit.profiles.profiles([one.member for one in ads.people])
        assert not any(one.groups for one in profiles.values())
        assert ads.figures(begun)["calls"] == 0
        assert ads.standing(begun).tidied

    def test_a_call_is_answered_once_and_by_its_first_answer(self, ads: Advertising) -> None:
        ads.enrol(4, agreed=False)
        ads.segment_of()
        begun = ads.begun(actions=[{"kind": "call", "note": "问问新品", "days": 3}])
        ads.run()
        treated = ads.arms(begun)["treated"]
        called = [one for one in ads.people if ads.calls(one)]
        assert len(called) == treated >= 1
        (call,) = ads.calls(called[0])
        ads.says_of(call, called[0], "refused")
        # A shop that was dark says something else later, and a broken box something odd.
        ads.says_of(call, called[0], "done")
        assert ads.calls(called[0]) == []
        figures = ads.figures(begun)
        assert (figures["calls"], figures["answered"]) == (treated - 1, {"refused": 1})
        ads.says_of(fresh_id().bytes, called[0], "done")
        ads.says_of(call, called[0], "shouted")
        assert ads.repairs() == ["E122", "W101"]

    def test_an_answer_counts_though_the_campaign_is_over(self, ads: Advertising) -> None:
        ads.enrol(4, agreed=False)
        ads.segment_of()
        begun = ads.begun(actions=[{"kind": "call", "note": "问问新品", "days": 3}])
        ads.run()
        called = next(one for one in ads.people if ads.calls(one))
        (call,) = ads.calls(called)
        ads.desks.campaigns.stop(ads.who(), begun.campaign, take_back=False)
        ads.run()
        ads.says_of(call, called, "done")
        figures = ads.figures(begun)
        assert (figures["calls"], figures["answered"]) == (0, {"done": 1})

    def test_who_said_no_to_guesses_is_left_out_before_the_coin(self, ads: Advertising) -> None:
        ads.enrol(3, agreed=False)
        ads.segment_of()
        with ads.units.begin(ads.tenant) as unit:
            unit.profiles.save(Profile(ads.people[0].member, personal=False), 1)
        begun = ads.begun()
        ads.run()
        assert sum(ads.arms(begun).values()) == 2

    def test_a_budget_above_what_the_people_are_worth_does_not_begin(
        self, ads: Advertising
    ) -> None:
        ads.enrol(2, agreed=False)
        ads.segment_of()
        with ads.units.begin(ads.tenant) as unit:
            rows = [(ads.people[0].member, 100_000), (ads.people[1].member, 10)]
            assert unit.campaigns.expected_day() is None
            assert unit.campaigns.set_expected(rows, ads.today()) == 2
            assert unit.campaigns.expected_day() == ads.today()
        said = ads.said(worth_permille=200, budget_fen=6_001)
        made = ads.desks.campaigns.write(ads.who(), plan_of(said))
        with pytest.raises(Fault) as caught:
            ads.desks.campaigns.ask(ads.who(), made.campaign)
        assert caught.value.code is FaultCode.CAMPAIGN_WORTH
        assert caught.value.fields["bound_fen"] == 6_000
        begun = ads.begun(worth_permille=200, budget_fen=6_000)
        ads.run()
        # The other one is expected to bring less than her coupon costs.
        assert sum(ads.arms(begun).values()) == 1


class TestDeciding:
    def test_nobody_lets_their_own_go(self, ads: Advertising) -> None:
        ads.segment_of([])
        made = ads.desks.campaigns.write(ads.who("li"), plan_of(ads.said()))
        ads.desks.campaigns.ask(ads.who("zhou"), made.campaign)
        with pytest.raises(Fault) as caught:
            ads.desks.campaigns.agree(ads.who("zhou"), made.campaign)
        assert caught.value.code is FaultCode.CAMPAIGN_SECOND
        assert ads.desks.campaigns.agree(ads.who("li"), made.campaign).state == "running"

    def test_nobody_alone_lets_one_go_that_holds_nobody_out(self, ads: Advertising) -> None:
        ads.segment_of([])
        made = ads.desks.campaigns.write(ads.who("li"), plan_of(ads.said(holdout_permille=0)))
        ads.desks.campaigns.ask(ads.who("zhou"), made.campaign)
        with pytest.raises(Fault) as caught:
            ads.desks.campaigns.agree(ads.who("li"), made.campaign)
        assert caught.value.code is FaultCode.CAMPAIGN_SECOND
        begun = ads.desks.campaigns.agree(ads.who("wang"), made.campaign)
        alone = replace(begun, agreed_by="li")
        with pytest.raises(StoreRefusedError), ads.units.begin(ads.tenant) as unit:
            unit.campaigns.save(alone)

    def test_what_it_names_has_to_be_there(self, ads: Advertising) -> None:
        for wrong in (
            {"segment": str(fresh_id())},
            {"actions": [{"kind": "coupon", "rule": "none"}]},
        ):
            ads.segment_of([])
            with pytest.raises(Fault) as caught:
                ads.desks.campaigns.write(ads.who(), plan_of(ads.said(**wrong)))
            assert caught.value.code is FaultCode.CAMPAIGN_INVALID

    def test_a_text_is_approved_by_another_and_can_be_ended(self, ads: Advertising) -> None:
        made = ads.desks.templates.write(ads.who(), "sms", "a", "【{brand}】退订回T", "")
        with pytest.raises(Fault) as caught:
            ads.desks.templates.approve(ads.who(), made.template)
        assert caught.value.code is FaultCode.CAMPAIGN_SECOND
        ads.segment_of([])
        message = {"kind": "message", "channel": "sms", "template": str(made.template)}
        written = ads.desks.campaigns.write(ads.who(), plan_of(ads.said(actions=[message])))
        with pytest.raises(Fault) as caught:
            ads.desks.campaigns.ask(ads.who(), written.campaign)
        assert caught.value.code is FaultCode.TEMPLATE_UNAPPROVED
        ads.desks.templates.approve(ads.who("wang"), made.template)
        assert ads.desks.campaigns.ask(ads.who(), written.campaign).state == "waiting"
        assert ads.desks.templates.end(ads.who(), made.template).state == "ended"
        with pytest.raises(Fault):
            ads.desks.templates.approve(ads.who("wang"), made.template)

    def test_a_change_begins_anew_and_is_the_changers(self, ads: Advertising) -> None:
        ads.segment_of([])
        made = ads.desks.campaigns.write(ads.who("li"), plan_of(ads.said()))
        ads.desks.campaigns.ask(ads.who("li"), made.campaign)
        plan = plan_of(ads.said(name="换个名字"))
        changed = ads.desks.campaigns.change(ads.who("wang"), made.campaign, plan)
        assert (changed.state, changed.made_by, changed.asked_by) == ("draft", "wang", "")
        with pytest.raises(Fault) as caught:
            ads.desks.campaigns.agree(ads.who("li"), made.campaign)
        assert caught.value.code is FaultCode.CAMPAIGN_STATE


class TestResults:
    def test_everybody_drawn_counts_in_her_arm_from_when_she_came_in(
        self, ads: Advertising
    ) -> None:
        ads.enrol(30, agreed=False)
        ads.segment_of()
        for person in ads.people:
            ads.buys(person, 9_999)  # before: counts for nobody
        ads.clock.advance(1_000)
        begun = ads.begun(measure_days=3, holdout_permille=400)
        ads.run()
        ads.clock.advance(60_000)
        treated = [one for one in ads.people if ads.grown.coupons(one)]
        held = [one for one in ads.people if one not in treated]
        for person in treated:
            ads.buys(person, 10_000)
        ads.buys(held[0], 4_000)
        ads.grown.tomorrow(4)
        ads.buys(held[0], 70_000)  # after it was measured
        found = ads.figures(begun)
        assert found["treated"] == {
            "people": len(treated),
            "buyers": len(treated),
            "conversion": 1.0,
            "net_fen": 10_000 * len(treated),
            "mean_fen": 10_000.0,
        }
        assert found["held"]["net_fen"] == 4_000
        low = found["conversion"]["low"]
        assert 0 < low < found["conversion"]["value"] <= found["conversion"]["high"]
        ads.desks.running.look(ads.tenant, begun.campaign)
        shown = ads.desks.campaigns.shown(ads.tenant, begun.campaign)
        assert shown.looks[-1].figures["treated"] == found["treated"]

    def test_it_ends_after_its_last_day(self, ads: Advertising) -> None:
        ads.enrol(2, agreed=False)
        ads.segment_of()
        begun = ads.begun(last_day=(ads.today() + timedelta(days=1)).isoformat())
        ads.run()
        ads.grown.tomorrow(2)
        ads.run()
        assert (ads.standing(begun).state, ads.standing(begun).why) == ("ended", "end")

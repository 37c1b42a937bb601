"""What every store of the cloud promises of tiers (GrowthRepo), and what runs on it."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity, HqRole
from cloud_broker.services.growth.tier_desk import Asked, GrowthDesk
from cloud_broker.services.points.desk import PointsDesk
from cloud_broker.services.published.catalogue import CataloguePublisher
from retail_core.errors import Fault
from retail_core.wire.codec import decode_member
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.lease import LeaseRecall
from tests.factories.tiers import COUPONS, PLAN, TODAY, Chain, grown_chain
from tests.fakes.cloud_basics import FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import Person, fresh_id
from tests.plugins.cloud import new_box, new_tenant


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return grown_chain(any_units)


class TestTiers:
    def test_a_new_member_has_a_standing(self, chain: Chain) -> None:
        record = chain.record()
        assert record.tier == "silver"
        assert record.joined == 20261118
        assert record.standing is not None
        assert record.standing.next is not None
        assert (record.standing.next.tier, record.standing.next.fen) == ("gold", 100_000)

    def test_a_sale_makes_gold_and_brings_what_gold_brings(self, chain: Chain) -> None:
        chain.sells(100_000)
        record = chain.judged()
        assert record.tier == "gold"
        assert record.standing is not None
        assert record.standing.until == 20270225
        assert {one.rule for one in record.coupons} == {"HELLO", "MONTH"}
        assert {(one.sku, one.kind) for one in record.gifts} == {("BAG1", "tier"), ("S1", "tier")}
        held = {one.id for one in record.coupons} | {one.id for one in record.gifts}
        assert chain.grants() == held
        assert chain.history() == [("reached", "silver", "gold")]

    def test_the_shops_hear_of_it(self, chain: Chain) -> None:
        chain.sells(100_000)
        record = chain.judged()
        with chain.units.begin(chain.tenant) as unit:
            rows = unit.feed.since(chain.box.store, 0, 1_000)
        members = [row.change for row in rows if row.change.kind == ChangeKind.MEMBER]
        assert decode_member(members[-1].body) == record

    def test_a_month_brings_its_coupon_once(self, chain: Chain) -> None:
        chain.sells(100_000)
        chain.judged()
        chain.night()
        assert sum(one.rule == "MONTH" for one in chain.record().coupons) == 1
        chain.at(date(2026, 12, 1))
        assert chain.night()["monthly"] == 1
        chain.at(date(2026, 12, 2))
        assert chain.night()["monthly"] == 0
        (coupon,) = (one for one in chain.record().coupons if one.rule == "MONTH")
        assert (coupon.first_day, coupon.last_day) == (20261201, 20261231)

    def test_the_same_twice_gives_nothing_twice(self, chain: Chain) -> None:
        chain.sells(100_000)
        before = chain.judged()
        with chain.units.begin(chain.tenant) as unit:
            unit.growth.due([chain.person.member], "again")
        assert chain.judged() == before
        assert len(chain.grants()) == 4

    def test_a_refund_of_all_is_as_if_never_bought(self, chain: Chain) -> None:
        before = chain.record()
        sold = chain.sells(100_000)
        chain.judged()
        chain.box.refunds(sold, (1, 1_000), (2, 1_000), fen=100_000)
        after = chain.judged()
        assert (after.tier, after.standing) == ("silver", before.standing)
        # the welcome goes back; what the month and the trial brought is hers
        assert {one.rule for one in after.coupons} == {"MONTH"}
        assert {one.sku for one in after.gifts} == {"S1"}
        assert [one for one in chain.told() if isinstance(one, LeaseRecall)]
        assert chain.history() == [("reached", "silver", "gold"), ("lowered", "gold", "silver")]

    def test_time_lowers_softly_after_the_grace_and_only_then(self, chain: Chain) -> None:
        chain.sells(500_000)
        assert chain.judged().tier == "black"
        last = TODAY + timedelta(days=99)
        for day, tier in (
            (last, "black"),
            (last + timedelta(days=1), "black"),
            (last + timedelta(days=10), "black"),
            (last + timedelta(days=11), "gold"),
        ):
            chain.at(day)
            chain.night()
            assert chain.record().tier == tier
        standing = chain.record().standing
        assert standing is not None
        assert standing.grace_until == 0

    def test_the_grace_is_told(self, chain: Chain) -> None:
        chain.sells(100_000)
        chain.judged()
        chain.at(TODAY + timedelta(days=100))
        chain.night()
        standing = chain.record().standing
        assert standing is not None
        assert standing.grace_until == 20270307
        assert standing.keep is not None
        assert standing.keep.fen == 0 or standing.keep.fen > 0

    def test_a_night_is_done_once_and_goes_on_where_it_was(self, chain: Chain) -> None:
        assert chain.night()["members"] >= 1
        assert chain.night() == Counter()
        chain.at(TODAY + timedelta(days=40))
        assert chain.night()["members"] >= 1

    def test_by_itself_it_does_the_same_page_by_page(self, chain: Chain) -> None:
        chain.sells(100_000)
        chain.judged()
        chain.at(TODAY + timedelta(days=111))
        turns = 0
        while chain.keeper.run(chain.tenant):
            turns += 1
        assert turns > 1
        assert chain.record().tier == "silver"
        assert chain.night() == Counter()
        assert chain.history()[-1] == ("lowered", "gold", "silver")

    def test_a_rehearsal_says_what_would_change_and_changes_nothing(self, chain: Chain) -> None:
        chain.sells(100_000)
        chain.upload()
        would = chain.keeper.rehearse(chain.tenant, lambda _job, _done: None)
        assert would == Counter(members=1, reached=1)
        assert chain.record().tier == "silver"

    def test_a_member_from_before_the_plan_keeps_her_tier_for_its_time(
        self, any_units: Units
    ) -> None:
        tenant = new_tenant(any_units)
        chain = Chain(any_units, tenant, new_box(any_units, tenant))
        old = PLAN | {"tiers": [{"code": "standard"}, {"code": "silver", "visits": 9}]}
        chain.box.enrols(chain.person)
        chain.upload()
        bundle = {"version": 1, "tier_names": {"standard": "普", "silver": "银"}, "growth": old}
        publisher = CataloguePublisher(
            any_units, chain.clock, FakeCloudIdSource(chain.clock), FakeKeyRing()
        )
        publisher.publish_bundle(tenant, json.dumps(bundle).encode(), who="test")
        chain.night()
        assert chain.record().tier == "silver"
        chain.at(TODAY + timedelta(days=99 + 11))
        chain.night()
        assert chain.record().tier == "standard"

    def test_a_new_plan_judges_everybody_once(self, chain: Chain) -> None:
        chain.sells(60_000)
        assert chain.judged().tier == "silver"
        tiers = [PLAN["tiers"][0], {"code": "gold", "spend_fen": 50_000}, PLAN["tiers"][2]]  # type: ignore[index]
        chain.publish(2, PLAN | {"tiers": tiers})
        assert chain.night()["reached"] == 0
        chain.at(TODAY + timedelta(days=1))
        assert chain.night()["reached"] == 1
        assert chain.record().tier == "gold"


class TestDesk:
    def desk(self, chain: Chain) -> GrowthDesk:
        ids = FakeCloudIdSource(chain.clock)
        return GrowthDesk(chain.units, chain.clock, ids, "Asia/Shanghai")

    def who(self, chain: Chain, login: str, role: HqRole = "operations") -> HqIdentity:
        return HqIdentity(chain.tenant, fresh_id(), login, login, role)

    def asked(self, chain: Chain, **changes: Any) -> Asked:
        until = TODAY + timedelta(days=60)
        return replace(Asked(chain.person.member, "gold", until, "商务贵宾"), **changes)

    def test_a_tier_is_granted_by_two_persons(self, chain: Chain) -> None:
        desk = self.desk(chain)
        made = desk.propose(self.who(chain, "anna"), self.asked(chain))
        assert [one.grant_id for one in desk.waiting(chain.tenant)] == [made.grant_id]
        with pytest.raises(Fault, match="L103"):
            desk.decide(self.who(chain, "anna"), made.grant_id, "approved")
        after = desk.decide(self.who(chain, "bert"), made.grant_id, "approved")
        assert (after.decision, after.decided_by) == ("approved", "bert")
        assert desk.waiting(chain.tenant) == ()
        with pytest.raises(Fault, match="L105"):
            desk.decide(self.who(chain, "carl"), made.grant_id, "refused")
        assert chain.record().tier == "gold"
        assert {one.rule for one in chain.record().coupons} == {"HELLO", "MONTH"}
        (change,) = desk.history(chain.tenant, chain.person.member)
        assert (change.change, change.by, change.reason) == ("granted", "anna, bert", "商务贵宾")
        chain.at(TODAY + timedelta(days=71))
        chain.night()
        assert chain.record().tier == "silver"

    def test_a_refused_grant_does_nothing(self, chain: Chain) -> None:
        desk = self.desk(chain)
        made = desk.propose(self.who(chain, "anna"), self.asked(chain))
        desk.decide(self.who(chain, "bert"), made.grant_id, "refused")
        assert chain.record().tier == "silver"

    def test_what_cannot_be_granted_is_refused(self, chain: Chain) -> None:
        desk, anna = self.desk(chain), self.who(chain, "anna")
        for code, changes in (
            ("M122", {"tier": "diamond"}),
            ("M124", {"until": TODAY - timedelta(days=1)}),
            ("M124", {"until": TODAY + timedelta(days=9_999)}),
            ("P106", {"member": fresh_id()}),
            ("L109", {"reason": " "}),
        ):
            with pytest.raises(Fault, match=code):
                desk.propose(anna, self.asked(chain, **changes))
        with pytest.raises(Fault, match="L114"):
            desk.propose(self.who(chain, "dora", "auditor"), self.asked(chain))
        with pytest.raises(Fault, match="M123"):
            desk.decide(anna, fresh_id(), "approved")

    def test_a_member_is_in_the_groups_that_hq_says(self, chain: Chain) -> None:
        desk, anna = self.desk(chain), self.who(chain, "anna")
        desk.set_groups(anna, chain.person.member, frozenset({"批发", " 员工 "}))
        assert chain.record().groups == ("员工", "批发")
        desk.set_groups(anna, chain.person.member, frozenset())
        assert chain.record().groups == ()
        for code, member, names in (
            ("P106", fresh_id(), {"批发"}),
            ("A107", chain.person.member, {" "}),
        ):
            with pytest.raises(Fault, match=code):
                desk.set_groups(anna, member, frozenset(names))

    def test_a_draft_plan_says_who_would_rise_and_fall(self, chain: Chain) -> None:
        chain.sells(100_000)
        chain.judged()
        tiers = [PLAN["tiers"][0], {"code": "gold", "spend_fen": 200_000}, PLAN["tiers"][2]]  # type: ignore[index]
        draft = {
            "version": 9,
            "tier_names": {"silver": "银卡", "gold": "金卡", "black": "黑卡"},
            "coupons": COUPONS,
            "growth": PLAN | {"tiers": tiers},
        }
        desk = self.desk(chain)
        found = desk.preview(chain.tenant, json.dumps(draft).encode(), lambda _done, _all: None)
        assert (found.members, found.at_once) == (1, Counter())
        assert found.in_the_end == Counter({("gold", "silver"): 1})
        assert found.examples == {("gold", "silver"): [chain.person.member]}
        del draft["growth"]
        with pytest.raises(Fault, match="M121"):
            desk.preview(chain.tenant, json.dumps(draft).encode(), lambda _done, _all: None)

    def test_what_both_were_given_is_left_once_when_they_are_one(self, chain: Chain) -> None:
        other = Person(phone="8613900139000")
        chain.box.enrols(other)
        for person in (chain.person, other):
            chain.box.sells(person, fen=100_000, business_date=20261118)
        chain.sells(1)
        assert chain.judged().tier == "gold"
        given = [one.rule for one in chain.record().coupons]
        assert given == [one.rule for one in chain.record(other).coupons] != []
        desk = PointsDesk(chain.units, chain.clock, FakeCloudIdSource(chain.clock), "Asia/Shanghai")
        anna = self.who(chain, "anna")
        merge = desk.merge(anna, other.member, chain.person.member, "同一人")
        chain.judged()
        with chain.units.begin(chain.tenant) as unit:
            left = unit.benefits.coupons_of([chain.person.member, other.member])
        assert sorted(one.rule for one in left) == sorted(given)
        desk.unmerge(anna, merge.merge_id, "不是")
        for person in (chain.person, other):  # each has her own again
            chain.judged()
            with chain.units.begin(chain.tenant) as unit:
                own = unit.benefits.coupons_of([person.member])
            assert sorted(one.rule for one in own) == sorted(given)
            assert sorted(one.rule for one in chain.record(person).coupons) == sorted(given)

    def test_merged_members_stand_as_one_and_apart_again(self, chain: Chain) -> None:
        other = Person(phone="8613900139000")
        chain.box.enrols(other)
        chain.sells(60_000)
        chain.box.sells(other, fen=60_000, business_date=20261118)
        assert chain.judged().tier == "silver"
        ids = FakeCloudIdSource(chain.clock)
        desk = PointsDesk(chain.units, chain.clock, ids, "Asia/Shanghai")
        anna = self.who(chain, "anna")
        merge = desk.merge(anna, other.member, chain.person.member, "同一人")
        assert chain.judged().tier == "gold"
        assert chain.record(other).tier == "gold"
        assert {one.rule for one in chain.record(other).coupons} == {"HELLO", "MONTH"}
        assert len(chain.grants()) == 4
        assert chain.history() == [("merged", "silver", "gold")]
        desk.unmerge(anna, merge.merge_id, "不是")
        assert (chain.judged().tier, chain.record(other).tier) == ("silver", "silver")

"""What every store of the cloud promises of tiers, benefits and birthdays, and what runs on it."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from cloud_broker.domain.records import record_of
from cloud_broker.ports.unit import Units
from cloud_broker.services.benefits import Benefits
from cloud_broker.services.catalogue import CataloguePublisher
from cloud_broker.services.frames import Inbound
from cloud_broker.services.growth_desk import Asked, GrowthDesk
from cloud_broker.services.growth_keeper import GrowthKeeper
from cloud_broker.services.ingest import Ingest
from cloud_broker.services.overview import HqIdentity, HqRole
from cloud_broker.services.persons import facts_of
from cloud_broker.services.points_desk import PointsDesk
from cloud_broker.services.profile_desk import Birthdays, profile_of
from retail_core.errors import Fault
from retail_core.growth.birthdays import Birthday
from retail_core.loyalty.leases import LeaseKey, Right, RightKind
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_lease_change, encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseGrant, LeaseHello, LeaseRecall
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Event, LeaseSpend, MemberEnrolled
from retail_core.wire.standing import BirthSaid
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

TODAY = date(2026, 11, 18)
PLAN = {
    "tiers": [
        {"code": "silver"},
        {
            "code": "gold",
            "spend_fen": 100_000,
            "privileges": {
                "welcome": ["HELLO", "BAG"],
                "monthly": ["MONTH"],
                "birthday": ["BIRTH"],
                "trial": ["SERUM"],
            },
        },
        {"code": "black", "spend_fen": 500_000, "privileges": {"birthday": ["BIRTH"]}},
    ],
    "window": {"kind": "rolling", "days": 100},
    "grace_days": 10,
    "gifts": [
        {"id": "BAG", "sku": "BAG1", "name": "帆布袋"},
        {"id": "SERUM", "sku": "S1", "name": "精华小样"},
    ],
}
COUPONS = [
    {"kind": "threshold", "id": name, "name": name, "fen_off": 500}
    for name in ("HELLO", "MONTH", "BIRTH")
]


@dataclass
class Chain:
    """A box, a member, a plan, in a cloud that keeps tiers up."""

    units: Units
    tenant: UUID
    box: SimBox
    person: Person = field(default_factory=Person)
    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    sent: int = 0

    def __post_init__(self) -> None:
        self.keeper = GrowthKeeper(self.units, self.clock, "Asia/Shanghai")
        self.at(TODAY)

    def at(self, day: date, hour: int = 12) -> None:
        moment = datetime(day.year, day.month, day.day, hour - 8, tzinfo=UTC)
        self.clock.ms = int(moment.timestamp() * 1_000)

    def publish(self, version: int = 1, plan: dict[str, object] | None = None) -> None:
        ids = FakeCloudIdSource(self.clock)
        publisher = CataloguePublisher(self.units, self.clock, ids, FakeKeyRing())
        bundle = {
            "version": version,
            "tier_names": {"silver": "银卡", "gold": "金卡", "black": "黑卡"},
            "coupons": COUPONS,
            "growth": PLAN if plan is None else plan,
        }
        publisher.publish_bundle(self.tenant, json.dumps(bundle).encode(), who="test")

    def upload(self) -> None:
        start, self.sent = self.sent + 1, len(self.box.events)
        inbound = Inbound(self.box.topic(), self.box.frame(start), self.clock.now_ms())
        Ingest(self.units, self.clock, FaultTally()).book([inbound])

    def judged(self) -> MemberRecord:
        self.upload()
        while self.keeper.judge_due(self.tenant):
            pass
        return self.record()

    def sells(self, fen: int, day: date = TODAY, **more: object) -> Event:
        number = day.year * 10_000 + day.month * 100 + day.day
        return self.box.sells(self.person, fen=fen, business_date=number, **more)

    def night(self) -> Counter[str]:
        return self.keeper.nightly(self.tenant, lambda _job, _done: None)

    def record(self, person: Person | None = None) -> MemberRecord:
        with self.units.begin(self.tenant) as unit:
            (facts,) = facts_of(unit, [(person or self.person).member])
        return record_of(facts)

    def told(self) -> list[object]:
        with self.units.begin(self.tenant) as unit:
            rows = unit.feed.since(self.box.store, 0, 1_000)
        return [decode_lease_change(row.change.kind, row.change.body) for row in rows]

    def grants(self) -> set[bytes]:
        return {one.right for one in self.told() if isinstance(one, LeaseGrant)}

    def history(self) -> list[tuple[str, str, str]]:
        with self.units.begin(self.tenant) as unit:
            found = unit.growth.changes_of([self.person.member], 100)
        return [(one.change, one.before, one.after) for one in reversed(found)]


@pytest.fixture
def chain(any_units: Units) -> Chain:
    tenant = new_tenant(any_units)
    chain = Chain(any_units, tenant, new_box(any_units, tenant))
    chain.publish()
    chain.box.enrols(chain.person)
    chain.box.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(b"b" * 32)))
    chain.judged()
    return chain


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
        desk.unmerge(anna, merge.merge_id, "不是")
        assert (chain.judged().tier, chain.record(other).tier) == ("silver", "silver")


class TestBenefits:
    def test_a_coupon_is_given_once_for_each_source(self, chain: Chain) -> None:
        member = chain.person.member
        with chain.units.begin(chain.tenant) as unit:
            benefits = Benefits(unit, chain.tenant, chain.clock.now_ms())
            days = {"first_day": TODAY, "last_day": TODAY + timedelta(days=9)}
            first = benefits.give_coupon(member, "HELLO", source="a", **days)
            assert first is not None
            assert benefits.give_coupon(member, "HELLO", source="a", **days) is None
            assert benefits.give_coupon(fresh_id(), "HELLO", source="a", **days) is None
            assert benefits.tell()
        assert [one.id for one in chain.record().coupons] == [first.bytes]
        assert chain.grants() == {first.bytes}

    def test_what_no_box_can_take_is_lent_later(self, any_units: Units) -> None:
        tenant = new_tenant(any_units)
        chain = Chain(any_units, tenant, new_box(any_units, tenant))
        chain.box.enrols(chain.person)
        chain.upload()
        with any_units.begin(tenant) as unit:
            benefits = Benefits(unit, tenant, chain.clock.now_ms())
            gift = benefits.give_gift(
                chain.person.member,
                kind="newcomer",
                sku="BAG1",
                name="帆布袋",
                source="newcomer",
                store=None,
                last_day=TODAY,
                ready=False,
            )
            benefits.tell()
        assert gift is not None
        assert chain.grants() == set()
        chain.box.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(b"b" * 32)))
        chain.upload()
        with any_units.begin(tenant) as unit:
            benefits = Benefits(unit, tenant, chain.clock.now_ms())
            assert benefits.sweep() == 1
            assert benefits.sweep() == 0
            assert benefits.make_ready(chain.person.member, "newcomer")
            assert not benefits.make_ready(chain.person.member, "newcomer")
        assert chain.grants() == {gift.bytes}
        assert [one.ready for one in chain.record().gifts] == [True]

    def test_a_used_coupon_leaves_her_and_comes_back_as_another(self, chain: Chain) -> None:
        right = self._given(chain)
        key = LeaseKey(Right(RightKind.COUPON, right), chain.box.device, 1, 1)
        spend = LeaseSpend(key.right.kind, right.bytes, key.epoch, key.nth, 1)
        chain.sells(5_900, lease_spends=(spend,))
        assert chain.judged().coupons == ()
        with chain.units.begin(chain.tenant) as unit:
            benefits = Benefits(unit, chain.tenant, chain.clock.now_ms())
            assert not benefits.take_back(chain.person.member, "a")
            again = benefits.reissue(right)
            assert again is not None
            assert again != right
            assert benefits.reissue(right) is None
            assert benefits.reissue(fresh_id()) is None
            benefits.tell()
        assert [(one.id, one.rule) for one in chain.record().coupons] == [(again.bytes, "HELLO")]

    def test_what_is_taken_back_may_be_given_again(self, chain: Chain) -> None:
        right = self._given(chain)
        with chain.units.begin(chain.tenant) as unit:
            benefits = Benefits(unit, chain.tenant, chain.clock.now_ms())
            assert benefits.take_back(chain.person.member, "a")
            assert not benefits.take_back(chain.person.member, "a")
            benefits.tell()
        assert chain.record().coupons == ()
        recalled = [one for one in chain.told() if isinstance(one, LeaseRecall)]
        assert [one.right for one in recalled] == [right.bytes]
        assert self._given(chain) == right
        assert [one.id for one in chain.record().coupons] == [right.bytes]

    def test_what_is_over_leaves_her_at_night(self, chain: Chain) -> None:
        self._given(chain)
        chain.at(TODAY + timedelta(days=9))
        chain.night()
        assert chain.record().coupons
        chain.at(TODAY + timedelta(days=10))
        assert chain.night()["expired"] == 1
        assert chain.record().coupons == ()

    def _given(self, chain: Chain) -> UUID:
        with chain.units.begin(chain.tenant) as unit:
            benefits = Benefits(unit, chain.tenant, chain.clock.now_ms())
            right = benefits.give_coupon(
                chain.person.member,
                "HELLO",
                source="a",
                first_day=TODAY,
                last_day=TODAY + timedelta(days=9),
            )
            benefits.tell()
        assert right is not None
        return right


class TestBirthdays:
    def declare(self, chain: Chain, born: Birthday | None) -> None:
        with chain.units.begin(chain.tenant) as unit:
            desk = Birthdays(unit, chain.tenant, chain.keeper.today(), chain.clock.now_ms())
            desk.declare(chain.person.member, born)
            desk.tell()

    def coupons(self, chain: Chain) -> int:
        return sum(one.rule == "BIRTH" for one in chain.record().coupons)

    def test_it_is_given_days_before_and_once(self, chain: Chain) -> None:
        chain.sells(100_000)
        chain.judged()
        self.declare(chain, Birthday("solar", 12, 1))
        assert chain.record().birthday == 1201
        chain.at(date(2026, 11, 23))
        chain.night()
        assert self.coupons(chain) == 0
        chain.at(date(2026, 11, 24))
        assert chain.night()["birthday"] == 1
        assert self.coupons(chain) == 1
        chain.at(date(2026, 11, 25))
        assert chain.night()["birthday"] == 0
        assert self.coupons(chain) == 1

    def test_another_birthday_brings_nothing_more_this_year(self, chain: Chain) -> None:
        chain.sells(100_000)
        chain.judged()
        self.declare(chain, Birthday("solar", 11, 20))
        assert self.coupons(chain) == 1
        self.declare(chain, Birthday("solar", 11, 23))
        self.declare(chain, Birthday("solar", 12, 24))
        chain.at(date(2026, 12, 20))
        chain.night()
        assert self.coupons(chain) == 0
        with chain.units.begin(chain.tenant) as unit:
            given_for = unit.profiles.given_for([chain.person.member])
        assert given_for == (date(2026, 11, 20),)

    def test_a_lunar_birthday_is_told_as_the_day_of_the_year(self, chain: Chain) -> None:
        self.declare(chain, Birthday("lunar", 8, 15))
        assert chain.record().birthday == 925
        chain.at(date(2027, 9, 15) - timedelta(days=182))
        chain.night()
        assert chain.record().birthday == 915
        self.declare(chain, None)
        assert chain.record().birthday == 0

    def test_a_birthday_of_a_tier_without_one_brings_nothing(self, chain: Chain) -> None:
        self.declare(chain, Birthday("solar", 11, 20))
        assert self.coupons(chain) == 0

    def test_what_is_said_at_enrolment_is_kept_and_given_for(self, any_units: Units) -> None:
        tenant = new_tenant(any_units)
        chain = Chain(any_units, tenant, new_box(any_units, tenant))
        tiers = [{"code": "silver", "privileges": {"birthday": ["BIRTH"]}}, *PLAN["tiers"][1:]]  # type: ignore[index]
        chain.publish(1, PLAN | {"tiers": tiers})
        plain = msgspec.msgpack.decode(chain.box.enrols(chain.person).body, type=MemberEnrolled)
        chain.box.events.pop()
        chain.box.hashes.pop()
        body = msgspec.structs.replace(plain, birthday=BirthSaid(10, 16, lunar=True))
        chain.box.journal(EventType.MEMBER_ENROLLED, encode_body(body), chain.person.member)
        record = chain.judged()
        # the 16th of the tenth lunar month of 2026
        assert record.birthday == 1124
        assert self.coupons(chain) == 1

    def test_a_profile_is_kept_whole(self, chain: Chain) -> None:
        self.declare(chain, Birthday("lunar", 6, 30, leap=True))
        with chain.units.begin(chain.tenant) as unit:
            profile = profile_of(unit, chain.person.member)
            assert profile.birthday == Birthday("lunar", 6, 30, leap=True)
            assert profile.personal

"""Coupons and gifts (BenefitRepo), birthdays (ProfileRepo): what every store promises."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.services.growth.profile_desk import Birthdays, profile_of
from cloud_broker.services.rights.benefits import Benefits
from retail_core.growth.birthdays import Birthday
from retail_core.loyalty.leases import LeaseKey, Right, RightKind
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseHello, LeaseRecall
from retail_core.wire.messages import LeaseSpend, MemberEnrolled
from retail_core.wire.standing import BirthSaid
from tests.factories.tiers import PLAN, TODAY, Chain, grown_chain
from tests.fakes.cloud_box import fresh_id
from tests.plugins.cloud import new_box, new_tenant


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return grown_chain(any_units)


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

    def test_what_was_used_is_no_work_for_any_later_night(self, chain: Chain) -> None:
        right = self._given(chain)
        key = LeaseKey(Right(RightKind.COUPON, right), chain.box.device, 1, 1)
        spend = LeaseSpend(key.right.kind, right.bytes, key.epoch, key.nth, 1)
        chain.sells(5_900, lease_spends=(spend,))
        chain.judged()
        # A page full of such would be the same page again for ever, and the night never over.
        with chain.units.begin(chain.tenant) as unit:
            assert unit.benefits.over(TODAY + timedelta(days=10), 1) == ()

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

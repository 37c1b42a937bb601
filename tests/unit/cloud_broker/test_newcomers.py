"""One person, however often and wherever she is enrolled: one wallet, one newcomer's gift."""

from dataclasses import replace
from hashlib import sha256
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_broker.domain.records import record_of
from cloud_broker.services.access.overview import HqIdentity, MemberPage
from cloud_broker.services.members.member_desk import MemberDesk
from cloud_broker.services.members.phones import PhoneHolder, Phones
from cloud_broker.services.persons.persons import facts_of
from cloud_broker.services.points.desk import PointsDesk
from retail_core.errors import Fault
from retail_core.loyalty.leases import Lease, LeaseKey, Right, RightKind
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_change, decode_member
from retail_core.wire.member import MemberRecord
from tests.factories.bundle_content import content
from tests.factories.member_phone import OneMember
from tests.factories.newcomers import COUPON, GIFT, Chain
from tests.fakes.cloud_basics import FakeCloudIdSource
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_units import FakeUnits

_phones = count(8613800000000)


def one_person(times: int) -> list[Person]:
    """Somebody who was enrolled several times, each time as a new member."""
    phone = str(next(_phones))
    return [Person(phone=phone) for _ in range(times)]


def hq(chain: Chain) -> tuple[PointsDesk, HqIdentity]:
    desk = PointsDesk(chain.units, chain.clock, FakeCloudIdSource(chain.clock), "Asia/Shanghai")
    return desk, HqIdentity(chain.tenant, fresh_id(), "li", "李娜", "admin")


@settings(max_examples=40)
@given(
    order=st.permutations([0, 1, 2]),
    again=st.lists(st.integers(0, 2), max_size=4),
    at_once=st.booleans(),
    gift=st.sampled_from([GIFT, COUPON]),
)
def test_three_shops_without_a_line_give_one_gift(
    order: list[int],
    again: list[int],
    *,
    at_once: bool,
    gift: dict[str, object],
) -> None:
    chain = Chain(FakeUnits(), gift)
    shops = [chain.shop(name) for name in ("静安店", "徐汇店", "浦东店")]
    people = one_person(3)
    for shop, person in zip(shops, people, strict=True):
        shop.enrols(person)
        shop.sells(person)
    arriving = [shops[at] for at in (*order, *again)]
    if at_once:
        chain.book(*arriving)
    else:
        for shop in arriving:
            chain.book(shop)
    assert len(chain.gifts(people)) == 1
    assert sorted(map(chain.points, people)) == [0, 0, 3 * 59]
    # What each shop books after it learned of it, to either wallet, comes to the same purse.
    holder = max(people, key=chain.points)
    for shop, person in zip(shops, people, strict=True):
        shop.sells(person)
        other = Person(person.member, holder.wallet, person.name, person.phone)
        shop.sells(other)
    chain.book(*shops)
    assert chain.points(holder) == (3 + 6) * 59
    assert len(chain.gifts(people)) == 1


def test_each_new_person_gets_one_and_nobody_twice() -> None:
    chain = Chain(FakeUnits(), GIFT)
    shop = chain.shop("静安店")
    people = [Person(phone=str(next(_phones))) for _ in range(5)]
    for person in people:
        shop.enrols(person)
    chain.book(shop)
    chain.book(shop)
    assert sorted(chain.gifts(people)) == sorted(person.member for person in people)


def test_rules_without_a_gift_give_none() -> None:
    chain = Chain(FakeUnits())
    shop = chain.shop("静安店")
    (person,) = one_person(1)
    shop.enrols(person)
    chain.book(shop)
    assert chain.gifts([person]) == []


def test_who_was_there_before_the_rule_is_no_newcomer() -> None:
    chain = Chain(FakeUnits())
    shops = [chain.shop("静安店"), chain.shop("徐汇店")]
    people = one_person(2)
    shops[0].enrols(people[0])
    chain.book(shops[0])
    chain.publish(GIFT)
    shops[1].enrols(people[1])
    chain.book(shops[1])
    assert chain.gifts(people) == []


def test_every_shop_shows_the_person() -> None:
    chain = Chain(FakeUnits(), GIFT)
    first, second = chain.shop("静安店"), chain.shop("徐汇店")
    early, late = one_person(2)
    first.enrols(early)
    first.issues_card(early, b"\x04of the first")
    first.sells(early)
    chain.book(first)
    second.enrols(late)
    second.issues_card(late, b"\x04of the second")
    second.consents(late)
    second.sells(late)
    chain.book(second)
    told = last_records(chain, second)
    assert told[late.member].wallet == early.wallet.bytes
    assert told[late.member].points_free == 2 * 59
    assert len(told[late.member].posted_receipts) == 2
    assert told[late.member].cards == (sha256(b"\x04of the first").digest(),)
    assert told[early.member] == told[late.member]
    assert last_records(chain, first)[early.member].points_free == 2 * 59


def last_records(chain: Chain, box: SimBox) -> dict[UUID, MemberRecord]:
    """The newest record of each member in the feed of a store."""
    with chain.units.begin(chain.tenant) as unit:
        rows = unit.feed.since(box.store, 0, 1_000)
    return {
        row.change.key: decode_member(row.change.body)
        for row in rows
        if row.change.kind == "member"
    }


def test_hq_is_told_and_may_part_them_again() -> None:
    chain = Chain(FakeUnits(), GIFT)
    shops = [chain.shop("静安店"), chain.shop("徐汇店")]
    people = one_person(2)
    for shop, person in zip(shops, people, strict=True):
        shop.enrols(person)
        shop.sells(person)
        chain.book(shop)
    state = chain.units.states[chain.tenant]  # type: ignore[attr-defined]
    assert [item.code for item in state.repairs.values()] == [FaultCode.SYNC_PERSON_TWICE]
    assert [entry.action for entry in state.audits][-1:] == ["points.merge"]
    desk, who = hq(chain)
    (merge,) = state.merges
    desk.unmerge(who, merge, "号码已换主人")
    assert [chain.points(person) for person in people] == [59, 59]
    with chain.units.begin(chain.tenant) as unit:
        apart = {facts.member: record_of(facts) for facts in facts_of(unit, [people[1].member])}
    assert apart[people[1].member].wallet == people[1].wallet.bytes


@pytest.mark.parametrize("used", [None, 0, 1])
def test_of_two_gifts_of_one_person_one_stays(used: int | None) -> None:
    chain = Chain(FakeUnits(), GIFT)
    shop = chain.shop("静安店")
    people = [Person(phone=str(next(_phones))) for _ in range(2)]
    for person in people:
        shop.enrols(person)
    chain.book(shop)
    if used is not None:
        use_gift(chain, people[used])
    desk, who = hq(chain)
    desk.merge(who, people[0].member, people[1].member, "同一个人")
    left = chain.gifts(people)
    assert len(left) == (1 if used is None else 0), "with one used, the other is taken back"


def use_gift(chain: Chain, person: Person) -> None:
    """Let a gift be handed over: its right is spent from a lease."""
    with chain.units.begin(chain.tenant) as unit:
        (gift,) = unit.benefits.gifts_of([person.member])
        right = Right(RightKind.COUPON, gift.right)
        key = LeaseKey(right, fresh_id(), 1, 1)
        lease = Lease(key, 1, 1, spends={fresh_id(): 1})
        unit.leases.save_leases([lease], 0)


@pytest.mark.parametrize(
    ("newcomer", "field"),
    [
        ({"name": "x"}, "newcomer"),
        ({"name": "x", "sku": "A", "coupon": "w"}, "newcomer"),
        ({"name": "x", "coupon": "nowhere"}, "newcomer.coupon"),
    ],
)
def test_a_gift_that_gives_nothing_is_refused(newcomer: dict[str, object], field: str) -> None:
    with pytest.raises(Fault) as refused:
        parse_bundle(content(newcomer=newcomer))
    assert refused.value.fields["field"] == field


def test_frames_can_be_read_by_a_box() -> None:
    chain = Chain(FakeUnits(), GIFT)
    shop = chain.shop("静安店")
    (person,) = one_person(1)
    shop.enrols(person)
    outcome = chain.book(shop)
    frames = [decode_change(one.payload) for one in outcome.send if one.topic.endswith("/chg")]
    kinds = [change.kind for frame in frames for change in frame.changes]
    assert kinds.count("member") == 1, "told once, gift included"


def test_her_page_shows_the_person() -> None:
    chain = Chain(FakeUnits())
    shops = [chain.shop("静安店"), chain.shop("徐汇店")]
    people = one_person(2)
    for shop, person in zip(shops, people, strict=True):
        shop.enrols(person)
        chain.book(shop)
    asked: list[UUID] = []

    class Queries(OneMember):
        def member(self, tenant: UUID, member_id: UUID) -> MemberPage | None:
            asked.append(member_id)
            page = super().member(tenant, member_id)
            assert page is not None
            return replace(page, name=str(member_id), consents=())

    desk = MemberDesk(chain.units, Queries(), chain.clock, FakeCloudIdSource(chain.clock))
    shown = desk.standing(PhoneHolder(chain.tenant, people[1].member, b"k" * 8))
    assert shown.page.name == str(people[0].member)
    assert asked == [people[1].member, people[0].member]


def test_rules_of_tomorrow_give_nothing_today() -> None:
    chain = Chain(FakeUnits())
    chain.publish(GIFT, valid_from="2099-01-01T00:00:00")
    shop = chain.shop("静安店")
    (person,) = one_person(1)
    shop.enrols(person)
    chain.book(shop)
    assert chain.gifts([person]) == []


def test_saying_her_number_in_a_shop_without_a_line_opens_nobodys_purse() -> None:
    chain = Chain(FakeUnits(), GIFT)
    first, second = chain.shop("静安店"), chain.shop("徐汇店")
    owner, said = one_person(2)
    first.enrols(owner)
    first.sells(owner)
    chain.book(first)
    second.enrols(said)
    second.issues_link(said, "AGAIN")
    chain.book(second)
    phones = Phones(chain.units, chain.clock, FakeCloudIdSource(chain.clock))
    for code in (said.claim_code, "AGAIN"):
        with pytest.raises(Fault) as refused:
            phones.claim(code, None)
        assert refused.value.code == FaultCode.API_NOT_FOUND
    assert phones.claim(owner.claim_code, None).member == owner.member
    # A clerk who looks at who stands there may still give her a link.
    second.issues_link(said, "LATER")
    chain.book(second)
    assert phones.claim("LATER", None).member == said.member


def test_a_card_of_an_enrolment_that_was_merged_opens_nobodys_purse() -> None:
    chain = Chain(FakeUnits(), GIFT)
    first, second = chain.shop("静安店"), chain.shop("徐汇店")
    owner, said = one_person(2)
    first.enrols(owner)
    first.issues_card(owner, b"\x04hers")
    chain.book(first)
    second.enrols(said)
    second.issues_card(said, b"\x04said")
    chain.book(second)
    second.issues_card(said, b"\x04later")
    chain.book(second)
    with chain.units.begin(chain.tenant) as unit:
        held = {facts.member: facts.cards for facts in unit.members.facts([said.member])}
        found = [
            unit.members.find("card", sha256(uid).digest())
            for uid in (b"\x04hers", b"\x04said", b"\x04later")
        ]
    assert found == [owner.member, None, None]
    assert held == {said.member: ()}

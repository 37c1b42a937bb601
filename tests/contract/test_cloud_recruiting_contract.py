"""`SmsRepo` and `PersonFilterRepo`, in memory and in PostgreSQL; and one person over both."""

from hashlib import sha256
from uuid import UUID

import pytest

from cloud_broker.domain.sms_rules import DAY_MS, LIFE_MS
from cloud_broker.ports.persons import FilterVersion, NewFilter
from cloud_broker.ports.sms import SmsCode
from cloud_broker.ports.unit import Units
from retail_core.wire.persons import ADDITIONS_MAX
from tests.factories.newcomers import GIFT, Chain
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

PHONE = sha256(b"phone").digest()
LANE = "front"


@pytest.fixture
def box(any_units: Units) -> SimBox:
    return new_box(any_units, new_tenant(any_units))


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units, GIFT)


def code_for(member: UUID, box: SimBox, made_ms: int = WALL_MS, lane: str = LANE) -> SmsCode:
    return SmsCode(
        fresh_id(),
        member,
        box.store,
        box.device,
        lane,
        PHONE,
        bytes(32),
        made_ms,
        made_ms + LIFE_MS,
    )


@pytest.fixture
def member(chain: Chain) -> tuple[SimBox, Person]:
    """Somebody who is enrolled."""
    shop, person = chain.shop("静安店"), Person()
    shop.enrols(person)
    chain.book(shop)
    return shop, person


# ---- codes --------------------------------------------------------------------------------------


def test_a_code_waits_for_its_lane(chain: Chain, member: tuple[SimBox, Person]) -> None:
    shop, person = member
    with chain.units.begin(chain.tenant) as unit:
        first = code_for(person.member, shop)
        unit.sms.add(first)
        assert unit.sms.open_code(person.member, shop.store, LANE) == first
        assert unit.sms.open_code(person.member, shop.store, "other") is None
        assert unit.sms.open_code(person.member, fresh_id(), LANE) is None
        assert unit.sms.open_code(fresh_id(), shop.store, LANE) is None
        second = code_for(person.member, shop, WALL_MS + 1)
        unit.sms.add(second)
        assert unit.sms.open_code(person.member, shop.store, LANE) == second
    with chain.units.begin(chain.tenant) as unit:
        unit.sms.tried(second.code_id)
        unit.sms.tried(second.code_id)
        held = unit.sms.open_code(person.member, shop.store, LANE)
        assert held is not None
        assert held.tries == 2
        unit.sms.end(second.code_id, WALL_MS + 2)
        assert unit.sms.open_code(person.member, shop.store, LANE) is None


def test_codes_are_counted_by_phone_and_by_device(
    chain: Chain, member: tuple[SimBox, Person]
) -> None:
    shop, person = member
    with chain.units.begin(chain.tenant) as unit:
        for made_ms in (WALL_MS, WALL_MS + 1, WALL_MS + 2):
            unit.sms.add(code_for(person.member, shop, made_ms, lane=f"lane {made_ms}"))
        of_phone, of_device = unit.sms.made(PHONE, shop.device, WALL_MS)
        assert sorted(of_phone) == sorted(of_device) == [WALL_MS + 1, WALL_MS + 2]
        of_phone, of_device = unit.sms.made(bytes(32), fresh_id(), WALL_MS - DAY_MS)
        assert list(of_phone) == list(of_device) == []
        assert unit.sms.forget(WALL_MS + 1) == 1
        assert len(unit.sms.made(PHONE, shop.device, 0)[0]) == 2


# ---- the summary --------------------------------------------------------------------------------


def version(number: int, **changes: int) -> FilterVersion:
    said = {"size": 7, "persons": number, "capacity": 100, "scanned_ms": WALL_MS} | changes
    return FilterVersion(number, sha256(bytes([number])).digest(), **said)


def test_only_the_newest_is_held_whole(any_units: Units, box: SimBox) -> None:
    with any_units.begin(box.tenant) as unit:
        repo = unit.person_filters
        assert repo.newest() is None
        assert repo.content(1) is None
        assert repo.add(NewFilter(version(1), b"whole 1"), "li", WALL_MS)
        assert not repo.add(NewFilter(version(1), b"again"), "li", WALL_MS)
        assert repo.add(NewFilter(version(2), b"whole 2", b"added 2"), "li", WALL_MS)
        assert repo.newest() == version(2)
        assert (repo.content(1), repo.content(2)) == (None, b"whole 2")
        assert repo.additions(0) == (None, b"added 2")
        assert repo.additions(1) == (b"added 2",)
        assert repo.additions(2) == ()
        told = [one for one in unit.catalogue.unannounced() if one.kind == "persons"]
        assert [(one.version, one.size) for one in told] == [(1, 7), (2, 7)]


def test_steps_are_not_kept_for_ever(any_units: Units, box: SimBox) -> None:
    with any_units.begin(box.tenant) as unit:
        for number in range(1, ADDITIONS_MAX + 3):
            unit.person_filters.add(NewFilter(version(number), b"w", b"a"), "li", WALL_MS)
        assert len(unit.person_filters.additions(0)) == ADDITIONS_MAX
        assert unit.catalogue.marks()["persons"] == ADDITIONS_MAX + 2


def test_phones_come_in_pages_and_by_their_age(chain: Chain) -> None:
    shop = chain.shop("静安店")
    people = [Person(phone=f"861380000{number:04d}") for number in range(5)]
    for person in people[:3]:
        shop.enrols(person)
    chain.book(shop)
    chain.clock.advance(10_000)
    later_ms = chain.clock.now_ms()
    for person in people[3:]:
        shop.enrols(person)
    chain.book(shop)
    hashes = sorted(person.phone_hash for person in people)
    with chain.units.begin(chain.tenant) as unit:
        repo = unit.person_filters
        assert repo.persons() == 5
        assert repo.phones(0, b"", 100) == hashes
        assert repo.phones(0, b"", 2) == hashes[:2]
        assert repo.phones(0, hashes[1], 2) == hashes[2:4]
        late = {person.phone_hash for person in people[3:]}
        assert set(repo.phones(later_ms, b"", 100)) == late


# ---- one person ---------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("at_once", [True, False])
def test_three_shops_without_a_line_give_one_gift(
    chain: Chain,
    order: tuple[int, ...],
    at_once: bool,  # noqa: FBT001 -- pytest hands it over
) -> None:
    shops = [chain.shop(name) for name in ("静安店", "徐汇店", "浦东店")]
    people = [Person(), Person(), Person()]
    for shop, person in zip(shops, people, strict=True):
        shop.enrols(person)
        shop.sells(person)
    if at_once:
        chain.book(*(shops[at] for at in order))
    else:
        for at in order:
            chain.book(shops[at])
    assert len(chain.gifts(people)) == 1
    assert sorted(map(chain.points, people)) == [0, 0, 3 * 59]
    holder = max(people, key=chain.points)
    for shop, person in zip(shops, people, strict=True):
        shop.sells(person)
        shop.sells(Person(person.member, holder.wallet))
    chain.book(*shops)
    assert chain.points(holder) == 9 * 59

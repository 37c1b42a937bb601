"""Her tier, her birthday and her word on personal offers, as a member's phone asks."""

import json
from datetime import UTC, datetime

import pytest

from cloud_broker.services.growth.keeper import GrowthKeeper
from cloud_broker.services.persons.persons import facts_of
from cloud_broker.services.published.catalogue import CataloguePublisher
from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.checkout.business_date import as_int
from tests.factories.member_phone import Cloud, Phone
from tests.fakes.cloud_basics import FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import Person

ZONE = "Asia/Shanghai"
BUNDLE = {
    "version": 1,
    "tier_names": {"silver": "银卡", "gold": "金卡"},
    "tier_names_en": {"silver": "Silver", "gold": "Gold"},
    "coupons": [
        {"kind": "threshold", "id": "HELLO", "name": "迎新券", "fen_off": 500},
        {"kind": "threshold", "id": "BIRTH", "name": "生日券", "fen_off": 900},
    ],
    "growth": {
        "tiers": [
            {"code": "silver", "privileges": {"birthday": ["BIRTH"]}},
            {
                "code": "gold",
                "spend_fen": 10_000,
                "privileges": {"welcome": ["HELLO", "BAG"], "birthday": ["BIRTH"]},
            },
        ],
        "gifts": [{"id": "BAG", "sku": "B1", "name": "帆布袋"}],
    },
}


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    """Build the application once."""
    cloud = Cloud()
    ids = FakeCloudIdSource(cloud.clock)
    publisher = CataloguePublisher(cloud.units, cloud.clock, ids, FakeKeyRing(), ZONE)
    publisher.publish_bundle(cloud.box.tenant, json.dumps(BUNDLE).encode(), who="test")
    return cloud


@pytest.fixture
def person(cloud: Cloud) -> Person:
    """Somebody who spent 58 yuan; a day later than the test before."""
    cloud.clock.advance(86_400_000)
    cloud.box.wall_ms = cloud.clock.now_ms()
    person = cloud.enrolled()
    today = RulesInForce(ZONE).day(cloud.clock.now_ms())
    cloud.box.sells(person, fen=5_800, business_date=as_int(today))
    judge(cloud)
    return person


@pytest.fixture
def phone(cloud: Cloud, person: Person) -> Phone:
    """Her phone."""
    phone = Phone(cloud)
    assert phone.claim(person.claim_code).status_code == 200
    return phone


def judge(cloud: Cloud) -> None:
    cloud.book()
    keeper = GrowthKeeper(cloud.units, cloud.clock, ZONE)
    while keeper.judge_due(cloud.box.tenant):
        pass


def test_what_is_missing_for_the_next_tier(phone: Phone) -> None:
    shown = phone.ask("GET", "/v1/member/growth").json()
    tier = shown["tier"]
    assert (tier["spend_fen"], tier["visits"], tier["next_name"]) == (5_800, 1, "金卡")
    assert tier["next"] == {"tier": "gold", "fen": 4_200, "visits": 0, "both": True}
    assert tier["keep"] is None
    assert tier["text_zh"].endswith("再消费 ¥42.00,即升为金卡。")
    assert tier["text_en"].endswith("¥42.00 more for Gold.")
    assert tier["next_name_en"] == "Gold"
    me = phone.ask("GET", "/v1/member/me").json()
    assert (me["tier_name"], me["tier_name_en"]) == ("金卡", "Gold")
    assert (shown["coupons"], shown["gifts"], shown["birthday"]) == ([], [], None)


def test_coupons_and_gifts_of_a_tier_that_was_reached(
    cloud: Cloud, person: Person, phone: Phone
) -> None:
    today = RulesInForce(ZONE).day(cloud.clock.now_ms())
    cloud.box.sells(person, fen=4_200, business_date=as_int(today))
    judge(cloud)
    shown = phone.ask("GET", "/v1/member/growth").json()
    assert [one["name"] for one in shown["coupons"]] == ["迎新券"]
    assert [(one["name"], one["kind"], one["ready"]) for one in shown["gifts"]] == [
        ("帆布袋", "tier", True)
    ]
    assert shown["tier"]["next"] is None
    assert "金卡" in shown["tier"]["text_zh"]


def test_a_birthday_that_is_near_brings_its_coupon_once(cloud: Cloud, phone: Phone) -> None:
    day = datetime.fromtimestamp(cloud.clock.now_ms() / 1_000, UTC).date()
    said = {"calendar": "solar", "month": day.month, "day": day.day, "leap": False}
    shown = phone.ask("PUT", "/v1/member/birthday", {"birthday": said}).json()
    assert shown["birthday"] == said
    assert [one["name"] for one in shown["coupons"]] == ["生日券"]
    again = phone.ask("PUT", "/v1/member/birthday", {"birthday": said}).json()
    assert len(again["coupons"]) == 1
    assert phone.ask("PUT", "/v1/member/birthday", {"birthday": None}).json()["birthday"] is None


def test_a_day_that_no_year_has_is_refused(phone: Phone) -> None:
    for said in (
        {"calendar": "solar", "month": 2, "day": 30},
        {"calendar": "lunar", "month": 1, "day": 31},
    ):
        answer = phone.ask("PUT", "/v1/member/birthday", {"birthday": said})
        assert (answer.status_code, answer.json()["code"]) == (422, "M120")


def test_personal_offers_are_turned_off_and_the_shops_know(
    cloud: Cloud, person: Person, phone: Phone
) -> None:
    assert phone.ask("GET", "/v1/member/growth").json()["personal"]
    assert not phone.ask("PUT", "/v1/member/personal", {"on": False}).json()["personal"]
    with cloud.units.begin(cloud.box.tenant) as unit:
        (facts,) = facts_of(unit, [person.member])
    assert not facts.told.personal
    assert phone.ask("PUT", "/v1/member/personal", {"on": True}).json()["personal"]

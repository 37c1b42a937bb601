"""Tasks, the mall and shared links over HTTP, as a member's phone asks."""

from uuid import uuid5

import httpx2
import pytest

from cloud_broker.ports.mall import StockRow
from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.checkout.business_date import as_int
from retail_core.texts.faults import FaultCode
from tests.factories.grown import RULES, ZONE, publish
from tests.factories.member_phone import Cloud, Phone
from tests.fakes.cloud_box import Person

BROWSER, OTHER_BROWSER = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def shared_cloud() -> Cloud:
    """Build the application once."""
    cloud = Cloud()
    publish(cloud.units, cloud.box.tenant, RULES)
    with cloud.units.begin(cloud.box.tenant) as unit:
        unit.mall.save_stock(StockRow("cup", cloud.box.store, 9), 0)
    return cloud


@pytest.fixture
def cloud(shared_cloud: Cloud) -> Cloud:
    """Go on a day later: rates of the test before are over."""
    shared_cloud.clock.advance(86_400_000)
    shared_cloud.box.wall_ms = shared_cloud.clock.now_ms()
    return shared_cloud


@pytest.fixture
def person(cloud: Cloud) -> Person:
    """Somebody with 59 points."""
    person = cloud.enrolled()
    today = RulesInForce(ZONE).day(cloud.clock.now_ms())
    cloud.box.sells(person, fen=5_900, business_date=as_int(today))
    cloud.book()
    return person


@pytest.fixture
def phone(cloud: Cloud, person: Person) -> Phone:
    """Her phone."""
    phone = Phone(cloud)
    assert phone.claim(person.claim_code).status_code == 200
    return phone


def refused(answer: httpx2.Response, status: int, code: FaultCode) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code.value)


def test_tasks_with_how_far_she_is(phone: Phone) -> None:
    shown = phone.ask("GET", "/v1/member/tasks").json()
    sign, hundred, tell = shown["tasks"]
    assert (sign["kind"], sign["every"], sign["done"]) == ("checkin", "day", False)
    assert hundred["asks"] == [{"kind": "fen", "needs": 10_000, "has": 5_900}]
    coupon = {"coupon": "满100减10", "coupon_en": "满100减10"}
    assert hundred["reward"] == {"points": 50, "gift": "", "gift_en": "", **coupon}
    assert tell["reward"]["gift"] == "小样"
    assert (shown["invitation"]["inviter"]["points"], shown["invitation"]["friends"]) == (200, 0)


def test_ordering_and_cancelling(cloud: Cloud, phone: Phone) -> None:
    mall = phone.ask("GET", "/v1/member/mall").json()
    assert (mall["points_free"], mall["orders"], mall["gifts"]) == (59, [], [])
    cup = mall["items"][0]
    left = cup["stores"][0]["left"]
    order = str(uuid5(cloud.box.store, str(phone.public)))
    body = {"order_id": order, "item": "cup", "store": cup["stores"][0]["store"]}
    made = phone.ask("POST", "/v1/member/mall/orders", body).json()
    assert (made["state"], made["store_name"], made["points"]) == ("open", "上海店", 40)
    assert phone.ask("POST", "/v1/member/mall/orders", body).json() == made
    mall = phone.ask("GET", "/v1/member/mall").json()
    assert (mall["points_free"], mall["items"][0]["stores"][0]["left"]) == (19, left - 1)
    assert [gift["name"] for gift in mall["gifts"]] == ["马克杯"]
    again = replace_id(body, "another")
    refused(phone.ask("POST", "/v1/member/mall/orders", again), 409, FaultCode.MALL_POINTS_SHORT)
    # No box has taken the gift yet: it is over at once.
    done = phone.ask("POST", f"/v1/member/mall/orders/{order}/cancel", {}).json()
    assert done["state"] == "cancelled"
    assert phone.ask("GET", "/v1/member/mall").json()["points_free"] == 59
    lost = phone.ask("POST", f"/v1/member/mall/orders/{cloud.box.store}/cancel", {})
    refused(lost, 404, FaultCode.MALL_ORDER_UNKNOWN)


def replace_id(body: dict[str, str], said: str) -> dict[str, str]:
    return body | {"order_id": str(uuid5(Person().member, said))}


def test_a_link_and_the_friend_who_follows_it(cloud: Cloud, phone: Phone) -> None:
    asked = {"about": "referral", "device": BROWSER}
    link = phone.ask("POST", "/v1/member/links", asked).json()
    assert link["path"] == f"/m/s/{link['token']}"
    seen = cloud.client.get(f"/v1/member/links/{link['token']}").json()
    assert seen["from_name"] not in {"", "王芳"}
    refused(cloud.client.get("/v1/member/links/nonsense"), 404, FaultCode.LINK_INVALID)
    cloud.clock.advance(60_000)
    friend = Phone(cloud)
    friend.claim(cloud.enrolled().claim_code)
    came = {"token": link["token"], "device": OTHER_BROWSER}
    own = phone.ask("POST", "/v1/member/opened", came)
    refused(own, 409, FaultCode.INVITE_REFUSED)
    assert own.json()["fields"]["reason"] == "herself"
    assert friend.ask("POST", "/v1/member/opened", came).json() == {"noted": True}
    shown = phone.ask("GET", "/v1/member/tasks").json()
    assert shown["invitation"]["friends"] == 1


def test_nobody_gets_in_unsigned(cloud: Cloud) -> None:
    for path in ("tasks", "mall"):
        refused(cloud.client.get(f"/v1/member/{path}"), 401, FaultCode.API_TOKEN_MISSING)

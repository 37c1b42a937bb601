"""Two counters on one box: what happens at one is neither seen nor done at the other."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import WebSocketDenialResponse, WebSocketTestSession

from edge_agent.bootstrap.agent import announcer
from edge_agent.ports.nfc import CardTap
from edge_agent.ports.till_tap import ReceiptLine, TappedReceipt
from edge_agent.recognition.race import now_ms
from edge_agent.services.line.downlink import Applied
from edge_agent.services.recognition.identify import vouched
from retail_core.identity.assurance import Factor
from retail_core.identity.member_code import key_id_of
from retail_core.identity.sun import file_key, make_sun
from retail_core.wire.codec import encode
from retail_core.wire.lane import CheckIn
from retail_core.wire.member import PhoneKey
from retail_core.wire.messages import WIRE_VERSION
from tests.factories.agent_api import (
    CARD_UID,
    MEMBER,
    PHONE,
    PRINTING_TILL,
    SECOND_TILL,
    TILL,
    Box,
    member_record,
    sale,
)
from tests.factories.agent_files import (
    OPERATOR_PIN,
    SCREEN_TOKEN,
    SECOND_TILL_TOKEN,
    TILL_TOKEN,
)
from tests.factories.counter import ALICES_PHONE
from tests.factories.lanes import box_devices, lane_devices
from tests.factories.waiting import eventually
from tests.fakes.camera import FakeCamera, picture
from tests.fakes.face import FakeFaceEngine, seen
from tests.fakes.nfc import FakeNfcReader
from tests.fakes.till_tap import FakeTillTap

META_KEY, MASTER_KEY = b"\x33" * 16, b"\x44" * 16
A, B = "a", "b"
WAIT_MS = 10_000
FACE = 40


class Shop:
    """A box with two lanes: till 1 at the first, till 2 and the printing till at the second."""

    def __init__(self, folder: Path) -> None:
        self.cameras = {lane: FakeCamera() for lane in (A, B)}
        self.readers = {lane: FakeNfcReader() for lane in (A, B)}
        self.tap = FakeTillTap()
        lanes = [
            lane_devices(lane, camera=self.cameras[lane], nfc=self.readers[lane]) for lane in (A, B)
        ]
        engine = FakeFaceEngine({FACE: seen(1.0)})
        self.devices = box_devices(*lanes, engine=engine, taps={PRINTING_TILL: self.tap})
        self.box = Box(folder, self.devices, two_lanes=True)
        self.devices.start()
        self.tills = {A: self.box.till(), B: self.box.second_till()}

    def card(self, count: int = 1, uid: bytes = CARD_UID) -> CardTap:
        uri = make_sun(uid, count, META_KEY, file_key(MASTER_KEY, uid))
        return CardTap("fake", uid, uri, int(now_ms()), 1.0)

    def identify(self, lane: str, **asked: Any) -> Any:
        return self.tills[lane].post("/v1/identify", json=asked).json()

    def signed_in(self, lane: str, key: str) -> dict[str, str]:
        body = {"number": "1001", "pin": OPERATOR_PIN}
        answer = self.tills[lane].post("/v1/operators/login", json=body).json()
        return {"X-Operator": answer["operator_token"], "Idempotency-Key": f"key-of-{key}"}

    @contextmanager
    def listening(self, *paths: str) -> Iterator[list[WebSocketTestSession]]:
        """Terminals at both lanes, or at these addresses."""
        asked = paths or (f"?token={TILL_TOKEN}", f"?token={SECOND_TILL_TOKEN}")
        with ExitStack() as stack:
            # One client: the app lives once, on one loop.
            client = stack.enter_context(self.box.client())
            yield [
                stack.enter_context(client.websocket_connect(f"/v1/events{path}")) for path in asked
            ]

    def close(self) -> None:
        self.box.agent.stop()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


def heard_until_health(shop: Shop, socket: WebSocketTestSession) -> list[Any]:
    """Everything a terminal was told before the shop's next word on its health."""
    shop.box.hub.publish("health", {"n": 1}, lane=None)
    told = [socket.receive_json()]
    while told[-1]["type"] != "health":
        told.append(socket.receive_json())
    return told[:-1]


# ---- recognition --------------------------------------------------------------------------------


def test_a_card_laid_at_one_counter_is_known_there_alone(shop: Shop) -> None:
    shop.readers[A].put(shop.card())
    there = shop.identify(B, factors=["nfc"], deadline_ms=100)
    assert (there["outcome"], there["lane"]) == ("none", B)
    here = shop.identify(A, factors=["nfc"], deadline_ms=WAIT_MS)
    assert (here["outcome"], here["lane"]) == ("member", A)
    assert shop.box.agent.services.sessions.at(TILL) == MEMBER
    assert shop.box.agent.services.sessions.at(SECOND_TILL) is None


def test_neither_answers_nor_events_of_a_lane_reach_the_other(shop: Shop) -> None:
    till = shop.tills[A]
    with shop.listening() as (ours, theirs):
        shop.readers[A].put(shop.card())
        assert shop.identify(A, deadline_ms=WAIT_MS)["outcome"] == "member"
        till.post("/v1/quotes", json={"member_id": str(MEMBER), "lines": [{"sku": "milk"}]})
        once = {"Idempotency-Key": "key-of-sale"}
        sold = till.post("/v1/sales", json=sale(12_160, member_id=str(MEMBER)), headers=once)
        assert sold.status_code == 200
        headers = shop.signed_in(A, "phone")
        till.post(f"/v1/enrolments/{MEMBER}/phone", json={}, headers=headers)
        told_here = heard_until_health(shop, ours)
        told_there = heard_until_health(shop, theirs)
    assert {event["type"] for event in told_here} == {"recognition", "basket", "sale", "link"}
    assert {event["lane"] for event in told_here} == {A}
    assert told_there == []


def test_a_till_has_no_business_at_another_lane(shop: Shop) -> None:
    shop.readers[B].put(shop.card())
    for lane in (str(SECOND_TILL), B):
        for path in ("/v1/identify", "/v1/identify/turn", "/v1/identify/turn/cancel"):
            answer = shop.tills[A].post(path, json={"lane": lane})
            assert (answer.status_code, answer.json()["code"]) == (404, "A108"), path
    asked = {"lane": A, "factors": ["nfc"], "deadline_ms": 20}
    assert shop.tills[A].post("/v1/identify", json=asked).json()["lane"] == A
    asked = {"lane": str(PRINTING_TILL), "factors": ["nfc"], "deadline_ms": WAIT_MS}
    assert shop.tills[B].post("/v1/identify", json=asked).json()["outcome"] == "member"


def test_who_proved_herself_over_there_is_only_named_here(shop: Shop) -> None:
    """Her wallet is open at the counter she stands at, until she leaves it."""
    shop.readers[B].put(shop.card())
    assert shop.identify(B, factors=["nfc"])["outcome"] == "member"
    path = f"/v1/members/{MEMBER}"
    assert shop.tills[B].get(path).json()["points_free"] == 2_340
    assert shop.tills[A].get(path).json()["points_free"] is None


def test_a_face_is_looked_for_by_the_lanes_own_camera(shop: Shop) -> None:
    headers = shop.signed_in(A, "enrol")
    body = {
        "name": "赵一",
        "phone": "13900000001",
        "consents": {"membership": True, "face.local": True},
        "is_14_or_older": True,
    }
    member = shop.tills[A].post("/v1/enrolments", json=body, headers=headers).json()["member_id"]
    shop.cameras[A].show(picture(FACE))
    path = f"/v1/enrolments/{member}/face"
    with shop.listening() as (_first, second):
        headers = shop.signed_in(A, "face")
        taken = shop.tills[A].post(path, json={"from_camera": 1}, headers=headers)
        assert taken.json()["accepted"] == 1
        assert heard_until_health(shop, second) == [], "the hints are for the other counter"
    assert shop.identify(B, factors=["face"], deadline_ms=100)["outcome"] == "none"
    found = shop.identify(A, factors=["face"], deadline_ms=WAIT_MS)
    assert found["member"]["member_id"] == member
    # What was enrolled at one lane is known at the other.
    shop.cameras[B].show(picture(FACE))
    again = shop.identify(B, factors=["face"], deadline_ms=WAIT_MS)
    assert again["member"]["member_id"] == member


def test_a_question_at_one_lane_does_not_wait_for_the_other(shop: Shop) -> None:
    slow: list[Any] = []
    asking = threading.Thread(
        target=lambda: slow.append(shop.identify(A, factors=["nfc"], deadline_ms=9_000))
    )
    asking.start()
    race = shop.box.agent.services.lanes[A].identify
    eventually(lambda: race._race is not None)
    shop.readers[B].put(shop.card())
    assert shop.identify(B, factors=["nfc"], deadline_ms=5_000)["outcome"] == "member"
    assert slow == []
    shop.readers[A].put(shop.card(uid=bytes.fromhex("04112233445566")))
    asking.join()


def test_a_card_is_bound_at_the_reader_of_the_caller(shop: Shop) -> None:
    uid = bytes.fromhex("04112233445566")
    shop.readers[B].put(shop.card(uid=uid))
    shop.box.agent.surface.desks[A].cards.stop()
    path = f"/v1/enrolments/{MEMBER}/card"
    at_a = shop.tills[A].post(path, json={}, headers=shop.signed_in(A, "card-a"))
    assert at_a.json()["code"] == "R308"
    at_b = shop.tills[B].post(path, json={}, headers=shop.signed_in(B, "card-b"))
    assert at_b.status_code == 200


# ---- the screens --------------------------------------------------------------------------------


def test_a_screen_says_which_counter_it_serves(shop: Shop) -> None:
    screen = shop.box.screen()
    unsaid = screen.post("/v1/identify/phone", json={"phone": PHONE})
    assert (unsaid.status_code, unsaid.json()["code"]) == (422, "A107")
    assert "a / b" in unsaid.json()["en"]
    for path, code in (("/v1/events", "A107"), ("/v1/events?lane=c", "A108")):
        with screen as client, pytest.raises(WebSocketDenialResponse) as denied:
            client.websocket_connect(path).__enter__()
        assert denied.value.json()["code"] == code
    paths = [f"?token={SCREEN_TOKEN}&lane={lane}" for lane in (A, B)]
    with shop.listening(*paths) as (first, second):
        found = screen.post("/v1/identify/phone", json={"phone": PHONE, "lane": B})
        assert found.json()["outcome"] == "member"
        assert heard_until_health(shop, first) == []
        (told,) = heard_until_health(shop, second)
    assert (told["lane"], told["till"]) == (B, str(PRINTING_TILL))


def test_a_newcomer_learns_only_what_is_on_its_own_counter(shop: Shop) -> None:
    shop.tills[B].post("/v1/quotes", json={"lines": [{"sku": "milk"}]})
    with shop.listening() as (first, second):
        assert heard_until_health(shop, first) == []
        assert [event["type"] for event in heard_until_health(shop, second)] == ["basket"]


def test_news_of_a_member_go_to_the_counter_she_stands_at(shop: Shop) -> None:
    agent = shop.box.agent
    tell = announcer(agent.basis, agent.services, agent.surface)
    with shop.listening() as (first, second):
        held = shop.box.storage.replica.member(MEMBER)
        place = shop.box.visits.at(SECOND_TILL)
        agent.surface.counter.recognised(vouched(held, Factor.SUN_CARD), place)
        tell(Applied(MEMBER, 0, 0))
        there = heard_until_health(shop, second)
        assert heard_until_health(shop, first) == []
    assert [event["type"] for event in there] == ["recognition", "member"]
    assert there[1]["member"]["points_free"] == 2_340


def test_news_of_a_member_who_stands_nowhere_go_to_no_counter(shop: Shop) -> None:
    agent = shop.box.agent
    tell = announcer(agent.basis, agent.services, agent.surface)
    with shop.listening() as terminals:
        tell(Applied(MEMBER, 0, 0))
        assert [heard_until_health(shop, one) for one in terminals] == [[], []]


# ---- unasked, from phones, from printers ---------------------------------------------------------


def test_a_card_nobody_asked_for_is_told_at_its_own_counter(shop: Shop) -> None:
    loops = [loop for loop in shop.box.agent.loops if loop.name in {"lane-a", "lane-b"}]
    assert len(loops) == 2
    with shop.listening() as (first, second):
        for loop in loops:
            loop.start()
        shop.readers[B].put(shop.card())
        told = second.receive_json()
        for loop in loops:
            loop.stop()
        assert heard_until_health(shop, first) == []
    assert (told["outcome"], told["factor"], told["lane"]) == ("member", "sun_card", B)
    assert shop.box.agent.services.sessions.at(PRINTING_TILL) == MEMBER


@pytest.mark.parametrize(("till", "lane"), [(TILL, A), (SECOND_TILL, B), (PRINTING_TILL, B)])
def test_a_check_in_reaches_the_lane_of_its_tag(shop: Shop, till: UUID, lane: str) -> None:
    key = PhoneKey(key_id_of(ALICES_PHONE.public), ALICES_PHONE.public)
    shop.box.storage.replica.put_member(MEMBER, 5, member_record(phone_keys=(key,)))
    now = shop.box.clock.now().wall_ms
    code = ALICES_PHONE.code(now // 1_000)
    call = CheckIn(WIRE_VERSION, bytes(16), till.bytes, 47, code, now + 60_000)
    with shop.listening() as (first, second):
        calls = shop.box.agent.surface.calls
        calls.put(encode(call))
        calls.turn()
        heard = {A: heard_until_health(shop, first), B: heard_until_health(shop, second)}
    (told,) = heard.pop(lane)
    assert (told["till"], told["number"], told["factor"]) == (str(till), 47, "phone_page")
    assert list(heard.values()) == [[]]
    assert shop.box.agent.services.sessions.at(till) == MEMBER


def test_a_printed_receipt_is_told_at_its_own_counter(shop: Shop) -> None:
    printed = TappedReceipt(
        till=str(PRINTING_TILL),
        profile="generic-zh-32",
        receipt_no="0042",
        kind="sale",
        lines=(ReceiptLine("玉泽修护乳 50ml", 1_000, 12_800),),
        total_fen=12_800,
        text="",
    )
    booking = shop.box.agent.services.tapped.book(PRINTING_TILL, printed)
    with shop.listening() as (first, second):
        shop.box.agent.surface.counter.booked(booking)
        assert heard_until_health(shop, first) == []
        assert [event["type"] for event in heard_until_health(shop, second)] == ["tapped"]
    assert shop.tills[A].get("/v1/receipts/tapped").json()["receipts"] == []
    assert len(shop.tills[B].get("/v1/receipts/tapped").json()["receipts"]) == 1
    assert len(shop.box.screen().get("/v1/receipts/tapped?lane=b").json()["receipts"]) == 1


# ---- devices ------------------------------------------------------------------------------------


def test_what_is_unplugged_at_one_lane_is_named_and_the_other_goes_on(shop: Shop) -> None:
    shop.readers[A].unplug()
    shop.cameras[A].fail("gone")
    health = shop.box.client().get("/v1/health").json()
    assert health["lanes"] == [
        {"id": A, "name": "一号柜台", "walk_up": "off"},
        {"id": B, "name": "二号柜台", "walk_up": "off"},
    ]
    devices = health["devices"]
    assert (devices["nfc"], devices["nfc@a"], devices["nfc@b"]) == ("gone", "gone", "ok")
    assert (devices["camera@a"], devices["face@a"], devices["face@b"]) == ("gone", "gone", "ok")
    assert (health["state"], health["can_sell"]) == ("degraded", True)
    vitals = shop.box.agent.surface.wellbeing.vitals()
    assert (vitals.devices["qr@a"], vitals.devices["qr@b"]) == ("gone", "ok")
    shop.readers[B].put(shop.card())
    found = shop.identify(B, deadline_ms=WAIT_MS)
    assert (found["outcome"], found["reasons"]) == ("member", [])
    # Long enough for every reader to have had its look, on a busy machine too.
    missing = {reason["code"] for reason in shop.identify(A, deadline_ms=1_000)["reasons"]}
    assert missing == {"R302", "R401"}
    assert "李敏" not in json.dumps(health, ensure_ascii=False)

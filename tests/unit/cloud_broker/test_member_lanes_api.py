"""Checking in over HTTP: which lanes there are, what a shop is told, what became of it."""

from uuid import UUID

import httpx2
import pytest

from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.members.checkins import lane_url, ndef_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.lane import CheckInSeen, Seen, decode_check_in
from tests.factories.member_phone import Cloud, Phone
from tests.fakes.cloud_box import SimBox, fresh_id


@pytest.fixture(scope="module")
def shared_cloud() -> Cloud:
    """Build the application once."""
    return Cloud()


@pytest.fixture
def cloud(shared_cloud: Cloud) -> Cloud:
    """Go on a day later: rates of the test before are over."""
    shared_cloud.clock.advance(86_400_000)
    shared_cloud.box.wall_ms = shared_cloud.clock.now_ms()
    return shared_cloud


@pytest.fixture
def phone(cloud: Cloud) -> Phone:
    """Return a phone that speaks for a member."""
    phone = Phone(cloud)
    assert phone.claim(cloud.enrolled().claim_code).status_code == 200
    return phone


def refused(answer: httpx2.Response, status: int, code: FaultCode) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code.value)


class TestLanes:
    def test_a_tag_says_which_counter(self, cloud: Cloud, phone: Phone) -> None:
        cloud.alive()
        path = f"/v1/member/lanes/{cloud.box.store}/{cloud.lane}"
        shown = phone.ask("GET", path).json()
        assert (shown["lane_name"], shown["online"]) == ("1号收银台", True)
        cloud.alive("gone")
        assert phone.ask("GET", path).json()["online"] is False
        other = f"/v1/member/lanes/{cloud.box.store}/{fresh_id()}"
        refused(phone.ask("GET", other), 404, FaultCode.CHECKIN_LANE_UNKNOWN)

    def test_the_shop_is_told_and_its_answer_comes_back(self, cloud: Cloud, phone: Phone) -> None:
        cloud.alive()
        opened = phone.checks_in().json()
        (message,) = cloud.caller.due(cloud.box.tenant)
        assert cloud.caller.due(cloud.box.tenant) == ()
        call = decode_check_in(message.payload)
        assert message.topic == cloud.box.topic("lane")
        assert UUID(bytes=call.checkin) == UUID(opened["checkin_id"])
        assert (call.number, call.code) == (opened["number"], phone.code())
        path = f"/v1/member/checkins/{opened['checkin_id']}"
        assert phone.ask("GET", path).json() == {"outcome": ""}
        answer(cloud, CheckInSeen(1, call.checkin, Seen.SHOWN))
        assert phone.ask("GET", path).json() == {"outcome": "shown"}
        # A second word changes nothing.
        answer(cloud, CheckInSeen(1, call.checkin, Seen.REFUSED))
        assert phone.ask("GET", path).json() == {"outcome": "shown"}

    def test_one_open_check_in_a_member(self, cloud: Cloud, phone: Phone) -> None:
        cloud.alive()
        first = phone.checks_in().json()["checkin_id"]
        phone.checks_in()
        shown = phone.ask("GET", f"/v1/member/checkins/{first}").json()
        assert shown == {"outcome": "superseded"}
        assert len(cloud.caller.due(cloud.box.tenant)) == 1

    def test_a_shop_that_is_offline_says_so(self, cloud: Cloud, phone: Phone) -> None:
        cloud.alive("gone")
        refused(phone.checks_in(), 503, FaultCode.CHECKIN_STORE_OFFLINE)
        cloud.alive()
        cloud.clock.advance(3_600_000)
        refused(phone.checks_in(), 503, FaultCode.CHECKIN_STORE_OFFLINE)

    def test_not_with_a_code_of_another_phone(self, cloud: Cloud, phone: Phone) -> None:
        cloud.alive()
        refused(phone.checks_in(code=Phone(cloud).code()), 401, FaultCode.PHONE_SIGNATURE)
        refused(phone.checks_in(code="x"), 422, FaultCode.QR_FOREIGN)
        refused(phone.checks_in(lane=str(fresh_id())), 404, FaultCode.CHECKIN_LANE_UNKNOWN)

    def test_nobody_asks_after_another_ones(self, cloud: Cloud, phone: Phone) -> None:
        cloud.alive()
        opened = phone.checks_in().json()["checkin_id"]
        other = Phone(cloud)
        other.claim(cloud.enrolled().claim_code)
        path = f"/v1/member/checkins/{opened}"
        refused(other.ask("GET", path), 404, FaultCode.API_NOT_FOUND)

    def test_a_minute_later_nobody_is_told(self, cloud: Cloud, phone: Phone) -> None:
        cloud.alive()
        phone.checks_in()
        cloud.clock.advance(60_001)
        assert cloud.caller.due(cloud.box.tenant) == ()
        cloud.clock.advance(31 * 86_400_000)
        cloud.caller.forget(cloud.box.tenant)
        assert cloud.units.states[cloud.box.tenant].checkins == {}

    @pytest.mark.parametrize("payload", [b"\xc1", encode(CheckInSeen(1, bytes(16), "odd"))])
    def test_an_answer_that_is_none_is_counted(self, cloud: Cloud, payload: bytes) -> None:
        before = cloud.tally.snapshot().get("W101", 0)
        cloud.caller.answered(Inbound(cloud.box.topic("seen"), payload, 0))
        cloud.caller.answered(Inbound("r1/x", payload, 0))
        assert cloud.tally.snapshot()["W101"] == before + 2

    def test_a_box_nobody_knows_answers_nothing(self, cloud: Cloud) -> None:
        stranger = SimBox(cloud.box.tenant)
        seen = encode(CheckInSeen(1, bytes(16), Seen.SHOWN))
        cloud.caller.answered(Inbound(stranger.topic("seen"), seen, 0))
        assert FaultCode.WIRE_SENDER_MISMATCH.value in cloud.tally.snapshot()


def answer(cloud: Cloud, seen: CheckInSeen) -> None:
    """Let the shop's box answer."""
    cloud.caller.answered(Inbound(cloud.box.topic("seen"), encode(seen), cloud.clock.now_ms()))


class TestTags:
    def test_the_lanes_of_a_shop(self, cloud: Cloud) -> None:
        (tag,) = cloud.checkins.tags(cloud.box.tenant, cloud.box.store)
        assert (tag.lane, tag.name) == (cloud.lane, "1号收银台")
        url = lane_url("https://m.example/", cloud.box.store, tag.lane)
        assert url == f"https://m.example/m/lane/{cloud.box.store}/{cloud.lane}"

    @pytest.mark.parametrize(
        ("url", "head"),
        [("https://a.b/c", "d101065504"), ("http://a.b/c", "d101065503"), ("x:y", "d101045500")],
    )
    def test_as_the_bytes_of_a_tag(self, url: str, head: str) -> None:
        message = ndef_of(url)
        assert message[:5].hex() == head
        assert len(message) == 4 + message[2]

    def test_an_address_too_long_for_a_tag(self) -> None:
        with pytest.raises(ValueError, match="bytes"):
            ndef_of("https://" + "a" * 300)

"""The member's phone over HTTP: claims, re-issue, what she sees and takes back, her lane."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.testclient import TestClient

from cloud_broker.api.app import build_app
from cloud_broker.api.deps import ApiDeps
from cloud_broker.domain.phone_request import Asked, signed_bytes
from cloud_broker.ports.fleet import DeviceState, NewTill
from cloud_broker.services.checkins import CheckIns, LaneCaller, lane_url, ndef_of
from cloud_broker.services.devices import Devices
from cloud_broker.services.faces import FaceOffice
from cloud_broker.services.frames import Inbound
from cloud_broker.services.hq_access import HqAccess
from cloud_broker.services.ingest import Ingest
from cloud_broker.services.member_desk import MemberDesk
from cloud_broker.services.members import Members
from cloud_broker.services.overview import ConsentRow, MemberPage
from cloud_broker.services.phones import Phones
from retail_core.identity.member_code import key_id_of, mint
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_member, encode
from retail_core.wire.lane import CheckInSeen, Seen, decode_check_in
from tests.fakes.cloud_basics import (
    FakeCloudClock,
    FakeCloudIdSource,
    FakeKeyRing,
    FakePasswords,
)
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_hq import EmptyQueries, NotingDesk
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant

MS = 1_000
TTL_S = 60


class OneMember(EmptyQueries):
    """HQ's view of whoever is asked for."""

    def member(self, tenant: UUID, member_id: UUID) -> MemberPage | None:
        consents = tuple(
            ConsentRow(kind, given, "1", "zh", "till", wall_ms, "上海徐汇店")
            for kind, given, wall_ms in (
                ("face.local", False, 3),
                ("face.local", True, 2),
                ("membership", True, 1),
            )
        )
        return MemberPage(
            member_id=member_id,
            wallet_id=fresh_id(),
            ver=1,
            name="李敏",
            tier="gold",
            tags=(),
            phone_masked="138****8000",
            home_store_name="上海徐汇店",
            enrolled_ms=0,
            points_free=59,
            points_pending=3,
            points_qualifying=0,
            phones=1,
            cards=0,
            held_by=(),
            possible_duplicates=(),
            consents=consents,
            sales=(),
            postings=(),
        )


@dataclass
class Cloud:
    """The site over a store in memory, one shop with one lane."""

    units: FakeUnits = field(default_factory=FakeUnits)
    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    tally: FaultTally = field(default_factory=FaultTally)

    def __post_init__(self) -> None:
        ids = FakeCloudIdSource(self.clock)
        self.box = new_box(self.units, new_tenant(self.units, "demo"))
        self.box.wall_ms = self.clock.now_ms()
        self.lane = self.box.till
        with self.units.begin(self.box.tenant) as unit:
            unit.fleet.add_till(NewTill(self.lane, self.box.store, "1号收银台", "api"), 0)
        self.checkins = CheckIns(self.units, self.clock, ids)
        self.caller = LaneCaller(self.units, self.clock, self.tally)
        deps = ApiDeps(
            devices=Devices(self.units),
            members=Members(self.units, self.clock),
            faces=FaceOffice(self.units, self.clock, ids, FakeKeyRing()),
            phones=Phones(self.units, self.clock, ids),
            checkins=self.checkins,
            member_desk=MemberDesk(self.units, OneMember(), self.clock, ids),
            queries=OneMember(),
            auth=HqAccess(self.units, self.clock, ids, FakePasswords()),
            desk=NotingDesk(fresh_id()),
            clock=self.clock,
            ids=ids,
            tally=self.tally,
            hosts=frozenset({"cloud.test"}),
        )
        self.client = TestClient(build_app(deps), base_url="http://cloud.test")

    def book(self) -> None:
        """Take in what the box has journalled."""
        ingest = Ingest(self.units, self.clock, self.tally)
        ingest.book([Inbound(self.box.topic(), self.box.frame(), self.clock.now_ms())])

    def enrolled(self) -> Person:
        """Enrol somebody with two consents."""
        person = Person()
        self.box.enrols(person)
        for kind in ("membership", "face.local"):
            self.box.consents(person, kind)
        self.book()
        return person

    def alive(self, state: str = "ok") -> None:
        """Let the shop's box have said how it is."""
        said = DeviceState(
            self.box.device, self.box.store, state, self.box.boot, 0, "1", 7, 0, 0,
            can_sell=True, devices={}, faults={}, seen_ms=self.clock.now_ms(),
        )  # fmt: skip
        with self.units.begin(self.box.tenant) as unit:
            unit.fleet.save_states([said])

    def record_keys(self) -> list[bytes]:
        """Return the keys in the newest record that the shop was sent."""
        rows = self.units.states[self.box.tenant].feeds[self.box.store]
        return [key.key_id for key in decode_member(rows[-1].change.body).phone_keys]


@dataclass
class Phone:
    """A phone that signs."""

    cloud: Cloud
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    nonces: int = 0
    claimed: dict[str, Any] = field(default_factory=dict)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def claim(self, code: str) -> httpx2.Response:
        """Claim a member's place."""
        body = {"claim_code": code, "public_key": self.public.hex()}
        answer = self.cloud.client.post("/v1/member/claim", json=body)
        self.claimed = answer.json()
        return answer

    def header(self, method: str, path: str, content: bytes = b"", nonce: int = 0) -> str:
        """Sign a request."""
        self.nonces += 1
        raw = (nonce or self.nonces).to_bytes(16, "big")
        now_ms = self.cloud.clock.now_ms()
        signature = self.key.sign(signed_bytes(Asked(method, path, content), now_ms, raw))
        parts = (
            self.cloud.box.tenant, key_id_of(self.public).hex(), now_ms, raw.hex(), signature.hex()
        )  # fmt: skip
        return "Phone " + ".".join(map(str, parts))

    def ask(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """Send a signed request."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": self.header(method, path, content)}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.cloud.client.request(method, path, content=content, headers=headers)

    def code(self) -> str:
        """Return the code it shows."""
        now_s = self.cloud.clock.now_ms() // MS
        private = self.key.private_bytes_raw()
        return mint(private, key_id_of(self.public), now_s, TTL_S, b"nonce-01")

    def checks_in(self, **changes: object) -> httpx2.Response:
        """Check in at the shop's lane."""
        place = {"store": str(self.cloud.box.store), "lane": str(self.cloud.lane)}
        return self.ask("POST", "/v1/member/checkins", place | {"code": self.code()} | changes)


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


class TestPhones:
    def test_a_new_phone_ends_the_old_one_everywhere(self, cloud: Cloud) -> None:
        person = cloud.enrolled()
        old, new = Phone(cloud), Phone(cloud)
        old.claim(person.claim_code)
        cloud.box.issues_link(person, "NEW")
        cloud.book()
        # Until the new one has claimed, the old one speaks.
        assert old.ask("GET", "/v1/member/me").status_code == 200
        assert new.claim("NEW").status_code == 200
        refused(old.ask("GET", "/v1/member/me"), 401, FaultCode.PHONE_REVOKED)
        assert new.ask("GET", "/v1/member/me").status_code == 200
        assert cloud.record_keys() == [key_id_of(new.public)]
        assert old.claimed["digit_secret"] != new.claimed["digit_secret"]

    def test_only_the_newest_link_works(self, cloud: Cloud) -> None:
        person = cloud.enrolled()
        for code in ("ONE", "TWO"):
            cloud.box.issues_link(person, code)
        cloud.book()
        for code in (person.claim_code, "ONE"):
            refused(Phone(cloud).claim(code), 404, FaultCode.API_NOT_FOUND)
        assert Phone(cloud).claim("TWO").status_code == 200

    def test_a_link_for_somebody_unknown_waits_for_a_person(self, cloud: Cloud) -> None:
        cloud.box.issues_link(Person(), "LOST")
        cloud.book()
        refused(Phone(cloud).claim("LOST"), 404, FaultCode.API_NOT_FOUND)
        codes = [item.code for item in cloud.units.states[cloud.box.tenant].repairs.values()]
        assert FaultCode.SALE_MEMBER_UNKNOWN.value in codes

    def test_a_browser_without_such_keys_gets_the_digits_alone(self, cloud: Cloud) -> None:
        person = cloud.enrolled()
        body = {"claim_code": person.claim_code, "public_key": None}
        answer = cloud.client.post("/v1/member/claim", json=body).json()
        assert (answer["key_id"], len(answer["digit_secret"])) == ("", 40)
        assert cloud.record_keys() == []


class TestSignedRequests:
    def test_nobody_gets_in_unsigned(self, cloud: Cloud) -> None:
        answer = cloud.client.get("/v1/member/me")
        refused(answer, 401, FaultCode.API_TOKEN_MISSING)

    def test_a_key_of_nobody(self, cloud: Cloud) -> None:
        refused(Phone(cloud).ask("GET", "/v1/member/me"), 401, FaultCode.PHONE_REVOKED)

    def test_a_request_counts_once(self, cloud: Cloud, phone: Phone) -> None:
        headers = {"Authorization": phone.header("GET", "/v1/member/me")}
        assert cloud.client.get("/v1/member/me", headers=headers).status_code == 200
        again = cloud.client.get("/v1/member/me", headers=headers)
        refused(again, 401, FaultCode.PHONE_REPLAYED)

    def test_a_request_means_one_thing(self, cloud: Cloud, phone: Phone) -> None:
        headers = {"Authorization": phone.header("GET", "/v1/member/me")}
        answer = cloud.client.get("/v1/member/export", headers=headers)
        refused(answer, 401, FaultCode.PHONE_SIGNATURE)

    def test_a_clock_that_is_off_is_told_the_time(self, cloud: Cloud, phone: Phone) -> None:
        headers = {"Authorization": phone.header("GET", "/v1/member/me")}
        cloud.clock.advance(120_000)
        answer = cloud.client.get("/v1/member/me", headers=headers)
        refused(answer, 401, FaultCode.PHONE_CLOCK)
        assert answer.json()["fields"]["now_ms"] == str(cloud.clock.now_ms())

    def test_not_without_end(self, phone: Phone) -> None:
        codes = [phone.ask("GET", "/v1/member/me").status_code for _ in range(62)]
        assert codes == [200] * 60 + [429] * 2


class TestHerData:
    def test_how_she_stands(self, phone: Phone) -> None:
        me = phone.ask("GET", "/v1/member/me").json()
        assert (me["name"], me["points_free"], me["points_pending"]) == ("李敏", 59, 3)
        assert me["last"] is None
        said = {one["kind"]: one["given"] for one in me["consents"]}
        assert said == {"face.local": False, "membership": True}

    def test_a_consent_is_taken_back_once(self, cloud: Cloud, phone: Phone) -> None:
        body = {"kind": "face.local", "language": "en"}
        for _ in range(2):
            answer = phone.ask("POST", "/v1/member/consents/withdraw", body)
            assert answer.json() == {"kind": "face.local", "given": False}
        member = UUID(phone.claimed["member_id"])
        state = cloud.units.states[cloud.box.tenant]
        assert state.withdrawn[member, "face.local"].language == "en"
        acts = [one.action for one in state.audits if one.subject == str(member)]
        assert acts == ["phone.claim", "consent.withdraw"]

    @pytest.mark.parametrize(
        ("kind", "status", "code"),
        [
            ("membership", 422, FaultCode.API_BODY_INVALID),
            ("marketing", 404, FaultCode.API_NOT_FOUND),
            ("no such kind", 422, FaultCode.API_BODY_INVALID),
        ],
    )
    def test_what_cannot_be_taken_back(
        self, phone: Phone, kind: str, status: int, code: FaultCode
    ) -> None:
        answer = phone.ask("POST", "/v1/member/consents/withdraw", {"kind": kind})
        refused(answer, status, code)

    def test_her_data_to_take_along(self, phone: Phone) -> None:
        held = phone.ask("GET", "/v1/member/export").json()
        assert held["format"] == "regulars-member-export/1"
        assert held["member"] == [{"name": "王芳"}]


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


def test_the_claim_in_the_books_is_a_hash(cloud: Cloud) -> None:
    person = cloud.enrolled()
    hashed = sha256(person.claim_code.encode()).digest()
    assert hashed in cloud.units.states[cloud.box.tenant].claims

"""The member's phone over HTTP: claims, re-issue, what she sees and takes back."""

from hashlib import sha256
from uuid import UUID

import httpx2
import pytest

from retail_core.identity.member_code import key_id_of
from retail_core.texts.faults import FaultCode
from tests.factories.member_phone import Cloud, Phone
from tests.fakes.cloud_box import Person


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
        assert (me["last"], me["points_owed"]) == (None, 7)
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


def test_the_claim_in_the_books_is_a_hash(cloud: Cloud) -> None:
    person = cloud.enrolled()
    hashed = sha256(person.claim_code.encode()).digest()
    assert hashed in cloud.units.states[cloud.box.tenant].claims

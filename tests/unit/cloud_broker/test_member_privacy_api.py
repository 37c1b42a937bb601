"""Signing in by SMS and WeChat, consents with their history, and closing the account, over HTTP."""

from dataclasses import replace
from uuid import UUID

import httpx2
import pytest
from starlette.testclient import TestClient

from cloud_broker.api.app import build_app
from cloud_broker.ports.wechat import WeChatPerson
from cloud_broker.services.members.leaving import Leavings
from retail_core.texts.faults import FaultCode
from tests.factories.member_phone import Cloud, OneMember, Phone
from tests.fakes.cloud_basics import FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_privacy import FakePrivacyShelf, privacy_of
from tests.fakes.cloud_recruiting import FakeSmsSender
from tests.fakes.cloud_wechat import FakeWeChat

NUMBER = "8613912345678"
DAY_MS = 86_400_000


class Site(Cloud):
    """The cloud with a provider of SMS and with WeChat; one member with a real number."""

    def __init__(self) -> None:
        super().__init__()
        self.sender, self.wechat = FakeSmsSender(), FakeWeChat()
        privacy = privacy_of(
            self.units,
            self.clock,
            FakeCloudIdSource(self.clock),
            OneMember(),
            self.sender,
            self.wechat,
        )
        self.deps = replace(self.deps, privacy=privacy)
        self.client = TestClient(build_app(self.deps), base_url="http://cloud.test")
        self.member: UUID = self.enrolled_with(NUMBER, FakeKeyRing())

    def wants(self, phone: str = "139 1234 5678") -> httpx2.Response:
        return self.client.post("/v1/member/sms", json={"phone": phone})

    def signs_in(self, phone: Phone, code: str, number: str = NUMBER) -> httpx2.Response:
        body = {"phone": number, "code": code, "public_key": phone.public.hex()}
        answer = self.client.post("/v1/member/sms/claim", json=body)
        phone.claimed = answer.json()
        return answer


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def phone(site: Site) -> Phone:
    """Return a phone that signed in by SMS."""
    phone = Phone(site)
    site.wants()
    assert site.signs_in(phone, site.sender.sent[-1].code).status_code == 200
    return phone


def refused(answer: httpx2.Response, status: int, code: FaultCode) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code.value)


class TestBySms:
    def test_a_code_to_her_own_number_binds_this_phone(self, site: Site, phone: Phone) -> None:
        assert phone.claimed["member_id"] == str(site.member)
        assert phone.ask("GET", "/v1/member/me").status_code == 200
        (message,) = site.sender.sent
        assert "登录" in message.text
        assert site.record_keys()[0].hex() == phone.claimed["key_id"]

    def test_a_number_of_nobody_is_told_the_same(self, site: Site) -> None:
        known, unknown = site.wants(), site.wants("137 0000 0000")
        assert known.json() == unknown.json()
        assert (known.status_code, unknown.status_code) == (202, 202)
        assert len(site.sender.sent) == 1
        # Another one within the minute is not sent, and nobody is told that either.
        assert site.wants().json() == known.json()
        assert len(site.sender.sent) == 1
        wrong = "000000" if site.sender.sent[0].code != "000000" else "000001"
        of_hers = site.signs_in(Phone(site), wrong)
        of_nobody = site.signs_in(Phone(site), wrong, "8613700000000")
        assert of_hers.json() == of_nobody.json()
        refused(of_hers, 422, FaultCode.PHONE_CODE_OVER)

    def test_a_code_counts_once_and_five_minutes(self, site: Site, phone: Phone) -> None:
        code = site.sender.sent[-1].code
        refused(site.signs_in(Phone(site), code), 422, FaultCode.PHONE_CODE_OVER)
        site.clock.advance(61_000)
        site.wants()
        site.clock.advance(301_000)
        late = site.sender.sent[-1].code
        refused(site.signs_in(Phone(site), late), 422, FaultCode.PHONE_CODE_OVER)

    def test_a_new_phone_ends_the_old_one(self, site: Site, phone: Phone) -> None:
        site.clock.advance(61_000)
        site.wants()
        new = Phone(site)
        assert site.signs_in(new, site.sender.sent[-1].code).status_code == 200
        refused(phone.ask("GET", "/v1/member/me"), 401, FaultCode.PHONE_REVOKED)
        assert new.ask("GET", "/v1/member/me").status_code == 200

    def test_bad_input(self, site: Site) -> None:
        refused(site.wants("12345"), 422, FaultCode.API_BODY_INVALID)
        chain = site.client.post("/v1/member/sms", json={"phone": NUMBER, "chain": "no-such"})
        refused(chain, 404, FaultCode.API_NOT_FOUND)
        cloud = Cloud()
        off = cloud.client.post("/v1/member/sms", json={"phone": NUMBER})
        assert off.json()["code"] == FaultCode.SMS_OFF.value
        many = [site.wants("137 0000 0000").status_code for _ in range(40)]
        assert 429 in many


class TestConsents:
    def test_each_purpose_with_its_text_and_history(self, phone: Phone) -> None:
        told = phone.ask("GET", "/v1/member/consents").json()
        kinds = {one["kind"]: one for one in told["purposes"]}
        assert {"marketing", "sms", "wechat", "personalise", "tags.sensitive"} <= kinds.keys()
        assert [word["given"] for word in kinds["face.local"]["words"]] == [False, True]
        assert not kinds["face.local"]["here"]
        assert kinds["sms"]["given"] is None
        assert "退订" in kinds["sms"]["text_zh"]
        assert kinds["personalise"]["given"] is True

    def test_a_yes_and_a_no_are_words(self, site: Site, phone: Phone) -> None:
        for given in (True, True, False):
            body = {"kind": "personalise", "given": given, "language": "en"}
            assert phone.ask("POST", "/v1/member/consents", body).status_code == 200
            now = phone.ask("GET", "/v1/member/consents").json()["purposes"]
            assert {one["kind"]: one["given"] for one in now}["personalise"] is given
        state = site.units.states[site.box.tenant]
        assert state.said[site.member, "personalise"].given is False
        assert state.growth.profiles[site.member].personal is False
        for kind in ("membership", "face.local", "no.such"):
            body = {"kind": kind, "given": True}
            refused(phone.ask("POST", "/v1/member/consents", body), 422, FaultCode.API_BODY_INVALID)

    def test_a_yes_to_messages_keeps_where_to_write_and_a_no_forgets_it(
        self, site: Site, phone: Phone
    ) -> None:
        def says(kind: str, **more: object) -> httpx2.Response:
            return phone.ask("POST", "/v1/member/consents", {"kind": kind, "given": True, **more})

        def contacts() -> int:
            return len(site.units.states[site.box.tenant].campaigns.contacts)

        refused(says("sms"), 422, FaultCode.API_BODY_INVALID)
        refused(says("sms", address="139 0000 0000"), 422, FaultCode.CONTACT_INVALID)
        refused(says("wechat", address="oSomebody"), 422, FaultCode.CONTACT_INVALID)
        assert contacts() == 0
        for no in ("/v1/member/consents", "/v1/member/consents/withdraw", ""):
            assert says("sms", address="139 1234 5678").status_code == 200
            assert contacts() == 1
            site.clock.advance(1_000)
            if not no:
                Leavings(
                    *(site.units, FakePrivacyShelf(), site.clock, FakeCloudIdSource(site.clock))
                ).by_herself(site.box.tenant, site.member)
            else:
                body = {"kind": "sms"} | ({"given": False} if no.endswith("consents") else {})
                assert phone.ask("POST", no, body).status_code == 200
            assert contacts() == 0
            site.clock.advance(1_000)

    def test_the_year_she_was_born_in(self, phone: Phone) -> None:
        assert (
            phone.ask("PUT", "/v1/member/birth-year", {"year": 1990}).json()["birth_year"] == 1990
        )
        assert (
            phone.ask("PUT", "/v1/member/birth-year", {"year": None}).json()["birth_year"] is None
        )
        assert phone.ask("PUT", "/v1/member/birth-year", {"year": 1066}).status_code == 422


class TestLeaving:
    def wants_to_leave(self, site: Site, phone: Phone) -> str:
        site.clock.advance(61_000)
        asked = phone.ask("POST", "/v1/member/leaving/code", {"phone": NUMBER})
        assert asked.status_code == 200
        assert "注销" in site.sender.sent[-1].text
        return site.sender.sent[-1].code

    def test_she_leaves_and_comes_back(self, site: Site, phone: Phone) -> None:
        before = phone.ask("GET", "/v1/member/leaving").json()
        assert before == {"state": "", "due_ms": None, "grace_days": 15}
        code = self.wants_to_leave(site, phone)
        left = phone.ask("POST", "/v1/member/leaving", {"code": code}).json()
        assert left["state"] == "open"
        assert left["due_ms"] == site.clock.now_ms() + 15 * DAY_MS
        refused(phone.ask("GET", "/v1/member/me"), 401, FaultCode.PHONE_REVOKED)
        site.clock.advance(14 * DAY_MS)
        site.wants()
        again = Phone(site)
        assert site.signs_in(again, site.sender.sent[-1].code).status_code == 200
        assert again.ask("GET", "/v1/member/leaving").json()["state"] == ""

    def test_a_wrong_code_and_another_number(self, site: Site, phone: Phone) -> None:
        code = self.wants_to_leave(site, phone)
        wrong = "000000" if code != "000000" else "000001"
        answer = phone.ask("POST", "/v1/member/leaving", {"code": wrong})
        refused(answer, 422, FaultCode.PHONE_CODE_WRONG)
        assert answer.json()["fields"]["left"] == "4"
        other = phone.ask("POST", "/v1/member/leaving/code", {"phone": "8613700000000"})
        assert other.json()["code"] == FaultCode.SMS_PHONE_OTHER.value
        # A code for signing in closes nothing.
        site.clock.advance(61_000)
        site.wants()
        answer = phone.ask("POST", "/v1/member/leaving", {"code": site.sender.sent[-1].code})
        refused(answer, 422, FaultCode.PHONE_CODE_WRONG)


class TestByWeChat:
    BROWSER = "ab" * 16

    def state(self, site: Site) -> str:
        asked = site.client.post("/v1/member/wechat/address", json={"browser": self.BROWSER})
        url = httpx2.URL(asked.json()["url"])
        assert url.params["redirect_uri"] == "http://cloud.test/m/wechat"
        return str(url.params["state"])

    def came(self, code: str, state: str) -> dict[str, str]:
        return {"browser": self.BROWSER, "code": code, "state": state}

    def test_bound_in_one_step_and_good_to_sign_in(self, site: Site, phone: Phone) -> None:
        ann = WeChatPerson("oAnn", "uAnn")
        site.wechat.people = {"c1": ann, "c2": ann, "c3": WeChatPerson("oBea")}
        state = self.state(site)
        bound = phone.ask("POST", "/v1/member/wechat", self.came("c1", state))
        assert bound.json() == {"bound": True}
        kept = site.units.states[site.box.tenant].identities
        assert {kind for kind, _ in kept} >= {"openid", "unionid"}
        assert b"oAnn" not in b"".join(mark for _, mark in kept)
        new = Phone(site)
        body = self.came("c2", state) | {"public_key": new.public.hex()}
        assert site.client.post("/v1/member/wechat/claim", json=body).status_code == 200
        assert new.ask("GET", "/v1/member/me").status_code == 200
        body = self.came("c3", state) | {"public_key": Phone(site).public.hex()}
        answer = site.client.post("/v1/member/wechat/claim", json=body)
        refused(answer, 404, FaultCode.API_NOT_FOUND)

    def test_a_link_of_somebody_else_binds_nobody(self, site: Site, phone: Phone) -> None:
        site.wechat.people = {"c1": WeChatPerson("oEve")}
        answer = phone.ask("POST", "/v1/member/wechat", self.came("c1", "f" * 32))
        refused(answer, 502, FaultCode.WECHAT_REFUSED)
        assert "c1" in site.wechat.people

    def test_off_unless_it_is_set_up(self) -> None:
        cloud = Cloud()
        body = {"browser": self.BROWSER}
        answer = cloud.client.post("/v1/member/wechat/address", json=body)
        refused(answer, 409, FaultCode.WECHAT_OFF)

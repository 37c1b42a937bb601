"""A member's own word on being written to, and a provider that nobody set up, over HTTP."""

import hmac

import pytest

from tests.factories.member_phone import Cloud, HashedPerson, Phone
from tests.fakes.cloud_basics import FakeKeyRing

NUMBER = "8613812345678"
PATH = "/v1/member/messages"


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    """Build the application once."""
    return Cloud()


@pytest.fixture(scope="module")
def phone(cloud: Cloud) -> Phone:
    key = FakeKeyRing().keys(cloud.box.tenant).phone_hash_key
    person = HashedPerson(phone=hmac.digest(key, NUMBER.encode(), "sha256").hex())
    cloud.box.enrols(person)
    cloud.book()
    made = Phone(cloud)
    made.claim(person.claim_code)
    return made


def given(phone: Phone) -> dict[str, bool]:
    channels = phone.ask("GET", PATH).json()["channels"]
    return {name: one["given"] for name, one in channels.items()}


def test_a_yes_needs_her_own_number_and_a_no_needs_nothing(phone: Phone) -> None:
    assert given(phone) == {"sms": False, "wechat": False}
    other = {"channel": "sms", "given": True, "address": "13900000000"}
    refused = phone.ask("POST", PATH, other)
    assert (refused.status_code, refused.json()["code"]) == (422, "E211")
    assert phone.ask("POST", PATH, other | {"address": "138 1234 5678"}).json() == {"given": True}
    assert given(phone) == {"sms": True, "wechat": False}
    phone.cloud.clock.advance(1_000)
    no = {"channel": "sms", "given": False, "language": "en"}
    assert phone.ask("POST", PATH, no).json() == {"given": False}
    assert given(phone) == {"sms": False, "wechat": False}
    with phone.cloud.units.begin(phone.cloud.box.tenant) as unit:
        assert unit.state.campaigns.contacts == {}
        assert [one.given for one in unit.state.campaigns.words] == [True, False]


@pytest.mark.parametrize("body", [{}, {"channel": "post", "given": True}, {"channel": "sms"}])
def test_what_is_no_word_is_refused(phone: Phone, body: dict[str, object]) -> None:
    assert phone.ask("POST", PATH, body).json()["code"] == "A107"


def test_a_provider_that_nobody_set_up_is_told_so(cloud: Cloud) -> None:
    path = f"/v1/connect/messages/sms/{cloud.box.tenant}"
    answer = cloud.client.post(path, content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (409, "E216")

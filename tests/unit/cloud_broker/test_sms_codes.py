"""Codes by SMS: who gets one, how often, what opens and what is kept."""

import hmac
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.adapters.sms import sms_sender
from cloud_broker.adapters.sms_screen import ScreenSms
from cloud_broker.adapters.sms_webhook import WebhookSms
from cloud_broker.domain import sms_rules
from cloud_broker.domain.arrivals import Place
from cloud_broker.services.members.sms_codes import Checked, SmsAsked
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.newcomers import Chain
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_recruiting import FakeSmsSender, sms_codes
from tests.fakes.cloud_units import FakeUnits

NUMBER = "138 0013 8000"
LANE = "front"


@dataclass
class Desk:
    """A chain with one member, whose number the tenant's key has hashed."""

    chain: Chain = field(default_factory=lambda: Chain(FakeUnits()))
    sender: FakeSmsSender = field(default_factory=FakeSmsSender)

    def __post_init__(self) -> None:
        self.shop = self.chain.shop("静安店")
        self.ids = FakeCloudIdSource(self.chain.clock)
        self.codes = sms_codes(self.chain.units, self.chain.clock, self.ids, self.sender)
        self.member = self.enrolled(self.shop, "8613800138000")

    def enrolled(self, shop: SimBox, phone: str) -> UUID:
        key = FakeKeyRing().keys(self.chain.tenant).phone_hash_key
        hashed = hmac.digest(key, phone.encode(), "sha256")

        class Hashed(Person):
            @property
            def phone_hash(self) -> bytes:
                return hashed

        person = Hashed()
        shop.enrols(person)
        self.chain.book(shop)
        return person.member

    def place(self, shop: SimBox | None = None) -> Place:
        box = shop or self.shop
        with self.chain.units.begin(self.chain.tenant) as unit:
            return unit.fleet.places({box.device})[box.device]

    def send(self, phone: str = NUMBER, **asked: object) -> int:
        said = {"member": self.member, "lane": LANE, "phone": phone} | asked
        place = said.pop("place", None) or self.place()
        assert isinstance(place, Place)
        return self.codes.send(self.chain.tenant, place, SmsAsked(**said))  # type: ignore[arg-type]

    def check(self, code: str, lane: str = LANE, place: Place | None = None) -> Checked:
        where = place or self.place()
        return self.codes.check(self.chain.tenant, where, self.member, lane, code)

    @property
    def code(self) -> str:
        return self.sender.sent[-1].code


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refused(desk: Desk, code: FaultCode, **asked: object) -> Fault:
    with pytest.raises(Fault) as caught:
        desk.send(**asked)  # type: ignore[arg-type]
    assert caught.value.code == code
    return caught.value


def test_she_gets_six_digits_and_they_open_once(desk: Desk) -> None:
    assert desk.send() == 300
    (message,) = desk.sender.sent
    assert message.phone == "8613800138000"
    assert len(message.code) == 6
    assert message.code.isdecimal()
    assert message.code in message.text
    assert "熟客美妆" in message.text
    assert desk.check(desk.code) == Checked("right")
    assert desk.check(desk.code) == Checked("over")


def test_it_opens_its_own_lane_store_and_member_only(desk: Desk) -> None:
    other_shop = desk.chain.shop("徐汇店")
    other = desk.enrolled(other_shop, "8613900000000")
    desk.send()
    assert desk.check(desk.code, lane="back") == Checked("over")
    assert desk.check(desk.code, place=desk.place(other_shop)) == Checked("over")
    assert desk.codes.check(desk.chain.tenant, desk.place(), other, LANE, desk.code) == Checked(
        "over"
    )
    assert desk.check(desk.code) == Checked("right")


def test_five_tries_then_it_is_over(desk: Desk) -> None:
    desk.send()
    wrong = f"{(int(desk.code) + 1) % 1_000_000:06d}"
    assert [desk.check(wrong).left for _ in range(5)] == [4, 3, 2, 1, 0]
    assert desk.check(desk.code) == Checked("over")


def test_five_minutes_then_it_is_over(desk: Desk) -> None:
    desk.send()
    desk.chain.clock.advance(sms_rules.LIFE_MS - 1)
    assert desk.check("000000").outcome == "wrong"
    desk.chain.clock.advance(1)
    assert desk.check(desk.code) == Checked("over")


def test_a_new_code_ends_the_one_before(desk: Desk) -> None:
    desk.send()
    first = desk.code
    desk.chain.clock.advance(sms_rules.RESEND_MS)
    desk.send()
    assert first != desk.code
    assert desk.check(first).outcome == "wrong"
    assert desk.check(desk.code).outcome == "right"


def test_neither_number_nor_code_is_kept(desk: Desk) -> None:
    desk.send()
    state = repr(desk.chain.units.states)  # type: ignore[attr-defined]
    assert "8613800138000" not in state
    assert desk.code not in state.replace(desk.code * 2, "")
    held = desk.chain.units.states[desk.chain.tenant].recruiting.codes  # type: ignore[attr-defined]
    (kept,) = held.values()
    assert desk.code.encode() not in kept.code_hash


def test_another_number_is_refused(desk: Desk) -> None:
    refused(desk, FaultCode.SMS_PHONE_OTHER, phone="13900000001")
    desk.enrolled(desk.shop, "8613900000001")
    refused(desk, FaultCode.SMS_PHONE_OTHER, phone="13900000001")
    assert desk.sender.sent == []


def test_her_second_name_in_another_shop_gets_one_too(desk: Desk) -> None:
    shop = desk.chain.shop("徐汇店")
    again = desk.enrolled(shop, "8613800138000")
    assert desk.send(member=again, place=desk.place(shop)) == 300


def test_who_is_not_here_yet(desk: Desk) -> None:
    refused(desk, FaultCode.SMS_MEMBER_UNCONFIRMED, member=fresh_id())


def test_no_provider(desk: Desk) -> None:
    desk.codes = sms_codes(desk.chain.units, desk.chain.clock, desk.ids)
    refused(desk, FaultCode.SMS_OFF)


def test_a_provider_that_refuses_opens_nothing_and_is_not_asked_at_once(desk: Desk) -> None:
    desk.sender.down = True
    refused(desk, FaultCode.SMS_NOT_SENT)
    assert desk.check("000000") == Checked("over")
    refused(desk, FaultCode.SMS_TOO_OFTEN)


def test_one_a_minute_and_ten_a_day(desk: Desk) -> None:
    for sent in range(1, sms_rules.PER_PHONE_DAY + 1):
        desk.send()
        fault = refused(desk, FaultCode.SMS_TOO_OFTEN)
        assert sent == sms_rules.PER_PHONE_DAY or fault.fields["seconds"] == 60
        desk.chain.clock.advance(sms_rules.RESEND_MS)
    fault = refused(desk, FaultCode.SMS_TOO_OFTEN)
    assert fault.fields["seconds"] == (sms_rules.DAY_MS - 10 * sms_rules.RESEND_MS) // 1000
    desk.chain.clock.advance(int(str(fault.fields["seconds"])) * 1000)
    desk.send()


def test_a_device_cannot_write_to_everybody(desk: Desk) -> None:
    for number in range(sms_rules.PER_DEVICE_BURST):
        phone = f"861370000{number:04d}"
        desk.member = desk.enrolled(desk.shop, phone)
        desk.send(phone[2:])
    desk.member = desk.enrolled(desk.shop, "8613711111111")
    refused(desk, FaultCode.SMS_TOO_OFTEN, phone="13711111111")
    other = desk.chain.shop("徐汇店")
    assert desk.send("13711111111", place=desk.place(other)) == 300


def test_old_codes_are_forgotten(desk: Desk) -> None:
    desk.send()
    assert desk.codes.forget(desk.chain.tenant) == 0
    desk.chain.clock.advance(sms_rules.KEPT_MS + 1)
    assert desk.codes.forget(desk.chain.tenant) == 1


@given(st.lists(st.integers(0, 2 * sms_rules.DAY_MS), max_size=40), st.integers(0, 10**6))
def test_who_waits_as_told_may_send(made: list[int], later_ms: int) -> None:
    now_ms = 2 * sms_rules.DAY_MS + later_ms
    wait = sms_rules.wait_ms(made, (), now_ms)
    assert wait >= 0
    assert sms_rules.wait_ms(made, (), now_ms + wait) == 0
    assert wait == 0 or sms_rules.wait_ms(made, (), now_ms + wait - 1) > 0


# ---- settings -----------------------------------------------------------------------------------


def settings(**said: object) -> Settings:
    made = {"database_url": "postgresql://x", "secrets_dir": "/nowhere"} | said
    return Settings(**made)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"sms_provider": "screen", "public_url": "https://cloud.example"}, "sms_provider"),
        ({"sms_provider": "screen", "http_host": "0.0.0.0"}, "sms_provider"),  # noqa: S104
        ({"sms_provider": "webhook", "sms_url": "https://x.example"}, "sms_secret"),
        (
            {"sms_provider": "webhook", "sms_url": "http://x.example", "sms_secret": "s" * 16},
            "sms_url",
        ),
        (
            {
                "sms_provider": "webhook",
                "sms_url": "https://x.example",
                "sms_secret": "s" * 16,
                "sms_body": "[]",
            },
            "sms_body",
        ),
        (
            {
                "sms_provider": "webhook",
                "sms_url": "https://x.example",
                "sms_secret": "s" * 16,
                "sms_body": "{",
            },
            "sms_body",
        ),
    ],
)
def test_settings_that_would_tell_strangers_are_refused(
    said: dict[str, object], field: str
) -> None:
    with pytest.raises(Fault) as caught:
        sms_sender(settings(**said), FakeCloudClock())
    assert caught.value.code == FaultCode.SETUP_CONFIG_INVALID
    assert caught.value.fields["path"] == field


def test_the_providers_that_settings_name() -> None:
    clock = FakeCloudClock()
    assert sms_sender(settings(), clock) is None
    assert isinstance(sms_sender(settings(sms_provider="screen"), clock), ScreenSms)
    webhook = settings(
        sms_provider="webhook",
        sms_url="https://sms.example/send",
        sms_secret="s" * 16,
        sms_body='{"to": "{phone}"}',
    )
    assert isinstance(sms_sender(webhook, clock), WebhookSms)


def test_the_text_is_in_her_language() -> None:
    assert "482913" in sms_rules.text_of("482913", "熟客", "zh")
    assert "minutes" in sms_rules.text_of("482913", "Regulars", "en")

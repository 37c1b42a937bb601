"""The member's page on a real phone's browser: claimed from a link, its code believed by a shop."""

import json
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from retail_core.clock import TimeQuality
from retail_core.identity import digit_code
from retail_core.wire.lane import Seen
from tests.e2e import browser as chrome
from tests.e2e.hq_stage import ROOT, Cloud, now_ms, running_cloud
from tests.e2e.phone_stage import MS, Opened, Phone, believed, claimed, enrolled, held
from tests.factories.waiting import PATIENCE_MS, eventually
from tests.fakes.cloud_box import Person
from tests.plugins.postgres import Database

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
ASSET = ROOT / "cloud_broker" / "member_page" / "static" / "vendor" / "qrcode.mjs"
PHONE_VIEW = ViewportSize(width=390, height=844)


@pytest.fixture(scope="module")
def cloud(
    new_database: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """Run the cloud and its shops once."""
    if not ASSET.exists():
        pytest.skip("page assets are missing: make assets")
    with running_cloud(new_database().url, tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser once."""
    with chrome.chromium() as started:
        yield started


@pytest.fixture
def opens(cloud: Cloud, browser: Browser) -> Iterator[Opened]:
    """Open phones; afterwards none may have asked elsewhere or complained."""
    phones: list[Phone] = []

    def opened(
        person: Person, locale: str = "zh-CN", scheme: Literal["light", "dark"] = "light"
    ) -> Phone:
        context = browser.new_context(
            viewport=PHONE_VIEW, locale=locale, color_scheme=scheme, device_scale_factor=2
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        phones.append(Phone(context, page, chrome.Watch(page, cloud.origin), person))
        return phones[-1]

    yield opened
    for phone in phones:
        phone.context.close()
        assert phone.watch.foreign == []


def test_from_the_link_to_a_code_the_shop_believes(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens)
    believed(cloud, phone, phone.qr())
    assert phone.page.url == f"{cloud.origin}/m/"
    digits = (phone.page.locator("#digits").text_content() or "").replace(" ", "")
    member = phone.person.member.bytes
    secret = held(cloud, phone.person.member).digit_secret
    read = digit_code.parse(digits)
    used = digit_code.verify(read, [(member, secret)], now_ms() // MS, TimeQuality.SYNCED)
    assert used.member_id == member
    phone.page.locator("#swap").click()
    assert digit_code.parse(phone.qr()).reference == read.reference
    assert phone.watch.complaints == []


def test_a_page_whose_script_never_came_says_so(cloud: Cloud, browser: Browser) -> None:
    with browser.new_context(viewport=PHONE_VIEW) as context:
        page = context.new_page()
        page.route("**/m/static/views.js", lambda route: route.abort())
        page.goto(f"{cloud.origin}/m/")
        expect(page.locator("#late")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.locator("#late")).to_contain_text("请检查网络后刷新")


def test_the_key_cannot_be_taken_out(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens)
    said = phone.page.evaluate(
        """async () => {
          const { kept } = await import("/m/static/store.js");
          const phone = await kept("phone");
          const tries = [["pkcs8", phone.key], ["jwk", phone.key], ["raw", phone.digits]];
          const out = tries.map(([form, key]) =>
            crypto.subtle.exportKey(form, key).then(() => "out", (error) => error.name));
          return Promise.all(out);
        }"""
    )
    assert said == ["InvalidAccessError"] * 3


def test_without_a_network_codes_go_on(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens)
    kept = "async () => (await caches.keys()).length && !!navigator.serviceWorker.controller"
    eventually(lambda: bool(phone.page.evaluate(kept)))
    before = believed(cloud, phone, phone.qr())
    phone.context.set_offline(True)
    phone.page.reload()
    expect(phone.page.locator(".note")).to_contain_text("没有网络")
    after = believed(cloud, phone, phone.qr())
    assert after.nonce != before.nonce
    assert after.key_id == before.key_id


def test_a_link_works_once(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens)
    other = opens(phone.person, "en-GB")
    other.page.goto(f"{cloud.origin}/m/#c={phone.person.claim_code}")
    expect(other.page.locator("h1")).to_have_text("This link no longer works")
    assert phone.person.claim_code not in other.page.url


def test_a_link_from_somebody_else_asks_before_it_rebinds(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens)
    other = enrolled(cloud, "王五")
    phone.page.goto(f"{cloud.origin}/m/#c={other.claim_code}")
    expect(phone.page.locator("h1")).to_have_text("这部手机已绑定 李敏")
    assert chrome.axe_findings(phone.page) == []
    phone.page.locator("#keep-phone").click()
    believed(cloud, phone, phone.qr())
    assert held(cloud, other.member).phone_keys == ()


def test_a_stranger_is_told_how_to_begin(cloud: Cloud, opens: Opened) -> None:
    phone = opens(Person())
    phone.page.goto(f"{cloud.origin}/m")
    expect(phone.page.locator("h1")).to_have_text("这部手机还没有绑定会员")
    assert chrome.axe_findings(phone.page) == []


def test_a_browser_without_such_keys_shows_digits(cloud: Cloud, opens: Opened) -> None:
    person = enrolled(cloud)
    phone = opens(person)
    phone.page.add_init_script(
        """const real = SubtleCrypto.prototype.generateKey;
        SubtleCrypto.prototype.generateKey = function (algorithm, ...rest) {
          const refusal = new DOMException("", "NotSupportedError");
          if (algorithm === "Ed25519") return Promise.reject(refusal);
          return real.call(this, algorithm, ...rest);
        };"""
    )
    phone.page.goto(f"{cloud.origin}/m/#c={person.claim_code}")
    expect(phone.page.locator(".note")).to_contain_text("只能显示数字码")
    secret = held(cloud, person.member).digit_secret
    read = digit_code.parse(phone.qr())
    kept = [(person.member.bytes, secret)]
    digit_code.verify(read, kept, now_ms() // MS, TimeQuality.SYNCED)
    assert held(cloud, person.member).phone_keys == ()


def test_the_page_says_where_it_may_load_from(cloud: Cloud, opens: Opened) -> None:
    phone = opens(Person())
    answer = phone.page.goto(f"{cloud.origin}/m/")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert json.dumps(phone.watch.foreign) == "[]"


# ---- how she stands, and what she takes back -----------------------------------------------------


def test_first_view_says_how_she_stands(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens)
    cloud.boxes[0].sells(phone.person, 12_800)
    phone.page.reload()
    expect(phone.page.locator("#points")).to_have_text("59")
    expect(phone.page.locator("h1")).to_have_text("李敏，您好")
    expect(phone.page.locator(".goods li")).to_have_count(2)
    assert chrome.axe_findings(phone.page) == []
    phone.page.locator("#settings").click()
    # What she said, and what she may be asked for on her own page.
    expect(phone.page.locator(".consent")).to_have_count(7)
    assert chrome.axe_findings(phone.page) == []


def test_why_she_holds_her_tier_and_what_she_says_of_herself(cloud: Cloud, opens: Opened) -> None:
    tenant = cloud.boxes[0].made.tenant
    bundle = {
        "version": 1,
        "tier_names": {"silver": "银卡", "gold": "金卡"},
        "coupons": [{"kind": "threshold", "id": "HELLO", "name": "迎新券", "fen_off": 500}],
        "growth": {
            "tiers": [
                {"code": "silver"},
                {"code": "gold", "spend_fen": 50_000, "privileges": {"welcome": ["HELLO"]}},
            ]
        },
    }
    cloud.office.publisher.publish_bundle(tenant, json.dumps(bundle).encode(), who="test")
    phone = claimed(cloud, opens)
    page, text = phone.page, phone.page.locator("#tier-text")
    cloud.boxes[0].sells(phone.person, 46_200)
    eventually(lambda: (told := held(cloud, phone.person.member).standing) and told.spend_fen)
    page.reload()
    expect(text).to_contain_text("再消费 ¥38.00,即升为金卡")
    expect(page.locator("#tier-fen")).to_have_attribute("value", "46200")
    assert chrome.axe_findings(page) == []
    cloud.boxes[0].sells(phone.person, 3_800)
    eventually(lambda: held(cloud, phone.person.member).tier == "gold")
    page.reload()
    expect(text).to_contain_text("金卡")
    expect(page.locator("#coupons li")).to_contain_text("迎新券")
    page.locator("#settings").click()
    page.locator("#birth-calendar").select_option("lunar")
    page.locator("#birth-month").select_option("8")
    page.locator("#birth-day").select_option("15")
    page.locator("#birthday-save").click()
    expect(page.locator("#notice")).to_have_text("生日已记下")
    page.locator("#personal").click()
    expect(page.locator("#personal")).to_have_attribute("aria-checked", "false")
    assert chrome.axe_findings(page) == []
    record = held(cloud, phone.person.member)
    assert record.birthday
    assert not record.personal


def test_a_consent_is_taken_back_in_two_taps(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens, locale="en-US")
    phone.page.locator("#settings").click()
    face = phone.page.locator("[data-kind='face.local']")
    face.get_by_role("button", name="Withdraw").click()
    face.get_by_role("button", name="Yes, withdraw").click()
    expect(face.locator(".chip")).to_have_text("withdrawn")
    expect(face.get_by_role("button")).to_have_count(0)
    tenant = cloud.boxes[0].made.tenant
    with cloud.office.units.begin(tenant) as unit:
        assert unit.phones.consent_given(phone.person.member, "face.local") is False
        assert unit.phones.consent_given(phone.person.member, "membership") is True


def test_she_takes_her_data_along(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens)
    phone.page.locator("#settings").click()
    with phone.page.expect_download() as coming:
        phone.page.locator("#export").click()
    held = json.loads(coming.value.path().read_text(encoding="utf-8"))
    assert held["member"][0]["name"] == "李敏"
    assert [one["kind"] for one in held["consents"]] == ["membership", "face.local"]
    assert "secret" not in json.dumps(held)


def test_a_lost_phone_ends_when_the_new_one_has_claimed(cloud: Cloud, opens: Opened) -> None:
    old = claimed(cloud, opens)
    before = held(cloud, old.person.member)
    box = cloud.boxes[0]
    box.sim.wall_ms = now_ms() - 1_000
    box.sim.issues_link(old.person, "NEWLINK123")
    box.sends_newest()
    new = opens(old.person)
    new.page.goto(f"{cloud.origin}/m/#c=NEWLINK123")
    believed(cloud, new, new.qr())
    after = held(cloud, old.person.member)
    assert {key.key_id for key in after.phone_keys}.isdisjoint(
        key.key_id for key in before.phone_keys
    )
    assert after.digit_secret != before.digit_secret
    old.page.reload()
    expect(old.page.locator("h1")).to_have_text("这部手机还没有绑定会员")


# ---- at a lane -----------------------------------------------------------------------------------


def tag_of(cloud: Cloud, number: int = 0) -> str:
    """Return what a shop's counter tag says."""
    made = cloud.boxes[number].made
    return f"{cloud.origin}/m/lane/{made.store}/{made.tills[0].till}"


def comes_alive(cloud: Cloud) -> None:
    """Let the first shop's box say that it is there, and the cloud write it down."""
    cloud.boxes[0].says()
    eventually(lambda: lane_online(cloud, 0))


def test_a_tag_at_the_counter_checks_her_in(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens)
    box = cloud.boxes[0]
    comes_alive(cloud)
    phone.page.goto(tag_of(cloud))
    expect(phone.page.locator("#place")).to_have_text("上海徐汇店 · 1号收银台")
    assert chrome.axe_findings(phone.page) == []
    phone.page.locator("#check-in").click()
    expect(phone.page.locator("#lane-state")).to_have_text("柜台已认出您")
    call = box.calls[-1]
    assert phone.page.locator("#number").text_content() == str(call.number)
    assert call.lane == box.made.tills[0].till.bytes
    believed(cloud, phone, call.code)


def test_a_counter_that_is_busy_says_so(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens, locale="en-US")
    box = cloud.boxes[0]
    comes_alive(cloud)
    box.answers_calls = Seen.BUSY
    try:
        phone.page.goto(tag_of(cloud))
        phone.page.locator("#check-in").click()
        expect(phone.page.locator(".says")).to_contain_text("serving somebody else")
    finally:
        box.answers_calls = Seen.SHOWN
    phone.page.locator("#show-code").click()
    believed(cloud, phone, phone.qr())


def test_offline_is_said_and_the_code_is_offered(cloud: Cloud, opens: Opened) -> None:
    phone = claimed(cloud, opens)
    cloud.boxes[2].says("left")
    eventually(lambda: not lane_online(cloud, 2))
    phone.page.goto(tag_of(cloud, 2))
    expect(phone.page.locator(".says")).to_contain_text("这家店暂时连不上云端，请出示会员码")
    cloud.boxes[2].says()
    expect(phone.page.locator("#check-in")).to_be_visible()
    kept = "async () => (await caches.keys()).length && !!navigator.serviceWorker.controller"
    eventually(lambda: bool(phone.page.evaluate(kept)))
    phone.context.set_offline(True)
    phone.page.goto(tag_of(cloud))
    expect(phone.page.locator(".says")).to_contain_text("没有网络，请出示会员码")
    phone.page.locator("#show-code").click()
    believed(cloud, phone, phone.qr())
    phone.context.set_offline(False)


def lane_online(cloud: Cloud, number: int) -> bool:
    """Tell what the cloud thinks of a shop's lane."""
    made = cloud.boxes[number].made
    with cloud.office.units.begin(made.tenant) as unit:
        found = unit.phones.lane(made.store, made.tills[0].till, now_ms())
    return found is not None and found.online


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_pictures_to_look_at(
    cloud: Cloud, opens: Opened, locale: str, scheme: Literal["light", "dark"]
) -> None:
    phone = claimed(cloud, opens, locale=locale, scheme=scheme)
    cloud.boxes[0].sells(phone.person, 12_800)
    comes_alive(cloud)
    look = f"member-{locale[:2]}-{scheme}"
    phone.page.reload()
    expect(phone.page.locator("#points")).to_be_visible()
    chrome.screenshot(phone.page, f"{look}-home", full=True)
    phone.page.locator("#settings").click()
    phone.page.locator("[id='ask-face.local']").click()
    chrome.screenshot(phone.page, f"{look}-settings", full=True)
    phone.page.goto(tag_of(cloud))
    expect(phone.page.locator("#check-in")).to_be_enabled()
    chrome.screenshot(phone.page, f"{look}-lane")
    phone.page.locator("#check-in").click()
    expect(phone.page.locator("#lane-state .icon")).to_be_visible()
    chrome.screenshot(phone.page, f"{look}-shown")
    stranger = opens(Person(), locale, scheme)
    stranger.page.goto(f"{cloud.origin}/m/")
    expect(stranger.page.locator(".says")).to_be_visible()
    chrome.screenshot(stranger.page, f"{look}-stranger")

"""A phone that signs in by SMS or WeChat, her consents, and leaving: as she sees them."""

import hmac
import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from cloud_broker.ports.wechat import WeChatPerson
from tests.e2e import browser as chrome
from tests.e2e.hq_stage import Cloud, now_ms, running_cloud
from tests.factories.member_phone import HashedPerson
from tests.factories.waiting import PATIENCE_MS, eventually
from tests.fakes.cloud_wechat import WeChatServer, wechat_server
from tests.plugins.postgres import Database

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
VIEW = ViewportSize(width=390, height=844)
IN_WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130 MicroMessenger/8.0.50"
NUMBERS = (f"139{number:08d}" for number in range(12_340_000, 12_350_000))


@pytest.fixture(scope="module")
def wechat() -> Iterator[WeChatServer]:
    """Let WeChat stand beside the cloud."""
    with wechat_server({}) as standing:
        yield standing


@pytest.fixture(scope="module")
def cloud(
    new_database: Callable[[], Database],
    tmp_path_factory: pytest.TempPathFactory,
    wechat: WeChatServer,
) -> Iterator[Cloud]:
    """Run the cloud once, with SMS on its terminal."""
    more = {
        "SMS_PROVIDER": "screen",
        "WECHAT_H5_APP_ID": "wx1",
        "WECHAT_H5_SECRET": "its secret",
        "WECHAT_H5_OPEN": wechat.url,
        "WECHAT_H5_API": wechat.url,
        # A service account: it signs in, and it sends.
        "WECHAT_APP_ID": "wx1",
        "WECHAT_APP_SECRET": "its secret",
        "WECHAT_HOME": wechat.url,
    }
    with running_cloud(new_database().url, tmp_path_factory.mktemp("cloud"), more) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser once."""
    with chrome.chromium() as started:
        yield started


@pytest.fixture
def opens(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open phones."""
    contexts = []

    def opened(locale: str = "zh-CN", agent: str | None = None) -> Page:
        context = browser.new_context(
            viewport=VIEW, locale=locale, user_agent=agent, device_scale_factor=2
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page

    yield opened
    for context in contexts:
        context.close()


def member_with(cloud: Cloud, number: str) -> UUID:
    """Enrol the owner of a number at the first shop's till."""
    box, tenant = cloud.boxes[0], cloud.boxes[0].made.tenant
    key = cloud.office.keys.keys(tenant).phone_hash_key
    hashed = hmac.digest(key, f"86{number}".encode(), "sha256")
    person = HashedPerson(phone=hashed.hex(), name="周小敏")
    box.sim.wall_ms = now_ms() - 1_000
    box.sim.enrols(person)
    box.sends_newest()
    for kind in ("membership", "face.local", "marketing"):
        box.sim.consents(person, kind)
        box.sends_newest()
    return person.member


def newest_code(cloud: Cloud, since: int) -> str:
    """Return the code that came by SMS after a place in the log."""

    def found() -> list[str]:
        return re.findall(r"SMS .*?(\d{6})", cloud.log.read_text(encoding="utf-8")[since:])

    eventually(lambda: bool(found()))
    return found()[-1]


def said_so_far(cloud: Cloud) -> int:
    return len(cloud.log.read_text(encoding="utf-8"))


def signs_in(cloud: Cloud, page: Page, number: str) -> None:
    page.goto(f"{cloud.origin}/m/")
    page.locator("#sign-number").fill(number)
    since = said_so_far(cloud)
    page.locator("#sign-code").click()
    expect(page.locator("#sign-sent")).to_be_visible()
    page.locator("#sign-digits").fill(newest_code(cloud, since))
    assert chrome.axe_findings(page) == []
    page.locator("#sign-in").click()
    expect(page.locator(".paper .qr")).to_be_visible()


def forgets_codes(cloud: Cloud) -> None:
    """Let a minute pass, as far as the limit of codes is concerned."""
    with cloud.office.units.connection(cloud.boxes[0].made.tenant) as connection:
        connection.exec_driver_sql("delete from sms_code")


def test_in_by_sms_out_in_two_taps_and_back(cloud: Cloud, opens: Callable[..., Page]) -> None:
    number = next(NUMBERS)
    member = member_with(cloud, number)
    page = opens()
    signs_in(cloud, page, number)
    expect(page.locator("h1")).to_have_text("周小敏，您好")

    page.locator("#settings").click()
    sms = page.locator("[data-kind='sms']")
    sms.locator("#ask-sms").click()
    expect(sms).to_contain_text("加密保存我的手机号")
    sms.locator("#message-number").fill("13800000000")
    sms.locator("#agree-sms").click()
    expect(page.locator("#notice")).to_contain_text("号码")
    assert chrome.axe_findings(page) == []
    sms.locator("#message-number").fill(number)
    sms.locator("#agree-sms").click()
    expect(sms.locator(".chip")).to_have_text("已同意")
    sms.locator("#ask-sms").click()
    sms.locator("#withdraw-sms").click()
    expect(sms.locator(".chip")).to_have_text("已撤回")
    sms.locator("summary").click()
    expect(sms.locator("details li")).to_have_count(2)
    page.locator("#birth-year").fill("1988")
    page.locator("#birth-year-save").click()
    expect(page.locator("#notice")).to_have_text("出生年已记下")
    assert chrome.axe_findings(page) == []

    forgets_codes(cloud)
    page.locator("#leave").click()
    expect(page.locator("#leave-means")).to_contain_text("作废")
    page.locator("#leave-number").fill(number)
    since = said_so_far(cloud)
    page.locator("#leave-code").click()
    page.locator("#leave-digits").fill("000000")
    page.locator("#leave-yes").click()
    expect(page.locator("#leave-why")).to_contain_text("还可以试 4 次")
    page.locator("#leave-digits").fill(newest_code(cloud, since))
    assert chrome.axe_findings(page) == []
    page.locator("#leave-yes").click()
    expect(page.locator("h1")).to_have_text("已为您注销")
    expect(page.locator(".says")).to_contain_text("15 天内想回来")
    assert chrome.axe_findings(page) == []
    tenant = cloud.boxes[0].made.tenant
    with cloud.office.units.begin(tenant) as unit:
        assert unit.phones.consent_given(member, "marketing") is False
        assert unit.phones.consent_given(member, "face.local") is False
        assert unit.phones.consent_given(member, "membership") is True

    forgets_codes(cloud)
    page.locator("#left-back").click()
    signs_in(cloud, page, number)
    expect(page.locator("h1")).to_have_text("周小敏，您好")


def test_in_english_and_by_a_number_of_nobody(cloud: Cloud, opens: Callable[..., Page]) -> None:
    page = opens(locale="en-US")
    page.goto(f"{cloud.origin}/m/")
    page.locator("#sign-number").fill(next(NUMBERS))
    page.locator("#sign-code").click()
    expect(page.locator("#sign-sent")).to_contain_text("If a member gave this number")
    page.locator("#sign-digits").fill("123456")
    page.locator("#sign-in").click()
    expect(page.locator("#sign-why")).to_contain_text("wrong or has expired")
    assert chrome.axe_findings(page) == []
    page.locator("#sign-number").fill("12")
    page.locator("#sign-code").click()
    expect(page.locator("#sign-why")).not_to_contain_text("expired")


def test_wechat_is_bound_in_one_step_and_signs_in(
    cloud: Cloud, wechat: WeChatServer, opens: Callable[..., Page]
) -> None:
    number = next(NUMBERS)
    member_with(cloud, number)
    page = opens(agent=IN_WECHAT)
    signs_in(cloud, page, number)
    page.locator("#settings").click()
    wechat.people = {"code-1": WeChatPerson("oZhou", "uZhou")}
    page.locator("#wechat").click()
    expect(page.locator("#notice")).to_have_text("微信已绑定。")
    assert page.url == f"{cloud.origin}/m/"
    page.locator("#settings").click()
    by_wechat = page.locator(".consent[data-kind='wechat']")
    by_wechat.locator("#ask-wechat").click()
    expect(by_wechat).to_contain_text("加密保存我的微信标识")
    wechat.people = {"code-1": WeChatPerson("oZhou", "uZhou")}
    by_wechat.locator("#agree-wechat").click()
    page.locator("#settings").click()
    expect(by_wechat.locator(".chip")).to_have_text("已同意")
    by_wechat.locator("#ask-wechat").click()
    by_wechat.locator("#withdraw-wechat").click()
    expect(by_wechat.locator(".chip")).to_have_text("已撤回")
    other = opens(agent=IN_WECHAT)
    other.goto(f"{cloud.origin}/m/")
    wechat.people = {"code-2": WeChatPerson("oZhou", "uZhou")}
    other.locator("#sign-wechat").click()
    expect(other.locator("h1")).to_have_text("周小敏，您好")
    stranger = opens(agent=IN_WECHAT)
    stranger.goto(f"{cloud.origin}/m/")
    wechat.people = {}
    stranger.locator("#sign-wechat").click()
    expect(stranger.locator("#sign-why")).to_be_visible()

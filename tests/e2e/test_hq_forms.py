"""HQ's forms in a real browser: before the script has come, where none runs, and by two persons."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.e2e import browser as chrome
from tests.e2e.hq_stage import PLACES, Cloud
from tests.e2e.hq_visit import broken, mended, replay, row_of, unmapped
from tests.factories.waiting import PATIENCE_MS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]


@pytest.fixture(params=["no script runs", "the script has not come"])
def bare(
    request: pytest.FixtureRequest, cloud: Cloud, browser: Browser, session: StorageState
) -> Iterator[Page]:
    """Open pages whose forms the browser itself sends."""
    runs = request.param != "no script runs"
    context = browser.new_context(
        viewport=chrome.HQ_VIEW, locale="zh-CN", storage_state=session, java_script_enabled=runs
    )
    if runs:
        context.route("**/htmx.min.js", lambda route: route.abort())
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def test_a_replay_without_script_says_how_it_went(bare: Page, cloud: Cloud) -> None:
    stranger, number = broken(cloud)
    said = bare.locator("#notice[role=status]")
    bare.goto(cloud.origin + "/repair")
    replay(bare, number)
    expect(said).to_contain_text(f"北京国贸店 第 {number} 条:重放后仍未入账")
    expect(row_of(bare, number)).to_contain_text("待修复")
    mended(cloud, stranger)
    replay(bare, number)
    expect(said).to_contain_text(f"北京国贸店 第 {number} 条:已重放并入账")
    expect(row_of(bare, number)).to_contain_text("已处理")
    chrome.screenshot(bare, "hq-repair-no-script-zh")
    bare.reload()
    expect(said).to_be_empty()


def test_a_name_without_script_says_how_it_went(bare: Page, cloud: Cloud) -> None:
    unmapped(cloud)
    bare.goto(cloud.origin + "/review-names")
    bare.get_by_role("textbox").first.fill("NOSUCH")
    bare.keyboard.press("Enter")
    expect(bare.locator("#notice[role=status]")).to_contain_text("A108")
    expect(bare.locator("main")).to_contain_text("购物袋")


def test_signing_in_and_out_without_script_says_how_it_went(cloud: Cloud, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False, locale="zh-CN") as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(cloud.origin + "/repair")
        page.get_by_label("账号").fill("hq")
        page.get_by_label("密码").fill("not this one")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("密码").fill(cloud.password)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/repair$"))
        page.get_by_role("button", name="退出").press("Enter")
        expect(page.get_by_role("status").first).to_have_text("已退出。")


# ---- faces: one person asks, another says yes ----------------------------------------------------


def enters(page: Page, cloud: Cloud, login: str, password: str) -> None:
    """Sign in on a page without a script, or with one."""
    page.goto(cloud.origin + "/login?next=/faces")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(password)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/faces$"))


def asks(page: Page, assessment: str) -> None:
    """Fill the form by keyboard alone and send it."""
    page.get_by_label("影响评估编号").focus()
    for words in (assessment, "店门与收银台", "周律师"):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.get_by_label("批准日期").fill("2026-10-01")
    page.keyboard.press("Enter")


@pytest.mark.parametrize("runs", [True, False], ids=["script", "no script"])
def test_two_persons_let_a_store_recognise_faces(
    cloud: Cloud, browser: Browser, *, runs: bool
) -> None:
    number = 0 if runs else 1
    name, login = PLACES[number][0], f"second-{number}"
    second = cloud.office.access.add_user(cloud.boxes[0].made.tenant, login, "周敏", "admin")
    with (
        browser.new_context(
            locale="zh-CN", viewport=chrome.HQ_VIEW, java_script_enabled=runs
        ) as mine,
        browser.new_context(
            locale="zh-CN", viewport=chrome.HQ_VIEW, java_script_enabled=runs
        ) as theirs,
    ):
        page, other = mine.new_page(), theirs.new_page()
        for each in (page, other):
            each.set_default_timeout(PATIENCE_MS)
        enters(page, cloud, "hq", cloud.password)
        page.get_by_role("link", name=name).press("Enter")
        expect(page.get_by_text("人脸识别关着")).to_be_visible()
        asks(page, f"PIA-{number}")
        status = page.locator("#notice[role=status]")
        expect(status).to_contain_text("等另一位同事确认")
        expect(page.get_by_text("这是您提出的")).to_be_visible()
        if runs:
            chrome.screenshot(page, "hq-faces-proposed-zh", full=True)
            assert chrome.axe_findings(page) == []
        enters(other, cloud, login, second)
        other.get_by_role("link", name=name).first.press("Enter")
        expect(other.get_by_text(f"将影响 1 家门店:{name}").first).to_be_visible()
        other.get_by_role("button", name="确认启用").press("Enter")
        expect(other.locator("#notice[role=status]")).to_contain_text("已确认(第 1 版)")
        if runs:
            chrome.screenshot(other, "hq-faces-zh", full=True)
            assert chrome.axe_findings(other) == []
        page.reload()
        expect(page.get_by_text("人脸识别已启用")).to_be_visible()
        if runs:
            page.goto(f"{page.url}?lang=en")
            chrome.screenshot(page, "hq-faces-store-en", full=True)
            assert chrome.axe_findings(page) == []
            page.goto(f"{page.url.partition('?')[0]}?lang=zh")
        page.get_by_role("button", name="停用人脸识别").press("Enter")
        expect(status).to_contain_text("人脸识别已停用")
        expect(page.get_by_text("人脸识别关着")).to_be_visible()

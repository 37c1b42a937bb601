"""HQ's pages in a real browser over the real cloud.

What three boxes say over MQTT has to appear on the wall by itself.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from tests.e2e import browser as chrome
from tests.e2e.hq_stage import PLACES, ROOT, WELL, Cloud, now_ms, running_cloud
from tests.factories.waiting import PATIENCE_MS
from tests.fakes.cloud_box import Person
from tests.plugins.postgres import Database

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
ASSETS = ROOT / "cloud_broker" / "console" / "static" / "vendor" / "htmx.min.js"
PAGES = ("/", "/sales", "/members", "/repair", "/review-names")


@pytest.fixture(scope="module")
def cloud(
    new_database: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """Run the cloud and its shops once."""
    if not ASSETS.exists():
        pytest.skip("page assets are missing: make assets")
    with running_cloud(new_database().url, tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser once."""
    with chrome.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def session(cloud: Cloud, browser: Browser) -> StorageState:
    """Sign in once and keep the cookies."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, cloud)
    kept = context.storage_state()
    context.close()
    return kept


@dataclass
class Visit:
    """A signed-in page and what it asked for."""

    page: Page
    watch: chrome.Watch

    def opens_wall(self, origin: str) -> None:
        """Open the first page and wait until it is live and has heard that every shop is well."""
        self.page.goto(origin + "/")
        expect(self.page.locator(".live--on")).to_be_visible()
        expect(self.page.locator("#figure-ok .big")).to_have_text(f"{len(PLACES)}")


@pytest.fixture
def visit(cloud: Cloud, browser: Browser, session: StorageState) -> Iterator[Visit]:
    """Look at the live wall; afterwards nothing may have left the origin."""
    context = browser.new_context(viewport=chrome.HQ_VIEW, locale="zh-CN", storage_state=session)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    made = Visit(page, chrome.Watch(page, cloud.origin))
    for box in cloud.boxes:
        box.says()
    made.opens_wall(cloud.origin)
    yield made
    context.close()
    assert made.watch.foreign == []


def sign_in(page: Page, cloud: Cloud) -> None:
    """Sign in as HQ, by keyboard."""
    page.goto(cloud.origin + "/")
    expect(page.locator("#login")).to_be_focused()
    page.keyboard.type("hq")
    page.keyboard.press("Tab")
    page.keyboard.type(cloud.password)
    page.keyboard.press("Enter")
    expect(page.locator(".live--on")).to_be_visible()


def places(page: Page) -> dict[str, object]:
    """Return where everything on the wall stands."""
    found: dict[str, object] = page.evaluate(
        """() => Object.fromEntries(
          [...document.querySelectorAll('.tile, .card, .figure')].map((part) => {
            const {x, y, width} = part.getBoundingClientRect();
            return [part.id || part.className, [x, y, width]];
          }))"""
    )
    return found


def test_the_wall_shows_the_three_shops(visit: Visit) -> None:
    page = visit.page
    for name, city, region in PLACES:
        tile = page.locator("a.tile", has_text=name)
        expect(tile).to_contain_text("可售")
        expect(page.locator(".group", has=tile).locator("h3")).to_contain_text(f"{region} · {city}")
    expect(page.locator("#figure-ok .big")).to_have_text("3")
    expect(page.locator("#figure-delay")).to_contain_text("ms")
    assert visit.watch.complaints == []


def test_a_sale_arrives_by_itself(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    before = places(page)
    shown = page.locator("#live-sales .sale").first
    cloud.boxes[1].sells(cloud.person, 54_321)
    expect(shown).to_contain_text("¥543.21")
    expect(shown).to_contain_text("成都春熙路店")
    expect(shown).to_contain_text("李敏")
    expect(page.locator("a.tile", has_text="成都春熙路店")).to_contain_text("¥543.21")
    assert places(page) == before, "the page moved"
    assert visit.watch.complaints == []


def test_a_sick_shop_comes_first_with_why_and_what_helps(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    cloud.boxes[2].says("degraded", devices=WELL | {"nfc": "gone"})
    tile = page.locator("a.tile", has_text="北京国贸店")
    expect(tile).to_contain_text("降级")
    expect(page.locator("#figure-degraded .big")).to_have_text("1")
    issue = page.locator("#issues .issue", has_text="北京国贸店")
    expect(issue).to_contain_text("读卡器没有响应")
    chrome.screenshot(page, "hq-wall-degraded-zh")
    issue.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("北京国贸店")
    expect(page.locator(".reasons")).to_contain_text("USB")
    cloud.boxes[2].says()


def test_a_silent_shop_is_named_silent(visit: Visit, cloud: Cloud) -> None:
    cloud.boxes[1].says("gone")
    tile = visit.page.locator("a.tile", has_text="成都春熙路店")
    expect(tile).to_contain_text("失联")
    cloud.boxes[1].says()
    expect(tile).to_contain_text("可售")


def test_the_page_comes_back_after_the_cloud_was_killed(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    cloud.stop(kill=True)
    expect(page.locator("#live")).to_contain_text("正在重新连接")
    cloud.start()
    for box in cloud.boxes:
        box.says()
    expect(page.locator(".live--on")).to_be_visible()
    cloud.boxes[0].sells(None, 77_700)
    expect(page.locator("#live-sales")).to_contain_text("¥777.00")


def test_an_ended_session_leads_to_sign_in(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    # A session of its own: the shared one goes on for the other tests.
    page.context.clear_cookies()
    sign_in(page, cloud)
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(re.compile("/login"))
    page.goto(cloud.origin + "/sales")
    expect(page).to_have_url(re.compile(r"/login\?next=/sales"))


def test_the_member_page_tells_her_story(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    page.goto(f"{cloud.origin}/members?q=李敏")
    page.get_by_role("link", name="李敏").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("李敏")
    expect(page.locator(".person")).to_contain_text("138****8000")
    tag = page.get_by_text("敏感肌")
    expect(tag).to_be_hidden()
    page.locator(".tags summary").click()
    expect(tag).to_be_visible()
    expect(page.locator("[aria-labelledby=consents-title]").first).to_contain_text("本店人脸识别")
    expect(page.locator("[aria-labelledby=purchases-title]").first).to_contain_text("洗面奶")


def test_the_table_is_filtered_sorted_and_walked_by_keyboard(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    page.goto(cloud.origin + "/sales")
    page.keyboard.press("/")
    page.keyboard.type("北京")
    expect(page.locator(".rows > tbody > tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("q="))
    expect(page.locator("#q")).to_be_focused()
    page.goto(cloud.origin + "/sales?sort=amount&dir=asc")
    amounts = page.locator(".rows > tbody > tr > td.strong").all_inner_texts()
    numbers = [float(text.strip("¥").replace(",", "")) for text in amounts]
    assert numbers == sorted(numbers)
    page.locator(".rows summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".lines").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".rows summary").nth(1)).to_be_focused()
    with page.expect_download() as download:
        page.get_by_role("link", name="导出 CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert len(text.splitlines()) == len(numbers) + 1
    assert visit.watch.complaints == []


def test_tiles_are_walked_by_arrow_keys(visit: Visit) -> None:
    page = visit.page
    tiles = page.locator("a.tile")
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(tiles.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/stores/"))


def broken(cloud: Cloud) -> tuple[Person, int]:
    """Send a card of somebody whom the cloud does not know; return her and the record's number."""
    box, stranger = cloud.boxes[2], Person(name="赵一", phone=str(8613900000000 + now_ms() % 10**8))
    box.sim.wall_ms = now_ms()
    box.sim.issues_card(stranger, now_ms().to_bytes(7, "big"))
    box.sends_newest()
    return stranger, len(box.sim.events)


def mended(cloud: Cloud, stranger: Person) -> None:
    """Let the cloud come to know her: the record can be booked from now on."""
    cloud.boxes[2].sim.enrols(stranger)
    cloud.boxes[2].sends_newest()


def replay(page: Page, number: int) -> None:
    """Press a record's button, by keyboard."""
    page.get_by_role("button", name=f"重放 北京国贸店 第 {number} 条", exact=True).focus()
    page.keyboard.press("Enter")


def row_of(page: Page, number: int) -> Locator:
    """Return a record's row."""
    seq = page.get_by_role("cell", name=f"{number}", exact=True)
    return page.locator("main tbody tr").filter(has=seq).filter(has_text="北京国贸店")


def test_a_record_that_could_not_be_booked_is_replayed_in_place(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    stranger, number = broken(cloud)
    expect(page.locator("#issue-repairs")).to_be_visible()
    page.locator("#issue-repairs").get_by_role("link").click()
    expect(page).to_have_url(re.compile("/repair$"))
    chrome.ready(page)
    page.evaluate("window.here = true")
    row = row_of(page, number)
    replay(page, number)
    expect(row.get_by_role("status")).to_contain_text("重放后仍未入账")
    expect(row).to_contain_text("待修复")
    chrome.screenshot(page, "hq-repair-zh")
    mended(cloud, stranger)
    chrome.ready(page)
    replay(page, number)
    expect(row.get_by_role("status")).to_contain_text("已重放并入账")
    expect(row).to_contain_text("已处理")
    assert page.evaluate("window.here"), "in place: the page was never left"
    assert visit.watch.complaints == []


def test_a_printed_name_finds_its_article_list(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    unmapped(cloud)
    expect(page.locator("#issue-names")).to_be_visible()
    page.goto(cloud.origin + "/review-names")
    chrome.ready(page)
    page.evaluate("window.here = true")
    expect(page.locator("main")).to_contain_text("购物袋")
    page.get_by_role("textbox").first.fill("NOSUCH")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("A108")
    assert page.evaluate("window.here"), "in place: the page was never left"


def unmapped(cloud: Cloud) -> None:
    """Sell something whose printed name maps to no article."""
    cloud.boxes[1].sells(None, 6_100, source="tap", till_receipt_no=f"P{now_ms()}")


# ---- before the script has come, or where none runs ----------------------------------------------


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


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_axe_finds_nothing(
    cloud: Cloud, visit: Visit, language: str, scheme: Literal["light", "dark"]
) -> None:
    page = visit.page
    page.emulate_media(color_scheme=scheme)
    store = f"/stores/{cloud.boxes[0].made.store}"
    member = f"/members/{cloud.person.member}"
    names = ("wall", "sales", "members", "repair", "names", "store", "member")
    for name, path in zip(names, (*PAGES, store, member), strict=True):
        page.goto(f"{cloud.origin}{path}?lang={language}")
        if path == "/":
            expect(page.locator(".live--on")).to_be_visible()
        assert chrome.axe_findings(page) == [], name
        chrome.screenshot(page, f"hq-{name}-{language}-{scheme}")
    visit.page.context.clear_cookies()
    page.goto(f"{cloud.origin}/login?lang={language}")
    assert chrome.axe_findings(page) == []
    chrome.screenshot(page, f"hq-login-{language}-{scheme}")
    assert visit.watch.complaints == []


def test_no_script_or_style_stands_in_the_page(visit: Visit) -> None:
    """The content policy refuses them; a refusal would be a complaint."""
    page = visit.page
    refused = page.evaluate(
        """() => { const s = document.createElement('script');
          s.textContent = 'window.ran = true'; document.body.append(s); return !window.ran; }"""
    )
    assert refused
    header = page.request.get(page.url).headers["content-security-policy"]
    assert header.startswith("default-src 'self'")
    assert json.dumps(header).count("unsafe") == 0


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

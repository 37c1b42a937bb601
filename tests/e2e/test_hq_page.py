"""HQ's pages in a real browser over the real cloud.

What three boxes say over MQTT has to appear on the wall by itself.
"""

import json
import re
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.rules.drafting import DraftDesk, Saving
from tests.e2e import browser as chrome
from tests.e2e.hq_stage import PLACES, WELL, Cloud
from tests.e2e.hq_visit import Visit, broken, mended, replay, row_of, sign_in, unmapped
from tests.factories.bundle_content import TIER, content
from tests.fakes.cloud_box import fresh_id

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
PAGES = ("/", "/sales", "/members", "/repair", "/review-names", "/alerts")


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
    cloud.boxes[1].says("left")
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


def test_the_wall_is_filtered_and_searched(visit: Visit, cloud: Cloud) -> None:
    page, tiles = visit.page, visit.page.locator("a.tile:visible")
    page.keyboard.press("/")
    page.keyboard.type("春熙")
    expect(tiles).to_have_count(1)
    page.get_by_role("searchbox").fill("")
    page.locator("#wall-filter select").select_option("华北")
    expect(tiles).to_have_text(re.compile("北京国贸店"))
    page.locator("#wall-filter input[value=ok]").focus()
    page.keyboard.press("Space")
    expect(tiles).to_have_count(0)
    cloud.boxes[2].says("degraded", devices={"nfc": "gone"})
    expect(tiles).to_have_count(1)
    page.reload()
    expect(tiles).to_have_count(1)
    assert visit.watch.complaints == []


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


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_axe_finds_nothing(
    cloud: Cloud, visit: Visit, language: str, scheme: Literal["light", "dark"]
) -> None:
    page = visit.page
    page.emulate_media(color_scheme=scheme)
    store = f"/stores/{cloud.boxes[0].made.store}"
    member = f"/members/{cloud.person.member}"
    names = ("wall", "sales", "members", "repair", "names", "alerts", "store", "member")
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


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_navigation_is_one_line_and_walked_by_keyboard(
    visit: Visit, cloud: Cloud, language: str
) -> None:
    page = visit.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{cloud.origin}/sales?lang={language}")
    heights = page.evaluate(
        "() => [...document.querySelectorAll('.top, .nav')].map((one) => one.offsetHeight)"
    )
    assert max(heights) <= 57, "the header takes one line"
    menu = page.locator(".menu").first
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(menu.locator("a").first).to_be_focused()
    assert chrome.axe_findings(page) == []
    page.keyboard.press("Escape")
    expect(menu.locator("summary")).to_be_focused()
    expect(menu.locator("a").first).to_be_hidden()
    page.keyboard.press("Enter")
    page.locator(".menu").nth(1).locator("summary").press("Enter")
    expect(menu.locator("a").first).to_be_hidden()


def test_an_offer_is_written_checked_and_staged_by_keyboard(visit: Visit, cloud: Cloud) -> None:
    page, tenant = visit.page, cloud.office.units.tenants()[0]
    cloud.office.publisher.publish_bundle(tenant, content(TIER, version=1), who="cli")
    page.goto(cloud.origin + "/offers")
    page.locator("#name").focus()
    page.keyboard.type("秋季")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("秋季")
    draft = page.url
    page.locator("#kind").select_option("mix_and_match")
    page.get_by_role("button", name="填表").press("Enter")
    for name, words in (("id", "3for2"), ("name", "三付二"), ("need", "1")):
        page.locator(f"#{name}").fill(words)
    page.locator("#need").press("Enter")
    expect(page.locator("#rule-error")).to_contain_text("P107")
    expect(page.locator("#need")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#name")).to_have_value("三付二")
    page.locator("#need").fill("3")
    page.locator("#need").press("Enter")
    expect(page.locator(".rules")).to_contain_text("每 3 件,最便宜的 1 件免费")
    page.get_by_role("button", name="检查", exact=True).press("Enter")
    expect(page.locator("#job:not([hx-get])")).to_contain_text("已做完")
    assert chrome.axe_findings(page) == []
    page.goto(draft)
    page.locator("#regions").select_option("华北")
    page.locator("form:has(#regions) button").press("Enter")
    expect(page.locator("main")).to_contain_text("将影响 1 家门店")
    page.get_by_role("button", name="签名并发布").press("Enter")
    expect(page.locator("#notice")).to_contain_text("第 2 版发布")
    held = cloud.office.publisher.units
    with held.begin(tenant) as unit:
        newest = unit.catalogue.newest("bundle")
    assert newest is not None
    assert newest.version == 2
    # The browser notes the form that was refused, and nothing else.
    assert [said.endswith(f"{draft}/rule") for said in visit.watch.complaints] == [True]


def test_of_two_who_write_one_draft_the_later_is_told(visit: Visit, cloud: Cloud) -> None:
    page, tenant = visit.page, cloud.office.units.tenants()[0]
    page.goto(cloud.origin + "/offers")
    page.locator("#name").fill("两个人写")
    page.locator("#version").select_option("0")
    page.locator("#name").press("Enter")
    expect(page.locator("#text")).to_be_visible()
    draft = UUID(page.url.rpartition("/")[2])
    eve = HqIdentity(tenant, fresh_id(), "eve", "eve", "operations")
    desk = DraftDesk(cloud.office.units, cloud.office.clock, cloud.office.ids)
    desk.save(eve, draft, Saving(1, content(TIER).decode()))
    page.locator("#text").fill('{"version": 1, "offers": []}')
    page.get_by_role("button", name="保存").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("eve")
    expect(page.locator("#text")).to_have_value('{"version": 1, "offers": []}')
    page.get_by_role("button", name="保存").press("Enter")
    expect(page.locator("#notice")).to_contain_text("第 3 稿")


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

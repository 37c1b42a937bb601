"""A segment made in a real browser: the count follows the form while one edits."""

import pytest
from playwright.sync_api import expect

from tests.e2e.hq_stage import Cloud
from tests.e2e.hq_visit import Visit

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]


def test_the_count_follows_the_form_and_the_segment_is_kept(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    cloud.boxes[0].sells(cloud.person, 12_345)
    expect(page.locator("#live-sales .sale").first).to_contain_text("¥123.45")
    page.goto(cloud.origin + "/segments")
    page.locator(".card").get_by_role("link", name="新建客群").first.click()
    count = page.locator(".looked .big")
    # Nobody has tags before the first night; an event counts at once.
    expect(count).to_have_text("0")
    page.get_by_role("button", name="加事件条件").click()
    page.get_by_role("combobox", name="满足").select_option("any")
    expect(count).to_have_text("1")
    expect(page.locator(".looked")).to_contain_text("李")
    expect(page.locator(".looked")).not_to_contain_text("李敏")
    page.get_by_label("第 2 条 · 数值").fill("5000")
    page.get_by_label("第 2 条 · 数值").press("Tab")
    expect(count).to_have_text("0")
    page.get_by_label("第 2 条 · 数值").fill("1")
    page.get_by_label("第 2 条 · 数值").press("Tab")
    expect(count).to_have_text("1")
    page.get_by_label("第 2 条 · 限定").select_option("store")
    place = page.get_by_label("第 2 条 · 门店")
    place.fill("成都春熙路店")
    place.press("Tab")
    expect(count).to_have_text("0")
    place.fill("上海徐汇店")
    place.press("Tab")
    expect(count).to_have_text("1")
    page.get_by_label("名称").fill("近 30 天买过")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("h1")).to_have_text("近 30 天买过")
    expect(page.locator("#notice")).to_contain_text("现有 1 人")
    page.get_by_role("button", name="重新计算").click()
    expect(page.locator("#notice")).to_contain_text("已重新计算")
    page.get_by_role("link", name="客群", exact=True).first.click()
    expect(page.locator("table.rows")).to_contain_text("近 30 天买过")
    assert visit.watch.complaints == []

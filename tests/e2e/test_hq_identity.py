"""Two records that may be one person's, decided on by keyboard in a real browser."""

import json

import pytest
from playwright.sync_api import expect

from cloud_broker.services.insight.collecting import Call
from tests.e2e.hq_stage import Cloud
from tests.e2e.hq_visit import Visit

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
NAME, ADDRESS = "欧阳娜娜", "上海市徐汇区漕溪北路1号"


def test_a_pair_is_found_at_once_decided_by_a_key_and_taken_back(
    visit: Visit, cloud: Cloud
) -> None:
    page, tenant = visit.page, cloud.boxes[0].made.tenant
    channels = cloud.office.channels
    for name in ("web", "mini"):
        source = channels.sources.make(tenant, name, name, "sdk", who="t")
        traits = {"name": NAME, "address": ADDRESS}
        message = {"userId": "u1", "messageId": "1", "traits": traits}
        channels.collecting.take(Call("identify", json.dumps(message).encode(), source.shown))
    page.goto(cloud.origin + "/identity")
    page.get_by_role("button", name="现在就找").click()
    expect(page.locator("#notice")).to_contain_text("已排上")
    pair = page.locator(".likeness")

    def looks() -> bool:
        page.goto(cloud.origin + "/identity")
        return pair.count() == 1

    for _ in range(120):
        if looks():
            break
        page.wait_for_timeout(500)
    expect(pair).to_contain_text("欧**娜")
    expect(pair).not_to_contain_text(NAME)
    page.keyboard.press("ArrowDown")
    expect(pair).to_be_focused()
    page.keyboard.press("l")
    expect(page.locator("#notice")).to_contain_text("是同一个人")
    expect(page.locator(".likeness")).to_have_count(0)
    assert visit.watch.complaints == []

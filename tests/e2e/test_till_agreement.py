"""How far tills agree, in Chromium: at HQ over the real cloud, and beside the till."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from tests.e2e.browser import Watch, axe_findings, screenshot
from tests.e2e.hq_stage import Cloud, now_ms
from tests.e2e.hq_visit import Visit
from tests.factories.agent_files import DEVICE, OPERATOR_PIN, SCREEN_TOKEN
from tests.factories.agent_process import AgentProcess
from tests.factories.waiting import PATIENCE_MS
from tests.factories.wire_tills import till_agreement

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]


def test_hq_sees_a_till_that_lost_its_permit(visit: Visit, cloud: Cloud) -> None:
    page, box = visit.page, cloud.boxes[0]
    box.sim.wall_ms = now_ms() - 1_000
    box.sim.journal(EventType.TILL_AGREEMENT, encode_body(till_agreement()))
    box.sends_newest()
    for language, score in (("zh", "200 张里 192 张一致"), ("en", "192 of 200 agree")):
        page.goto(f"{cloud.origin}/tills?lang={language}")
        row = page.locator("tbody tr", has_text="上海徐汇店").first
        expect(row).to_contain_text(score)
        expect(row).to_contain_text("921/970‰")
        row.locator("summary").click()
        expect(row).to_contain_text("可乐 330ml")
        assert axe_findings(page) == []
        screenshot(page, f"hq-tills-{language}", full=True)
    page.goto(f"{cloud.origin}/repair?lang=zh")
    expect(page.locator("main")).to_contain_text("T141")


@pytest.fixture
def printing(tmp_path: Path) -> Iterator[tuple[OldTill, AgentProcess]]:
    till, printer = OldTill(), RecordingPrinter()
    lines = f'port = "{till.port}"\nprinter = "{printer.port}"\n'
    device = DEVICE.replace('port = "/dev/null"\nprinter = "/dev/null"\n', lines)
    with AgentProcess(tmp_path, device=device) as agent:
        yield till, agent
    till.stop()
    printer.stop()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_technician_sees_what_differs_and_says_a_word(
    printing: tuple[OldTill, AgentProcess], browser: Browser, language: str
) -> None:
    till, agent = printing
    context = browser.new_context(viewport={"width": 1024, "height": 600}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    watch = Watch(page, agent.base)
    page.goto(f"{agent.base}/tech?lang={language}&tab=agreement#token={SCREEN_TOKEN}")
    expect(page.locator("#place")).to_contain_text("T140")
    till.print_sale("000001", [("无名商品", 1, 350)])
    differs = {"zh": "未知商品", "en": "Unknown article"}[language]
    expect(page.locator("#place li")).to_contain_text(differs)
    when = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")  # in any language of the browser
    expect(page.locator("#place li")).to_contain_text(when)
    page.locator("[id^=allow-append-]").click()
    page.locator("#sign-number").fill("1002")
    page.locator("#sign-pin").fill(OPERATOR_PIN)
    page.locator("#sign-pin").press("Enter")
    expect(page.locator("[id^=back-append-]")).to_be_visible()
    assert axe_findings(page) == []
    screenshot(page, f"tech-agreement-{language}", full=True)
    assert watch.foreign == []
    context.close()

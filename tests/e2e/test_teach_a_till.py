"""The learn tab in Chromium: receipts come over the line, are looked at, corrected and learned."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from edge_agent.drivers.profiles import load_file
from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter
from tests.e2e.browser import Watch, axe_findings, screenshot
from tests.factories.agent_files import DEVICE, OPERATOR_PIN, SCREEN_TOKEN
from tests.factories.agent_process import ROOT, AgentProcess
from tests.factories.lessons import lesson_streams
from tests.factories.waiting import PATIENCE_MS

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]
VIEWS = {
    "wide": ViewportSize(width=1024, height=600),
    "phone": ViewportSize(width=390, height=844),
}


class Shop:
    def __init__(self, folder: Path) -> None:
        self.till, self.printer = OldTill(), RecordingPrinter()
        self.profiles = folder / "profiles"
        shutil.copytree(ROOT / "device_configs", self.profiles)
        lines = f'port = "{self.till.port}"\nprinter = "{self.printer.port}"\n'
        device = DEVICE.replace('port = "/dev/null"\nprinter = "/dev/null"\n', lines)
        self.agent = AgentProcess(folder, device=device)
        config = self.agent.config.read_text("utf-8")
        told = config.replace(str(ROOT / "device_configs"), str(self.profiles))
        self.agent.config.write_text(told, encoding="utf-8")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("lesson"))
    with made.agent:
        yield made
    made.till.stop()
    made.printer.stop()


@pytest.mark.parametrize(("view", "language"), [("wide", "zh"), ("phone", "en")])
def test_a_technician_teaches_a_till(
    shop: Shop, browser: Browser, view: str, language: str
) -> None:
    context = browser.new_context(viewport=VIEWS[view])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    watch = Watch(page, shop.agent.base)
    page.goto(f"{shop.agent.base}/tech?lang={language}&tab=learn#token={SCREEN_TOKEN}")
    page.locator("#learn-begin").click()
    sign_in(page, "1001")
    # A clerk is not enough: the page says who is, and lets that one sign in.
    who = {"zh": "请店长或技术员用自己的工号", "en": "this takes a manager or technician"}[language]
    expect(page.locator("#sign-in .note")).to_contain_text(who)
    screenshot(page, f"tech-manager-{view}-{language}")
    sign_in(page, "1002")
    expect(page.locator("#learn-taken")).to_be_visible()
    streams = lesson_streams(5)
    for at, stream in enumerate(streams, start=1):
        shop.till.print_bytes(stream)
        expect(page.locator("#learn-taken h2")).to_contain_text(re.compile(rf"(?<!\d){at}(?!\d)"))
    page.locator("#learn-name").fill(f"lesson-{view}")
    page.locator("#learn-learn").click()
    expect(page.locator("#learn-reads")).to_contain_text("5")
    expect(page.locator("#learn-profile")).to_contain_text("拢共")
    watch_lines(page)
    screenshot(page, f"tech-learn-{view}-{language}", full=True)
    assert axe_findings(page) == []
    page.get_by_label("交来").first.select_option("note")
    expect(page.locator("#learn-profile")).to_contain_text('note = ["交来"]')
    page.locator("#learn-save").click()
    expect(page.locator("#notice")).to_contain_text(f"lesson-{view}")
    assert load_file(shop.profiles / f"lesson-{view}.toml").name == f"lesson-{view}"
    page.locator("#learn-end").click()
    expect(page.locator("#learn-taken")).to_be_hidden()
    assert watch.foreign == []
    context.close()


def sign_in(page: Page, number: str) -> None:
    page.locator("#sign-number").fill(number)
    page.locator("#sign-pin").fill(OPERATOR_PIN)
    page.locator("#sign-in button[type=submit]").click()


def watch_lines(page: Page) -> None:
    """Every line of a sample says what it was taken for."""
    first = page.locator("details.card").first
    expect(first.locator("tr")).to_have_count(12)
    assert first.locator("select").count() >= 3

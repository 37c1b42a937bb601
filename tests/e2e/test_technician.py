"""The technician's page in Chromium: a till is heard, understood and recorded."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from edge_agent.drivers.till_escpos.recording import read_recording
from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter, sale_bytes
from tests.e2e.browser import SCREENSHOTS, Watch, axe_findings
from tests.factories.agent_files import DEVICE, OPERATOR_PIN, SCREEN_TOKEN
from tests.factories.agent_process import AgentProcess
from tests.factories.waiting import PATIENCE_MS

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]
PHONE = "13912345678"
JOB = f"手机 {PHONE}\n".encode("gb18030") + sale_bytes("0001", ITEMS) + b"\x1b\x7f"
VIEWS = {
    "tech-doctor": ViewportSize(width=1024, height=600),
    "tech-doctor-phone": ViewportSize(width=390, height=844),
}


class Counter:
    def __init__(self, folder: Path) -> None:
        self.till, self.printer = OldTill(), RecordingPrinter()
        lines = f'port = "{self.till.port}"\nprinter = "{self.printer.port}"\n'
        device = DEVICE.replace('port = "/dev/null"\nprinter = "/dev/null"\n', lines)
        self.agent = AgentProcess(folder, device=device)


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    made = Counter(tmp_path_factory.mktemp("technician"))
    with made.agent:
        yield made
    made.till.stop()
    made.printer.stop()


@pytest.fixture(params=list(VIEWS))
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=VIEWS[request.param], locale="zh-CN")
    made = context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    yield made
    context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_till_is_heard_understood_and_recorded(
    counter: Counter, page: Page, language: str
) -> None:
    watch = Watch(page, counter.agent.base)
    page.goto(f"{counter.agent.base}/tech?lang={language}#token={SCREEN_TOKEN}")
    expect(page.locator("#tab-doctor")).to_have_attribute("aria-selected", "true")
    page.locator("#doctor-listen").click()
    expect(page.locator("#doctor-figures .figure")).to_have_count(6)
    counter.till.print_bytes(JOB)
    expect(page.locator("#doctor-jobs")).to_contain_text("¥19.50")
    expect(page.locator("#doctor-faults")).to_contain_text("T192")
    expect(page.locator("#doctor-lines")).to_contain_text("可口可乐330ml")
    expect(page.locator("#doctor-lines")).not_to_contain_text(PHONE)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    wide = "wide" if (page.viewport_size or {"width": 0})["width"] > 600 else "phone"
    # Written here: the browser's driver would leave a thread behind that wrote a file.
    picture = page.screenshot(full_page=True)
    (SCREENSHOTS / f"tech-doctor-{wide}-{language}.png").write_bytes(picture)
    with page.expect_download() as saving:
        page.locator("#doctor-save").click()
    recording = read_recording(Path(saving.value.path()))
    assert len(recording.data) >= len(JOB) - len(b"\x1b\x7f")
    assert PHONE.encode() not in recording.data
    page.locator("#doctor-listen").click()
    assert axe_findings(page) == []
    assert watch.foreign == []
    assert watch.complaints == []


def test_tabs_are_walked_by_keyboard(counter: Counter, page: Page) -> None:
    watch = Watch(page, counter.agent.base)
    page.goto(f"{counter.agent.base}/tech#token={SCREEN_TOKEN}")
    page.locator("#tab-doctor").focus()
    for name in ("learn", "agreement", "devices", "health", "doctor"):
        page.keyboard.press("ArrowRight")
        expect(page.locator(f"#tab-{name}")).to_have_attribute("aria-selected", "true")
        expect(page.locator("#place > *").first).to_be_attached()
    assert watch.foreign == []
    # A tab may be told that there is nothing to learn from yet: that is an answer, not an error.
    assert [said for said in watch.complaints if " 409 " not in said] == []


def test_a_box_to_tick_stands_before_its_words(counter: Counter, page: Page) -> None:
    page.goto(f"{counter.agent.base}/tech#token={SCREEN_TOKEN}")
    page.locator("#tab-devices").click()
    expect(page.locator("#place > *").first).to_be_attached()
    page.locator("#place").evaluate(
        """place => {
          place.innerHTML = '<label class="tick"><input type="checkbox">words</label>';
        }"""
    )
    label, box = page.locator("label.tick"), page.locator("label.tick input")
    whole, tick = label.bounding_box(), box.bounding_box()
    assert whole
    assert tick
    assert tick["width"] < 40
    assert tick["x"] - whole["x"] < 20
    assert whole["height"] < 60
    assert whole["height"] >= 44


def test_a_browser_without_a_token_asks_to_be_paired(counter: Counter, page: Page) -> None:
    page.goto(f"{counter.agent.base}/tech")
    expect(page.locator("#pair-code")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_box_says_how_it_is_and_what_may_be_tried(
    counter: Counter, page: Page, language: str
) -> None:
    watch = Watch(page, counter.agent.base)
    page.goto(f"{counter.agent.base}/tech?lang={language}&tab=health#token={SCREEN_TOKEN}")
    expect(page.locator("#health-figures .figure")).to_have_count(12)
    expect(page.locator("#health-issues .channel, #health-issues .row").first).to_be_visible()
    expect(page.locator("#health-code svg")).to_be_visible()
    page.locator("#dry-restart-program").click()
    expect(page.locator("#sign-in")).to_be_visible()
    page.locator("#sign-number").fill("1002")
    page.locator("#sign-pin").fill(OPERATOR_PIN)
    page.locator("#sign-pin").press("Enter")
    expect(page.locator("#notice")).to_be_visible()
    with page.expect_download() as saving:
        page.locator("#health-diag").click()
    with tarfile.open(saving.value.path()) as archive:
        assert "diag/health.json" in archive.getnames()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    wide = "wide" if (page.viewport_size or {"width": 0})["width"] > 600 else "phone"
    page.locator("main").evaluate("main => main.scrollTo(0, 0)")
    picture = page.screenshot(full_page=True)
    (SCREENSHOTS / f"tech-health-{wide}-{language}.png").write_bytes(picture)
    assert axe_findings(page) == []
    assert watch.foreign == []
    assert [said for said in watch.complaints if " 401 " not in said] == []

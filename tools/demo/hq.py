"""Step 6: the HQ page, looked at as a person would, in Chromium where there is one."""

import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.demo.cast import MEMBER_NAME, Cast
from tools.demo.report import Report
from tools.demo.sales import ring_up
from tools.demo.shops import PLACES

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def hq_page(cast: Cast, report: Report) -> None:
    """Sign in, see the three shops, a sale arriving live, and the member."""
    with report.step("hq_page", "⑥ 总部页面:三家店、销售、会员 · the HQ page, live") as step:
        if not CHROMIUM.exists():
            _by_http(cast, report)
            step.detail["looked_at_with"] = "http"
            step.ok = True
            return
        step.detail["looked_at_with"] = "chromium"
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{cast.cloud.base}/login")
            page.fill("input[name=login]", cast.hq_login)
            page.fill("input[name=password]", cast.hq_password)
            page.click("button[type=submit]")
            page.wait_for_url(f"{cast.cloud.base}/")
            for place in PLACES:
                page.get_by_text(place.name).first.wait_for(timeout=5_000)
            started = time.perf_counter()
            sale, _ = ring_up(cast.shops["beijing"], "B-0001", cast.basket[:1], None)
            page.locator(f"#sale-{sale['receipt_id']}").wait_for(timeout=5_000)
            step.ms = (time.perf_counter() - started) * 1000
            page.screenshot(path=str(cast.folder / "hq-wall.png"))
            page.goto(f"{cast.cloud.base}/members/{cast.member_id}")
            page.get_by_text(MEMBER_NAME).first.wait_for(timeout=5_000)
            page.screenshot(path=str(cast.folder / "hq-member.png"))
            browser.close()
        report.note(f"北京一笔销售 {step.ms:.0f} ms 后出现在页面上 · a sale in Beijing, seen live")
        step.ok = True


def _by_http(cast: Cast, report: Report) -> None:
    """Without a browser: the same pages as text."""
    overview = cast.hq.get("/v1/hq/overview")
    names = {store["name"] for store in overview["stores"]}
    if not names.issuperset(place.name for place in PLACES):
        raise RuntimeError(f"the overview lacks shops: {names}")
    report.note("没有 Chromium,改为读取接口 · no Chromium here; read by HTTP")

"""Debian's Chromium through Playwright, with nothing of it calling home."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, ViewportSize, expect, sync_playwright

from tests.factories.waiting import PATIENCE_MS

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
AXE = ROOT / "var" / "assets" / "axe.min.js"
SCREENSHOTS = ROOT / "var" / "screenshots"
HQ_VIEW = ViewportSize(width=1440, height=900)
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; the test is skipped when Debian's package is missing."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip("Chromium is missing: apt-get install chromium fonts-noto-cjk")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """What a page asked for and complained about; `foreign` must stay empty."""

    def __init__(self, page: Page, origin: str) -> None:
        self._origin = origin
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        page.on("request", self._on_request)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: self._on_console(said.type, said.text, str(said.location.get("url"))),
        )

    def _on_console(self, kind: str, text: str, url: str) -> None:
        if kind == "error":
            self.complaints.append(f"{text} {url}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self._origin, "data:", "blob:")):
            self.foreign.append(request.url)


def ready(page: Page) -> None:
    """Wait until the page's script has every form in hand; before, the browser itself sends it."""
    page.wait_for_load_state("load", timeout=PATIENCE_MS)
    expect(page.locator("form:is([hx-post], [hx-get]):not([data-htmx-powered])")).to_have_count(0)


def axe_findings(page: Page) -> list[str]:
    """Run axe over the page as it stands and return its findings, one a line."""
    if not AXE.exists():
        pytest.skip("axe-core is missing: make assets")
    # Evaluated by the debugger, which the page's content policy does not govern.
    page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    result: dict[str, Any] = page.evaluate("async () => await axe.run(document)")
    return [
        f"{found['id']}: {found['help']}: {json.dumps([node['target'] for node in found['nodes']])}"
        for found in result["violations"]
    ]


def screenshot(page: Page, name: str, *, full: bool = False) -> Path:
    """Keep a picture of the page for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    # Written here: given a path, Playwright would start a thread for it that outlives the test.
    path.write_bytes(page.screenshot(full_page=full))
    return path

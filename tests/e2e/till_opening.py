"""A till screen opened in Chromium as the shop's tablet opens it."""

from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.browser import Watch
from tests.factories.agent_files import SCREEN_TOKEN
from tests.factories.agent_process import AgentProcess
from tests.factories.waiting import PATIENCE_MS

VIEW = ViewportSize(width=1024, height=600)


def open_screen(page: Page, agent: AgentProcess, language: str = "zh") -> Watch:
    watch = Watch(page, agent.base)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{agent.base}/?lang={language}#token={SCREEN_TOKEN}")
    expect(page.locator("#identify")).to_be_visible()
    return watch

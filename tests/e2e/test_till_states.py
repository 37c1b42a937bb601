"""Every state of the till screen shown once; a file of its own, because it takes minutes."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute

from tests.e2e.browser import axe_findings, chromium, screenshot
from tests.e2e.targets import small_targets
from tests.e2e.till_opening import VIEW, open_screen
from tests.e2e.till_states import STATES
from tests.factories.agent_api import Box
from tests.factories.agent_process import AgentProcess
from tests.factories.waiting import PATIENCE_S

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    folder = tmp_path_factory.mktemp("box")
    with Box(folder):
        pass
    with AgentProcess(folder) as agent:
        yield agent


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_state_reads_well(browser: Browser, agent: AgentProcess, language: str) -> None:
    """Show each state once, judge it with axe and keep its picture."""
    found: dict[str, list[str]] = {}
    page = browser.new_page(viewport=VIEW)
    sockets: list[WebSocketRoute] = []

    def take(socket: WebSocketRoute) -> None:
        sockets.append(socket)

    page.route_web_socket("**/v1/events", take)
    for name, events in STATES.items():
        page.goto("about:blank")
        sockets.clear()
        watch = open_screen(page, agent, language)
        listened(page, sockets)
        for event in events:
            play(page, sockets, event)
        page.wait_for_timeout(250)
        screenshot(page, f"till-{name}-{language}")
        problems = [*axe_findings(page), *watch.foreign, *watch.complaints, *small_targets(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append("wider than the screen")
        if problems:
            found[name] = problems
    page.close()
    assert found == {}


def listened(page: Page, sockets: list[WebSocketRoute]) -> None:
    """Wait until this page's own socket is there: it opens after the first picture is drawn."""
    deadline = time.monotonic() + PATIENCE_S
    while not sockets:
        assert time.monotonic() < deadline, "the screen never listened"
        page.wait_for_timeout(20)


def play(page: Page, sockets: list[WebSocketRoute], event: dict[str, Any] | str) -> None:
    """Send an event, press a key, or click a control."""
    if isinstance(event, dict):
        sockets[-1].send(json.dumps(event))
        page.wait_for_timeout(20)
    elif event.startswith("#"):
        page.click(event)
    else:
        page.keyboard.press(event)

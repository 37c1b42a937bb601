"""The till screen in Debian's Chromium, before a real agent."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import Watch, chromium
from tests.e2e.till_opening import VIEW, open_screen
from tests.factories.agent_api import MEMBER, PHONE, Box, sale
from tests.factories.agent_files import SCREEN_TOKEN, THREE_TILLS, TILL_TOKEN, TWO_LANES
from tests.factories.agent_process import AgentProcess
from tests.factories.waiting import PATIENCE_MS

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


def till(agent: AgentProcess, path: str, body: Any, key: str = "") -> Any:
    headers = {"Idempotency_Key": key} if key else {}
    answer = agent.call("POST", path, body, token=TILL_TOKEN, **headers)
    assert answer.status == 200, answer
    return answer.body


def test_two_counters_on_one_box_see_each_their_own_customer(
    browser: Browser, tmp_path: Path
) -> None:
    with Box(tmp_path, two_lanes=True):
        pass
    with AgentProcess(tmp_path, device=THREE_TILLS, config=TWO_LANES) as agent:
        page = browser.new_page(viewport=VIEW)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{agent.base}/#token={SCREEN_TOKEN}")
        expect(page.locator("#person h1")).to_contain_text("这块屏幕放在哪个柜台")
        page.get_by_role("button", name="二号柜台").click()
        expect(page.locator("#bar")).to_contain_text("上海徐汇店 · 二号柜台")
        other = browser.new_page(viewport=VIEW)
        watch = Watch(other, agent.base)
        other.goto(f"{agent.base}/?lane=a#token={SCREEN_TOKEN}")
        expect(other.locator("#bar")).to_contain_text("一号柜台")

        till(agent, "/v1/identify/phone", {"phone": PHONE})
        expect(other.locator("#person h1")).to_have_text("李*")
        page.keyboard.press("F2")
        expect(page.locator("#person h1")).to_have_text("没有读到")
        expect(other.locator("#person h1")).to_have_text("李*")
        assert (watch.foreign, watch.complaints) == ([], [])


def test_a_visit_from_recognition_to_receipt(browser: Browser, agent: AgentProcess) -> None:
    page = browser.new_page(viewport=VIEW)
    watch = open_screen(page, agent)
    assert SCREEN_TOKEN not in page.url
    expect(page.locator("#bar")).to_contain_text("上海徐汇店")
    expect(page.locator("#bar")).to_contain_text("云端连不上")

    page.keyboard.press("F2")
    expect(page.locator("#person h1")).to_have_text("没有读到")

    page.keyboard.press("F3")
    page.keyboard.type(PHONE)
    page.keyboard.press("Enter")
    expect(page.locator("#person h1")).to_have_text("李*")
    expect(page.locator("#person .tier")).to_have_text("金卡")

    lines = [{"sku": "milk"}, {"sku": "mask", "qty": 3}]
    quote = till(agent, "/v1/quotes", {"member_id": str(MEMBER), "lines": lines})
    expect(page.locator("#due")).to_have_text("¥299.60")
    expect(page.locator("#saved")).to_have_text("已省 ¥95.40")
    rows = page.locator("#goods tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("金卡 95 折")
    assert quote["total_fen"] == 29_960

    body = sale(29_960, member_id=str(MEMBER), lines=lines)
    till(agent, "/v1/sales", body, key="0190-screen-0001")
    expect(page.locator("#paid")).to_have_text("¥299.60")
    expect(page.locator("#goods")).to_contain_text("李*")
    expect(page.locator("#goods")).to_contain_text("积分 +299")
    expect(page.locator("#bar")).to_contain_text("待上传 1")

    page.keyboard.press("Escape")
    expect(page.locator("#person h1")).to_have_text("请顾客任选一种方式")
    assert watch.foreign == []
    assert watch.complaints == []
    page.close()


def test_the_screen_comes_back_after_a_power_cut(browser: Browser, agent: AgentProcess) -> None:
    page = browser.new_page(viewport=VIEW)
    open_screen(page, agent, "en")
    agent.kill()
    expect(page.locator("#notice")).to_have_text(
        "The box does not answer; reconnecting",
    )
    agent.start()
    expect(page.locator("#notice")).to_be_hidden()
    till(agent, "/v1/quotes", {"lines": [{"sku": "sun"}]})
    expect(page.locator("#due")).to_have_text("¥99.00")
    page.close()


def test_a_screen_without_a_token_says_so(browser: Browser, agent: AgentProcess) -> None:
    page = browser.new_page(viewport=VIEW)
    page.goto(f"{agent.base}/")
    expect(page.locator("#person h1")).to_have_text("这块屏幕还没有配对")
    page.close()


def test_both_languages_have_every_text(agent: AgentProcess) -> None:
    texts = {
        language: agent.call("GET", f"/screen/text/{language}.json").body
        for language in ("zh", "en")
    }
    assert texts["zh"].keys() == texts["en"].keys()
    for key in texts["zh"]:
        zh, en = (set(re.findall(r"\{\w+\}", texts[language][key])) for language in ("zh", "en"))
        assert zh == en, key


def test_every_text_used_exists() -> None:
    folder = Path(__file__).parents[2] / "edge_agent" / "screen" / "static"
    known = json.loads((folder / "text" / "zh.json").read_text(encoding="utf-8"))
    # The technician's pages bring their own words, a file each.
    files = [path for path in folder.rglob("*.js") if "tech" not in path.parts]
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in files)
    used = set(re.findall(r'\bt\("([a-z_.]+)"', scripts))
    assert used <= known.keys()
    prefixes = set(re.findall(r"\bt\(`([a-z_.]+)\$\{", scripts))
    # One of two texts may be chosen before it is said, with the line of how it is done below it.
    named = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', scripts))
    endings = set(re.findall(r"\bt\(`\$\{\w+\}(\.[a-z_]+)`", scripts))
    named |= {name + ending for name in named for ending in endings}
    unused = {
        key
        for key in known.keys() - used - named
        if not any(key.startswith(prefix) for prefix in prefixes)
    }
    assert unused == set()

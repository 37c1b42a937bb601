"""A clerk who never waits: keys pressed before the screen is ready go where they were meant to."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.till_clerk import CLERK, MASK, MILK, UNLISTED, Clerk
from tests.e2e.till_opening import VIEW
from tests.factories.agent_api import PHONE, Box
from tests.factories.agent_files import OPERATOR_PIN
from tests.factories.agent_process import AgentProcess

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]

STRANGER = "13912345679"
# A hand is slower than a scanner.
HAND_MS = 500


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    folder = tmp_path_factory.mktemp("counter")
    with Box(folder):
        pass
    with AgentProcess(folder) as agent:
        yield agent


@pytest.fixture
def clerk(browser: Browser, agent: AgentProcess) -> Iterator[Clerk]:
    context = browser.new_context(viewport=VIEW, locale="zh-CN", reduced_motion="reduce")
    yield Clerk(context.new_page(), agent)
    context.close()


def test_from_the_sign_in_to_the_change_without_waiting(clerk: Clerk) -> None:
    with clerk.ahead_of_the_box():
        clerk.presses("F10", *CLERK, "Tab", *OPERATOR_PIN, "Enter")
        clerk.scans(MILK, f"2*{MASK}")
        clerk.presses("F9", *"5000", "Backspace", "Enter")
    clerk.sees("#paid", "¥306.00")
    clerk.sees("#change", "¥194.00")
    expect(clerk.page.locator("#entry")).to_have_value("")
    with clerk.ahead_of_the_box():
        clerk.scans(MILK)
        clerk.presses("F6", "F6", "ArrowDown", "Enter", "F9", "w")
    clerk.sees("#paid", "¥128.00")
    clerk.finds_nothing_wrong()


def test_practice_asked_for_ahead_books_nothing(clerk: Clerk) -> None:
    clerk.signs_in()
    with clerk.ahead_of_the_box():
        clerk.presses("F10", "ArrowDown", "ArrowDown", "Enter")
        clerk.scans(MILK)
        clerk.presses("F9", "Enter")
    clerk.sees("#goods", "没有入账")
    clerk.presses("Escape", "F10", "ArrowDown", "ArrowDown", "Enter")
    expect(clerk.page.locator(".training-word")).to_have_count(0)


def test_goods_come_back_without_waiting(clerk: Clerk) -> None:
    clerk.signs_in()
    with clerk.ahead_of_the_box():
        clerk.scans(f"2*{MILK}")
        clerk.presses("F9", "Enter")
        clerk.presses("F8", "ArrowDown", "Enter", "Enter", "+", "-", "k")
    clerk.sees("#sheet", "已退货")
    clerk.sees("#sheet .number", "¥128.00")
    clerk.presses("Enter")
    expect(clerk.page.locator("#sheet")).to_be_hidden()


def test_a_scan_behind_an_unknown_article_waits_for_its_price(clerk: Clerk) -> None:
    clerk.signs_in()
    with clerk.ahead_of_the_box():
        clerk.scans(UNLISTED, MILK)
        clerk.page.keyboard.type(MASK[:6])
    clerk.sees("#sheet", UNLISTED)
    expect(clerk.page.locator("#price-amount")).to_have_value("")
    clerk.page.wait_for_timeout(HAND_MS)
    clerk.scans(MILK)
    clerk.sees("#sheet .note", "0")
    expect(clerk.page.locator("#price-amount")).to_have_value("")
    clerk.scans("12.8")
    clerk.lines(2)
    clerk.sees("#due", "¥140.80")
    expect(clerk.page.locator("#entry")).to_have_value(MASK[:6])
    clerk.scans(MASK[6:])
    clerk.sees("#due", "¥229.80")
    clerk.presses("Control+Delete", "Control+Delete")
    clerk.sees("#goods", "可以开始")


def test_who_is_found_or_gone_is_so_before_the_money_is_taken(clerk: Clerk) -> None:
    clerk.signs_in()
    with clerk.ahead_of_the_box():
        clerk.scans(MILK)
        clerk.presses("F3", *PHONE, "Enter", "F9", "w")
    clerk.sees("#paid", "¥121.60")
    clerk.presses("Escape", "F3", *PHONE, "Enter")
    clerk.scans(MILK)
    clerk.sees("#due", "¥121.60")
    with clerk.ahead_of_the_box():
        clerk.presses("Escape", "F9", "w")
    clerk.sees("#paid", "¥128.00")


def test_no_enter_pressed_before_a_consent_is_read_agrees_to_it(clerk: Clerk) -> None:
    clerk.signs_in()
    with clerk.ahead_of_the_box():
        clerk.presses("F3", *STRANGER, "Enter", "Enter", "Enter")
    expect(clerk.page.locator("#join-yes")).to_be_focused()
    clerk.presses("Escape")
    expect(clerk.page.locator("#sheet")).to_be_hidden()
    clerk.sees("#person", "请顾客任选一种方式")


def test_keys_that_counted_on_another_answer_do_nothing(clerk: Clerk) -> None:
    with clerk.ahead_of_the_box():
        clerk.presses("F10", *CLERK, "Tab", *"000000", "Enter", *OPERATOR_PIN, "Enter")
        clerk.scans(MILK)
    clerk.sees("#sheet .note", "不对")
    expect(clerk.page.locator("#clerk-pin")).to_have_value("")
    clerk.page.keyboard.type(OPERATOR_PIN)
    clerk.presses("Enter")
    clerk.sees("#goods", "可以开始")


def test_keys_for_a_box_that_hangs_are_let_go_in_time(clerk: Clerk) -> None:
    clerk.signs_in()
    clerk.page.clock.install()
    clerk.page.route("**/v1/**/lines", lambda _route: None)
    clerk.scans(MILK, MASK)
    clerk.page.clock.run_for(21_000)
    clerk.presses("F1")
    clerk.sees("#sheet .keys", "F9")
    expect(clerk.page.locator("#entry")).to_have_value("")
    clerk.page.unroute("**/v1/**/lines")
    clerk.presses("Escape", "Control+Delete", "Control+Delete")


def test_a_clerk_who_waits_is_told_that_her_keys_are_kept(clerk: Clerk) -> None:
    clerk.signs_in()
    with clerk.ahead_of_the_box():
        clerk.scans(MILK)
        clerk.presses("F9")
        clerk.sees("#notice", "按过的键都记着")
    expect(clerk.page.locator("#pay-amount")).to_be_focused()
    expect(clerk.page.locator("#notice")).to_be_hidden()
    clerk.presses("Enter")
    clerk.sees("#paid", "¥128.00")

"""A clerk's journeys at the till screen by keyboard alone, before a real agent in Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.browser import axe_findings
from tests.e2e.targets import small_targets
from tests.e2e.till_clerk import MANAGER, MASK, MILK, UNLISTED, Clerk
from tests.e2e.till_opening import VIEW
from tests.factories.agent_api import MEMBER, PHONE, Box
from tests.factories.agent_files import OPERATOR_PIN, SCREEN_TOKEN, TILL_TOKEN
from tests.factories.agent_process import AgentProcess
from tests.factories.waiting import PATIENCE_MS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]

STRANGER = "13912345678"


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


def test_a_guest_pays_cash_and_gets_her_change(clerk: Clerk) -> None:
    clerk.signs_in()
    clerk.sees("#goods", "可以开始")
    clerk.scans(MILK, f"3*{MASK}")
    clerk.lines(2)
    clerk.sees("#due", "¥306.00")

    clerk.presses("ArrowUp", "+")
    clerk.sees("#due", "¥395.00")
    # A quantity is typed, and one Enter too many adds nothing to it.
    clerk.presses("Enter")
    expect(clerk.page.locator("#quantity")).to_be_focused()
    clerk.presses("3", "Enter", "Enter")
    expect(clerk.page.locator("#quantity")).to_be_focused()
    clerk.presses("Escape")
    clerk.sees("#due", "¥306.00")
    clerk.presses("ArrowUp", "Delete")
    clerk.lines(1)
    clerk.sees("#due", "¥178.00")

    clerk.presses("F9")
    clerk.page.keyboard.type("200")
    clerk.presses("Enter")
    clerk.sees("#change", "¥22.00")
    clerk.sees("#paid", "¥178.00")
    clerk.finds_nothing_wrong()
    clerk.scans(MILK)
    clerk.sees("#due", "¥128.00")
    clerk.presses("Control+Delete")
    clerk.sees("#sheet", "作废这一单")
    clerk.presses("Control+Delete")
    clerk.sees("#goods", "可以开始")


def test_a_sum_typed_before_the_sheet_stands_is_the_sum(clerk: Clerk) -> None:
    """The box has not answered yet when the clerk is two keys further."""
    clerk.signs_in()
    clerk.scans(MILK, MASK)
    clerk.lines(2)
    on_their_way: list[Route] = []
    clerk.page.route("**/lines/*", lambda route: on_their_way.append(route))  # noqa: PLW0108 the driver marks its handlers, and a built-in cannot be marked
    clerk.presses("ArrowDown", "Delete", "F9")
    clerk.page.keyboard.type("1500")
    clerk.presses("Backspace", "Enter")
    expect(clerk.page.locator("#sheet")).to_be_hidden()
    for route in on_their_way:
        route.continue_()
    left = clerk.page.locator("#paid").inner_text()
    assert left in {"¥128.00", "¥89.00"}
    clerk.sees("#change", "¥22.00" if left == "¥128.00" else "¥61.00")
    expect(clerk.page.locator("#entry")).to_have_value("")
    clerk.page.unroute("**/lines/*")


def test_an_article_scanned_into_the_sum_is_no_sum(clerk: Clerk) -> None:
    clerk.signs_in()
    clerk.scans(MILK)
    clerk.lines(1)
    clerk.opens_pay()
    clerk.page.keyboard.type("12345670")
    clerk.presses("Enter")
    clerk.sees("#sheet .note", "¥128.00")
    expect(clerk.page.locator("#pay-amount")).to_have_value("")
    clerk.presses("Escape", "Control+Delete", "Control+Delete")
    clerk.sees("#goods", "可以开始")


def test_a_wrong_pin_is_said_and_asked_for_again(clerk: Clerk) -> None:
    clerk.signs_in(pin="000000")
    clerk.sees("#sheet .note", "不对")
    expect(clerk.page.locator("#clerk-pin")).to_be_focused()
    clerk.page.keyboard.type(OPERATOR_PIN)
    clerk.presses("Enter")
    clerk.sees("#clerk", "王芳")
    clerk.presses("F10", "Enter")
    clerk.sees("#clerk", "店员登录")
    clerk.finds_nothing_wrong()


def test_a_basket_is_parked_taken_back_and_outlives_a_reload(clerk: Clerk) -> None:
    clerk.signs_in()
    clerk.scans(MILK)
    clerk.lines(1)
    clerk.presses("F6")
    clerk.sees("#goods", "取单 1")
    clerk.presses("F6")
    clerk.sees("#sheet", "¥128.00")
    clerk.presses("Enter")
    clerk.lines(1)
    clerk.page.reload()
    clerk.lines(1)
    clerk.pays_cash()
    clerk.finds_nothing_wrong()


def test_an_article_nobody_knows_sells_at_the_price_on_its_shelf(clerk: Clerk) -> None:
    clerk.signs_in()
    clerk.scans(UNLISTED)
    clerk.sees("#sheet", UNLISTED)
    clerk.page.keyboard.type("12.8")
    clerk.presses("Enter")
    clerk.sees("#due", "¥12.80")
    clerk.opens_pay()
    clerk.presses("w")
    clerk.sees("#paid", "¥12.80")
    clerk.finds_nothing_wrong()


@pytest.mark.parametrize("typed", ["88000000000000000005", "8800 0000 0000 0000 0005"])
def test_twenty_digits_are_a_members_code_and_never_goods(clerk: Clerk, typed: str) -> None:
    clerk.signs_in()
    clerk.scans(typed)
    clerk.sees("#person", "数字码")
    expect(clerk.page.locator("#sheet")).to_be_hidden()
    clerk.presses("Escape")


def test_a_member_found_by_phone_gets_her_price_and_hears_what_points_need(clerk: Clerk) -> None:
    clerk.signs_in()
    clerk.scans(MILK)
    clerk.sees("#redeem-shut", "认出会员后可用积分")
    clerk.presses("F3")
    expect(clerk.page.locator("#number")).to_be_focused()
    clerk.scans(PHONE)
    clerk.sees("#person h1", "李*")
    clerk.sees("#due", "¥121.60")
    expect(clerk.page.locator("#redeem-shut")).to_be_visible()
    expect(clerk.page.locator("#person .tags")).to_have_count(0)
    clerk.presses("?")
    clerk.sees("#sheet", "金卡 95 折")
    clerk.finds_nothing_wrong()
    clerk.presses("Escape")
    clerk.opens_pay()
    clerk.page.keyboard.type("100")
    clerk.presses("w")
    clerk.sees("#pay-left", "¥21.60")
    clerk.presses("Enter")
    clerk.sees("#paid", "¥121.60")
    clerk.sees("#goods", "积分 +121")


def test_a_scanner_is_heard_wherever_the_focus_is(clerk: Clerk) -> None:
    clerk.signs_in()
    clerk.page.locator("#help").focus()
    clerk.scans(MILK)
    clerk.lines(1)
    clerk.presses("F3")
    expect(clerk.page.locator("#number")).to_be_focused()
    clerk.scans(MASK)
    clerk.lines(2)
    clerk.presses("Control+Delete", "Control+Delete")
    clerk.sees("#goods", "可以开始")


def test_a_scan_is_heard_after_the_refund_sheet_was_left(clerk: Clerk) -> None:
    clerk.signs_in()
    for _ in range(2):
        clerk.presses("F8")
        expect(clerk.page.locator("#receipt-no")).to_be_focused()
        clerk.presses("Escape")
        expect(clerk.page.locator("#sheet")).to_be_hidden()
    clerk.scans(MILK)
    clerk.lines(1)
    clerk.presses("Control+Delete", "Control+Delete")
    clerk.sees("#goods", "可以开始")


def test_goods_come_back(clerk: Clerk) -> None:
    clerk.signs_in()
    clerk.scans(f"2*{MILK}")
    clerk.pays_cash()
    clerk.presses("F8")
    expect(clerk.page.locator("#receipt-0")).to_be_visible()
    clerk.presses("ArrowDown")
    expect(clerk.page.locator("#receipt-0")).to_be_focused()
    clerk.presses("Enter")
    expect(clerk.page.locator("#refund-more-1")).to_be_focused()
    clerk.presses("Enter", "+")
    clerk.sees("#refund-out", "¥256.00")
    clerk.presses("-")
    clerk.sees("#refund-out", "¥128.00")
    expect(clerk.page.locator("#refund-less-1")).to_be_focused()
    clerk.finds_nothing_wrong()
    clerk.presses("x")
    clerk.sees("#sheet", "已退货")
    clerk.presses("Enter")
    expect(clerk.page.locator("#sheet")).to_be_hidden()


def test_training_cannot_be_overlooked_and_books_nothing(clerk: Clerk) -> None:
    # Whoever has to learn it: a plain clerk, unless the shop keeps it to managers.
    clerk.signs_in()
    clerk.sees("#clerk", "王芳")
    clerk.presses("F10")
    clerk.sees("#sheet", "练习")
    clerk.presses("ArrowDown", "ArrowDown", "Enter")
    clerk.sees("#bar", "练习 · 不入账")
    clerk.scans(MILK)
    clerk.pays_cash()
    clerk.sees("#goods", "没有入账")
    clerk.finds_nothing_wrong()
    clerk.presses("Escape", "F10", "ArrowDown", "ArrowDown", "Enter")
    expect(clerk.page.locator(".training-word")).to_have_count(0)


def test_a_screen_loaded_anew_says_whose_basket_it_goes_on_with(clerk: Clerk) -> None:
    clerk.signs_in()
    clerk.scans(MILK)
    clerk.lines(1)
    clerk.presses("ArrowUp", "Delete")
    clerk.lines(0)
    clerk.presses("F3")
    clerk.scans(PHONE)
    clerk.sees("#person .phone", "138****8000")
    clerk.page.reload()
    clerk.sees("#person .phone", "138****8000")
    # Her number shows nothing of her visits; that is not to say there were none.
    expect(clerk.page.locator("#person")).not_to_contain_text("第一次来")
    clerk.presses("Escape")
    clerk.sees("#person", "请顾客任选一种方式")
    clerk.presses("Control+Delete", "Control+Delete")


def test_what_a_till_beside_rings_up_takes_nothing_off_the_screen(
    clerk: Clerk, agent: AgentProcess
) -> None:
    def till(path: str, **more: object) -> int:
        body = {"member_id": str(MEMBER), "lines": [{"sku": "mask"}], **more}
        answer = agent.call(
            "POST", path, body, token=TILL_TOKEN, Idempotency_Key=path.replace("/", "-")
        )
        assert answer.status == 200, answer
        return int(answer.body["total_fen"])

    clerk.signs_in()
    clerk.sees("#goods", "可以开始")
    # A basket that she has emptied again hides nothing.
    clerk.scans(MILK)
    clerk.lines(1)
    clerk.presses("ArrowUp", "Delete")
    clerk.lines(0)
    total = till("/v1/quotes")
    clerk.lines(1)
    expect(clerk.page.locator("#pay")).to_have_count(0)
    clerk.scans(MILK)
    clerk.sees("#due", "¥128.00")
    clerk.opens_pay()
    tenders = [{"kind": "cash", "amount_fen": total}]
    till("/v1/sales", till_receipt_no="beside-1", tenders=tenders)
    clerk.sees("#pay-left", "¥128.00")
    clerk.presses("Enter")
    clerk.sees("#paid", "¥128.00")
    clerk.finds_nothing_wrong()


def test_a_stranger_joins_by_phone_while_the_customer_reads_the_same_words(
    clerk: Clerk, browser: Browser, agent: AgentProcess
) -> None:
    display = browser.new_page(viewport=VIEW)
    display.goto(f"{agent.base}/?view=customer#token={SCREEN_TOKEN}")
    expect(display.locator("#customer h1")).to_have_text("欢迎光临")
    clerk.signs_in()
    clerk.presses("F3")
    clerk.scans(STRANGER)
    expect(clerk.page.locator("#join-yes")).to_be_focused()
    words = clerk.page.locator("#consent").inner_text()
    expect(display.locator("#consent")).to_have_text(words)
    # Switched on, or loaded anew, in the middle of the question: it is shown all the same.
    display.reload()
    expect(display.locator("#consent")).to_have_text(words)
    assert axe_findings(display) == []
    clerk.finds_nothing_wrong()
    clerk.presses("Enter")
    expect(clerk.page.locator("#link-done")).to_be_visible()
    expect(display.locator("#consent")).to_have_count(0)
    clerk.presses("Enter")
    clerk.sees("#person .phone", "139****5678")
    expect(display.locator("#customer h1")).not_to_have_text("欢迎光临")
    clerk.presses("Escape")
    expect(display.locator("#customer h1")).to_have_text("欢迎光临")
    display.close()


def test_the_keys_are_listed_on_the_screen(clerk: Clerk) -> None:
    clerk.presses("F1")
    for key in ("F2", "F3", "F6", "F8", "F9", "F10"):
        clerk.sees("#sheet .keys", key)
    clerk.finds_nothing_wrong()
    clerk.presses("Escape")
    expect(clerk.page.locator("#sheet")).to_be_hidden()


def test_a_manager_lets_a_new_screen_in_by_a_code_and_four_digits(
    clerk: Clerk, browser: Browser, agent: AgentProcess
) -> None:
    context = browser.new_context(viewport=VIEW)
    fresh = context.new_page()
    fresh.set_default_timeout(PATIENCE_MS)
    fresh.goto(f"{agent.base}/")
    expect(fresh.locator("#pair-code")).to_be_focused()
    expect(fresh.locator(".note")).to_be_hidden()
    assert axe_findings(fresh) == []
    clerk.signs_in(MANAGER)
    clerk.sees("#clerk", "李强")
    clerk.presses("F10", "ArrowDown", "ArrowDown", "ArrowDown", "Enter")
    code = clerk.page.locator("#pairing-code").inner_text()
    fresh.locator("#pair-code").fill(code)
    fresh.locator("#pair-code").press("Enter")
    digits = clerk.page.locator("#pairing-check").inner_text()
    expect(fresh.locator(".note")).to_contain_text(digits)
    clerk.page.locator("#pair-yes").press("Enter")
    expect(fresh.locator("#identify")).to_be_visible()
    clerk.finds_nothing_wrong()
    context.close()


def test_a_finger_alone_rings_up_what_no_scanner_reads(
    browser: Browser, agent: AgentProcess
) -> None:
    context = browser.new_context(
        viewport=VIEW, locale="zh-CN", reduced_motion="reduce", has_touch=True
    )
    clerk = Clerk(context.new_page(), agent)
    clerk.signs_in()

    def taps(digits: str, submit: str) -> None:
        for digit in digits:
            clerk.page.locator("#sheet .pad button").get_by_text(digit, exact=True).tap()
        clerk.page.locator(f"#sheet [form={submit}]").tap()

    clerk.page.locator("#entry-pad").tap()
    assert small_targets(clerk.page) == []
    taps(MILK, "barcode-form")
    clerk.lines(1)
    clerk.page.locator("#entry-pad").tap()
    taps(UNLISTED, "barcode-form")
    clerk.sees("#sheet", UNLISTED)
    taps("12.80", "price-form")
    clerk.lines(2)
    clerk.page.locator("#line-2").tap()
    clerk.page.locator("#quantity-2").tap()
    taps("10", "quantity-form")
    clerk.sees("#line-2 >> xpath=ancestor::tr", "¥128.00")
    clerk.page.locator("#void").tap()
    clerk.page.locator("#void-yes").tap()
    clerk.sees("#goods", "可以开始")
    clerk.page.locator("#clerk").tap()
    clerk.page.locator("#shift-refund").tap()
    expect(clerk.page.locator("#receipt-no")).to_be_focused()
    clerk.finds_nothing_wrong()
    context.close()

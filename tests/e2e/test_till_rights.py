"""Points, coupons and gifts at the till screen, lent to a real box in the words of the cloud."""

from collections.abc import Iterator
from uuid import UUID

import msgspec
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from retail_core.identity.assurance import Factor
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.member import CallNote
from tests.e2e.browser import Watch, axe_findings
from tests.e2e.targets import small_targets
from tests.factories.agent_files import DEVICE
from tests.factories.waiting import PATIENCE_MS
from tools.screenshots import goods
from tools.screenshots.scene import Scene
from tools.screenshots.shop import Shop
from tools.screenshots.till import long as sixty_lines

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]

VIEW = ViewportSize(width=1024, height=600)
# The house's cards are known by the numbers that its scanners read off them.
SCANS_CARDS = """printer = "/dev/null"

[tills.scanner]
scanner = "/dev/null"
port = "/dev/null"
cards = ["9900########"]
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    device = DEVICE.replace('printer = "/dev/null"\n', SCANS_CARDS)
    with Shop(tmp_path_factory.mktemp("shop"), device) as shop:
        yield shop


@pytest.fixture
def scene(browser: Browser, shop: Shop) -> Iterator[Scene]:
    context = browser.new_context(viewport=VIEW, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    watch = Watch(page, shop.base)
    yield Scene(page, shop, "zh", shop.clerk("1001"))
    context.close()
    assert watch.foreign == []


def rung_up(scene: Scene, factor: Factor = Factor.MEMBER_CODE) -> Page:
    """Milk, two masks and candy for 李敏."""
    scene.opens()
    scene.shop.sees(goods.LIMIN, factor)
    expect(scene.page.locator("#person h1")).to_have_text("李敏")
    for count, sku in enumerate(("milk", "2*mask", "candy"), start=1):
        scene.scans(sku)
        expect(scene.page.locator("#goods tr.item")).to_have_count(count)
    return scene.page


def test_points_are_chosen_by_keyboard_and_spent_with_the_sale(scene: Scene) -> None:
    page = rung_up(scene)
    expect(page.locator("#due")).to_have_text("¥274.10")
    page.keyboard.press("F7")
    expect(page.locator("#redeem")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".redeem output")).to_have_text("300 分 = ¥3.00")
    expect(page.locator("#due")).to_have_text("¥271.10")
    expect(page.locator("#redeem")).to_be_focused()
    assert axe_findings(page) == []
    page.keyboard.press("F9")
    page.keyboard.press("Enter")
    expect(page.locator("#paid")).to_have_text("¥271.10")
    expect(page.locator("#goods")).to_contain_text("用了 300 分")


def test_points_on_the_slider_count_though_the_payment_is_asked_for_at_once(scene: Scene) -> None:
    page = rung_up(scene)
    for key in ("F7", "ArrowRight", "ArrowRight", "ArrowRight", "F9", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#paid")).to_have_text("¥271.10")
    expect(page.locator("#goods")).to_contain_text("用了 300 分")


SEEN = """() => {
  const list = document.getElementById("lines").getBoundingClientRect();
  const head = document.querySelector("#lines thead").getBoundingClientRect();
  return [...document.querySelectorAll("tr.item.chosen button.line, tr.tools-row button")]
    .map(one => one.getBoundingClientRect())
    .map(box => box.top >= head.bottom - 1 && box.bottom <= list.bottom + 1);
}"""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_sixty_lines_are_walked_with_the_chosen_one_and_its_tools_in_sight(
    scene: Scene, language: str
) -> None:
    scene.language = language
    sixty_lines(scene)
    page = scene.page
    expect(page.locator("#goods tr.item")).to_have_count(60)
    assert small_targets(page) == []
    for key, times in (("ArrowUp", 9), ("ArrowDown", 6)):
        for _ in range(times):
            page.keyboard.press(key)
            assert page.evaluate(SEEN) == [True] * 5
    assert small_targets(page) == []
    page.keyboard.press("+")
    expect(page.locator("#goods tr.item.chosen .qty")).to_have_text("2")
    assert page.evaluate(SEEN) == [True] * 5
    expect(page.locator("#pay")).to_be_in_viewport()


def test_an_english_sentence_keeps_its_own_marks_beside_a_chinese_name(scene: Scene) -> None:
    scene.language = "en"
    page = rung_up(scene)
    scene.shop.advises()
    expect(page.locator("#person .nudges")).to_contain_text(": 满 300 减 30 saves")


def test_an_english_screen_calls_rules_and_coupons_by_their_english_names(scene: Scene) -> None:
    scene.language = "en"
    page = rung_up(scene)
    expect(page.locator("#goods")).to_contain_text("Gold: 5% off")
    expect(page.locator("#goods")).to_contain_text("Second at half price")
    page.keyboard.press("?")
    expect(page.locator("#sheet")).to_contain_text("Gold: 5% off")
    expect(page.locator("#sheet")).to_contain_text("Weekend mornings: 10% off")
    page.keyboard.press("Escape")
    page.locator("#choose-coupons").click()
    expect(page.locator("#sheet")).to_contain_text("Birthday: ¥10 off")


def test_who_comes_back_with_a_parked_basket_may_still_be_raised_by_a_code(scene: Scene) -> None:
    scene.opens()
    page = scene.page
    scene.scans("milk")
    scene.types("F3", goods.LIMIN_PHONE[2:], "Enter")
    expect(page.locator("#sms")).to_be_visible()
    scene.types("F6")
    expect(page.locator("#goods")).to_contain_text("取单 1")
    scene.types("F6", "Enter")
    expect(page.locator("#person .trust")).to_contain_text("手机号")
    expect(page.locator("#sms")).to_be_visible()
    page.keyboard.press("F4")
    expect(page.locator("#code")).to_be_focused()


def test_a_face_alone_is_told_what_points_need(scene: Scene) -> None:
    page = rung_up(scene, Factor.FACE_VOTE)
    expect(page.locator("#redeem-shut")).to_contain_text("会员码")
    expect(page.locator("#redeem")).to_have_count(0)
    assert axe_findings(page) == []


def cut_off(page: Page) -> list[str]:
    """The buttons beside the customer that do not fit where they stand."""
    found: list[str] = page.evaluate(
        """() => {
          const side = document.getElementById("person").getBoundingClientRect();
          return [...document.querySelectorAll("#person button")]
            .filter((one) => one.scrollWidth > one.clientWidth || one.scrollHeight > 50
              || one.getBoundingClientRect().right > side.right)
            .map((one) => one.textContent);
        }"""
    )
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_code_shown_after_the_number_opens_points_and_all_that_is_hers(
    scene: Scene, language: str
) -> None:
    scene.language = language
    scene.opens()
    page = scene.page
    scene.scans("milk")
    expect(page.locator("#goods tr.item")).to_have_count(1)
    scene.types("F3", goods.LIMIN_PHONE[2:], "Enter")
    expect(page.locator("#person h1")).to_have_text("李*")
    expect(page.locator("#redeem-shut")).to_be_visible()
    expect(page.locator("#sms")).to_be_visible()
    assert cut_off(page) == []
    # The habit of pressing Enter once more must not send her away.
    expect(page.locator("#entry")).to_be_focused()
    scene.shop.sees(goods.LIMIN)
    expect(page.locator("#person h1")).to_have_text("李敏")
    expect(page.locator("#redeem")).to_be_visible()
    assert cut_off(page) == []


def test_a_code_that_was_not_sent_is_asked_for_again_by_enter(scene: Scene) -> None:
    scene.opens()
    page = scene.page
    scene.types("F3", goods.LIMIN_PHONE[2:], "Enter")
    expect(page.locator("#sms")).to_be_visible()
    page.keyboard.press("F4")
    expect(page.locator("#sheet .note")).to_be_visible()
    expect(page.locator("#sheet .sheet-foot")).to_contain_text("再发一次")
    with page.expect_response(lambda answer: answer.url.endswith("/sms")):
        page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#entry")).to_be_focused()


def test_news_that_comes_after_the_sale_does_not_veil_who_still_stands_there(scene: Scene) -> None:
    page = rung_up(scene)
    page.keyboard.press("F9")
    page.keyboard.press("Enter")
    expect(page.locator("#paid")).to_be_visible()
    veiled: dict[str, object] = {
        "name": "李*",
        "points_free": None,
        "tags": [],
        "last_purchase": None,
    }
    scene.shop.event("member", member={"member_id": str(goods.LIMIN), **veiled})
    # What is told afterwards is drawn afterwards.
    scene.shop.health(outbox=7)
    expect(page.locator("#bar")).to_contain_text("待上传 7")
    expect(page.locator("#person h1")).to_have_text("李敏")
    expect(page.locator("#person")).not_to_contain_text("第一次来")


def test_the_next_customer_inherits_nothing_of_the_last(scene: Scene) -> None:
    page = rung_up(scene)
    expect(page.locator("#redeem")).to_be_visible()
    with page.expect_response(lambda answer: "/v1/visits" in answer.url) as ended:
        page.keyboard.press("Escape")
    assert ended.value.json() == {"ended": True}
    expect(page.locator("#due")).not_to_have_text("¥274.10")
    scene.shop.sees(goods.LIMIN, Factor.FACE_VOTE)
    expect(page.locator("#person h1")).to_have_text("李敏")
    expect(page.locator("#redeem-shut")).to_contain_text("会员码")
    expect(page.locator("#redeem")).to_have_count(0)


def test_a_coupon_is_chosen_and_let_go(scene: Scene) -> None:
    page = rung_up(scene)
    page.locator("#choose-coupons").press("Enter")
    expect(page.locator("#coupon-0")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#coupon-0")).to_have_attribute("aria-pressed", "true")
    assert axe_findings(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#due")).to_have_text("¥264.10")
    expect(page.locator("#goods")).to_contain_text("生日立减 10 元")


def test_a_price_that_changed_while_paying_is_said_with_old_and_new(scene: Scene) -> None:
    page = rung_up(scene)
    page.keyboard.press("F9")
    expect(page.locator("#pay-amount")).to_be_focused()
    scene.shop.reprices("milk", 11_800)
    page.keyboard.press("Enter")
    expect(page.locator("#sheet .note")).to_contain_text("原 ¥274.10\uff0c现 ¥264.60")
    expect(page.locator("#pay-left")).to_have_text("¥264.60")
    page.keyboard.press("Enter")
    expect(page.locator("#paid")).to_have_text("¥264.60")
    scene.shop.reprices("", 0)


def test_two_candidates_show_nobody(scene: Scene) -> None:
    scene.opens()
    scene.shop.sees_nobody("ask")
    expect(scene.page.locator("#person")).to_contain_text("请出示会员码")
    for secret in ("李敏", "138****8000", "敏感肌"):
        expect(scene.page.locator("#person")).not_to_contain_text(secret)


def test_the_tier_is_explained_in_one_tap(scene: Scene) -> None:
    page = rung_up(scene)
    page.locator("#tier").press("Enter")
    expect(page.locator("#tier-why")).to_contain_text("¥2,962.00")
    assert axe_findings(page) == []


def test_a_member_is_given_a_card_by_the_number_on_it(scene: Scene) -> None:
    scene.opens()
    scene.shop.sees(goods.LIMIN, Factor.MEMBER_CODE)
    page = scene.page
    expect(page.locator("#card")).to_be_visible()
    page.keyboard.press("F5")
    expect(page.locator("#card-number")).to_be_focused()
    assert axe_findings(page) == []
    for number in ("12", "6901234567892"):
        page.keyboard.type(number)
        page.keyboard.press("Enter")
        expect(page.locator("#sheet .note")).not_to_have_text("")
        page.locator("#card-number").fill("")
    page.keyboard.type("9900 1234 5678")
    page.keyboard.press("Enter")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(page.locator("body")).to_contain_text("尾号 5678 的卡已发")
    # One Enter more must not send her away.
    expect(page.locator("#entry")).to_be_focused()


def asks_of_limin(scene: Scene, *calls: UUID) -> None:
    """HQ's campaign asks a clerk to say something to 李敏."""
    replica = scene.shop.agent.storage.replica
    held = replica.member(goods.LIMIN)
    assert held is not None
    notes = tuple(CallNote("问问新品用得怎样", 20991231, one.bytes) for one in calls)
    record = msgspec.structs.replace(held.record, calls=notes)
    replica.put_member(goods.LIMIN, held.ver + 1, record)


def test_a_clerk_says_what_came_of_a_call_by_key_and_by_touch(scene: Scene) -> None:
    asks_of_limin(scene, UUID(int=0xCA11), UUID(int=0xCA12))
    scene.opens()
    scene.shop.sees(goods.LIMIN)
    page = scene.page
    expect(page.locator(".calls button")).to_have_count(2)
    assert small_targets(page) == []
    page.keyboard.press("Control+b")
    expect(page.locator("#call-done")).to_be_focused()
    expect(page.locator("#sheet")).to_contain_text("问问新品用得怎样")
    expect(page.locator("#sheet")).to_contain_text("到 2099-12-31 为止")
    assert axe_findings(page) == []
    page.keyboard.press("ArrowDown")
    expect(page.locator("#call-not_reached")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#sheet")).not_to_be_visible()
    expect(page.locator("#notice")).to_contain_text("没说成")
    expect(page.locator(".calls button")).to_have_count(1)
    page.locator("#call-0").click()
    page.locator("#call-refused").click()
    expect(page.locator(".calls")).to_have_count(0)
    found = [
        decode_body(record.draft.type, record.draft.body)
        for record in scene.shop.agent.storage.journal.records(type_=EventType.CALL_ANSWERED)
    ]
    assert [getattr(body, "outcome", "") for body in found] == ["not_reached", "refused"]

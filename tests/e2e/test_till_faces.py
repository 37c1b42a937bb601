"""Agreeing to faces and to walking up at the till screen, word for word, and taking it back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from edge_agent.domain.consents import CONSENT_TEXTS, FACE_GUARDIAN, FACE_LOCAL, FACE_WALK_UP
from retail_core.identity.assurance import Factor
from tests.e2e.browser import Watch, axe_findings, screenshot
from tests.factories.agent_api import face_leave
from tests.factories.agent_files import SCREEN_TOKEN
from tests.factories.waiting import PATIENCE_MS
from tools.screenshots import goods
from tools.screenshots.scene import Scene
from tools.screenshots.shop import Shop

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]

VIEW = ViewportSize(width=1024, height=600)
# Marks as the screens set them between Chinese words.
WIDE = str.maketrans(",;:?", "\uff0c\uff1b\uff1a\uff1f")
NEWCOMER = "13912345678"


class Counter:
    """A clerk's screen and the customer's display beside it, in one language."""

    def __init__(self, browser: Browser, folder: Path, language: str) -> None:
        self.shop = Shop(folder)
        self.shop.__enter__()
        self.language = language
        context = browser.new_context(viewport=VIEW, reduced_motion="reduce")
        self.page = self._page(context.new_page())
        self.display = self._page(context.new_page())
        self.watches = [Watch(page, self.shop.base) for page in (self.page, self.display)]
        self.display.goto(f"{self.shop.base}/?view=customer&lang={language}#token={SCREEN_TOKEN}")
        self.scene = Scene(self.page, self.shop, language, self.shop.clerk("1001"))
        self.faces = self.shop.agent.services.faces

    def _page(self, page: Page) -> Page:
        page.set_default_timeout(PATIENCE_MS)
        return page

    def lets(self, version: int, **said: bool) -> None:
        """Take what headquarters says of faces."""
        self.faces.leave.take(face_leave(version, **said))

    def shows(self, factor: Factor = Factor.MEMBER_CODE) -> None:
        """Open the screen, and let 李敏 be recognised."""
        self.scene.opens()
        self.shop.sees(goods.LIMIN, factor)
        expect(self.page.locator("#person .phone")).to_contain_text("138****8000")

    def opens(self) -> None:
        """Open what she agreed to, and wait until it is read."""
        self.page.keyboard.press("F11")
        expect(self.page.locator("#face-first")).to_be_focused()

    def hears_why_nothing_is_taken(self) -> None:
        """There is no camera in this shop: both screens say so, and what she said stands."""
        for page, button in ((self.page, "#end-coach"), (self.display, "")):
            expect(page.locator(".outline-failed")).to_be_visible()
            if button:
                page.locator(button).press("Enter")
        expect(self.display.locator("#consent")).to_have_count(0)

    def reads(self, kind: str) -> None:
        """See the very text of a consent on both screens."""
        words = CONSENT_TEXTS[kind][self.language]
        if self.language == "zh":
            words = words.translate(WIDE)
        for page in (self.page, self.display):
            expect(page.locator("#consent")).to_have_text(words)
            assert not page.evaluate("document.documentElement.scrollHeight > innerHeight")
        screenshot(self.page, f"till-{kind}-{self.language}")
        screenshot(self.display, f"till-customer-{kind}-{self.language}")

    def standing(self) -> list[str]:
        """Return what she agreed to, as the box has it."""
        found = self.shop.call("GET", f"/v1/members/{goods.LIMIN}/consents")
        return [kind for kind in found["standing"] if kind.startswith("face.")]

    def stop(self) -> None:
        self.page.context.close()
        self.shop.__exit__(None, None, None)
        for watch in self.watches:
            assert watch.foreign == []
            assert [said for said in watch.complaints if "status of 4" not in said] == []


@pytest.fixture
def counter(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Counter]:
    counter = Counter(browser, tmp_path, request.param)
    yield counter
    counter.stop()


@pytest.mark.parametrize("counter", ["zh", "en"], indirect=True)
def test_a_member_agrees_to_faces_and_to_walking_up_and_takes_back_what_she_likes(
    counter: Counter,
) -> None:
    counter.lets(2, walk_up=True)
    counter.shows()
    page = counter.page
    # An Enter that is quicker than the box opens what stands first, and not the way out.
    page.keyboard.press("F11")
    page.keyboard.press("Enter")
    expect(page.locator("#face-first")).to_be_focused()
    expect(page.locator("#sheet-title")).to_contain_text(
        {"zh": "十四周岁", "en": "fourteen"}[counter.language]
    )
    page.keyboard.press("Escape")
    counter.opens()
    screenshot(page, f"till-face-none-{counter.language}")
    page.keyboard.press("Enter")
    expect(page.locator("#face-first")).to_be_focused()
    screenshot(page, f"till-face-age-{counter.language}")
    assert axe_findings(page) == []
    page.keyboard.press("Enter")
    counter.reads(FACE_LOCAL)
    page.keyboard.press("Enter")
    counter.reads(FACE_WALK_UP)
    assert [*axe_findings(page), *axe_findings(counter.display)] == []
    page.keyboard.press("Enter")
    counter.hears_why_nothing_is_taken()
    assert counter.standing() == [FACE_LOCAL, FACE_WALK_UP]

    counter.shows()
    counter.opens()
    expect(page.locator(".choice")).to_have_count(3)
    assert axe_findings(page) == []
    screenshot(page, f"till-face-agreed-{counter.language}")
    page.locator("#face-choice-1").press("Enter")
    expect(page.locator("#sheet .confirmed")).to_be_visible()
    assert counter.standing() == [FACE_LOCAL]
    page.locator("#face-choice-2").press("Enter")
    screenshot(page, f"till-face-sure-{counter.language}")
    page.locator("#face-sure").press("Enter")
    expect(page.locator(".choice")).to_have_count(1)
    assert counter.standing() == []


@pytest.mark.parametrize("counter", ["zh"], indirect=True)
def test_walking_up_is_asked_for_only_where_headquarters_let_it(counter: Counter) -> None:
    counter.lets(2)
    counter.shows()
    page = counter.page
    page.locator("#face").click()
    page.locator("#face-first").click()
    page.locator("#face-first").click()
    counter.reads(FACE_LOCAL)
    page.keyboard.press("Enter")
    counter.hears_why_nothing_is_taken()
    assert counter.standing() == [FACE_LOCAL]
    counter.lets(3, walk_up=True)
    counter.shows()
    counter.opens()
    page.locator("#face-choice-1").click()
    counter.reads(FACE_WALK_UP)
    page.keyboard.press("Escape")
    # She said no to one thing, and is enrolled for the other as she agreed.
    counter.hears_why_nothing_is_taken()
    assert counter.standing() == [FACE_LOCAL]
    # What was agreed to can be taken back even when faces are off altogether.
    counter.lets(4, enabled=False)
    counter.shows()
    counter.opens()
    expect(page.locator(".choice")).to_have_count(1)
    screenshot(page, f"till-face-off-{counter.language}")
    page.locator("#face-first").click()
    page.locator("#face-sure").click()
    expect(page.locator("#sheet .confirmed")).to_contain_text("已删除")
    expect(page.locator(".choice")).to_have_count(0)
    assert counter.standing() == []


@pytest.mark.parametrize("counter", ["en"], indirect=True)
def test_a_child_is_enrolled_by_a_guardian_alone(counter: Counter) -> None:
    counter.lets(2)
    counter.shows()
    page = counter.page
    counter.opens()
    page.keyboard.press("Enter")
    page.locator("#face-choice-1").click()
    counter.reads(FACE_GUARDIAN)
    page.keyboard.press("Escape")
    expect(page.locator(".choice")).to_have_count(1)
    assert counter.standing() == []
    page.locator("#face-first").click()
    page.locator("#face-choice-1").click()
    page.locator("#face-yes").click()
    counter.reads(FACE_LOCAL)
    page.keyboard.press("Enter")
    counter.hears_why_nothing_is_taken()
    assert counter.standing() == [FACE_GUARDIAN, FACE_LOCAL]


@pytest.mark.parametrize("counter", ["zh"], indirect=True)
def test_of_a_mere_number_nobody_is_asked_unless_she_joined_just_now(counter: Counter) -> None:
    counter.lets(2)
    counter.shows(Factor.PHONE_NUMBER)
    page = counter.page
    expect(page.locator("#face")).to_have_count(0)
    page.keyboard.press("F11")
    expect(page.locator("#sheet")).to_be_hidden()
    counter.scene.opens()
    counter.scene.types("F3", NEWCOMER, "Enter")
    page.locator("#join-yes").click()
    page.locator("#link-done").click()
    counter.opens()
    page.locator("#face-first").click()
    page.locator("#face-first").click()
    counter.reads(FACE_LOCAL)

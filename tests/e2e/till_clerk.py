"""Somebody at the keyboard of one till screen."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route, expect

from tests.e2e.browser import Watch, axe_findings
from tests.e2e.targets import small_targets
from tests.factories.agent_files import OPERATOR_PIN, SCREEN_TOKEN
from tests.factories.agent_process import AgentProcess
from tests.factories.waiting import PATIENCE_MS

MILK, MASK = "6901234567892", "6901234567908"
UNLISTED = "4006381333931"
CLERK, MANAGER = "1001", "1002"


class Clerk:
    """She presses keys, and sees what stands on the screen."""

    def __init__(self, page: Page, agent: AgentProcess) -> None:
        self.page = page
        self.watch = Watch(page, agent.base)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{agent.base}/#token={SCREEN_TOKEN}")
        expect(page.locator("#clerk")).to_be_visible()

    def presses(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def signs_in(self, number: str = CLERK, pin: str = OPERATOR_PIN) -> None:
        self.presses("F10")
        expect(self.page.locator("#clerk-number")).to_be_focused()
        self.page.keyboard.type(number)
        self.presses("Tab")
        self.page.keyboard.type(pin)
        self.presses("Enter")
        if pin == OPERATOR_PIN:
            expect(self.page.locator("#sheet")).to_be_hidden()

    def scans(self, *codes: str) -> None:
        for code in codes:
            self.page.keyboard.type(code)
            self.presses("Enter")

    def sees(self, selector: str, text: str) -> None:
        expect(self.page.locator(selector)).to_contain_text(text)

    def lines(self, count: int) -> None:
        expect(self.page.locator("#goods tr.item")).to_have_count(count)

    def opens_pay(self) -> None:
        """The sheet opens once what was scanned before is on the box."""
        self.presses("F9")
        expect(self.page.locator("#pay-amount")).to_be_focused()

    def pays_cash(self) -> None:
        self.opens_pay()
        self.presses("Enter")
        expect(self.page.locator("#paid")).to_be_visible()
        expect(self.page.locator("#sheet")).to_be_hidden()

    def finds_nothing_wrong(self) -> None:
        """No request left the origin, nothing broke, axe has nothing to say, all fits a finger."""
        assert self.watch.foreign == []
        broken = [said for said in self.watch.complaints if "status of 4" not in said]
        assert broken == []
        assert axe_findings(self.page) == []
        assert small_targets(self.page) == []

    @contextmanager
    def ahead_of_the_box(self) -> Iterator[None]:
        """Hold back what the screen asks until every key is pressed."""
        asked: list[Route] = []
        answers = False

        def hold(route: Route) -> None:
            if answers:
                route.continue_()
            else:
                asked.append(route)

        self.page.route("**/v1/**", hold)
        yield
        answers = True
        for route in asked:
            route.continue_()

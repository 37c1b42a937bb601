"""One screen before the shop, and what is done at it to get to a state."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from retail_core.identity.assurance import Factor
from tests.factories.agent_files import SCREEN_TOKEN
from tools.screenshots import goods
from tools.screenshots.shop import Shop

SETTLE_MS = 260


@dataclass
class Scene:
    """A page in one language, with a shop behind it."""

    page: Page
    shop: Shop
    language: str
    clerk: dict[str, str]

    def opens(self, *, clerk: bool = True, view: str = "") -> None:
        """Open the screen anew, with nothing left of the picture before."""
        self.shop.clear(self.clerk["token"])
        self.page.goto(f"{self.shop.base}/screen/icon.svg")
        kept = json.dumps(json.dumps(self.clerk) if clerk else "null")
        self.page.evaluate(f"sessionStorage.setItem('clerk', {kept})")
        extra = f"&view={view}" if view else ""
        with self.page.expect_websocket():
            self.page.goto(f"{self.shop.base}/?lang={self.language}{extra}#token={SCREEN_TOKEN}")
        if not view:
            self.page.wait_for_selector("#clerk")
            if clerk:
                self.page.wait_for_selector("#entry")
        self.rests()
        self.shop.health()

    def rests(self) -> None:
        """Wait until what was set off is drawn."""
        self.page.wait_for_timeout(SETTLE_MS)

    def scans(self, *skus: str) -> None:
        """Scan articles into the page."""
        for sku in skus:
            times, _, name = sku.rpartition("*")
            code = goods.CODES.get(name, name)
            self.page.keyboard.type(f"{times}*{code}" if times else code)
            self.page.keyboard.press("Enter")
            self.rests()

    def types(self, *keys: str) -> None:
        """Press keys; a text of digits is typed."""
        for key in keys:
            if key.replace(".", "").isdigit():
                self.page.keyboard.type(key)
            else:
                self.page.keyboard.press(key)
            self.page.wait_for_timeout(60)
        self.rests()

    def basket(self, factor: Factor | None = Factor.MEMBER_CODE) -> None:
        """Ring up a usual basket, for 李敏 unless nobody is recognised."""
        if factor is not None:
            self.shop.sees(goods.LIMIN, factor)
            self.rests()
        self.scans("milk", "2*mask", "candy")
        self.shop.advises()
        self.rests()


Act = Callable[[Scene], None]

"""Pictures of HQ's pages about rules and of its navigation, over the real cloud and three shops."""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, ViewportSize, expect

from cloud_broker.migrations.runner import upgrade
from cloud_broker.ports.effects import DocumentSeen
from tests.e2e.browser import HQ_VIEW, Watch, axe_findings
from tests.e2e.hq_stage import Cloud, now_ms, running_cloud
from tools import embedded_pg
from tools.registry import ROOT
from tools.screenshots.png import with_palette

FOLDER = ROOT / "docs" / "screenshots" / "hq"
NARROW = ViewportSize(width=1280, height=800)
WORK_MS: Final = 60_000
TIERS = {"standard": "普卡", "gold": "金卡"}
WASH: dict[str, Any] = {"items": {"skus": ["A1"]}}
BEFORE: list[dict[str, Any]] = [
    {"kind": "tier_price", "id": "gold95", "name": "金卡 95 折", "tiers": ["gold"]}
    | {"permille": 950},
    {"kind": "mix_and_match", "id": "half", "name": "洗面奶第二件半价", "need": 2}
    | WASH
    | {"permille": 500},
]
AFTER: list[dict[str, Any]] = [
    BEFORE[0] | {"permille": 900},
    {"kind": "time_slot_price", "id": "early", "name": "早市 88 折", "permille": 880}
    | WASH
    | {"slots": [{"weekday": day, "start": "08:00", "end": "10:00"} for day in range(5)]},
    {"kind": "tier_price", "id": "less5", "name": "洗面奶立减 5 元", "fen_off": 500} | WASH,
]
COUPON: dict[str, Any] = {"kind": "threshold", "id": "100less15", "name": "满 100 减 15"}
COUPON |= {"automatic": True, "threshold_fen": 10_000, "fen_off": 1_500}
OWN_PLACE = {"when": {"stores": ["北京国贸店"], "valid_from": "2026-07-01T00:00:00"}}


def bundle(version: int, offers: list[dict[str, Any]], **fields: Any) -> str:
    """Return rules as JSON."""
    whole = {"version": version, "tier_names": TIERS, "offers": offers, **fields}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


@dataclass
class Desk:
    """Somebody of HQ at a page, in one language."""

    page: Page
    origin: str
    language: str

    def goes(self, path: str) -> None:
        """Open a page and wait until it stands."""
        self.page.goto(f"{self.origin}{path}")
        self.page.wait_for_load_state()

    def presses(self, zh: str, en: str, *, first: bool = True) -> None:
        """Press a button by its name."""
        button = self.page.get_by_role("button", name=zh if self.language == "zh" else en)
        (button.first if first else button).press("Enter")
        self.page.wait_for_load_state()


def album(browser: Browser, languages: tuple[str, ...]) -> int:
    """Take the pictures; return how many flaws the pages have."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    flaws = 0
    for language in languages:
        with shops() as cloud:
            flaws += _album(browser, cloud, language)
    return flaws


@contextmanager
def shops() -> Iterator[Cloud]:
    """Run a cloud of its own, where rules were published and things were sold."""
    with ExitStack() as stack:
        base = Path(tempfile.mkdtemp(prefix="regulars-shots-pg-"))
        base.chmod(0o755)
        stack.callback(embedded_pg.destroy, base)
        server = embedded_pg.start(base)
        upgrade(server.owner_url)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cloud = stack.enter_context(running_cloud(server.app_url, folder))
        for number in range(12):
            box = cloud.boxes[number % len(cloud.boxes)]
            box.sells(cloud.person if number % 2 else None, 4_900 + 1_700 * number)
        tenant = cloud.office.units.tenants()[0]
        for version, offers in ((1, BEFORE[:1]), (2, BEFORE)):
            cloud.office.publisher.publish_bundle(
                tenant, bundle(version, offers).encode(), who="王芳"
            )
        seen = [DocumentSeen("bundle", 2, box.made.device, now_ms()) for box in cloud.boxes]
        with cloud.office.units.begin(tenant) as unit:
            unit.effects.saw(seen)
        yield cloud


def _album(browser: Browser, cloud: Cloud, language: str) -> int:
    context = browser.new_context(
        viewport=HQ_VIEW,
        locale="zh-CN" if language == "zh" else "en-GB",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(WORK_MS)
    watch = Watch(page, cloud.origin)
    desk = Desk(page, cloud.origin, language)
    page.goto(f"{cloud.origin}/login?lang={language}")
    page.locator("#login").fill("hq")
    page.locator("input[type=password]").fill(cloud.password)
    page.keyboard.press("Enter")
    page.wait_for_selector("#wall-groups")
    flaws = 0
    for name, act in Story(desk).pictures():
        act()
        flaws += _kept(page, f"{name}-{language}", watch)
    context.close()
    return flaws


def _kept(page: Page, name: str, watch: Watch) -> int:
    png = page.screenshot(full_page=page.viewport_size == HQ_VIEW)
    (FOLDER / f"{name}.png").write_bytes(with_palette(png))
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    flaws = [*axe_findings(page), *watch.foreign, *(["wider than the screen"] if wide else [])]
    print(name, *flaws, flush=True)
    return len(flaws)


@dataclass
class Story:
    """What leads from one picture to the next."""

    desk: Desk
    draft_path: str = ""

    @property
    def page(self) -> Page:
        """The page."""
        return self.desk.page

    def pictures(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        """Return each picture's name with what leads to it."""
        return (
            ("offers-draft", self.draft),
            ("offers-rule", self.rule),
            ("offers-rule-wrong", self.wrong),
            ("offers-rehearsal", self.rehearsal),
            ("offers-wrong", self.broken),
            ("offers-look", self.look),
            ("offers", self.published),
            ("offers-version", lambda: self.desk.goes("/offers/versions/3")),
            ("navigation", self.narrow),
        )

    def says(self, zh: str, en: str) -> str:
        """Return what is typed in this language."""
        return zh if self.desk.language == "zh" else en

    def draft(self) -> None:
        """Begin a draft, write it and have it checked."""
        self.desk.goes("/offers")
        self.page.locator("#name").fill(self.says("秋季大促", "Autumn"))
        self.page.locator("#name").press("Enter")
        self.page.wait_for_url("**/offers/drafts/*")
        self.draft_path = self.page.url.removeprefix(self.desk.origin)
        self.page.locator("#text").fill(bundle(2, AFTER, coupons=[COUPON | OWN_PLACE]))
        self.desk.presses("保存", "Save")
        self.desk.presses("检查", "Check")
        self.is_done()
        self.desk.goes(self.draft_path)

    def rule(self) -> None:
        """Open the form of a rule."""
        self.desk.goes(f"{self.draft_path}/rule?rule=early")

    def wrong(self) -> None:
        """Fill it in wrongly."""
        self.page.locator("#permille").fill("850")
        self.page.locator("form.fields button.primary").press("Enter")
        self.page.wait_for_selector("#rule-error")

    def rehearsal(self) -> None:
        """Rehearse the draft."""
        self.desk.goes(self.draft_path)
        self.desk.presses("演练:和现行规则比", "Rehearse against the rules")
        self.is_done()

    def broken(self) -> None:
        """Save what is not valid."""
        self.desk.goes(self.draft_path)
        self.page.locator("#text").fill(bundle(2, [*AFTER, BEFORE[1] | {"need": 1}]))
        self.desk.presses("保存", "Save")

    def look(self) -> None:
        """Mend it, and look at what a stage would change."""
        self.page.locator("#text").fill(bundle(2, AFTER, coupons=[COUPON]))
        self.desk.presses("保存", "Save")
        self.page.locator("#regions").select_option("华东")
        self.page.locator("form:has(#regions) button").press("Enter")
        self.page.wait_for_selector("#look-title")

    def published(self) -> None:
        """Begin in a region, then ask for all."""
        self.page.locator("#why").fill(self.says("先在华东试行", "East first"))
        self.page.locator("form.fields button.primary").press("Enter")
        self.page.wait_for_url("**/offers")
        self.desk.goes(f"{self.draft_path}/publish?how=all")
        self.page.locator("form.fields button.primary").press("Enter")
        self.page.wait_for_url("**/offers")

    def narrow(self) -> None:
        """Open a menu on a narrow screen."""
        self.page.set_viewport_size(NARROW)
        self.desk.goes("/members")
        self.page.locator(".menu summary").first.press("Enter")
        expect(self.page.locator(".menu__pages a").first).to_be_visible()

    def is_done(self) -> None:
        """Wait until a check or a rehearsal is over."""
        expect(self.page.locator("#job:not([hx-get])")).to_be_attached(timeout=WORK_MS)

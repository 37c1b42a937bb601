"""Somebody at HQ's pages: signing in, watching, and what she works on."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.e2e import browser as chrome
from tests.e2e.hq_stage import PLACES, ROOT, Cloud, now_ms
from tests.fakes.cloud_box import Person

ASSETS = ROOT / "cloud_broker" / "console" / "static" / "vendor" / "htmx.min.js"


@dataclass
class Visit:
    """A signed-in page and what it asked for."""

    page: Page
    watch: chrome.Watch

    def opens_wall(self, origin: str) -> None:
        """Open the first page and wait until it is live and has heard that every shop is well."""
        self.page.goto(origin + "/")
        expect(self.page.locator(".live--on")).to_be_visible()
        expect(self.page.locator("#figure-ok .big")).to_have_text(f"{len(PLACES)}")


def sign_in(page: Page, cloud: Cloud, login: str = "hq", password: str = "") -> None:
    """Sign in as HQ, by keyboard."""
    page.goto(cloud.origin + "/")
    expect(page.locator("#login")).to_be_focused()
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(password or cloud.password)
    page.keyboard.press("Enter")
    expect(page.locator(".live--on")).to_be_visible()


def broken(cloud: Cloud) -> tuple[Person, int]:
    """Send a card of somebody whom the cloud does not know; return her and the record's number."""
    box, stranger = cloud.boxes[2], Person(name="赵一", phone=str(8613900000000 + now_ms() % 10**8))
    box.sim.wall_ms = now_ms()
    box.sim.issues_card(stranger, now_ms().to_bytes(7, "big"))
    box.sends_newest()
    return stranger, len(box.sim.events)


def mended(cloud: Cloud, stranger: Person) -> None:
    """Let the cloud come to know her: the record can be booked from now on."""
    cloud.boxes[2].sim.enrols(stranger)
    cloud.boxes[2].sends_newest()


def replay(page: Page, number: int) -> None:
    """Press a record's button, by keyboard."""
    page.get_by_role("button", name=f"重放 北京国贸店 第 {number} 条", exact=True).focus()
    page.keyboard.press("Enter")


def row_of(page: Page, number: int) -> Locator:
    """Return a record's row."""
    seq = page.get_by_role("cell", name=f"{number}", exact=True)
    return page.locator("main tbody tr").filter(has=seq).filter(has_text="北京国贸店")


def unmapped(cloud: Cloud) -> None:
    """Sell something whose printed name maps to no article."""
    cloud.boxes[1].sells(None, 6_100, source="tap", till_receipt_no=f"P{now_ms()}")

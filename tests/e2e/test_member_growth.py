"""Tasks, the mall and an invitation on real phones' browsers, from HQ's rules to the counter."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.growth.mall import MallDesk
from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.loyalty.leases import LENT, LeaseKey, Right, RightKind
from retail_core.wire.codec import encode_body
from retail_core.wire.growth import GiftHanded
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseHello, LeaseReturned
from tests.e2e import browser as chrome
from tests.e2e.hq_stage import ROOT, Box, Cloud, now_ms, running_cloud
from tests.factories.grown import RULES, ZONE
from tests.factories.waiting import PATIENCE_MS, eventually
from tests.fakes.cloud_box import Person, fresh_id
from tests.plugins.postgres import Database

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
ASSET = ROOT / "cloud_broker" / "member_page" / "static" / "vendor" / "qrcode.mjs"
PHONE_VIEW = ViewportSize(width=390, height=844)


@dataclass
class Stage:
    """The running chain and its first shop, in which the mall has two cups."""

    cloud: Cloud
    browser: Browser

    @property
    def box(self) -> Box:
        return self.cloud.boxes[0]

    def enrols(self, name: str) -> Person:
        """Enrol somebody at the first shop."""
        self.box.sim.wall_ms = now_ms() - 500
        person = Person(name=name, phone=str(8613900000000 + now_ms() % 10**8))
        self.box.sim.enrols(person)
        self.box.sends_newest()
        return person

    def phone(self, locale: str = "zh-CN") -> tuple[Page, chrome.Watch]:
        """A phone that nobody used yet."""
        context = self.browser.new_context(
            viewport=PHONE_VIEW, locale=locale, device_scale_factor=2
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page, chrome.Watch(page, self.cloud.origin)

    def lease_of(self, gift: UUID) -> LeaseKey:
        """The lease under which the shop's box holds a gift."""
        right = Right(RightKind.COUPON, gift)
        with self.cloud.office.units.begin(self.box.made.tenant) as unit:
            leases = unit.leases.books([right])[right].leases
        (key,) = [key for key, lease in leases.items() if lease.state in LENT]
        return key

    def lent(self, person: Person) -> list[LeaseKey]:
        """The leases under which the shop's box holds her points."""
        right = Right(RightKind.POINTS, person.wallet)
        with self.cloud.office.units.begin(self.box.made.tenant) as unit:
            leases = unit.leases.books([right])[right].leases
        return [key for key, lease in leases.items() if lease.state in LENT]

    def gives_points_back(self, person: Person) -> None:
        """The box gives back what it holds of her points, once it is asked."""
        units = self.cloud.office.units

        def asked() -> bool:
            with units.begin(self.box.made.tenant) as unit:
                return bool(unit.mall.wishing([person.wallet], now_ms()))

        eventually(asked)
        for key in self.lent(person):
            said = LeaseReturned("points", person.wallet.bytes, key.epoch, key.nth, 0)
            self.box.sim.wall_ms = now_ms() - 500
            self.box.sim.journal(EventType.LEASE_RETURNED, encode_body(said))
            self.box.sends_newest()

    def hands_over(self, person: Person, gift: UUID) -> None:
        """The box hands a gift over."""
        key = self.lease_of(gift)
        body = GiftHanded(
            fresh_id().bytes, gift.bytes, "mall", "CUP-01", "马克杯", None, key.epoch, key.nth
        )
        self.box.sim.wall_ms = now_ms() - 500
        self.box.sim.journal(EventType.GIFT_HANDED, encode_body(body), person.member)
        self.box.sends_newest()


@pytest.fixture(scope="module")
def stage(
    new_database: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Run the cloud once, with rules published and stock set."""
    if not ASSET.exists():
        pytest.skip("page assets are missing: make assets")
    folder = tmp_path_factory.mktemp("cloud")
    with running_cloud(new_database().url, folder) as cloud, chrome.chromium() as browser:
        tenant, office = cloud.boxes[0].made.tenant, cloud.office
        office.publisher.publish_bundle(
            tenant, json.dumps(RULES | {"version": 900}).encode(), who="test"
        )
        hq = HqIdentity(tenant, fresh_id(), "li", "李", "operations")
        mall = MallDesk(office.units, office.clock, RulesInForce(ZONE))
        mall.set_stock(hq, "cup", cloud.boxes[0].made.store, 2)
        hello = encode_body(LeaseHello(b"b" * 32))
        for box in cloud.boxes:
            box.sim.journal(EventType.LEASE_HELLO, hello)
            box.sends_newest()
        yield Stage(cloud, browser)


def shows_points(page: Page, points: str) -> None:
    """Wait until the first view shows so many points; she looks again and again."""

    def looked() -> bool:
        page.reload()
        expect(page.locator("#points")).to_be_visible()
        return page.locator("#points").text_content() == points

    eventually(looked)


def test_from_a_task_to_a_gift_in_her_hand(stage: Stage) -> None:
    page, watch = stage.phone()
    ann = stage.enrols("李敏")
    page.goto(f"{stage.cloud.origin}/m/#c={ann.claim_code}")
    expect(page.locator("#tasks")).to_be_visible()

    # She checks in at the counter by its tag; the counter shows her.
    box = stage.box
    box.says()
    page.goto(f"{stage.cloud.origin}/m/lane/{box.made.store}/{box.made.tills[0].till}")
    page.locator("#check-in").click()
    expect(page.locator("#lane-state")).to_contain_text("柜台已认出您")
    page.locator("#show-code").click()
    box.sells(ann, 5_900)
    shows_points(page, "64")

    page.locator("#tasks").click()
    sign, hundred = page.locator('[data-task="sign"]'), page.locator('[data-task="hundred"]')
    expect(sign.locator(".chip")).to_have_text("已完成")
    expect(hundred).to_contain_text("再买 ¥41.00")
    expect(hundred.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "5900")
    chrome.screenshot(page, "member-tasks-zh")
    page.locator("#back").click()

    # Two taps order a cup; it waits at the shop, and so do her points.
    eventually(lambda: stage.lent(ann))
    page.locator("#mall").click()
    page.locator("#want-cup").click()
    chrome.screenshot(page, "member-mall-order-zh")
    page.locator("#order").click()
    # What lies there is fetched for the order.
    stage.gives_points_back(ann)
    expect(page.locator("#notice")).to_contain_text("已兑换")
    expect(page.locator("#mall-points")).to_have_text("24")
    gift = page.locator("[data-gift]")
    expect(gift).to_contain_text("马克杯")
    chrome.screenshot(page, "member-mall-zh")
    number = UUID(gift.get_attribute("data-gift") or "")
    stage.hands_over(ann, number)
    page.locator("#back").click()
    page.locator("#mall").click()
    expect(page.locator('[data-state="handed"]')).to_contain_text("已领取")
    expect(page.locator("[data-gift]")).to_have_count(0)
    assert watch.foreign == []


def test_a_friend_who_follows_her_link(stage: Stage) -> None:
    ann = stage.enrols("周岚")
    page, watch = stage.phone()
    page.goto(f"{stage.cloud.origin}/m/#c={ann.claim_code}")
    page.locator("#invite").click()
    expect(page.locator(".paper .qr")).to_be_visible()
    chrome.screenshot(page, "member-invite-zh")
    link = page.evaluate(
        """async () => {
          const copied = [];
          Object.defineProperty(navigator, "share", {value: undefined, configurable: true});
          Object.defineProperty(navigator, "clipboard",
            {value: {writeText: async (text) => void copied.push(text)}, configurable: true});
          document.getElementById("share-link").click();
          while (!copied.length) await new Promise((done) => setTimeout(done, 50));
          return copied[0];
        }"""
    )
    assert link.startswith(f"{stage.cloud.origin}/m/s/")

    other, elsewhere = stage.phone("en-GB")
    other.goto(link)
    expect(other.locator("h1")).to_contain_text("invites you")
    assert other.url == f"{stage.cloud.origin}/m/"
    chrome.screenshot(other, "member-invited-en")
    bea = stage.enrols("Bea")
    other.goto(f"{stage.cloud.origin}/m/#c={bea.claim_code}")
    expect(other.locator("#notice")).to_contain_text("invitation is noted")
    other.locator("#mall").click()
    expect(other.locator('[data-item="cup"]')).to_contain_text("Mug")
    chrome.screenshot(other, "member-mall-en")
    page.locator("#back").click()
    page.locator("#invite").click()
    expect(page.locator("#invited")).to_contain_text("已邀请 1 位")
    assert watch.foreign == elsewhere.foreign == []

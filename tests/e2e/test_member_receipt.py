"""A receipt without a member, claimed on her phone: scanned, before the phone is bound, pasted."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from edge_agent.adapters.directory_http import HttpDirectory
from retail_core.identity.receipt_claim import claim_key, mint_claim
from retail_core.pricing.rules.bundle import bundle_hash
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import Sale
from tests.e2e import browser as chrome
from tests.e2e.hq_stage import ROOT, Box, Cloud, now_ms, running_cloud
from tests.factories.waiting import PATIENCE_MS
from tests.fakes.cloud_box import Person
from tests.plugins.postgres import Database

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
ASSET = ROOT / "cloud_broker" / "member_page" / "static" / "vendor" / "qrcode.mjs"
PHONE_VIEW = ViewportSize(width=390, height=844)
RULES = json.dumps({"version": 1, "offers": [], "earn": {"id": "base", "fen_per_point": 100}})


@dataclass
class Stage:
    """The running cloud with rules by which sales earn, and a browser."""

    cloud: Cloud
    browser: Browser

    @property
    def box(self) -> Box:
        return self.cloud.boxes[0]

    def guest(
        self, box: Box | None = None, *, send: bool = True, buyer: Person | None = None
    ) -> tuple[UUID, str]:
        """Sell for 59 yuan to nobody; return the receipt and the link that is printed on it."""
        box = box or self.box
        box.sim.wall_ms = now_ms() - 1_000
        content = RULES.encode()
        event = box.sim.sells(
            buyer, business_date=20_261_122, bundle_version=1, bundle_hash=bundle_hash(content)
        )
        if send:
            box.sends_newest()
        sale = decode_body("sale", event.body)
        assert isinstance(sale, Sale)
        receipt = UUID(bytes=sale.receipt_id)
        key = claim_key(sha256(box.made.device_token.encode()).digest())
        return receipt, f"{self.cloud.origin}/m/#r={mint_claim(key, receipt)}"

    def enrols(self) -> Person:
        self.box.sim.wall_ms = now_ms() - 500
        person = Person(name="赵敏", phone=str(8613900000000 + now_ms() % 10**8))
        self.box.sim.enrols(person)
        self.box.sends_newest()
        return person

    def phone(self, locale: str = "zh-CN") -> tuple[Page, chrome.Watch]:
        """A phone that nobody used yet."""
        context = self.browser.new_context(viewport=PHONE_VIEW, locale=locale)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page, chrome.Watch(page, self.cloud.origin)

    def bound(self) -> tuple[Page, chrome.Watch]:
        """A member's phone."""
        page, watch = self.phone()
        page.goto(f"{self.cloud.origin}/m/#c={self.enrols().claim_code}")
        expect(page.locator(".paper .qr")).to_be_visible()
        return page, watch


@pytest.fixture(scope="module")
def stage(
    new_database: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Run the cloud once."""
    if not ASSET.exists():
        pytest.skip("page assets are missing: make assets")
    folder = tmp_path_factory.mktemp("cloud")
    with running_cloud(new_database().url, folder) as cloud, chrome.chromium() as browser:
        tenant = cloud.boxes[0].made.tenant
        cloud.office.publisher.publish_bundle(tenant, RULES.encode(), who="HQ")
        yield Stage(cloud, browser)


def test_scanned_once(stage: Stage) -> None:
    page, watch = stage.bound()
    _, link = stage.guest()
    page.goto(link)
    expect(page.locator("#receipt-points")).to_have_text("+59")
    assert page.url == f"{stage.cloud.origin}/m/", "the code does not stay in the address"
    page.locator("#receipt-home").click()
    expect(page.locator("#points")).to_have_text("59")
    page.goto(link)
    expect(page.locator(".says")).to_contain_text("已经记过积分")
    assert watch.foreign == []


def test_scanned_before_the_phone_is_bound(stage: Stage) -> None:
    page, _watch = stage.phone()
    page.goto(stage.guest()[1])
    expect(page.locator(".says")).to_contain_text("先绑定手机")
    page.goto(f"{stage.cloud.origin}/m/#c={stage.enrols().claim_code}")
    expect(page.locator("#receipt-points")).to_have_text("+59")


def test_pasted_and_too_early(stage: Stage) -> None:
    page, _watch = stage.bound()
    _, link = stage.guest(stage.cloud.boxes[1], send=False)
    page.locator("#settings").click()
    page.locator("#receipt-code").fill(link)
    page.locator("#receipt-claim").click()
    expect(page.locator(".says")).to_contain_text("稍后再试")
    stage.cloud.boxes[1].sends_newest()
    page.locator("#receipt-again").click()
    expect(page.locator("#receipt-points")).to_have_text("+59")
    page.locator("#receipt-home").click()
    page.locator("#settings").click()
    page.locator("#receipt-code").fill("hello")
    page.locator("#receipt-claim").click()
    expect(page.locator(".says")).to_contain_text("不是我们小票上的补登码")


def test_a_box_looks_a_receipt_up_over_http(stage: Stage) -> None:
    receipt, _ = stage.guest()
    other = stage.cloud.boxes[2]
    directory = HttpDirectory(stage.cloud.origin, other.made.device_token, read_timeout_s=10)
    found = directory.receipt(receipt)
    assert found is not None
    assert (found.store_name, found.sale.total_fen, found.refunds) == ("上海徐汇店", 5_900, ())
    number = found.sale.till_receipt_no
    assert found in directory.receipts_by_number(number, 20_261_122)
    assert directory.receipt(other.made.store) is None
    directory.close()


def test_an_electronic_receipt_is_shown_to_its_buyer_alone(stage: Stage) -> None:
    page, watch = stage.phone()
    ann = stage.enrols()
    page.goto(f"{stage.cloud.origin}/m/#c={ann.claim_code}")
    expect(page.locator(".paper .qr")).to_be_visible()
    _, link = stage.guest(buyer=ann)
    link = link.replace("#r=", "#e=")
    page.goto(link)
    expect(page.locator("#bill-total")).to_have_text("¥59.00")
    expect(page.locator("ul.bill li")).to_have_count(2)
    assert page.url == f"{stage.cloud.origin}/m/", "the code does not stay in the address"
    chrome.screenshot(page, "member-bill-zh")
    stranger, _ = stage.bound()
    stranger.goto(link)
    expect(stranger.locator(".says")).to_contain_text("小票打不开")
    assert watch.foreign == []

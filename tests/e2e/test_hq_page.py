"""HQ's pages in a real browser over the real cloud: PostgreSQL, mosquitto, `cloud-broker run`.

Three boxes speak MQTT as boxes do; what they say has to appear on the wall by itself.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, Page, StorageState, expect

from cloud_broker.adapters.mosquitto_files import BrokerDevice, hash_password
from cloud_broker.bootstrap import Office, build_office
from cloud_broker.services.provision import Provisioned, StoreAsked
from cloud_broker.settings import Settings
from retail_core.wire.codec import decode_ack
from retail_core.wire.topics import shard_of
from tests.e2e import browser as chrome
from tests.factories.waiting import eventually
from tests.fakes.cloud_box import Person, SimBox
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker
from tests.plugins.postgres import Database

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "cloud_broker" / "console" / "static" / "vendor" / "htmx.min.js"
PLACES = (
    ("上海徐汇店", "上海", "华东"),
    ("成都春熙路店", "成都", "西南"),
    ("北京国贸店", "北京", "华北"),
)
WITHIN_MS = 15_000
GIVE_UP_S = 30.0
OPENING = clock_time(4)
PAGES = ("/", "/sales", "/members", "/repair", "/review-names")


class Box:
    """A shop's box on the line: speaks in SimBox's words, over MQTT as itself."""

    def __init__(self, made: Provisioned) -> None:
        self.made = made
        self.sim = SimBox(
            made.tenant, store=made.store, device=made.device, legal_entity=made.legal_entity
        )
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=str(made.device))
        self._client.username_pw_set(str(made.device), made.broker_password)
        self._client.on_message = self._hear
        self._acked: set[int] = set()

    def connect(self, port: int) -> None:
        """Come on the line."""
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        eventually(self._client.is_connected)
        self._client.subscribe(self.sim.topic("ack"), qos=1)

    def leave(self) -> None:
        """Go off the line; safe when never on it."""
        self._client.disconnect()
        self._client.loop_stop()

    def says(self, state: str = "ok", **said: object) -> None:
        """Say how the box is."""
        self.sim.wall_ms = now_ms()
        payload = self.sim.presence(state, **{"devices": WELL} | said)
        self._client.publish(self.sim.topic("st"), payload, qos=1, retain=True).wait_for_publish(5)

    def sells(self, person: Person | None, fen: int, **changes: object) -> None:
        """Sell something now and send it up."""
        self.sim.wall_ms = now_ms() - 1_000
        self.sim.sells(person, fen=fen, **{"business_date": business_date()} | changes)
        self.sends_newest()

    def sends_newest(self) -> None:
        """Send the newest record up, again until the cloud has it: the broker may forget."""
        newest = len(self.sim.events)
        payload = self.sim.frame(newest)
        deadline = time.monotonic() + GIVE_UP_S
        while newest not in self._acked:
            assert time.monotonic() < deadline, "the cloud never acknowledged"
            self._client.publish(self.sim.topic(), payload, qos=1).wait_for_publish(5)
            with contextlib.suppress(AssertionError):
                eventually(lambda: newest in self._acked, within_s=1)

    def _hear(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        for first, last in decode_ack(bytes(message.payload)).ranges:
            self._acked.update(range(first, last + 1))


WELL = {"camera": "ok", "qr": "ok", "nfc": "ok", "till_tap": "ok", "cloud": "ok"}


@dataclass
class Cloud:
    """The running cloud and its three shops."""

    settings: Settings
    office: Office
    boxes: tuple[Box, ...]
    password: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    person: Person = field(default_factory=lambda: Person(name="李敏"))

    @property
    def origin(self) -> str:
        """Return where the pages are."""
        return f"http://127.0.0.1:{self.settings.http_port}"

    def start(self) -> None:
        """Start `cloud-broker run` and wait until it answers."""
        settings = self.settings
        secret = {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "BROKER_PASSWORD": settings.broker_password.get_secret_value(),
        }
        plain = {
            "SECRETS_DIR": str(settings.secrets_dir),
            "HTTP_PORT": str(settings.http_port),
            "BROKER_PORT": str(settings.broker_port),
        }
        named = {f"REGULARS_{name}": value for name, value in (secret | plain).items()}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cloud_broker", "run"],
                cwd=ROOT,
                env=dict(os.environ) | named,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: _listens(settings.http_port), within_s=60)

    def stop(self, *, kill: bool = False) -> None:
        """End it, in order or without a word."""
        if self.process is not None:
            (self.process.kill if kill else self.process.terminate)()
            self.process.wait(20)
            self.process = None


def now_ms() -> int:
    """Return the wall clock."""
    return time.time_ns() // 1_000_000


def business_date() -> int:
    """Return the shops' business day, which begins at four."""
    local = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(hours=4)
    return int(f"{local:%Y%m%d}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _provision(office: Office) -> tuple[Provisioned, ...]:
    tenant = office.provision.tenant("熟客示范", "demo")
    return tuple(
        office.provision.store(
            tenant,
            StoreAsked(name, city, region, "总公司", "Asia/Shanghai", OPENING, (), ()),
            who="test",
        )
        for name, city, region in PLACES
    )


def _hashed(made: Provisioned) -> str:
    return hash_password(made.broker_password, b"s" * 12)


@contextmanager
def _broker(made: tuple[Provisioned, ...]) -> Iterator[Broker]:
    devices = [
        BrokerDevice(
            one.tenant,
            shard_of(one.store),
            one.device,
            hash_password(one.broker_password, b"s" * 12),
        )
        for one in made
    ]
    # Not below pytest's own folder: mosquitto gives up root before it opens its files.
    folder = Path(tempfile.mkdtemp(prefix="regulars-test-mq-"))
    folder.chmod(0o755)
    broker = Broker(folder, devices)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def cloud(
    new_database: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """Run the whole cloud with three provisioned shops, whose boxes are on the line."""
    if not ASSETS.exists():
        pytest.skip("page assets are missing: make assets")
    folder = tmp_path_factory.mktemp("cloud")
    with ExitStack() as stack:
        drafted = Settings(
            database_url=new_database().url,
            secrets_dir=folder / "secrets",
            http_port=_free_port(),
            broker_password=INGEST_PASSWORD,
        )
        office = build_office(drafted)
        stack.callback(office.close)
        made = _provision(office)
        password = office.access.add_user(made[0].tenant, "hq", "王芳", "operations")
        broker = stack.enter_context(_broker(made))
        settings = drafted.model_copy(update={"broker_port": broker.port})
        boxes = tuple(Box(one) for one in made)
        running = Cloud(settings, office, boxes, password, folder / "log")
        running.start()
        stack.callback(running.stop)
        for box in boxes:
            stack.callback(box.leave)
            box.connect(broker.port)
            box.says()
        _begin(running)
        yield running


def _begin(cloud: Cloud) -> None:
    """Enrol the member in Shanghai and sell once in each shop."""
    first = cloud.boxes[0]
    first.sim.wall_ms = now_ms() - 2_000
    first.sim.enrols(cloud.person)
    first.sends_newest()
    for kind in ("membership", "face.local"):
        first.sim.consents(cloud.person, kind)
        first.sends_newest()
    for number, box in enumerate(cloud.boxes):
        box.sells(cloud.person if number == 0 else None, 12_800 + 100 * number)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser once."""
    with chrome.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def session(cloud: Cloud, browser: Browser) -> StorageState:
    """Sign in once and keep the cookies."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, cloud)
    kept = context.storage_state()
    context.close()
    return kept


@dataclass
class Visit:
    """A signed-in page and what it asked for."""

    page: Page
    watch: chrome.Watch

    def opens_wall(self, origin: str) -> None:
        """Open the first page and wait until it is live."""
        self.page.goto(origin + "/")
        expect(self.page.locator(".live--on")).to_be_visible(timeout=WITHIN_MS)


@pytest.fixture
def visit(cloud: Cloud, browser: Browser, session: StorageState) -> Iterator[Visit]:
    """Look at the live wall; afterwards nothing may have left the origin."""
    context = browser.new_context(viewport=chrome.HQ_VIEW, locale="zh-CN", storage_state=session)
    page = context.new_page()
    page.set_default_timeout(WITHIN_MS)
    made = Visit(page, chrome.Watch(page, cloud.origin))
    for box in cloud.boxes:
        box.says()
    made.opens_wall(cloud.origin)
    yield made
    context.close()
    assert made.watch.foreign == []


def sign_in(page: Page, cloud: Cloud) -> None:
    """Sign in as HQ, by keyboard."""
    page.goto(cloud.origin + "/")
    expect(page.locator("#login")).to_be_focused()
    page.keyboard.type("hq")
    page.keyboard.press("Tab")
    page.keyboard.type(cloud.password)
    page.keyboard.press("Enter")
    expect(page.locator(".live--on")).to_be_visible(timeout=WITHIN_MS)


def places(page: Page) -> dict[str, object]:
    """Return where everything on the wall stands."""
    found: dict[str, object] = page.evaluate(
        """() => Object.fromEntries(
          [...document.querySelectorAll('.tile, .card, .figure')].map((part) => {
            const {x, y, width} = part.getBoundingClientRect();
            return [part.id || part.className, [x, y, width]];
          }))"""
    )
    return found


def test_the_wall_shows_the_three_shops(visit: Visit) -> None:
    page = visit.page
    for name, city, region in PLACES:
        tile = page.locator("a.tile", has_text=name)
        expect(tile).to_contain_text("可售", timeout=WITHIN_MS)
        expect(page.locator(".group", has=tile).locator("h3")).to_contain_text(f"{region} · {city}")
    expect(page.locator("#figure-ok .big")).to_have_text("3")
    expect(page.locator("#figure-delay")).to_contain_text("ms")
    assert visit.watch.complaints == []


def test_a_sale_arrives_by_itself(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    before = places(page)
    shown = page.locator("#live-sales .sale").first
    cloud.boxes[1].sells(cloud.person, 54_321)
    expect(shown).to_contain_text("¥543.21", timeout=WITHIN_MS)
    expect(shown).to_contain_text("成都春熙路店")
    expect(shown).to_contain_text("李敏")
    expect(page.locator("a.tile", has_text="成都春熙路店")).to_contain_text("¥543.21")
    assert places(page) == before, "the page moved"
    assert visit.watch.complaints == []


def test_a_sick_shop_comes_first_with_why_and_what_helps(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    cloud.boxes[2].says("degraded", devices=WELL | {"nfc": "gone"})
    tile = page.locator("a.tile", has_text="北京国贸店")
    expect(tile).to_contain_text("降级", timeout=WITHIN_MS)
    expect(page.locator("#figure-degraded .big")).to_have_text("1")
    issue = page.locator("#issues .issue", has_text="北京国贸店")
    expect(issue).to_contain_text("读卡器没有响应")
    chrome.screenshot(page, "hq-wall-degraded-zh")
    issue.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("北京国贸店")
    expect(page.locator(".reasons")).to_contain_text("USB")
    cloud.boxes[2].says()


def test_a_silent_shop_is_named_silent(visit: Visit, cloud: Cloud) -> None:
    cloud.boxes[1].says("gone")
    tile = visit.page.locator("a.tile", has_text="成都春熙路店")
    expect(tile).to_contain_text("失联", timeout=WITHIN_MS)
    cloud.boxes[1].says()
    expect(tile).to_contain_text("可售", timeout=WITHIN_MS)


def test_the_page_comes_back_after_the_cloud_was_killed(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    cloud.stop(kill=True)
    expect(page.locator("#live")).to_contain_text("正在重新连接", timeout=WITHIN_MS)
    cloud.start()
    for box in cloud.boxes:
        box.says()
    expect(page.locator(".live--on")).to_be_visible(timeout=60_000)
    cloud.boxes[0].sells(None, 77_700)
    expect(page.locator("#live-sales")).to_contain_text("¥777.00", timeout=WITHIN_MS)


def test_an_ended_session_leads_to_sign_in(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    # A session of its own: the shared one goes on for the other tests.
    page.context.clear_cookies()
    sign_in(page, cloud)
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(re.compile("/login"))
    page.goto(cloud.origin + "/sales")
    expect(page).to_have_url(re.compile(r"/login\?next=/sales"))


def test_the_member_page_tells_her_story(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    page.goto(f"{cloud.origin}/members?q=李敏")
    page.get_by_role("link", name="李敏").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("李敏")
    expect(page.locator(".person")).to_contain_text("138****8000")
    tag = page.get_by_text("敏感肌")
    expect(tag).to_be_hidden()
    page.locator(".tags summary").click()
    expect(tag).to_be_visible()
    expect(page.locator("[aria-labelledby=consents-title]").first).to_contain_text("本店人脸识别")
    expect(page.locator("[aria-labelledby=purchases-title]").first).to_contain_text("洗面奶")


def test_the_table_is_filtered_sorted_and_walked_by_keyboard(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    page.goto(cloud.origin + "/sales")
    page.keyboard.press("/")
    page.keyboard.type("北京")
    expect(page.locator(".rows > tbody > tr")).to_have_count(1, timeout=WITHIN_MS)
    expect(page).to_have_url(re.compile("q="))
    expect(page.locator("#q")).to_be_focused()
    page.goto(cloud.origin + "/sales?sort=amount&dir=asc")
    amounts = page.locator(".rows > tbody > tr > td.strong").all_inner_texts()
    numbers = [float(text.strip("¥").replace(",", "")) for text in amounts]
    assert numbers == sorted(numbers)
    page.locator(".rows summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".lines").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".rows summary").nth(1)).to_be_focused()
    with page.expect_download() as download:
        page.get_by_role("link", name="导出 CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert len(text.splitlines()) == len(numbers) + 1
    assert visit.watch.complaints == []


def test_tiles_are_walked_by_arrow_keys(visit: Visit) -> None:
    page = visit.page
    tiles = page.locator("a.tile")
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(tiles.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/stores/"))


def test_a_record_that_could_not_be_booked_is_replayed_in_place(visit: Visit, cloud: Cloud) -> None:
    page, box = visit.page, cloud.boxes[2]
    stranger = Person(name="赵一", phone="8613900139000")
    box.sim.wall_ms = now_ms()
    box.sim.issues_card(stranger, b"\x04lost")
    box.sends_newest()
    expect(page.locator("#issue-repairs")).to_be_visible(timeout=WITHIN_MS)
    page.locator("#issue-repairs").get_by_role("link").click()
    button = page.get_by_role("button", name=re.compile("重放")).first
    button.focus()
    page.keyboard.press("Enter")
    expect(
        page.get_by_role("status").filter(has_text=re.compile("已重放|仍未入账"))
    ).to_be_visible()
    chrome.screenshot(page, "hq-repair-zh")


def test_a_printed_name_finds_its_article_list(visit: Visit, cloud: Cloud) -> None:
    page = visit.page
    box = cloud.boxes[1]
    box.sells(None, 6_100, source="tap", till_receipt_no=f"P{now_ms()}")
    expect(page.locator("#issue-names")).to_be_visible(timeout=WITHIN_MS)
    page.goto(cloud.origin + "/review-names")
    expect(page.locator("main")).to_contain_text("购物袋")
    page.get_by_role("textbox").first.fill("NOSUCH")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("A108")


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_axe_finds_nothing(
    cloud: Cloud, visit: Visit, language: str, scheme: Literal["light", "dark"]
) -> None:
    page = visit.page
    page.emulate_media(color_scheme=scheme)
    store = f"/stores/{cloud.boxes[0].made.store}"
    member = f"/members/{cloud.person.member}"
    names = ("wall", "sales", "members", "repair", "names", "store", "member")
    for name, path in zip(names, (*PAGES, store, member), strict=True):
        page.goto(f"{cloud.origin}{path}?lang={language}")
        if path == "/":
            expect(page.locator(".live--on")).to_be_visible(timeout=WITHIN_MS)
        assert chrome.axe_findings(page) == [], name
        chrome.screenshot(page, f"hq-{name}-{language}-{scheme}")
    visit.page.context.clear_cookies()
    page.goto(f"{cloud.origin}/login?lang={language}")
    assert chrome.axe_findings(page) == []
    chrome.screenshot(page, f"hq-login-{language}-{scheme}")
    assert visit.watch.complaints == []


def test_no_script_or_style_stands_in_the_page(visit: Visit) -> None:
    """The content policy refuses them; a refusal would be a complaint."""
    page = visit.page
    refused = page.evaluate(
        """() => { const s = document.createElement('script');
          s.textContent = 'window.ran = true'; document.body.append(s); return !window.ran; }"""
    )
    assert refused
    header = page.request.get(page.url).headers["content-security-policy"]
    assert header.startswith("default-src 'self'")
    assert json.dumps(header).count("unsafe") == 0

"""`make bench-fleet`: the wall of 1,200 stores in Chromium while 250 of them change every 250 ms.

PostgreSQL, `cloud-broker run --role api` and Chromium without a graphics card share this machine.
Script is what the page's main thread spends in JavaScript, by Chromium's own trace; a batch is a
window of 250 ms. Frames are counted by the page's animation callbacks.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time as clock_time
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Browser, Page

from cloud_broker.bootstrap import Office, build_office
from cloud_broker.domain.vitals import SPAN_MS, Span
from cloud_broker.migrations.runner import upgrade
from cloud_broker.ports.fleet import DeviceState, NewDevice, NewStore
from cloud_broker.ports.health import BoxIssues
from cloud_broker.ports.live import LiveEvent
from cloud_broker.settings import Settings
from retail_core.wire.topics import shard_of
from tests.e2e.browser import HQ_VIEW, axe_findings, chromium, screenshot
from tests.factories.ports import free_port
from tests.factories.waiting import eventually
from tools import embedded_pg
from tools.bench.report import ROOT, Bench, Row, percentile

STORES = 1_200
BATCH = 250
BATCH_S = 0.25
MEASURED_S = 10.0
BAR_FPS, BAR_SCRIPT_MS = 55.0, 10.0
CITIES = (
    *(("华东", city) for city in ("上海", "杭州", "南京", "苏州")),
    *(("华北", city) for city in ("北京", "天津", "石家庄")),
    *(("华南", city) for city in ("广州", "深圳", "厦门")),
    *(("西南", city) for city in ("成都", "重庆", "昆明")),
)
WELL = {"camera": "ok", "qr": "ok", "nfc": "ok", "till_tap": "ok", "cloud": "ok"}
ILL = (("ok", WELL), ("degraded", WELL | {"nfc": "gone"}), ("cannot", WELL | {"till_tap": "gone"}))
# Chromium's own names: a call from outside into the page's code.
SCRIPT = frozenset({"FunctionCall", "EvaluateScript", "RunMicrotasks"})
COUNT_FRAMES = """ms => new Promise(done => { let n = 0; const from = performance.now();
  const next = now => { n += 1;
    now - from < ms ? requestAnimationFrame(next) : done(n * 1000 / (now - from)) };
  requestAnimationFrame(next); })"""
COUNT_BATCHES = """() => { window.batches = [];
  document.getElementById("stream").addEventListener("tiles", event =>
    window.batches.push(JSON.parse(event.detail.data).tiles.length)); }"""


@dataclass
class Chain:
    """A chain in the database, whose boxes change."""

    office: Office
    tenant: UUID
    places: list[tuple[UUID, UUID]]
    password: str

    @classmethod
    def made(cls, office: Office) -> "Chain":
        """Enter the stores."""
        tenant = office.provision.tenant("熟客示范", "demo")
        places, ids = [], office.ids
        with office.units.begin(tenant) as unit:
            entity = unit.fleet.add_legal_entity(ids.uuid7(), "总公司")
            for number in range(STORES):
                region, city = CITIES[number % len(CITIES)]
                store, device = ids.uuid7(), ids.uuid7()
                place = unit.fleet.add_region(ids.uuid7(), region)
                unit.fleet.add_store(
                    NewStore(
                        *(store, entity, place, f"{city}{number // len(CITIES) + 1:03} 店", city),
                        *("Asia/Shanghai", clock_time(4), shard_of(store)),
                    ),
                    office.clock.now_ms(),
                )
                unit.fleet.add_device(
                    NewDevice(device, store, 1, ids.random_bytes(32), "x"), office.clock.now_ms()
                )
                places.append((store, device))
        password = office.access.add_user(tenant, "hq", "王芳", "operations")
        chain = cls(office, tenant, places, password)
        drawn = random.Random(0)  # noqa: S311 -- made-up states
        for at in range(0, STORES, BATCH):
            chain.changes(places[at : at + BATCH], drawn, well=0.9)
        return chain

    def changes(self, some: list[tuple[UUID, UUID]], drawn: random.Random, *, well: float) -> None:
        """Let boxes say something else, as ingest writes it."""
        now_ms = self.office.clock.now_ms()
        states = []
        for store, device in some:
            state, devices = ILL[0] if drawn.random() < well else drawn.choice(ILL)
            states.append(
                DeviceState(
                    *(device, store, state, device, now_ms, "0.1.0", 1, drawn.randrange(3), 0),
                    *(state != "cannot", devices, {}, now_ms),
                )
            )
        with self.office.units.begin(self.tenant) as unit:
            changed = sorted(unit.fleet.save_states(states))
            for at in range(0, len(changed), BATCH // 2):
                part = tuple(changed[at : at + BATCH // 2])
                unit.announce(LiveEvent(self.tenant, frozenset({"store"}), part))

    def falls_ill(self) -> UUID:
        """Give the first store figures and issues worth a look."""
        store, device = self.places[0]
        drawn = random.Random(1)  # noqa: S311 -- made-up figures
        now_ms = self.office.clock.now_ms()
        first = now_ms - now_ms % SPAN_MS - 143 * SPAN_MS
        spans = [
            Span(
                device,
                first + n * SPAN_MS,
                {
                    "temperature_c": 58 + max(0, 28 - abs(90 - n)) + drawn.randrange(3),
                    "disk_free_percent": 34 - n // 12,
                    "memory_free_percent": 41 + drawn.randrange(4),
                    "queue_depth": max(0, 40 - 4 * abs(60 - n)),
                    "queue_age_s": max(0, 4_800 - 480 * abs(60 - n)),
                    "journal_ms": 4 + drawn.randrange(6),
                },
            )
            for n in range(144)
        ]
        old = BoxIssues(device, store, now_ms - 14 * 3_600_000, {("H113", ""): {
            "count": "40", "minutes": "80"}})  # fmt: skip
        told = {
            ("H103", ""): {"celsius": "86"},
            ("H119", "nfc"): {"device": "nfc", "state": "gone"},
        }
        with self.office.units.begin(self.tenant) as unit:
            unit.health.keep_spans(spans)
            unit.health.keep_issues([old])
            unit.health.keep_issues([BoxIssues(device, store, now_ms - 900_000, told)])
        return store


@contextmanager
def running(folder: Path) -> Iterator[tuple[Chain, str]]:
    """Run database and API; yield the chain and the console's address."""
    server = embedded_pg.start(folder / "pg")
    try:
        upgrade(server.owner_url)
        settings = Settings(
            database_url=server.app_url, secrets_dir=folder / "secrets", http_port=free_port()
        )
        office = build_office(settings)
        chain = Chain.made(office)
        named = {
            "REGULARS_DATABASE_URL": server.app_url,
            "REGULARS_SECRETS_DIR": str(settings.secrets_dir),
            "REGULARS_HTTP_PORT": str(settings.http_port),
        }
        program = subprocess.Popen(
            [sys.executable, "-m", "cloud_broker", "run", "--role", "api"],
            cwd=ROOT,
            env=dict(os.environ) | named,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield chain, f"http://127.0.0.1:{settings.http_port}"
        finally:
            program.terminate()
            program.wait(20)
            office.close()
    finally:
        embedded_pg.destroy(folder / "pg")


def main() -> int:
    """Measure and report."""
    bench = Bench("fleet")
    folder = Path(tempfile.mkdtemp(prefix="regulars-bench-fleet-"))
    folder.chmod(0o755)
    (folder / "pg").mkdir(mode=0o755)
    with running(folder) as (chain, origin), chromium() as browser:
        page = _signed_in(browser, chain, origin)
        _wall(bench, browser, page, chain)
        _pictures(bench, page, chain, origin)
    return bench.finish()


def _signed_in(browser: Browser, chain: Chain, origin: str) -> Page:
    page = browser.new_context(viewport=HQ_VIEW, locale="zh-CN").new_page()
    eventually(lambda: answers(page, origin))
    page.fill("#login", "hq")
    page.fill("#password", chain.password)
    page.keyboard.press("Enter")
    page.wait_for_selector(".live--on")
    return page


def answers(page: Page, origin: str) -> bool:
    """Tell whether the console answers yet."""
    try:
        return page.goto(origin + "/login") is not None
    except Exception:  # noqa: BLE001 -- it is still starting
        return False


def _wall(bench: Bench, browser: Browser, page: Page, chain: Chain) -> None:
    began = time.monotonic()
    page.reload()
    page.wait_for_selector(".live--on")
    bench.add(Row("first view of the wall, 1,200 stores", time.monotonic() - began, "s", 1.0))
    stop = threading.Event()
    storm = threading.Thread(target=_storm, args=(chain, stop))
    page.evaluate(COUNT_BATCHES)
    storm.start()
    try:
        page.wait_for_timeout(2_000)
        page.evaluate("window.batches = []")
        browser.start_tracing(page=page, categories=["devtools.timeline", "toplevel"])
        fps = page.evaluate(COUNT_FRAMES, MEASURED_S * 1_000)
        trace = browser.stop_tracing()
        batches = page.evaluate("window.batches")
    finally:
        stop.set()
        storm.join()
    script = _script_ms(trace)
    bench.add(Row("frames a second", fps, "fps", BAR_FPS, "higher"))
    bench.add(Row("script a batch, p50", percentile(script, 50), "ms", BAR_SCRIPT_MS))
    bench.add(Row("script a batch, p95", percentile(script, 95), "ms", BAR_SCRIPT_MS))
    bench.add(Row("script a batch, the longest", max(script, default=None), "ms"))
    bench.add(Row("batches that arrived", float(len(batches)), f"in {MEASURED_S:.0f} s"))
    mean = sum(batches) / max(1, len(batches))
    bench.add(Row("tiles changed in a batch, mean", mean, "tiles"))


def _storm(chain: Chain, stop: threading.Event) -> None:
    drawn = random.Random(7)  # noqa: S311 -- made-up states
    at, due = 0, time.monotonic()
    while not stop.is_set():
        some = (chain.places * 2)[at : at + BATCH]
        chain.changes(some, drawn, well=0.3)
        at = (at + BATCH) % STORES
        due = max(due + BATCH_S, time.monotonic())
        stop.wait(due - time.monotonic())


def _script_ms(trace: bytes) -> list[float]:
    """Return how long the page's scripts ran in each window of a batch, by the trace."""
    events = [
        event
        for event in json.loads(trace)["traceEvents"]
        if event.get("ph") == "X" and event["name"] in SCRIPT
    ]
    threads: dict[tuple[int, int], float] = {}
    for event in events:
        key = event["pid"], event["tid"]
        threads[key] = threads.get(key, 0) + event["dur"]
    if not threads:
        return []
    main_thread = max(threads, key=lambda key: threads[key])
    windows: dict[int, float] = {}
    until = 0.0
    first = min(event["ts"] for event in events)
    for event in sorted(events, key=lambda event: event["ts"]):
        if (event["pid"], event["tid"]) != main_thread or event["ts"] < until:
            continue
        until = event["ts"] + event["dur"]
        window = int((event["ts"] - first) / (BATCH_S * 1e6))
        windows[window] = windows.get(window, 0) + event["dur"] / 1e3
    return [windows.get(number, 0.0) for number in range(max(windows) + 1)]


def _pictures(bench: Bench, page: Page, chain: Chain, origin: str) -> None:
    """Look at the pages as they stand, in both languages."""
    store = chain.falls_ill()
    findings = 0
    places = {"wall": "/", "wall-ill": "/?state=cannot,gone&region=华东"}
    places |= {"store": f"/stores/{store}", "alerts": "/alerts"}
    for language in ("zh", "en"):
        for name, path in places.items():
            page.goto(f"{origin}{path}{'&' if '?' in path else '?'}lang={language}")
            page.wait_for_timeout(800)
            found = axe_findings(page)
            findings += len(found)
            for one in found:
                print(name, one)
            screenshot(page, f"fleet-{name}-{language}", full=name == "store")
    bench.add(Row("findings of axe on the fleet's pages", float(findings), "", 0.0))


if __name__ == "__main__":
    sys.exit(main())

"""Every page of HQ, as the table of rights names them, is judged by axe in both languages."""

import re
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from cloud_broker.bootstrap.hooks import hook_desk
from cloud_broker.domain.hooks import HookKind
from cloud_broker.domain.rights import NEEDS
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.fleet.commands import Wish
from cloud_broker.services.fleet.desks import fleet_desks
from cloud_broker.services.fleet.releases import ReleaseDesk, ReleaseInfo
from cloud_broker.services.fleet.twin import Spot
from retail_core.fleet.rollout import Policy
from tests.e2e import browser as chrome
from tests.e2e.hq_stage import Cloud
from tests.e2e.hq_visit import Visit, broken, sign_in, unmapped
from tests.factories.bundle_content import TIER, content
from tests.fakes.cloud_box import fresh_id

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
# Files, streams and what answers programs are no pages.
NO_PAGE = re.compile(r"^/v1/|\.(csv|json|tar\.gz)$|/stream$|\{table\}")
Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[str, Scheme], ...] = (("zh", "light"), ("en", "dark"))
ADDRESSES = sorted(
    address for method, address in NEEDS if method == "GET" and not NO_PAGE.search(address)
)
# What this stage has not: an import and a job need a worker to have run, boxes' certificates an
# authority of their own, an article's stock a night's plans.
MISSING = frozenset({"/stores/{store_id}/boxes", "/stock-plans/article"})
ELSEWHERE = MISSING | {"/masters/{import_id}", "/offers/jobs/{job_id}"}


def address_of(path: str) -> str | None:
    """Return the address of which a path is one."""
    path = path.partition("?")[0].partition("#")[0]
    if path in ADDRESSES:
        return path
    made = {one: re.sub(r"\{\w+\}", "[^/]+", one) for one in ADDRESSES if "{" in one}
    return next((one for one, shape in made.items() if re.fullmatch(shape, path)), None)


@pytest.fixture(scope="module")
def furnished(cloud: Cloud) -> Cloud:
    """Let there be one of each thing that has a page."""
    office, tenant = cloud.office, cloud.boxes[0].made.tenant
    cloud.boxes[0].sells(cloud.person, 12_345)
    broken(cloud)
    unmapped(cloud)
    for version in (1, 2):
        office.publisher.publish_bundle(tenant, content(TIER, version=version), who="cli")
    hook_desk(office).add(
        tenant, "ERP", "https://erp.example/hook", (HookKind.SALE_BOOKED,), "boss"
    )
    boss = HqIdentity(tenant, fresh_id(), "boss", "boss", "admin")
    desk = ReleaseDesk(office.units, office.clock, office.ids, lambda: [ReleaseInfo(1, "1.0.0", 1)])
    desk.roll_out(boss, 1, Policy(), "try")
    wish = Wish("doctor", Spot("store", cloud.boxes[0].made.store), {}, 3_600_000, why="look")
    fleet_desks(office.units, office.clock, office.ids, tuple).orders.give(boss, wish)
    return cloud


def furnish(page: Page, cloud: Cloud) -> str:
    """Make by the pages themselves what has a page of its own; return where a draft stands."""
    page.goto(cloud.origin + "/offers")
    page.locator("#name").fill("秋季")
    page.locator("#name").press("Enter")
    expect(page.locator("#kind")).to_be_visible()
    draft = page.url
    page.goto(cloud.origin + "/segments/new")
    page.get_by_label("名称").fill("近 30 天买过")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("h1")).to_have_text("近 30 天买过")
    today = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)
    plan = {
        "name": "回来看看",
        "segment": page.url.rpartition("/")[2],
        "actions": [{"kind": "call", "note": "问问近况"}],
        "first_day": f"{today:%Y-%m-%d}",
        "last_day": f"{today:%Y-%m-%d}",
    }
    token = cloud.office.access.api_token(cloud.boxes[0].made.tenant, "hq", "axe")
    made = page.request.post(
        cloud.origin + "/v1/hq/campaigns", data=plan, headers={"Authorization": f"Bearer {token}"}
    )
    assert made.ok, made.text()
    return draft


def links(page: Page) -> list[str]:
    """Return where a page's own part leads to."""
    found: list[str] = page.evaluate(
        "() => [...document.querySelectorAll('main a[href]')].map((a) => a.getAttribute('href'))"
    )
    return found


def test_axe_finds_nothing_on_any_page(visit: Visit, furnished: Cloud) -> None:
    page = visit.page
    # Whom every page is open to: a page that is refused would be judged by its refusal.
    chief = furnished.office.access.add_user(furnished.boxes[0].made.tenant, "chief", "周", "admin")
    page.context.clear_cookies()
    sign_in(page, furnished, "chief", chief)
    draft = furnish(page, furnished)
    member = furnished.person.member
    waiting = [one for one in ADDRESSES if "{" not in one]
    waiting += [f"/identity/{member}", f"/members/{member}", "/offers/versions/1/back"]
    waiting += [f"{urlsplit(draft).path}/publish?how=all"]
    seen: dict[str, str] = {}
    wrong: list[str] = []
    while waiting:
        path = waiting.pop(0)
        address = address_of(path)
        if address is None or address in seen.keys() | MISSING:
            continue
        seen[address] = path
        # One look a page: colours and words are the same few everywhere, and each look costs.
        wrong += judged(page, furnished.origin + path, *LOOKS[len(seen) % len(LOOKS)])
        waiting += links(page)
    assert wrong == []
    assert sorted(set(ADDRESSES) - seen.keys()) == sorted(ELSEWHERE)
    assert visit.watch.complaints == []


def judged(page: Page, url: str, language: str, scheme: Scheme) -> list[str]:
    """Open a page in a language and in the light or the dark; return what axe finds."""
    page.emulate_media(color_scheme=scheme)
    answer = page.goto(f"{url}{'&' if '?' in url else '?'}lang={language}")
    if answer is None or not answer.ok:
        return [f"{url}: {answer and answer.status}"]
    return [f"{url} {language}: {found}" for found in chrome.axe_findings(page)]

"""HQ's pages of cleaning and returns through the whole program: seen, lifted, taken in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from cloud_broker.adapters.hub_pg import PostgresHub
from cloud_broker.bootstrap.cleaning import cleaning_of
from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.bootstrap.serving import Running, build_api
from cloud_broker.settings import Settings
from retail_core.insight.cleaning.seen import SeenOrder
from retail_core.tally import FaultTally
from tests.factories.hq_world import ORIGIN
from tests.factories.planted_rows import id_of, load
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
HOUR_MS = 3_600_000


@dataclass
class Site:
    """A chain with a rush of one buyer in its web shop, and a person of HQ at its pages."""

    office: Office
    web: TestClient
    tenant: UUID
    day: date
    database: Database
    token: str = ""
    csrf: str = ""

    def get(self, path: str, **headers: str) -> str:
        answer = self.web.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        found = re.search(r'name="csrf" value="(\w+)"', answer.text)
        self.csrf = found[1] if found else self.csrf
        return answer.text

    def post(self, path: str, **fields: str) -> str:
        """Send a form; return the page it leads to, which says how that went."""
        return self.web.post(path, data=fields | {"csrf": self.csrf}).text

    def api(self, method: str, path: str, body: object = None) -> Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return self.web.request(method, path, headers=headers, json=body)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    settings = Settings(database_url=database.url, secrets_dir=tmp_path / "keys", tenant="first")
    office = build_office(settings)
    tenant = new_tenant(office.units, "first")
    store = new_box(office.units, tenant).store
    now = office.clock.now_ms()
    rush = [
        SeenOrder(f"o{nth}", "web", "b", now - 24 * HOUR_MS + nth * 60_000, 900 + nth, (("s", 1),))
        for nth in range(8)
    ]
    sale = SeenOrder("sale", "till", "ann", now - 24 * HOUR_MS, 5_000, (("s", 1),))
    load(database.super_dsn, tenant, store, [*rush, sale], ())
    office.access.add_user(tenant, "li", "li", "marketing")
    served, _ = build_api(Running(office, PostgresHub(database.url), FaultTally()))
    web = TestClient(served, base_url=ORIGIN)
    made = Site(office, web, tenant, date.today(), database)  # noqa: DTZ011 - a span around it
    made.token = office.access.api_token(tenant, "li", "test")
    web.cookies.set("regulars_hq", made.token)
    yield made
    office.close()


def test_what_is_set_apart_is_seen_and_lifted_with_a_reason(site: Site) -> None:
    page = site.get("/cleaning")
    assert "没有隔离任何销售" in page
    assert "cloud-broker insight clean" in page
    cleaning_of(site.office).run(site.tenant, who="test")
    page = site.get("/cleaning")
    assert "下单太快" in page
    assert page.count('id="decision-') == 8
    assert "Orders too fast" in site.get("/cleaning?lang=en")
    page = site.get("/cleaning?lang=zh")
    assert page.count("/lift") == 8
    sheet = site.get("/cleaning.csv?which=apart")
    assert sheet.count("velocity v1") == 8
    said = site.api("GET", "/v1/hq/cleaning").json()
    web = next(one for one in said["channels"] if one["channel"] == "web")
    assert (web["orders"], web["orders_without"]) == (8, 0)
    found = site.api("GET", "/v1/hq/cleaning/decisions?rule=velocity").json()["decisions"]
    first, second = found[0]["id"], found[1]["id"]
    assert "E167" in site.post(f"/cleaning/{first}/lift", why=" ")
    assert "已否决" in site.post(f"/cleaning/{first}/lift", why="公司团购")
    assert "公司团购" in site.get("/cleaning?which=lifted")
    lifted = site.api("POST", f"/v1/hq/cleaning/decisions/{second}/lift", {"why": "团购"})
    assert lifted.json()["lifted_by"] == "li"
    assert (
        site.api("POST", f"/v1/hq/cleaning/decisions/{second}/lift", {"why": "x"}).json()["code"]
        == "E166"
    )
    assert "已收回否决" in site.post(f"/cleaning/{first}/restore", why="是假的")
    site.post("/cleaning/orders", order=str(id_of("sale")), why="店员自己刷的")
    assert "人工隔离" in site.get("/cleaning?rule=by_hand")
    assert "A108" in site.post("/cleaning/orders", order="nothing", why="x")
    with site.office.units.connection(site.tenant) as connection:
        acts = connection.exec_driver_sql("select action from audit").scalars().all()
    assert {"cleaning.lift", "cleaning.apart"} <= set(acts)


def test_messages_that_could_not_be_used_wait_on_the_same_page(site: Site) -> None:
    made = site.office.channels.sources.make(site.tenant, "商城", "web", "sdk", who="t")
    sent = site.web.post(
        "/v1/track",
        json={"writeKey": made.shown, "userId": "u", "messageId": "m1"},
    )
    assert sent.status_code == 200
    page = site.get("/cleaning")
    found = re.findall(r"/cleaning/refused/([0-9a-f-]+)/again", page)
    assert len(found) == 1
    # It is as wrong as it was.
    assert re.search(r"E13\d", site.post(f"/cleaning/refused/{found[0]}/again"))
    assert "没有用不了的消息" in site.post(f"/cleaning/refused/{found[0]}/drop")


def test_returns_are_seen_costs_taken_in_and_a_baseline_chosen(site: Site) -> None:
    page = site.get("/roi")
    assert "投入产出" in page
    assert "还没有费用" in page
    assert "网店" in page
    assert "Web shop" in site.get("/roi?lang=en")
    site.get("/roi?lang=zh")
    first, last = site.day - timedelta(days=10), site.day + timedelta(days=1)
    text = f"channel,from,to,amount\nweb,{first},{last},1.20\n"
    looked = site.web.post(
        "/roi/costs/look",
        data={"csrf": site.csrf},
        files={"file": ("costs.csv", text.replace("1.20", "viel").encode(), "text/csv")},
    )
    assert "viel" in looked.text
    assert 'action="/roi/costs"' not in looked.text
    looked = site.web.post(
        "/roi/costs/look",
        data={"csrf": site.csrf},
        files={"file": ("costs.csv", text.encode(), "text/csv")},
    )
    assert 'action="/roi/costs"' in looked.text
    page = site.post("/roi/costs", name="costs.csv", content=text)
    assert "收进 1 行" in page
    undo = re.search(r"/roi/costs/([0-9a-f-]+)/undo", page)
    assert undo is not None
    said = site.api("GET", "/v1/hq/roi").json()
    web = next(one for one in said["channels"] if one["channel"] == "web")
    assert 0 < web["cost_fen"] <= 120
    assert web["roi_permille"] > 0
    assert "web" in site.get("/roi/channels.csv")
    assert "store" in site.get("/roi/stores.csv")
    assert "ad:douyin" in site.get("/roi/costs.csv")
    days = {"first": str(site.day - timedelta(days=60)), "last": str(site.day - timedelta(days=9))}
    assert "E172" in site.post("/roi/baseline", **days, margin="2000")
    assert "35.5 %" in site.post("/roi/baseline", **days, margin="35.5")
    assert "已撤回" in site.post(f"/roi/costs/{undo[1]}/undo")
    assert site.api("POST", "/v1/hq/roi/costs", {"csv": text, "preview": True}).json()["rows"] == 1
    taken = site.api("POST", "/v1/hq/roi/costs", {"csv": text}).json()
    undo_it = f"/v1/hq/roi/costs/{taken['id']}/undo"
    assert site.api("POST", undo_it, {}).status_code == 200
    assert site.api("POST", undo_it, {}).json()["code"] == "E170"
    assert "E171" not in site.get("/roi")
    assert "2020-01-01" in site.get("/roi?first=2020-01-01")
    assert site.get("/roi?first=nonsense&everything=1").count("checked") == 1

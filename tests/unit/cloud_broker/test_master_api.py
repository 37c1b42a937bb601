"""Partner systems over HTTP: keys, tables, previews, changes; and what boxes fetch of goods."""

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from cloud_broker.domain.rights import KeyScope
from cloud_broker.ports.catalogue import Document
from retail_core import limits
from retail_core.catalog.masters import MasterKind
from retail_core.catalog.stock_table import decode_stock
from tests.factories.master_data import ARTICLES, ENTITIES, STORES
from tests.factories.member_phone import Cloud
from tests.plugins.cloud import token_of


@dataclass
class Partner:
    """A partner system at the cloud's door, with a key of these scopes."""

    site: Cloud
    key: str

    def ask(self, method: str, path: str, body: object = None) -> httpx2.Response:
        answer: httpx2.Response = self.site.client.request(
            method,
            f"/v1/master/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.key}"},
        )
        return answer


@pytest.fixture(scope="module")
def site() -> Cloud:
    made = Cloud()
    office, tenant = made.office.masters, made.box.tenant
    for kind, text in (
        (MasterKind.ENTITIES, ENTITIES),
        (MasterKind.STORES, STORES.replace("上海店", "上海店")),
        (MasterKind.ARTICLES, ARTICLES),
        (MasterKind.STOCK, "place,sku,qty\nSH001,A1,5\n"),
    ):
        office.apply(tenant, kind, text, who="li")
    return made


def partner(site: Cloud, *scopes: KeyScope) -> Partner:
    key, _ = site.office.partners.create(site.box.tenant, "ERP", scopes, who="li")
    return Partner(site, key)


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


class TestKeys:
    def test_without_a_key_with_a_wrong_one_and_with_one_that_ended(self, site: Cloud) -> None:
        bare = TestClient(site.client.app, base_url="http://cloud.test")
        assert code(bare.get("/v1/master/articles")) == (401, "A101")
        for text in ("rgk.x.y", "a.b", f"rgk.{site.box.tenant}.nobody"):
            assert code(Partner(site, text).ask("GET", "articles")) == (401, "A180")
        partners, tenant = site.office.partners, site.box.tenant
        text, made = partners.create(tenant, "ERP", (KeyScope.MASTER_READ,), who="li")
        reader = Partner(site, text)
        assert reader.ask("GET", "articles").status_code == 200
        (used,) = [key for key in partners.keys(tenant) if key.key_id == made.key_id]
        assert used.last_used_ms == site.clock.now_ms()
        partners.revoke(tenant, made.key_id, who="li")
        assert code(reader.ask("GET", "articles")) == (401, "A180")

    def test_each_scope_opens_only_its_own(self, site: Cloud) -> None:
        writer, reader = partner(site, KeyScope.MASTER_WRITE), partner(site, KeyScope.MASTER_READ)
        assert code(writer.ask("GET", "articles")) == (403, "A111")
        file = {"csv": "sku,brand\nA1,丙\n"}
        assert code(reader.ask("POST", "articles", file)) == (403, "A111")
        assert reader.ask("POST", "articles/preview", file).status_code == 200

    def test_costs_are_a_scope_of_their_own(self, site: Cloud) -> None:
        def cells(*scopes: KeyScope) -> dict[str, str]:
            rows = partner(site, *scopes).ask("GET", "articles").json()["rows"]
            found: dict[str, str] = rows[0]["cells"]
            return found

        assert "cost" not in cells(KeyScope.MASTER_READ)
        assert cells(KeyScope.MASTER_READ, KeyScope.COST_READ)["cost"] == "20.00"
        file = {"csv": "sku,cost\nA1,21\n"}
        asked = partner(site, KeyScope.MASTER_READ).ask("POST", "articles/preview", file).json()
        assert asked["rows"][0]["changes"] == {}


class TestTables:
    def test_a_table_is_read_in_pages(self, site: Cloud) -> None:
        reader = partner(site, KeyScope.MASTER_READ)
        first = reader.ask("GET", "articles?limit=1").json()
        assert [row["key"] for row in first["rows"]] == [["A1"]]
        second = reader.ask("GET", f"articles?limit=1&after={first['after']}").json()
        assert ([row["key"] for row in second["rows"]], second["after"]) == ([["A2"]], None)

    def test_previewed_then_put_in_force_against_what_was_seen(self, site: Cloud) -> None:
        system = partner(site, KeyScope.MASTER_READ, KeyScope.MASTER_WRITE)
        rows = [{"sku": "A2", "price": "189"}, {"sku": "A9", "price": "1"}]
        seen = system.ask("POST", "articles/preview", {"rows": rows}).json()
        assert seen["counts"]["changed"] == 1
        assert seen["stores"] == 2
        assert [one["column"] for one in seen["rows"][0]["problems"]] == ["name", "unit"]
        assert code(system.ask("POST", "articles", {"rows": rows})) == (422, "I122")
        taken = system.ask("POST", "articles", {"rows": rows[:1], "version": seen["version"]})
        assert taken.json()["version"] == seen["version"] + 1
        stale = {"rows": [{"sku": "A2", "price": "188"}], "version": seen["version"]}
        assert code(system.ask("POST", "articles", stale)) == (409, "I121")
        again = system.ask("POST", "articles", {"rows": rows[:1]}).json()
        assert again["counts"]["unchanged"] == 1

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"csv": "x", "rows": []},
            {"csv": "sku\x00,name\n"},
            {"rows": [{"sku": 1}]},
            {"csv": "sku\n", "more": 1},
        ],
    )
    def test_what_is_no_table(self, site: Cloud, body: dict[str, Any]) -> None:
        system = partner(site, KeyScope.MASTER_READ)
        assert system.ask("POST", "articles/preview", body).status_code == 422

    def test_an_unknown_table_and_an_empty_file(self, site: Cloud) -> None:
        system = partner(site, KeyScope.MASTER_READ)
        assert system.ask("GET", "prizes").status_code == 422
        template = system.ask("GET", "stock/template").text
        assert template == "\ufeff地点,货号,数量,盘点日期\r\n"

    def test_long_tables_come_in_but_only_with_a_token(self, site: Cloud) -> None:
        long = {"csv": "sku,brand\n" + "A1,x\n" * (limits.API_BODY_BYTES_MAX // 5)}
        answer = partner(site, KeyScope.MASTER_READ).ask("POST", "articles/preview", long)
        assert answer.status_code == 200
        bare = TestClient(site.client.app, base_url="http://cloud.test")
        assert code(bare.post("/v1/master/articles/preview", json=long)) == (413, "A113")


class TestBoxes:
    def test_a_box_fetches_its_stock_and_what_to_suggest(self, site: Cloud) -> None:
        token = {"Authorization": f"Bearer {token_of(site.box)}"}
        table = decode_stock(site.client.get("/v1/device/stock", headers=token).content)
        assert table.milli == {"A1": 5_000}
        assert table.store is not None
        assert (table.store.region, table.store.day_starts_at) == ("华东", "04:00")
        missing = site.client.get("/v1/device/recommendations", headers=token)
        assert code(missing) == (404, "A108")
        with site.units.begin(site.box.tenant) as unit:
            document = Document("recommendations", 1, bytes(32), b"table")
            unit.insight.add_recommendations(document, 1, 1, "li", 1)
        found = site.client.get("/v1/device/recommendations", headers=token)
        assert found.content == b"table"

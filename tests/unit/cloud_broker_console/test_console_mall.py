"""The points mall at HQ: stock set by a form, orders and gifts as tables and files."""

import csv
import io
from dataclasses import replace
from uuid import UUID

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from cloud_broker.console.pages import console_router
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.growth.mall_files import handed_csv, orders_csv, stock_csv
from tests.factories.grown import ZONE, Grown
from tests.fakes.cloud_box import Person, fresh_id
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console.console_fakes import (
    TOKEN,
    FakeHqAuth,
    FakeHqQueries,
    deps,
)
from tests.unit.cloud_broker_console.console_words import ORIGIN, SAME, csrf, notice


@pytest.fixture
def chain() -> Grown:
    grown = Grown(FakeUnits())
    grown.opened()
    return grown


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def ordered(chain: Grown) -> tuple[Person, UUID]:
    ann = chain.enrols()
    chain.box.sells(ann)
    chain.upload()
    chain.mall.set_stock(chain.hq(), "cup", chain.box.store, 3)
    made = chain.mall.order(chain.who(ann), fresh_id(), "cup", chain.box.store)
    chain.hands_over(made.gift, ann, chain.lease_of(made.gift))
    chain.upload()
    return ann, made.order


def test_the_tables_as_files(chain: Grown) -> None:
    ann, order = ordered(chain)
    _, stock, orders, places = chain.mall.overview(chain.tenant)
    names = {one.store: one.name for one in places}
    (shelf,) = rows(stock_csv(stock, names))
    assert (shelf["store"], shelf["stock"], shelf["reserved"]) == ("上海店", "2", "0")
    (line,) = rows(orders_csv(orders, names, ZONE))
    assert (line["order_id"], line["state"], line["points"]) == (str(order), "handed", "40")
    assert line["ordered_at"].endswith("+08:00")
    (gift,) = rows(handed_csv(chain.mall.handed(chain.tenant), names, ZONE))
    assert (gift["member_id"], gift["kind"]) == (str(ann.member), "mall")


def test_the_page_shows_and_stocks(chain: Grown) -> None:
    ordered(chain)
    client = at_hq(chain)
    page = client.get("/mall").text
    assert "马克杯" in page
    assert "已领取" in page
    form = {"csrf": csrf(page), "item": "cup", "store": str(chain.box.store), "stock": "9"}
    assert client.post("/mall/stock", data=form, headers=SAME).status_code == 303
    assert "已设为 9 件" in notice(client.get("/mall").text)
    assert chain.stock() == (9, 0)
    for table in ("stock", "orders", "gifts"):
        answer = client.get(f"/mall/{table}.csv")
        assert (answer.status_code, len(rows(answer.text))) == (200, 1)
    refused = client.post("/mall/stock", data=form | {"item": "none"}, headers=SAME)
    assert refused.status_code == 303
    assert "M130" in notice(client.get("/mall").text)


def test_who_only_looks_sees_no_form(chain: Grown) -> None:
    client = at_hq(chain, "auditor")
    page = client.get("/mall").text
    assert 'action="/mall/stock"' not in page
    assert "还没有设过库存" in page


def at_hq(chain: Grown, role: HqRole = "operations") -> TestClient:
    """A browser of somebody at HQ of the chain."""
    auth = FakeHqAuth(role)
    auth.identity = replace(auth.identity, tenant_id=chain.tenant)
    app = FastAPI()
    app.include_router(console_router(deps(FakeHqQueries(), auth, mall=chain.mall)))
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    client.cookies.set("regulars_hq", TOKEN)
    return client

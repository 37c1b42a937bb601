"""Suggestions on stock from sales and counts that came the way they come, up to what is done."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud_broker.adapters.hub_pg import PostgresHub
from cloud_broker.adapters.webhook import THIS_MACHINE, Webhook
from cloud_broker.bootstrap.office import build_office
from cloud_broker.bootstrap.serving import Running, build_api
from cloud_broker.bootstrap.stock import in_a_process, stock_desk
from cloud_broker.domain.hooks import HookKind
from cloud_broker.ports.hq import AuditAsked
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.fleet.stock_watch import stock_troubles
from cloud_broker.services.outward.hook_desk import HookDesk
from cloud_broker.services.outward.hook_posting import HookPosting
from cloud_broker.services.rules.drafting import DraftDesk
from cloud_broker.settings import load_settings
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.offers import SlotBundle
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.hq_commands import Hq
from tests.factories.receiver import Receiver, receiving
from tests.factories.stocked import stocked
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
POLICY = "stock.policy"
ORDERS = (HookKind.STOCK_TRANSFER_ORDER, HookKind.STOCK_PURCHASE_REQUEST)


@pytest.fixture
def hq(database: Database, tmp_path: Path) -> Hq:
    return stocked(database, tmp_path)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def test_from_a_nights_run_to_the_erps_order(hq: Hq, receiver: Receiver) -> None:
    office = build_office(load_settings(hq.config))
    posting = HookPosting(
        *(office.units, office.clock, office.ids, office.keys),
        Webhook(office.clock, THIS_MACHINE),
    )
    desk = HookDesk(office.units, office.clock, office.ids, posting)
    desk.add(hq.box.tenant, "ERP", receiver.url, ORDERS, "li")
    # Days that people set: dear goods are bought for longer.
    assert "E220" in hq.command("insight", "stock-policy", "--set", "lead_days=0", code=3)
    assert hq.said("insight", "stock-policy", "--set", "lead_days=20")["lead_days"] == 20

    ran = hq.said("insight", "stock")
    assert (ran["articles"], ran["model"]["by_weekday"]) == (3, True)
    assert (ran["kinds"]["slow"], ran["kinds"]["transfer"]) == (1, 1)
    again = hq.said("insight", "stock", "--top", "0")
    assert again["saved"] == {"new": 0, "kept": ran["suggestions"], "expired": 0, "silenced": 0}
    assert "E192" in hq.command("insight", "stock", "--as-of", "2999-01-01", code=3)
    assert "调货" in hq.command("insight", "stock")

    app, _ = build_api(Running(office, PostgresHub(hq.database.url), FaultTally()))
    assert isinstance(app, FastAPI)
    web = TestClient(app, base_url="http://127.0.0.1")
    mine = {"Authorization": f"Bearer {hq.tokens['li']}"}
    board = web.get("/v1/hq/stock-plans", headers=mine).json()
    plans = {(one["kind"], one["sku"]): one for one in board["plans"]}
    move = plans["transfer", "A1"]
    assert (move["from_name"], move["to_name"]) == ("苏州店", "上海店")
    assert move["value_fen"] > move["cost_fen"] > 0
    assert "上海店" in move["why"]["zh"]
    assert "90" in move["why"]["en"]

    # Accepted once: told once, signed, with the codes that the ERP knows.
    address = f"/v1/hq/stock-plans/{move['plan']}"
    done = web.post(f"{address}/accept", headers=mine, json={})
    assert done.json().get("state") == "accepted", done.text
    late = web.post(f"{address}/accept", headers=mine, json={})
    assert (late.status_code, late.json()["code"]) == (409, "E222")
    assert web.get(address, headers=mine).json()["decided_by"] == "li"
    assert posting.run(hq.box.tenant) == 1
    ((_, _, content),) = receiver.came
    said = json.loads(content)
    assert said["type"] == "stock.transfer_order"
    assert said["data"]["qty_milli"] == move["units"] * 1_000
    assert (said["data"]["from"]["code"], said["data"]["to"]["code"]) == ("SZ", "SH")
    assert said["data"]["order"] == move["plan"]

    # On its way, it is not said again; what was turned down is silent.
    slow = plans["slow", "A2"]
    turned = web.post(f"/v1/hq/stock-plans/{slow['plan']}/reject", headers=mine, json={})
    assert turned.json()["state"] == "rejected"
    night = hq.said("insight", "stock")
    assert night["kinds"]["transfer"] == 0
    assert night["saved"]["silenced"] == 1
    with office.units.begin(hq.box.tenant) as unit:
        acts = [row.entry.action for row in unit.hq.audits(AuditAsked(action="stock."), 9)]
        (trouble,) = stock_troubles(unit)
    assert acts == ["stock.run", "stock.rejected", "stock.accepted", *["stock.run"] * 3, POLICY]
    assert (trouble.store, trouble.code, trouble.fields["name"]) == (hq.box.store, "E223", "洗面奶")
    office.close()


def test_what_lies_becomes_a_draft_of_rules(hq: Hq) -> None:
    """In the process that the worker starts at night, then by somebody who may."""
    settings = load_settings(hq.config)
    office = build_office(settings)
    in_a_process(settings, hq.box.tenant, seconds=120)
    desk = stock_desk(office)
    (slow,) = (one for one in desk.board(hq.box.tenant).plans if one.kind == "slow")
    assert (slow.sku, slow.target, slow.units) == ("A2", "华东", 60)
    who = HqIdentity(hq.box.tenant, UUID(int=1), "li", "li", "operations")
    done = desk.accept(who, slow.plan)
    assert done.draft is not None
    drafts = DraftDesk(office.units, office.clock, office.ids)
    opened = drafts.open(hq.box.tenant, done.draft)
    assert opened.checked.fault is None
    bundle = parse_bundle(opened.text.encode())
    (offer,) = (one for one in bundle.offers if one.id == f"stock-{slow.plan.hex[:12]}")
    assert isinstance(offer, SlotBundle)
    assert {sku for slot in offer.slots for sku in slot.items.skus} == {"A2", slow.partner}
    assert offer.price_fen == slow.bundle_fen
    with pytest.raises(Fault) as caught:
        in_a_process(settings, UUID(int=9), seconds=0.0)
    assert caught.value.code is FaultCode.STOCK_NO_PLAN
    office.close()

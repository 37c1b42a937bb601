"""HQ's pages of leaving and of equal treatment."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud_broker.console.pages import console_router, mount_static
from cloud_broker.ports.fairness import PricedSale
from retail_core.pricing.rules.bundle import sign_bundle
from retail_core.wire.codec import encode_body
from tests.factories.audited import BREAD, BUNDLE, COLA, CONTENT, dearer, till_sale
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import Person
from tests.fakes.cloud_fairness import FakeFairnessReads
from tests.fakes.cloud_privacy import privacy_of
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import ORIGIN

DAY = date(2026, 11, 20)


class Desk:
    """HQ with one member, and two people who are signed in in turn."""

    def __init__(self) -> None:
        self.units, self.clock = FakeUnits(), FakeCloudClock()
        queries = fakes.FakeHqQueries(fakes.tiles(2), ())
        ids = FakeCloudIdSource(self.clock)
        self.privacy = privacy_of(self.units, self.clock, ids, queries)
        self.auth = fakes.FakeHqAuth()
        with self.units.begin(fakes.TENANT) as unit:
            unit.fleet.add_tenant("熟客", "demo", 0)
        box = new_box(self.units, fakes.TENANT)
        self.person = Person()
        box.enrols(self.person)
        self.reads = FakeFairnessReads()
        self.privacy = replace(self.privacy, equal=type(self.privacy.equal)(self.reads))
        app = FastAPI()
        deps = replace(fakes.deps(queries, self.auth), privacy=self.privacy)
        app.include_router(console_router(deps))
        mount_static(app)
        self.client = TestClient(app, base_url=ORIGIN, follow_redirects=True)
        self.client.cookies.set("regulars_hq", fakes.TOKEN)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_nothing_yet_teaches_the_next_step(desk: Desk) -> None:
    page = desk.client.get("/privacy").text
    assert "没有人注销" in page
    assert "还没有删除过谁" in page
    assert "没有销售" in desk.client.get("/equal-treatment").text


def test_equal_treatment_says_its_finding(desk: Desk) -> None:
    fair, dear = till_sale(COLA), dearer(till_sale(COLA))
    receipt = UUID(bytes=till_sale(BREAD).receipt_id)
    alone = bytes(encode_body(till_sale(BREAD)))
    desk.reads.sold.append(PricedSale(receipt, "上海店", DAY - timedelta(days=2), alone))
    early = "?first=2026-11-18&last=2026-11-18"
    assert "没有条件相同的两笔" in desk.client.get(f"/equal-treatment{early}").text
    for sale in (fair, till_sale(COLA)):
        receipt = UUID(bytes=sale.receipt_id)
        desk.reads.sold.append(PricedSale(receipt, "上海店", DAY, bytes(encode_body(sale))))
    desk.reads.signed[BUNDLE.version] = sign_bundle(CONTENT, bytes(32))
    span = "?first=2026-11-18&last=2026-11-20"
    assert "没有发现:1 笔" in desk.client.get(f"/equal-treatment{span}").text
    receipt = UUID(bytes=dear.receipt_id)
    desk.reads.sold.append(PricedSale(receipt, "上海店", DAY, bytes(encode_body(dear))))
    page = desk.client.get(f"/equal-treatment{span}&lang=en").text
    assert "1 thing is not equal" in page
    assert "¥5.60" in page
    file = desk.client.get(f"/equal-treatment.csv{span}")
    assert file.text.splitlines()[1].startswith("differs,2026-11-20")
    long = desk.client.get("/equal-treatment?first=2025-01-01&last=2026-11-20")
    assert long.status_code == 422

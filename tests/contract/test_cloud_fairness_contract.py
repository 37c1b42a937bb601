"""What whoever reads sales for the audit of equal treatment promises."""

from datetime import date
from hashlib import sha256
from uuid import UUID

import pytest

from cloud_broker.adapters.postgres.fairness import PostgresFairnessReads
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.ports.fairness import FairnessReads, PricedSale
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from retail_core.pricing.rules.bundle import sign_bundle
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from tests.factories.audited import BUNDLE, CONTENT, publish
from tests.fakes.cloud_box import WALL_MS, fresh_id
from tests.fakes.cloud_fairness import FakeFairnessReads
from tests.plugins.cloud import new_box, new_tenant

DAYS = (20261118, 20261119, 20261119, 20261120)
Stage = tuple[FairnessReads, UUID, list[UUID]]


def day_of(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


@pytest.fixture(
    params=[
        "memory",
        pytest.param("postgres", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
def stage(request: pytest.FixtureRequest) -> Stage:
    if request.param == "memory":
        sold = [PricedSale(fresh_id(), "上海店", day_of(day), b"") for day in DAYS]
        signed = {BUNDLE.version: sign_bundle(CONTENT, bytes(32))}
        return FakeFairnessReads(sold, signed), fresh_id(), [one.receipt for one in sold]
    units: PostgresUnits = request.getfixturevalue("shared_pg_units")
    tenant = new_tenant(units)
    publish(units, tenant)
    box = new_box(units, tenant)
    events = [box.sells(business_date=day) for day in DAYS]
    frame = open_frame(Inbound(box.topic(), box.frame(), WALL_MS))
    assert isinstance(frame, OpenFrame)
    with units.begin(tenant) as unit:
        Batch(unit, tenant, WALL_MS).book([frame], [])
    receipts = [
        UUID(bytes=decode_body(EventType.SALE, one.body).receipt_id)  # type: ignore[union-attr]
        for one in events
    ]
    return PostgresFairnessReads(units), tenant, receipts


def test_sales_come_a_day_after_the_other(stage: Stage) -> None:
    reads, tenant, receipts = stage
    found = list(reads.sales(tenant, day_of(DAYS[0]), day_of(DAYS[-1])))
    assert [one.day for one in found] == [day_of(day) for day in DAYS]
    assert {one.receipt for one in found} == set(receipts)
    middle = list(reads.sales(tenant, day_of(DAYS[1]), day_of(DAYS[2])))
    assert {one.receipt for one in middle} == set(receipts[1:3])
    assert {one.store for one in middle} == {"上海店"}
    assert list(reads.sales(tenant, date(2020, 1, 1), date(2020, 1, 2))) == []


def test_rules_as_they_were_signed(stage: Stage) -> None:
    reads, tenant, _ = stage
    signed = reads.rules(tenant, BUNDLE.version)
    assert signed is not None
    assert sha256(signed[64:]).digest() == sha256(CONTENT).digest()
    assert reads.rules(tenant, 999) is None

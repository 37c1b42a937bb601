"""Suggestions are reckoned of what was booked and published to every box."""

from cloud_broker.services.frames import Inbound
from cloud_broker.services.ingest import Ingest
from cloud_broker.services.recommending import Built, Recommending
from retail_core.insight.table import decode_table
from retail_core.tally import FaultTally
from retail_core.wire.messages import SaleLine
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, fresh_id
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant


def test_a_table_of_the_last_days_in_versions_that_rise() -> None:
    units, clock = FakeUnits(), FakeCloudClock()
    tenant = new_tenant(units)
    box, desk = new_box(units, tenant), Recommending(units, clock)
    assert desk.build(tenant, who="li") == Built(0, 0, 0, 0)
    lines = tuple(
        SaleLine(number, fresh_id().bytes, sku, sku, 1_000, 100, 100)
        for number, sku in enumerate(("soap", "sponge"), start=1)
    )
    for _ in range(4):
        person = Person()
        box.enrols(person)
        for day in (20261110, 20261116):
            box.sells(person, lines=lines, business_date=day)
    box.sells(lines=(lines[0],), business_date=20250101)
    Ingest(units, clock, FaultTally()).book([Inbound(box.topic(), box.frame(), clock.now_ms())])
    built = desk.build(tenant, days=30, who="li")
    assert (built.version, built.receipts) == (1, 8)
    state = units.states[tenant]
    table = decode_table(state.documents["recommendations", 1].content)
    assert table.popular == ("soap", "sponge")
    assert state.waiting[-1].kind == "recommendations"
    assert state.audits[-1].action == "recommendations.build"
    assert desk.build(tenant, days=30, who="li").version == 2

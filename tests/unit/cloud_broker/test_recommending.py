"""Suggestions are reckoned of what was booked and published to every box."""

from cloud_broker.ports.restores import Restore
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.members.recommending import Built, Recommending
from retail_core.insight.table import decode_table
from retail_core.tally import FaultTally
from retail_core.wire.messages import SaleLine
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, fresh_id
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant

HOUR_MS = 3_600_000
SHANGHAI_MS = 8 * HOUR_MS


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
    with units.begin(tenant) as unit:  # boxes may hold a third that this database has lost
        unit.restores.begin(Restore(clock.ms, clock.ms, clock.ms))
    assert desk.build(tenant, days=30, who="li").version == clock.ms


def at_hour(clock: FakeCloudClock, hour: int) -> None:
    """Let it be that hour in Shanghai the next time it comes."""
    of_day = (clock.ms + SHANGHAI_MS) % (24 * HOUR_MS)
    clock.ms += (hour * HOUR_MS - of_day) % (24 * HOUR_MS)


def test_a_table_is_reckoned_once_a_night_whoever_restarts() -> None:
    units, clock = FakeUnits(), FakeCloudClock()
    tenant = new_tenant(units)
    box, desk = new_box(units, tenant), Recommending(units, clock)
    at_hour(clock, 3)
    assert desk.run(tenant) == 0  # nobody bought anything yet
    lines = (SaleLine(1, fresh_id().bytes, "soap", "soap", 1_000, 100, 100),)
    box.sells(lines=lines, business_date=20261110)
    Ingest(units, clock, FaultTally()).book([Inbound(box.topic(), box.frame(), clock.now_ms())])
    at_hour(clock, 12)
    assert desk.run(tenant) == 0
    at_hour(clock, 4)
    assert [desk.run(tenant), desk.run(tenant)] == [1, 0]
    assert Recommending(units, clock).run(tenant) == 0
    assert units.states[tenant].audits[-1].action == "recommendations.build"

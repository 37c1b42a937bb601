"""Suggestions on stock are worked out once a night, for chains that count stock."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from cloud_broker.domain.alert_plan import Trouble
from cloud_broker.ports.stock import Count
from cloud_broker.ports.stock_plans import Short, StockNight, StockRun
from cloud_broker.services.fleet.stock_watch import stock_troubles
from cloud_broker.services.insight.nights import Nights, stock_due
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant

HOUR_MS = 3_600_000
# Four o'clock in Shanghai.
FOUR_MS = int(datetime(2026, 11, 22, 20, tzinfo=UTC).timestamp() * 1_000)


class Chain:
    def __init__(self) -> None:
        self.units, self.clock = FakeUnits(), FakeCloudClock()
        self.clock.advance(FOUR_MS - self.clock.now_ms())
        self.tenant = new_tenant(self.units)
        self.box = new_box(self.units, self.tenant)
        self.done: list[UUID] = []
        self.broken = False
        self.nights = Nights(self.clock, stock_due(self.units), self.reckon)

    def reckon(self, tenant: UUID) -> None:
        if self.broken:
            raise Fault(FaultCode.STOCK_NO_PLAN, reason="exit 1")
        self.done.append(tenant)

    def counts(self) -> None:
        with self.units.begin(self.tenant) as unit:
            unit.stock.count([Count(self.box.store, "A1", 3_000, date(2026, 11, 22), 1)], 1)

    def ended(self, day: date, *short: Short) -> None:
        run = StockRun(day, 1, 0, {}, self.clock.now_ms())
        with self.units.begin(self.tenant) as unit:
            unit.stock_plans.save(StockNight(run, (), (), short), 14)


@pytest.fixture
def chain() -> Chain:
    return Chain()


def test_a_chain_that_counts_nothing_is_left_alone(chain: Chain) -> None:
    assert chain.nights.run(chain.tenant) == 0
    assert chain.done == []


def test_once_a_night(chain: Chain) -> None:
    chain.counts()
    assert [chain.nights.run(chain.tenant) for _ in range(3)] == [1, 0, 0]
    chain.clock.advance(3 * HOUR_MS)
    assert chain.nights.run(chain.tenant) == 0  # at seven it is day
    chain.clock.advance(21 * HOUR_MS)
    assert chain.nights.run(chain.tenant) == 1
    assert chain.done == [chain.tenant] * 2


def test_what_somebody_did_that_day_is_not_done_again(chain: Chain) -> None:
    chain.counts()
    chain.ended(date(2026, 11, 21))
    chain.ended(date(2026, 11, 22))
    assert chain.nights.run(chain.tenant) == 0
    chain.clock.advance(24 * HOUR_MS)
    assert chain.nights.run(chain.tenant) == 1


def test_a_night_that_failed_is_tried_again(chain: Chain) -> None:
    chain.counts()
    chain.broken = True
    with pytest.raises(Fault):
        chain.nights.run(chain.tenant)
    chain.broken = False
    assert chain.nights.run(chain.tenant) == 1


def test_what_runs_out_is_one_trouble_a_store(chain: Chain) -> None:
    chain.counts()
    rows = [Short(chain.box.store, sku, 3, 4, 900, None) for sku in ("A1", "A2")]
    chain.ended(date(2026, 11, 23), *rows, Short(fresh_id(), "A1", 0, 4, 990, 0))
    with chain.units.begin(chain.tenant) as unit:
        found = stock_troubles(unit)
    # Of what is not counted there, and of a store that is none, nobody is told.
    fields = {"count": "1", "name": "A1"}
    assert found == (Trouble(chain.box.store, "E223", "", FOUR_MS, fields),)

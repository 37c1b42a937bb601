"""What people are worth is reckoned once a night, and again when a night failed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cloud_broker.services.insight.nights import Nights, worth_due
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_tenant

HOUR_MS = 3_600_000
# Three o'clock in Shanghai.
THREE = datetime(2026, 11, 22, 19, tzinfo=UTC)


class Chain:
    def __init__(self) -> None:
        self.units, self.clock = FakeUnits(), FakeCloudClock()
        self.clock.advance(int(THREE.timestamp() * 1_000) - self.clock.now_ms())
        self.tenant = new_tenant(self.units)
        self.reckoned: list[UUID] = []
        self.broken = False
        self.nights = self.woken()

    def woken(self) -> Nights:
        return Nights(self.clock, worth_due(self.units), self.reckon)

    def reckon(self, tenant: UUID) -> None:
        if self.broken:
            raise Fault(FaultCode.INSIGHT_NO_FIT, model="LTV", why="exit 1")
        self.reckoned.append(tenant)
        with self.units.begin(tenant) as unit:
            today = (THREE + timedelta(days=1)).date()
            unit.campaigns.set_expected([(fresh_id(), 10_000)], today)


@pytest.fixture
def chain() -> Chain:
    return Chain()


def test_once_a_night_and_not_by_day(chain: Chain) -> None:
    assert chain.nights.run(chain.tenant) == 0
    chain.clock.advance(HOUR_MS)
    assert [chain.nights.run(chain.tenant) for _ in range(3)] == [1, 0, 0]
    # Begun again in the same night it finds that it is done.
    assert chain.woken().run(chain.tenant) == 0
    chain.clock.advance(3 * HOUR_MS)
    assert chain.woken().run(chain.tenant) == 0
    chain.clock.advance(21 * HOUR_MS)
    assert chain.nights.run(chain.tenant) == 1
    assert chain.reckoned == [chain.tenant] * 2


def test_a_night_that_failed_is_tried_again(chain: Chain) -> None:
    chain.clock.advance(HOUR_MS)
    chain.broken = True
    with pytest.raises(Fault):
        chain.nights.run(chain.tenant)
    chain.broken = False
    assert chain.nights.run(chain.tenant) == 1

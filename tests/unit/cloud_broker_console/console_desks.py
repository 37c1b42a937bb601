"""Desks in memory that nothing was asked of yet."""

from cloud_broker.services.fleet.alert_desk import AlertDesk
from cloud_broker.services.fleet.alert_posting import AlertPosting
from cloud_broker.services.growth.mall import MallDesk
from cloud_broker.services.published.rules_in_force import RulesInForce
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_units import FakeUnits


def alert_desk(units: FakeUnits, clock: FakeCloudClock) -> AlertDesk:
    """Alerts of a chain; nothing is sent."""
    ids = FakeCloudIdSource(clock)
    return AlertDesk(units, clock, ids, AlertPosting(units, clock, ids, FakeKeyRing(), {}))


def mall_desk() -> MallDesk:
    """A mall over a store in memory, in which nothing is offered."""
    return MallDesk(FakeUnits(), FakeCloudClock(), RulesInForce("Asia/Shanghai"))

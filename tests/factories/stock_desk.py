"""The desk for suggestions on stock over any store of the cloud."""

from cloud_broker.ports.unit import Units
from cloud_broker.services.insight.stock_desk import StockDesk
from cloud_broker.services.rules.adding import OneMore
from cloud_broker.services.rules.drafting import DraftDesk
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource


def stock_desk_of(units: Units, clock: FakeCloudClock) -> StockDesk:
    """Put the desk together."""
    return StockDesk(units, clock, OneMore(DraftDesk(units, clock, FakeCloudIdSource(clock))))

"""All that takes in what other channels tell, put together once."""

from dataclasses import dataclass

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.services.insight.collecting import Collecting
from cloud_broker.services.insight.connecting import Connecting
from cloud_broker.services.insight.order_book import OrderBook
from cloud_broker.services.insight.sources import Sources


@dataclass(frozen=True, slots=True)
class Channels:
    """Sources, events and orders of other channels."""

    sources: Sources
    collecting: Collecting
    connecting: Connecting
    orders: OrderBook


def channels(units: Units, clock: Clock, ids: IdSource, keys: KeyRing, zone: str) -> Channels:
    """Put it together."""
    sources = Sources(units, clock, ids, keys)
    orders = OrderBook(units, clock, zone)
    return Channels(
        sources,
        Collecting(units, clock, ids, sources),
        Connecting(units, clock, ids, sources, orders),
        orders,
    )

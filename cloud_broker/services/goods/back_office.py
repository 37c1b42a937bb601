"""Everything about master data that other programs and people at HQ reach."""

from dataclasses import dataclass

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.partners import Partners
from cloud_broker.services.goods.office import MasterOffice
from cloud_broker.services.goods.stock_keeping import StockKeeper
from cloud_broker.services.published.catalogue import CataloguePublisher


@dataclass(frozen=True, slots=True)
class BackOffice:
    """Files, partners' keys, stock."""

    masters: MasterOffice
    partners: Partners
    stock: StockKeeper


def back_office(
    units: Units, clock: Clock, ids: IdSource, keys: KeyRing, zone: str = "Asia/Shanghai"
) -> BackOffice:
    """Put the parts together."""
    publisher = CataloguePublisher(units, clock, ids, keys, zone)
    masters = MasterOffice(units, clock, ids, publisher, zone)
    return BackOffice(masters, Partners(units, clock, ids), StockKeeper(units))

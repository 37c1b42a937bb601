"""Levels follow the sales: noted receipts are taken off, and stores hear of what moved."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.unit import Units
from cloud_broker.services.goods.office import STOCK, announce_stock
from retail_core.catalog.stock_table import StockTable, StoreSaid, encode_stock

AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class StockKeeper:
    """Moves levels, and gives each store its own table."""

    units: Units

    def run(self, tenant: UUID) -> int:
        """Take some noted receipts off; return how many."""
        with self.units.begin(tenant) as unit:
            return unit.stock.fold(AT_A_TIME)

    def tell(self, tenant: UUID) -> bool:
        """Have stores fetch anew if something moved since they were told; return whether."""
        with self.units.begin(tenant) as unit:
            moved = unit.stock.moved()
            if moved:
                announce_stock(unit)
        return moved

    def table(self, tenant: UUID, place: Place, now_ms: int) -> bytes:
        """Return what lies in a store, and what it is, as boxes fetch it; nothing below nothing."""
        with self.units.begin(tenant) as unit:
            newest = unit.catalogue.newest(STOCK)
            levels = unit.stock.levels(place.store)
            stores = unit.masters.stores(place.store)
        version = 0 if newest is None else newest.version
        rows = {level.sku: max(0, level.qty_milli) for level in levels}
        said = [StoreSaid(one.name, one.city, one.region, one.day_starts_at) for one in stores]
        return encode_stock(StockTable(version, now_ms, rows, said[0] if said else None))

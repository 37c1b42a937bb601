"""Levels follow the sales: noted receipts are taken off, and stores hear of what moved."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.unit import Units
from cloud_broker.services.master_office import STOCK, announce_stock
from retail_core.catalog.stock_table import StockTable, encode_stock

AT_A_TIME = 500
TURNS_MAX = 200


@dataclass(frozen=True, slots=True)
class StockKeeper:
    """Moves levels, and gives each store its own table."""

    units: Units

    def tend(self, tenant: UUID) -> int:
        """Take noted receipts off; return how many, and have stores fetch anew if there were."""
        folded = 0
        for _turn in range(TURNS_MAX):
            with self.units.begin(tenant) as unit:
                some = unit.stock.fold(AT_A_TIME)
            folded += some
            if some < AT_A_TIME:
                break
        if folded:
            with self.units.begin(tenant) as unit:
                announce_stock(unit)
        return folded

    def table(self, tenant: UUID, place: Place, now_ms: int) -> bytes:
        """Return what lies in a store, as boxes fetch it; nothing below nothing."""
        with self.units.begin(tenant) as unit:
            newest = unit.catalogue.newest(STOCK)
            levels = unit.stock.levels(place.store)
        version = 0 if newest is None else newest.version
        rows = {level.sku: max(0, level.qty_milli) for level in levels}
        return encode_stock(StockTable(version, now_ms, rows))

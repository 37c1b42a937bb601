"""Sales at the counter, wired: prices with all a box knows, leases behind them, baskets on disk."""

from dataclasses import dataclass

from edge_agent.adapters.baskets_sqlite import SqliteBaskets
from edge_agent.api.warm import ProgramsSoon
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.lines import Lines
from edge_agent.services.counter.baskets import Baskets
from edge_agent.services.counter.close_sale import CloseSale, Redemptions
from edge_agent.services.counter.near_misses import NearMisses
from edge_agent.services.counter.redeeming import Redeeming
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.rights.lease_desk import LeaseDesk
from edge_agent.services.rights.rights_asking import RightsAsking
from edge_agent.services.shop.price_desk import PriceDesk


@dataclass(frozen=True, slots=True)
class CounterSales:
    """What sells at the counter."""

    prices: PriceDesk
    sales: CloseSale
    store: SqliteBaskets
    baskets: Baskets
    near: NearMisses
    asking: RightsAsking


def build_counter_sales(
    basis: Basis, storage: Storage, lines: Lines, recorder: Recorder, leases: LeaseDesk
) -> CounterSales:
    """Wire it; baskets that were open when the program ended are open again."""
    asking = RightsAsking(lines.desk, leases, basis.tally, lines.link.connected)
    redeeming = Redeeming(leases, basis.shop.tenant, basis.shop.store, asking)
    prices = PriceDesk(
        storage.replica,
        basis.shop,
        uses=lines.uses,
        budgets=redeeming,
        tally=basis.tally,
        price=ProgramsSoon(),
    )
    redemptions = Redemptions(leases, redeeming)
    sales = CloseSale(recorder, prices, basis.clock, basis.ids, basis.shop, redemptions)
    store = SqliteBaskets(storage.journal.file, basis.tally, storage.reserve)
    baskets = Baskets(store, sales, basis.clock, basis.ids)
    return CounterSales(prices, sales, store, baskets, NearMisses(), asking)

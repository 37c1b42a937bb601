"""The lists that are worked off after the booking: which there are, each with a thread."""

from collections.abc import Callable
from uuid import UUID

from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.price_auditing import PriceAudit
from cloud_broker.services.faces.consent_keeping import ConsentKeeping
from cloud_broker.services.fleet.commands import OrderKeeper
from cloud_broker.services.fleet.releases import RolloutKeeper
from cloud_broker.services.goods.stock_keeping import StockKeeper
from cloud_broker.services.growth.keeper import GrowthKeeper
from cloud_broker.services.growth.mall import MallDesk
from cloud_broker.services.growth.task_work import TaskWork
from cloud_broker.services.hq.harvest_watch import HarvestWatch
from cloud_broker.services.members.recommending import Recommending
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.rights.budget_placing import BudgetPlacing
from cloud_broker.services.rights.cap_placing import CapPlacing
from cloud_broker.services.rights.lease_placing import LeasePlacing
from cloud_broker.services.rights.restoring import Restoring
from cloud_broker.services.stores.snapshots import Snapshots
from cloud_broker.services.stores.store_sets import StoreSets
from retail_core.tally import FaultTally


def beside_workers(
    units: Units,
    clock: Clock,
    tally: FaultTally,
    zone: str,
    works: Callable[[UUID], bool],
    on_done: Callable[[], None],
) -> tuple[BesideWorker, ...]:
    """Put them together; the caller starts and stops them. `works` says whose lists are ours."""
    rules = RulesInForce(zone)
    lists = {
        "price-audit": PriceAudit(units, tally).run,
        "lease-placing": LeasePlacing(units, clock, rules).run,
        "budget-placing": BudgetPlacing(units, clock, rules).run,
        "cap-placing": CapPlacing(units, clock, rules).run,
        "consents": ConsentKeeping(units, clock).run,
        "tiers": GrowthKeeper(units, clock, zone).run,
        "clerks": HarvestWatch(units, clock).run,
        "recommendations": Recommending(units, clock, zone).run,
        "stock": StockKeeper(units).run,
        "restore": Restoring(units, clock).run,
        "snapshots": Snapshots(units, clock).make_wanted,
        "store-sets": StoreSets(units, clock).tend,
        "commands": OrderKeeper(units, clock).tend,
        "rollouts": RolloutKeeper(units, clock).tend,
        "tasks": TaskWork(units, clock, rules, MallDesk(units, clock, rules), tally).run,
    }

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in units.tenants() if works(tenant))

    return tuple(BesideWorker(name, work, tenants, tally, on_done) for name, work in lists.items())

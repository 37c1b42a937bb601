"""The lists that are worked off after the booking: which there are, each with a thread."""

from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Units
from cloud_broker.services.budget_placing import BudgetPlacing
from cloud_broker.services.growth_keeper import GrowthKeeper
from cloud_broker.services.harvest_watch import HarvestWatch
from cloud_broker.services.lease_placing import LeasePlacing
from cloud_broker.services.mall import MallDesk
from cloud_broker.services.price_auditing import PriceAudit
from cloud_broker.services.recommending import Recommending
from cloud_broker.services.rules_in_force import RulesInForce
from cloud_broker.services.stock_keeping import StockKeeper
from cloud_broker.services.task_work import TaskWork
from retail_core.tally import FaultTally


def beside_workers(
    units: Units, clock: Clock, tally: FaultTally, zone: str
) -> tuple[BesideWorker, ...]:
    """Put them together; the caller starts and stops them."""
    rules = RulesInForce(zone)
    works = {
        "price-audit": PriceAudit(units, tally).run,
        "lease-placing": LeasePlacing(units, clock).run,
        "budget-placing": BudgetPlacing(units, clock, rules).run,
        "tiers": GrowthKeeper(units, clock, zone).run,
        "clerks": HarvestWatch(units, clock).run,
        "recommendations": Recommending(units, clock, zone).run,
        "stock": StockKeeper(units).run,
        "tasks": TaskWork(units, clock, rules, MallDesk(units, clock, rules), tally).run,
    }
    return tuple(BesideWorker(name, work, units.tenants, tally) for name, work in works.items())

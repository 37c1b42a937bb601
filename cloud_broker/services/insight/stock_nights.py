"""Has suggestions on stock worked out once a night, for each chain that counts stock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Units

# While hardly anybody buys, and after the recommendations.
NIGHT_HOURS = range(4, 7)


@dataclass(frozen=True, slots=True)
class StockNights:
    """For one thread; `reckon` does a tenant's night and raises Fault STOCK_NO_PLAN."""

    units: Units
    clock: Clock
    reckon: Callable[[UUID], None]
    zone: str = "Asia/Shanghai"
    _over: dict[UUID, date] = field(default_factory=dict, compare=False)

    def run(self, tenant: UUID) -> int:
        """Have it done when it is time to; return whether it was."""
        local = datetime.fromtimestamp(self.clock.now_ms() / 1_000, ZoneInfo(self.zone))
        if local.hour not in NIGHT_HOURS or self._over.get(tenant) == local.date():
            return 0
        with self.units.begin(tenant) as unit:
            last = unit.stock_plans.last_run()
            counted = last is not None or unit.stock_plans.counts_stock()
        done = last is not None and last.as_of >= local.date() - timedelta(days=1)
        if counted and not done:
            self.reckon(tenant)
        self._over[tenant] = local.date()
        return int(counted and not done)

"""Has what each person is worth reckoned once a night, before campaigns begin their day."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Units

# After the cleaning: what nobody bought is nobody's worth.
NIGHT_HOURS = range(4, 7)


@dataclass(frozen=True, slots=True)
class WorthNights:
    """For one thread; `reckon` does a tenant's night and raises Fault INSIGHT_NO_FIT."""

    units: Units
    clock: Clock
    reckon: Callable[[UUID], None]
    zone: str = "Asia/Shanghai"
    _over: dict[UUID, date] = field(default_factory=dict, compare=False)

    def run(self, tenant: UUID) -> int:
        """Have it done when it is time to; return whether it was."""
        local = datetime.fromtimestamp(self.clock.now_ms() / 1_000, ZoneInfo(self.zone))
        today = local.date()
        if local.hour not in NIGHT_HOURS or self._over.get(tenant) == today:
            return 0
        with self.units.begin(tenant) as unit:
            known = unit.campaigns.expected_day()
        done = known is not None and known >= today
        if not done:
            self.reckon(tenant)
        self._over[tenant] = today
        return int(not done)

"""Work done once a night for each chain: tags, what people are worth, suggestions on stock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.tags import TagShelf
from cloud_broker.ports.unit import Units

# A cloud that was started at noon waits for the next night: by day it would be in everybody's way.
NIGHT = timedelta(hours=3)
# Once the new business day has begun, and after the cleaning: what nobody bought counts nowhere.
AFTER_CLEANING = time(4)

Due = Callable[[UUID, date], bool]


@dataclass(frozen=True, slots=True)
class Nights:
    """For one thread; `due` says whether a tenant's night is to be done on that day.

    `reckon` does it; what it raises leaves the night to be tried again.
    """

    clock: Clock
    due: Due
    reckon: Callable[[UUID], None]
    after: time = AFTER_CLEANING
    zone: str = "Asia/Shanghai"
    _over: dict[UUID, date] = field(default_factory=dict, compare=False)

    def run(self, tenant: UUID) -> int:
        """Have it done when it is time to; return whether it was."""
        zone = ZoneInfo(self.zone)
        local = datetime.fromtimestamp(self.clock.now_ms() / 1_000, zone)
        begin = datetime.combine(local.date(), self.after, zone)
        if not begin <= local < begin + NIGHT or self._over.get(tenant) == local.date():
            return 0
        due = self.due(tenant, local.date())
        if due:
            self.reckon(tenant)
        self._over[tenant] = local.date()
        return int(due)


def tags_due(shelf: TagShelf) -> Due:
    """Return who tells whether this night's tags are still missing."""

    def due(tenant: UUID, today: date) -> bool:
        last = shelf.last_run(tenant)
        return last is None or last.as_of < today

    return due


def worth_due(units: Units) -> Due:
    """Return who tells whether what people are worth is still to be reckoned today."""

    def due(tenant: UUID, today: date) -> bool:
        with units.begin(tenant) as unit:
            known = unit.campaigns.expected_day()
        return known is None or known < today

    return due


def stock_due(units: Units) -> Due:
    """Return who tells whether a chain that counts stock has no suggestions of this night."""

    def due(tenant: UUID, today: date) -> bool:
        with units.begin(tenant) as unit:
            last = unit.stock_plans.last_run()
            if last is None:
                return unit.stock_plans.counts_stock()
        # A night's suggestions are as of the day that has just ended.
        return last.as_of < today - timedelta(days=1)

    return due

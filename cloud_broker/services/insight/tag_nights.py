"""Tags and segments worked out once a night by the cloud itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.tags import TagShelf

# A cloud that was started at noon waits for the next night: by day it would be in everybody's way.
NIGHT = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class TagNights:
    """For one thread; `reckon` does a tenant's night and raises Fault METRICS_ENGINE."""

    shelf: TagShelf
    clock: Clock
    reckon: Callable[[UUID], None]
    after: time
    zone: str = "Asia/Shanghai"
    _over: dict[UUID, date] = field(default_factory=dict, compare=False)

    def run(self, tenant: UUID) -> int:
        """Have it done when it is time to; return whether it was."""
        zone = ZoneInfo(self.zone)
        local = datetime.fromtimestamp(self.clock.now_ms() / 1_000, zone)
        begin = datetime.combine(local.date(), self.after, zone)
        if not begin <= local < begin + NIGHT or self._over.get(tenant) == local.date():
            return 0
        last = self.shelf.last_run(tenant)
        done = last is not None and last.as_of >= local.date()
        if not done:
            self.reckon(tenant)
        self._over[tenant] = local.date()
        return int(not done)

"""Suggestions for the tills: reckoned of the receipts of the last months, then published."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.catalogue import Document
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import Units
from cloud_broker.services.rights.restoring import epoch_of
from retail_core.insight.cooccurrence import build_table
from retail_core.insight.table import encode_table

KIND = "recommendations"
DAYS = 180
# While hardly anybody buys: reckoning and shipping take a processor and lines for some seconds.
NIGHT_HOURS = range(3, 6)
RECEIPTS_MAX = 300_000


@dataclass(frozen=True, slots=True)
class Built:
    """What was published; `version` is 0 when there was nothing to reckon with."""

    version: int
    receipts: int
    articles: int
    size: int


@dataclass(frozen=True, slots=True)
class Recommending:
    """Builds and publishes the table of suggestions."""

    units: Units
    clock: Clock
    zone: str = "Asia/Shanghai"
    _over: dict[UUID, date] = field(default_factory=dict, compare=False)

    def run(self, tenant: UUID) -> int:
        """Reckon a tenant's table once a night; return whether one was published."""
        local = self._local(self.clock.now_ms())
        if local.hour not in NIGHT_HOURS or self._over.get(tenant) == local.date():
            return 0
        with self.units.begin(tenant) as unit:
            reckoned = unit.insight.reckoned_ms()
        done = reckoned is not None and self._local(reckoned).date() == local.date()
        built = None if done else self.build(tenant, who="nightly")
        self._over[tenant] = local.date()
        return int(built is not None and built.version > 0)

    def build(self, tenant: UUID, *, days: int = DAYS, who: str) -> Built:
        """Reckon a table of the last days' receipts and publish it to every box."""
        now = self.clock.now_ms()
        today = self._local(now).date()
        with self.units.begin(tenant) as unit:
            newest, epoch = unit.catalogue.newest(KIND), epoch_of(unit)
            bought = list(unit.insight.bought(today - timedelta(days=days), RECEIPTS_MAX))
        if not bought:
            return Built(0, 0, 0, 0)
        # Reckoned outside of any transaction: nobody waits for it.
        # Above what boxes may hold that a restore has lost.
        version = max(epoch, 1 if newest is None else newest.version + 1)
        table = build_table(bought, version)
        content = encode_table(table)
        document = Document(KIND, version, sha256(content).digest(), content)
        with self.units.begin(tenant) as unit:
            unit.insight.add_recommendations(document, len(bought), len(table.near), who, now)
            detail = {"receipts": len(bought), "articles": len(table.near), "days": days}
            unit.hq.audit(AuditEntry(who, "recommendations.build", str(version), detail), now)
            unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return Built(version, len(bought), len(table.near), len(content))

    def _local(self, ms: int) -> datetime:
        return datetime.fromtimestamp(ms / 1000, ZoneInfo(self.zone))

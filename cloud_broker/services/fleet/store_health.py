"""How a store's boxes are and were, for HQ's page of the store."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.vitals import Span
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.health import BoxNow, IssueRow
from cloud_broker.ports.unit import Units

ISSUES_MAX = 40
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class BoxHealth:
    """A box now, and its spans of the time asked for."""

    now: BoxNow
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class HealthView:
    """A store's boxes and issues; `since_ms` and `until_ms` bound the spans."""

    since_ms: int
    until_ms: int
    boxes: tuple[BoxHealth, ...]
    issues: tuple[IssueRow, ...]


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Reads it in one transaction."""

    units: Units
    clock: Clock

    def view(self, tenant: UUID, store: UUID, hours: int) -> HealthView:
        """Return how a store's boxes were for so many hours."""
        now_ms = self.clock.now_ms()
        since_ms = now_ms - hours * _HOUR_MS
        with self.units.begin(tenant) as unit:
            boxes = tuple(
                BoxHealth(box, unit.health.spans(box.device, since_ms))
                for box in unit.health.boxes(store)
            )
            issues = unit.health.issues(store, limit=ISSUES_MAX)
        return HealthView(since_ms, now_ms, boxes, issues)

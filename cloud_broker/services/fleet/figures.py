"""The fleet in numbers, as Prometheus reads them. Labels are states and codes, never a person.

Text exposition 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, get_args
from uuid import UUID

from cloud_broker.domain.store_state import StoreState
from cloud_broker.ports.unit import Units
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_CODES = frozenset(FaultCode)
OTHER = "other"


@dataclass(frozen=True, slots=True)
class FleetCount:
    """One tenant's stores and lines; `delay_ms` are quantiles of the last sales by share."""

    states: Mapping[StoreState, int] = field(default_factory=dict)
    queued: int = 0
    queued_most: int = 0
    behind: int = 0
    frames_waiting: int = 0
    oldest_frame_ms: int = 0
    delay_ms: Mapping[str, int] = field(default_factory=dict)


class FleetCounts(Protocol):
    """Counts a tenant's fleet in one short transaction."""

    def count(self, tenant: UUID) -> FleetCount:
        """Return the numbers of this moment."""
        ...


@dataclass(frozen=True, slots=True)
class FleetFigures:
    """All tenants together: how many there are is nobody else's business."""

    units: Units
    counts: FleetCounts
    tally: FaultTally

    def text(self) -> str:
        """Return everything in the exposition format."""
        tenants = self.units.tenants()
        counted = [self.counts.count(tenant) for tenant in tenants]
        issues: Counter[str] = Counter()
        alerts: Counter[str] = Counter()
        waiting = given_up = 0
        for tenant in tenants:
            with self.units.begin(tenant) as unit:
                issues.update(_known(row.code) for row in unit.health.standing())
                alerts.update(_known(alert.name[1]) for alert in unit.alerts.standing())
                posts = unit.alerts.counts().values()
            waiting += sum(one.waiting for one in posts)
            given_up += sum(one.given_up for one in posts)
        return "".join(
            (
                *_fleet(counted),
                _many("box_issues", "issues that stand at boxes", "code", issues),
                _many("alerts_open", "alerts that stand", "code", alerts),
                _one("alert_posts_waiting", "alert messages to be sent", waiting),
                _one("alert_posts_given_up", "alert messages nobody took", given_up),
                _many(
                    "faults_total",
                    "faults of this process",
                    "code",
                    self.tally.snapshot(),
                    kind="counter",
                ),
            )
        )


def _fleet(counted: list[FleetCount]) -> Iterable[str]:
    states = {
        state: sum(one.states.get(state, 0) for one in counted) for state in get_args(StoreState)
    }
    yield _many("stores", "stores by state", "state", states)
    yield _one("box_queue", "events that wait in boxes", sum(one.queued for one in counted))
    most = max((one.queued_most for one in counted), default=0)
    yield _one("box_queue_most", "events that wait in the fullest box", most)
    behind = sum(one.behind for one in counted)
    yield _one("feed_behind", "changes that stores have not heard yet", behind)
    waiting = sum(one.frames_waiting for one in counted)
    yield _one("frames_waiting", "frames that are durable and not booked", waiting)
    oldest = max((one.oldest_frame_ms for one in counted), default=0)
    yield _one("ingest_lag_seconds", "age of the oldest frame that is not booked", oldest / 1_000)
    delays = {
        share: max(one.delay_ms[share] for one in counted if share in one.delay_ms) / 1_000
        for share in sorted({share for one in counted for share in one.delay_ms})
    }
    yield _many("sale_delay_seconds", "from a till until booked", "quantile", delays)


def _known(code: str) -> str:
    """Return a code of ours; whatever else a box may say is one label together."""
    return code if code in _CODES else OTHER


def _one(name: str, words: str, value: float) -> str:
    return (
        f"# HELP regulars_{name} {words}\n# TYPE regulars_{name} gauge\nregulars_{name} {value}\n"
    )


def _many(
    name: str, words: str, label: str, values: Mapping[str, float], kind: str = "gauge"
) -> str:
    lines = "".join(
        f'regulars_{name}{{{label}="{key}"}} {value}\n' for key, value in sorted(values.items())
    )
    return f"# HELP regulars_{name} {words}\n# TYPE regulars_{name} {kind}\n{lines}"

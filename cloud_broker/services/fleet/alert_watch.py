"""Looks every few seconds what is wrong anywhere, and says so to whom the rules name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from cloud_broker.domain.alert_plan import LineWatch, StoreHeard, Trouble, plan
from cloud_broker.domain.vitals import KEEP_DAYS
from cloud_broker.ports.alerts import AlertRow, AlertRule, PostKind
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.posts import Post
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.certificate_watch import CertificateWatch
from cloud_broker.services.fleet.filing_watch import FilingWatch
from cloud_broker.services.fleet.hook_watch import hook_troubles
from cloud_broker.services.fleet.rollout_watch import rollout_troubles
from cloud_broker.services.fleet.stock_watch import stock_troubles
from cloud_broker.services.fleet.suspicions import suspicion_troubles
from retail_core.errors import Fault
from retail_core.texts.devices import in_words
from retail_core.texts.faults import FaultCode

LOOK_EVERY_MS = 5_000
TIDY_EVERY_MS = 600_000
SHOWN_MAX = 500
_KEEP_MS = KEEP_DAYS * 24 * 3_600 * 1_000


@dataclass(frozen=True, slots=True)
class Watches:
    """What looks at more than the tables of a tenant, each at a pace of its own."""

    filing: FilingWatch = field(default_factory=FilingWatch)
    certificates: CertificateWatch = field(default_factory=lambda: CertificateWatch(tuple))


class AlertWatch:
    """For one thread; `lines` are the shards of each broker."""

    def __init__(
        self,
        units: Units,
        clock: Clock,
        ids: IdSource,
        lines: Sequence[frozenset[int]],
        watches: Watches | None = None,
    ) -> None:
        self._watches = watches or Watches()
        self._units = units
        self._clock = clock
        self._ids = ids
        self._shards = tuple(lines)
        self._lines: dict[UUID, tuple[LineWatch, ...]] = {}
        self._look_at: dict[UUID, int] = {}
        self._tidy_at: dict[UUID, int] = {}

    def run(self, tenant: UUID) -> int:
        """Look at a tenant when it is time to; return how many messages that makes."""
        now_ms = self._clock.now_ms()
        if now_ms < self._look_at.get(tenant, 0):
            return 0
        self._look_at[tenant] = now_ms + LOOK_EVERY_MS
        with self._units.begin(tenant) as unit:
            if now_ms >= self._tidy_at.get(tenant, 0):
                self._tidy_at[tenant] = now_ms + TIDY_EVERY_MS
                unit.health.tidy(now_ms)
                unit.alerts.tidy(now_ms - _KEEP_MS)
            posts = self._look(unit, tenant, now_ms)
            unit.alerts.post(posts)
        return len(posts)

    def _look(self, unit: Unit, tenant: UUID, now_ms: int) -> list[Post]:
        stores = unit.alerts.heard()
        planned = plan(self._troubles(unit, tenant, stores, now_ms), unit.alerts.standing(), now_ms)
        ids = [self._ids.uuid7() for _ in planned.opens]
        unit.alerts.write(planned, ids, now_ms)
        if not (planned.opens or planned.clears):
            return []
        rules, by_id = unit.alerts.rules(), {one.store: one for one in stores}
        posts = []
        for alert, trouble in zip(ids, planned.opens, strict=True):
            store = None if trouble.store is None else by_id.get(trouble.store)
            region = None if store is None else store.region
            name = "" if store is None else store.name
            content = body("raised", alert, trouble, name, now_ms)
            posts += [
                self._post(rule.rule, alert, "raised", content, now_ms)
                for rule in rules
                if rule.as_rule().wants(trouble, region)
            ]
        return posts + self._over(unit, planned.clears, now_ms)

    def _troubles(
        self, unit: Unit, tenant: UUID, stores: Sequence[StoreHeard], now_ms: int
    ) -> list[Trouble]:
        lines = self._lines.setdefault(
            tenant, tuple(LineWatch(shards, now_ms) for shards in self._shards)
        )
        return [
            *(
                Trouble(row.store, row.code, row.subject, row.raised_ms, row.fields)
                for row in unit.health.standing()
            ),
            *(trouble for line in lines for trouble in line.troubles(stores, now_ms)),
            *self._watches.filing.troubles(unit, tenant, now_ms),
            *self._watches.certificates.troubles(now_ms),
            *rollout_troubles(unit),
            *suspicion_troubles(unit),
            *hook_troubles(unit),
            *stock_troubles(unit),
        ]

    def _over(self, unit: Unit, cleared: Sequence[UUID], now_ms: int) -> list[Post]:
        """Tell those who were told of an alert that it is over."""
        if not cleared:
            return []
        rows: dict[UUID, AlertRow] = {
            row.alert: row for row in unit.alerts.alerts(limit=SHOWN_MAX + len(cleared))
        }
        return [
            self._post(
                rule,
                alert,
                "cleared",
                body("cleared", alert, rows[alert].trouble, rows[alert].store_name, now_ms),
                now_ms,
            )
            for alert, rule in unit.alerts.told(cleared)
            if alert in rows
        ]

    def _post(self, rule: UUID, alert: UUID, what: PostKind, content: str, now_ms: int) -> Post:
        return Post(self._ids.uuid7(), rule, alert, what, content, now_ms)


def body(what: PostKind, alert: UUID, trouble: Trouble, store_name: str, now_ms: int) -> str:
    """Return a message's JSON: type, time, and what is wrong in words of both languages."""
    zh, en = words(trouble.code, trouble.fields)
    return msgspec.json.encode(
        {
            "type": f"alert.{what}",
            "timestamp": now_ms,
            "data": {
                "alert": alert,
                "store": trouble.store,
                "store_name": store_name,
                "code": trouble.code,
                "subject": trouble.subject,
                "severity": trouble.severity,
                "since": trouble.since_ms,
                "zh": zh,
                "en": en,
            },
        }
    ).decode()


def words(code: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """Return what the catalogue says of an issue; a code of a newer box stands for itself."""
    try:
        fault = Fault(FaultCode(code), **in_words(fields))
    except ValueError:
        return code, code
    return fault.text("zh"), fault.text("en")


def trial_body(rule: AlertRule, now_ms: int) -> str:
    """Return the message that only shows that the way is open."""
    return msgspec.json.encode(
        {"type": "alert.test", "timestamp": now_ms, "data": {"rule": rule.rule, "name": rule.name}}
    ).decode()

"""Alerts, in memory."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.domain.alert_plan import AlertPlan, OpenAlert, StoreHeard
from cloud_broker.ports.alerts import AlertRow, AlertRule
from cloud_broker.ports.posts import Post, PostCount
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_hooks import first_of_each

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class HeldPost:
    """A message and how far it came."""

    post: Post
    next_ms: int
    sent: bool = False
    given_up: bool = False
    reason: str = ""

    @property
    def waits(self) -> bool:
        return not self.sent and not self.given_up


@dataclass
class AlertShelf:
    """Rules by id, whether in force; alerts and messages in the order they came."""

    rules: dict[UUID, AlertRule] = field(default_factory=dict)
    alerts: dict[UUID, AlertRow] = field(default_factory=dict)
    posts: dict[UUID, HeldPost] = field(default_factory=dict)


class FakeAlertRepo:
    """An `AlertRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.alerts

    def add_rule(self, rule: AlertRule, who: str, now_ms: int) -> None:
        self._shelf.rules[rule.rule] = rule

    def end_rule(self, rule: UUID, now_ms: int) -> bool:
        posts = self._shelf.posts
        self._shelf.posts = {
            key: held for key, held in posts.items() if held.sent or held.post.rule != rule
        }
        return self._shelf.rules.pop(rule, None) is not None

    def rotate(self, rule: UUID, now_ms: int) -> AlertRule | None:
        held = self._shelf.rules.get(rule)
        if held is None or held.kind != "webhook":
            return None
        made = replace(held, generation=held.generation + 1, rotated_ms=now_ms)
        self._shelf.rules[rule] = made
        return made

    def rules(self) -> tuple[AlertRule, ...]:
        return tuple(self._shelf.rules.values())

    def regions(self) -> dict[str, UUID]:
        return dict(self._state.regions)

    def heard(self) -> tuple[StoreHeard, ...]:
        found: dict[UUID, StoreHeard] = {}
        for held in self._state.states.values():
            if held.device in self._state.retired:
                continue
            store = self._state.stores[held.store]
            before = found.get(held.store)
            heard_ms = max(held.seen_ms, before.heard_ms if before else 0)
            found[held.store] = StoreHeard(
                held.store, store.region, store.name, store.shard, heard_ms
            )
        return tuple(found.values())

    def standing(self) -> tuple[OpenAlert, ...]:
        rows = [row for row in self._shelf.alerts.values() if row.cleared_ms is None]
        return tuple(OpenAlert(row.alert, row.trouble.name, row.away_ms) for row in rows)

    def write(self, plan: AlertPlan, ids: Sequence[UUID], now_ms: int) -> None:
        for alert, trouble in zip(ids, plan.opens, strict=True):
            store = None if trouble.store is None else self._state.stores[trouble.store]
            name = "" if store is None else store.name
            self._shelf.alerts[alert] = AlertRow(
                alert, trouble.store, name, trouble, now_ms, None, None
            )
        for alert in (*plan.away, *plan.back, *plan.clears):
            row = self._shelf.alerts[alert]
            self._shelf.alerts[alert] = replace(
                row,
                away_ms=None if alert in plan.back else now_ms,
                cleared_ms=now_ms if alert in plan.clears else None,
            )

    def alerts(self, *, limit: int) -> tuple[AlertRow, ...]:
        rows = sorted(self._shelf.alerts.values(), key=lambda row: row.alert)
        rows.sort(key=lambda row: row.opened_ms, reverse=True)
        rows.sort(key=lambda row: row.cleared_ms or 1 << 62, reverse=True)
        return tuple(rows[:limit])

    def told(self, alerts: Sequence[UUID]) -> tuple[tuple[UUID, UUID], ...]:
        found = {
            (held.post.alert, held.post.rule)
            for held in self._shelf.posts.values()
            if held.post.alert in alerts
            and held.post.what == "raised"
            and held.post.rule in self._shelf.rules
        }
        return tuple(sorted((alert, rule) for alert, rule in found if alert is not None))

    def post(self, posts: Sequence[Post]) -> None:
        for post in posts:
            self._shelf.posts[post.post] = HeldPost(post, post.made_ms)

    def due(self, now_ms: int, *, each: int) -> tuple[Post, ...]:
        waiting = [held for held in self._shelf.posts.values() if held.waits]
        unsaid = {
            (held.post.alert, held.post.rule) for held in waiting if held.post.what == "raised"
        }
        due = [
            held
            for held in waiting
            if held.next_ms <= now_ms
            and not (held.post.what == "cleared" and (held.post.alert, held.post.rule) in unsaid)
        ]
        due.sort(key=lambda held: (held.next_ms, held.post.post))
        return first_of_each([held.post for held in due], each)

    def sent(self, post: UUID, now_ms: int) -> None:
        held = self._shelf.posts[post]
        held.sent, held.reason = True, ""

    def failed(self, post: UUID, reason: str, next_ms: int | None, now_ms: int) -> None:
        held = self._shelf.posts[post]
        held.post = replace(held.post, tries=held.post.tries + 1)
        held.reason, held.given_up = reason, next_ms is None
        held.next_ms = now_ms if next_ms is None else next_ms

    def counts(self) -> dict[UUID, PostCount]:
        found: dict[UUID, PostCount] = {}
        for held in self._shelf.posts.values():
            if not held.sent:
                before = found.get(held.post.rule, PostCount(0, 0, ""))
                found[held.post.rule] = PostCount(
                    before.waiting + held.waits,
                    before.given_up + held.given_up,
                    held.reason or before.reason,
                )
        return found

    def tidy(self, before_ms: int) -> int:
        old = {
            alert
            for alert, row in self._shelf.alerts.items()
            if row.cleared_ms is not None and row.cleared_ms < before_ms
        }
        posts, alerts = self._shelf.posts, self._shelf.alerts
        self._shelf.posts = {k: held for k, held in posts.items() if held.post.alert not in old}
        self._shelf.alerts = {k: row for k, row in alerts.items() if k not in old}
        return len(old)


@dataclass
class FakeAlertSender:
    """An `AlertSender` that remembers, and refuses while it is told to."""

    heard: list[tuple[str, str]] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    refuses: FaultCode | None = None

    def send(self, rule: AlertRule, post: Post, secrets: Sequence[bytes]) -> None:
        if self.refuses is not None:
            raise Fault(self.refuses, reason="HTTP 503")
        said = json.loads(post.body)
        self.heard.append((said["type"], said["data"].get("code", "")))
        self.keys.append(len(secrets))

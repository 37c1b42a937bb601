"""Alerts: the rules of whom they are told, what stands, and the messages on their way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from cloud_broker.domain.alert_plan import AlertPlan, OpenAlert, Rule, StoreHeard, Trouble
from cloud_broker.ports.posts import Post, PostBook

RuleKind = Literal["webhook", "email"]
PostKind = Literal["raised", "cleared", "test"]


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A rule as HQ made it; the secret of a webhook follows from `generation`."""

    rule: UUID
    name: str
    severity: str
    code: str
    region: UUID | None
    kind: RuleKind
    target: str
    generation: int = 1
    rotated_ms: int | None = None

    def as_rule(self) -> Rule:
        """Return what decides whom it is for."""
        return Rule(self.rule, self.severity, self.code, self.region)


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert; `away_ms` since when its trouble is away, `cleared_ms` None while it stands."""

    alert: UUID
    store: UUID | None
    store_name: str
    trouble: Trouble
    opened_ms: int
    away_ms: int | None
    cleared_ms: int | None


class AlertRepo(PostBook, Protocol):
    """Rules, alerts and their messages; of an alert and a rule one is due after the other."""

    def add_rule(self, rule: AlertRule, who: str, now_ms: int) -> None:
        """Enter a rule."""
        ...

    def end_rule(self, rule: UUID, now_ms: int) -> bool:
        """End a rule and drop what waits to be sent by it; False when there is none."""
        ...

    def rotate(self, rule: UUID, now_ms: int) -> AlertRule | None:
        """Take the next secret; the one before is good for a while longer."""
        ...

    def rules(self) -> tuple[AlertRule, ...]:
        """Return the rules in force, oldest first."""
        ...

    def regions(self) -> dict[str, UUID]:
        """Return the regions by name."""
        ...

    def heard(self) -> tuple[StoreHeard, ...]:
        """Return every open store that was ever heard."""
        ...

    def standing(self) -> tuple[OpenAlert, ...]:
        """Return the alerts that stand."""
        ...

    def write(self, plan: AlertPlan, ids: Sequence[UUID], now_ms: int) -> None:
        """Do what was planned; `ids` are for those that open, in order."""
        ...

    def alerts(self, *, limit: int) -> tuple[AlertRow, ...]:
        """Return the alerts: those that stand, then the newest that are over."""
        ...

    def told(self, alerts: Sequence[UUID]) -> tuple[tuple[UUID, UUID], ...]:
        """Return by which rules alerts were raised: (alert, rule); of rules in force."""
        ...

    def post(self, posts: Sequence[Post]) -> None:
        """Put messages on their way."""
        ...

    def tidy(self, before_ms: int) -> int:
        """Drop alerts that were over before a moment, with their messages; return how many."""
        ...


class AlertSender(Protocol):
    """Something that carries messages of one kind."""

    def send(self, rule: AlertRule, post: Post, secrets: Sequence[bytes]) -> None:
        """Hand a message over; Fault ALERT_NOT_SENT, ALERT_REFUSED (for good)."""
        ...

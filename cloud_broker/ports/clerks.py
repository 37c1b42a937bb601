"""Clerks: what they did, who they are as members, and what a person should look at."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol
from uuid import UUID

from cloud_broker.domain.ingest_effects import BookedSale
from retail_core.insight.harvest import SoldTo

AlertKind = Literal["own_card", "harvest", "own_claim", "key_given"]


@dataclass(frozen=True, slots=True)
class ClerkDay:
    """One clerk's business day that is to be looked at."""

    operator: UUID
    day: date


@dataclass(frozen=True, slots=True)
class Clerk:
    """A clerk of a store, and the membership HQ knows to be her own."""

    operator: UUID
    store: UUID
    store_name: str
    number: str
    name: str
    role: str
    member: UUID | None = None
    member_name: str = ""


@dataclass(frozen=True, slots=True)
class ClerkFigures:
    """What a clerk did in some days in one store."""

    operator: UUID
    store: UUID
    store_name: str
    number: str
    name: str
    sales: int
    sales_fen: int
    refunds: int
    refund_fen: int
    recruits: int


@dataclass(frozen=True, slots=True)
class Alert:
    """Sales of one clerk to one member in one day; a person acknowledges them.

    Of `key_given`, the events by which she gave her a phone link or a card.
    """

    operator: UUID
    member: UUID
    day: date
    kind: AlertKind
    receipts: tuple[UUID, ...]
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert with what people read."""

    alert: Alert
    store_name: str
    number: str
    name: str
    member_name: str
    raised_ms: int
    acknowledged_by: str = ""
    note: str = ""


class ClerkRepo(Protocol):
    """What is known of clerks."""

    def note(self, sales: Sequence[BookedSale], now_ms: int) -> None:
        """Put the clerks' days of members' sales on the list of those to be looked at."""
        ...

    def note_day(self, day: ClerkDay, now_ms: int) -> None:
        """Put one day on the list."""
        ...

    def take(self, limit: int) -> tuple[ClerkDay, ...]:
        """Take days off the list; they are back when the transaction fails."""
        ...

    def sold(self, day: ClerkDay) -> tuple[SoldTo, ...]:
        """Return what a clerk sold to members on a day, claimed receipts too."""
        ...

    def own_members(self, operator: UUID) -> frozenset[UUID]:
        """Return the memberships known to be a clerk's own."""
        ...

    def recruited(self, members: Collection[UUID], since_ms: int) -> dict[UUID, UUID]:
        """Return who enrolled members since then; members of longer ago are absent."""
        ...

    def raise_alerts(self, alerts: Sequence[Alert], now_ms: int) -> int:
        """Enter alerts; one with more sales than before is open again. Return how many are news."""
        ...

    def alerts(self, limit: int) -> tuple[AlertRow, ...]:
        """Return alerts, open ones first, newest first."""
        ...

    def acknowledge(self, alert: Alert, by: str, note: str, now_ms: int) -> bool:
        """Note that a person has looked at it; False when there is no such open alert."""
        ...

    def clerks(self) -> tuple[Clerk, ...]:
        """Return every clerk, by store and number."""
        ...

    def link(self, operator: UUID, member: UUID | None) -> bool:
        """Say which membership is a clerk's own; False for an unknown clerk."""
        ...

    def figures(self, first: date, last: date, store: UUID | None) -> tuple[ClerkFigures, ...]:
        """Return what clerks did from one day to another, by store and number."""
        ...

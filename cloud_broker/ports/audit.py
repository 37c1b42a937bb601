"""Receipts whose price still has to be checked, and what checking them came to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from retail_core.catalog.article import Article


@dataclass(frozen=True, slots=True)
class DueSale:
    """A booked sale as it arrived: `body` is the event's."""

    receipt_id: UUID
    event_id: UUID
    store: UUID
    device: UUID
    epoch: int
    seq: int
    member: UUID | None
    day: date
    received_ms: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Counted:
    """How many receipts were checked, how many priced again, how many differ."""

    audited: int = 0
    resolved: int = 0
    differing: int = 0


class AuditRepo(Protocol):
    """What is due, and the count of what was done."""

    def take(self, limit: int) -> tuple[DueSale, ...]:
        """Take the oldest off the list; they are back when the transaction fails."""
        ...

    def articles(self, skus: Collection[str], day: date) -> tuple[Article, ...]:
        """Return articles as they were on a day."""
        ...

    def count(self, day: date, counted: Counted) -> None:
        """Add to a day's count."""
        ...

    def counts(self, day: date) -> Counted:
        """Return a day's count."""
        ...

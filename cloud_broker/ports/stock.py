"""What lies in stores and warehouses: counted by people, moved by sales."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol
from uuid import UUID

from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.domain.points import BookedRefund

Movement = Literal["sale", "refund"]


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted in a place; sales after `counted_ms` are not in it."""

    place: UUID
    sku: str
    qty_milli: int
    counted_on: date
    counted_ms: int


@dataclass(frozen=True, slots=True)
class Level:
    """What should lie in a place; below nothing when more was sold than counted."""

    sku: str
    qty_milli: int
    counted_on: date


class StockRepo(Protocol):
    """Levels, and the receipts that still have to be taken off them."""

    def note_sales(self, sales: Sequence[BookedSale]) -> None:
        """Note receipts of stores that count stock; called while they are booked."""
        ...

    def note_refunds(self, refunds: Sequence[BookedRefund]) -> None:
        """Note goods that came back to stores that count stock."""
        ...

    def fold(self, limit: int) -> int:
        """Move levels by some noted receipts, each once; return how many."""
        ...

    def moved(self) -> bool:
        """Return whether a level moved since stores were told of stock last."""
        ...

    def count(self, counts: Sequence[Count], now_ms: int) -> None:
        """Set levels to what was counted, less what was sold since, by receipts taken off before.

        Receipts still noted are taken off later, if they are younger than the count.
        """
        ...

    def levels(self, place: UUID) -> tuple[Level, ...]:
        """Return what lies in a place, by sku."""
        ...

    def counted_places(self, places: Collection[UUID]) -> Mapping[UUID, int]:
        """Return how many articles are counted in each place; places without a count are absent."""
        ...

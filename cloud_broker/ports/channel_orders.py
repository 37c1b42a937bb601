"""Orders of other channels: every word that was said, and the orders that follow from them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from retail_core.insight.channel_orders.words import Order, Said


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order with what only the cloud knows of it: its day, store, member and articles."""

    order: Order
    day: date
    hour: int
    store: UUID | None
    member: UUID | None
    articles: tuple[UUID | None, ...]


class ChannelOrderRepo(Protocol):
    """Words and orders."""

    def add_words(self, words: Sequence[Said], now_ms: int) -> tuple[Said, ...]:
        """Append words; one that stands already is passed over.

        Return those of which the same version stands already with other content.
        """
        ...

    def words(self, orders: Collection[UUID]) -> Mapping[UUID, tuple[Said, ...]]:
        """Return every word of orders; those of files that were taken back do not count."""
        ...

    def lock(self, orders: Collection[UUID]) -> None:
        """Let no other transaction work on these orders until this one ends."""
        ...

    def save(self, orders: Sequence[PlacedOrder], now_ms: int) -> None:
        """Write orders with their lines over what stood there."""
        ...

    def drop(self, orders: Collection[UUID]) -> None:
        """Take away orders of which nothing is left."""
        ...

    def of_origin(self, origin: UUID, after: UUID, limit: int) -> tuple[UUID, ...]:
        """Return the orders of which a connector or file said something, by id."""
        ...

    def order(self, order_id: UUID) -> PlacedOrder | None:
        """Return an order as it stands."""
        ...

    def totals(self) -> Mapping[str, tuple[int, int, int]]:
        """Return (orders, net fen, refunded fen) by channel."""
        ...

    def codes(self) -> Mapping[str, UUID]:
        """Return the articles by sku and barcode, as they are named today."""
        ...

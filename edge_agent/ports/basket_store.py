"""Where baskets lie until they are sold or dropped: in the journal's file, beside the sales."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from edge_agent.domain.basket import CounterBasket
from edge_agent.ports.journal import Beside, StoredAnswer

KeyedAnswer = tuple[str, StoredAnswer]


class BasketStore(Protocol):
    """Baskets with the answers given about them; both are kept in one transaction.

    A change is there after a kill of the program, and reaches the disk in order: what a power cut
    takes is at most the newest changes, never one without those before it.
    """

    def load(self) -> tuple[CounterBasket, ...]:
        """Return every basket that can be read, oldest first."""
        ...

    def keep(self, basket: CounterBasket, answer: KeyedAnswer | None = None) -> None:
        """Write a basket and the answer under its idempotency key; Fault DISK_FULL."""
        ...

    def change(self, basket: CounterBasket) -> Beside:
        """Return the same change, for the journal to write together with a sale."""
        ...

    def answer(self, key: str) -> StoredAnswer | None:
        """Return the answer stored under an idempotency key."""
        ...

    def forget(self, baskets: Collection[UUID]) -> None:
        """Delete baskets with their answers."""
        ...

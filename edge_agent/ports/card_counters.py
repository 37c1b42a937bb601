"""The last counter each member card showed here: what tells a copied link from the card."""

from typing import Protocol


class CardCounters(Protocol):
    """One number a card, safe from a power cut the moment it is put."""

    def last(self, uid: bytes) -> int | None:
        """Return a card's highest counter so far, None for a card never seen."""
        ...

    def put(self, uid: bytes, counter: int) -> None:
        """Keep a counter; when this returns it is on disk. A lower one changes nothing."""
        ...

    def close(self) -> None:
        """Close the file; safe to call twice."""
        ...

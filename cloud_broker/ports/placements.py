"""Wallets whose points are to be lent out anew, and where their owners shop."""

from collections.abc import Collection
from datetime import date
from typing import Protocol
from uuid import UUID

Visits = dict[UUID, tuple[tuple[UUID, date], ...]]
"""By wallet, the stores visited and the business days, each once."""


class PlacementRepo(Protocol):
    """A list that is worked off beside the booking."""

    def queue(self, wallets: Collection[UUID], now_ms: int) -> None:
        """Put wallets on the list; one that stands there already keeps its place."""
        ...

    def take(self, limit: int) -> tuple[UUID, ...]:
        """Take the oldest off the list; they are back when the transaction fails."""
        ...

    def visits(self, wallets: Collection[UUID], since: date) -> Visits:
        """Return where the wallets' owners shopped since a day; who never did is left out."""
        ...

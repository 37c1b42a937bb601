"""What this device was lent: a book in the journal's file, written together with its events."""

from typing import Protocol

from edge_agent.ports.journal import Beside
from retail_core.loyalty.lease_box import BoxLeases


class LeaseBook(Protocol):
    """Leases and who let this device in; it has one writer."""

    def load(self) -> BoxLeases:
        """Return what is on disk."""
        ...

    def change(self, before: BoxLeases, after: BoxLeases) -> Beside:
        """Return the difference, for `Journal.append` to make durable with its events."""
        ...

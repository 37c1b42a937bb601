"""Live updates: what changed, pushed to whoever is looking; the viewer then asks for the rows."""

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

LiveKind = Literal["sale", "member", "store", "repair", "published", "checkin", "fleet"]


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something of a tenant changed; `stores` is a hint and may be empty or cut short."""

    tenant: UUID
    kinds: frozenset[LiveKind]
    stores: tuple[UUID, ...] = ()


class LiveFeed(Protocol):
    """One viewer's bounded queue; when it is full, events are merged, never lost."""

    async def next(self, timeout_s: float) -> LiveEvent | None:
        """Wait for the next event, or return None when none came in time."""
        ...

    def close(self) -> None:
        """Stop receiving; safe to call twice."""
        ...


class LiveHub(Protocol):
    """Where viewers subscribe; call `subscribe` on the event loop that will read the feed."""

    def subscribe(self, tenant: UUID) -> LiveFeed:
        """Open a feed of one tenant's events."""
        ...

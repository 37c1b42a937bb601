"""Who may speak at the message broker, told to it while it runs."""

from typing import Protocol
from uuid import UUID

from cloud_broker.domain.arrivals import Place


class BrokerGate(Protocol):
    """The brokers' own list of boxes; all raise Fault BROKER_GATE_DOWN when unanswered."""

    def admit(self, tenant: UUID, place: Place) -> None:
        """Let a box speak and hear on its own topics and no others; safe to repeat."""
        ...

    def shut_out(self, device: UUID) -> None:
        """Take a box's rights and cut its session, at every broker; safe to repeat."""
        ...

    def known(self) -> frozenset[UUID]:
        """Return every box that some broker lets speak by its certificate."""
        ...

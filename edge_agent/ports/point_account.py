"""A till's own system that keeps points: read, and added to by increments without a key."""

from typing import Protocol

from edge_agent.domain.point_push import Reading


class PointAccount(Protocol):
    """The other system's customers.

    Faults: SOFTWARE_UNREACHABLE when nothing was sent, SOFTWARE_OUTCOME_UNKNOWN when something was
    and no answer came, SOFTWARE_REFUSED when it said no.
    """

    def find(self, phone: str) -> str | None:
        """Return the customer with this phone number, None when there is none."""
        ...

    def read(self, customer: str) -> Reading:
        """Return what a customer has now."""
        ...

    def add(self, customer: str, points: int, at_ms: int) -> None:
        """Add points, or take them when negative; returns when its answer says they were added."""
        ...

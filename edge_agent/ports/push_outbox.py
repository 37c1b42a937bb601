"""Points that wait for a till's own system, on disk."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from edge_agent.domain.point_push import PointPush


class PushOutbox(Protocol):
    """What waits, what was begun, and which member is which customer; each call is durable."""

    def cursor(self) -> int | None:
        """Return the last sequence of the journal that was taken, None before the first."""
        ...

    def take(self, upto_seq: int, pushes: Sequence[PointPush]) -> None:
        """Take pushes of the journal up to a sequence; one that is there already stays as it is."""
        ...

    def keep(self, push: PointPush) -> None:
        """Write how a push stands now."""
        ...

    def open(self) -> tuple[tuple[PointPush, str], ...]:
        """Return one unfinished push of each linked customer: the one begun, else the oldest.

        Two members may be one customer, as after a merge: their readings would mix.
        """
        ...

    def unsure(self) -> tuple[PointPush, ...]:
        """Return what somebody has to look at, oldest first."""
        ...

    def depth(self) -> int:
        """Return how many of linked members are not finished; the others wait for a name."""
        ...

    def link(self, member_id: UUID, customer: str) -> None:
        """Note which customer a member is."""
        ...

    def customer(self, member_id: UUID) -> str | None:
        """Return which customer a member is, None when nobody said."""
        ...

    def close(self) -> None:
        """Close the file; safe to call twice."""
        ...

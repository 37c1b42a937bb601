"""What others put into a store's feed goes out in front of what ingest puts there.

Beside the booking, tiers and leases of the same member change in transactions of their own. A frame
that began after them would be a gap at the box, and every sale would send it to ask over HTTP.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from cloud_broker.ports.feed import FeedRow
from cloud_broker.ports.unit import Unit
from retail_core import limits

# A box that missed more asks for it better than it is sent it again.
_FILLED_MAX = limits.CHANGES_PER_FRAME_MAX


class FeedFront:
    """How far this worker has told each store; one that was never told is not filled."""

    def __init__(self) -> None:
        self._told: dict[tuple[UUID, UUID], int] = {}

    def filled(self, unit: Unit, tenant: UUID, rows: Sequence[FeedRow]) -> tuple[FeedRow, ...]:
        """Return rows, by store and position, with those of others before them."""
        first: dict[UUID, int] = {}
        for row in rows:
            first.setdefault(row.store, row.pos)
        gaps = {
            store: (told, pos)
            for store, pos in first.items()
            if (told := self._told.get((tenant, store), pos)) + 1 < pos
            and pos - told <= _FILLED_MAX
        }
        if not gaps:
            return tuple(rows)
        every = (*rows, *unit.feed.between(gaps))
        return tuple(sorted(every, key=lambda row: (row.store.int, row.pos)))

    def told(self, marks: Mapping[tuple[UUID, UUID], int]) -> None:
        """Note how far stores were told; what was told before stays told."""
        for key, pos in marks.items():
            self._told[key] = max(pos, self._told.get(key, 0))

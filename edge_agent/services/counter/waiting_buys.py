"""What members bought here that the cloud has not heard of: it counts for their tasks already."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from edge_agent.ports.journal import Journal, Record
from edge_agent.services.journal.waiting import waiting_pages
from retail_core.errors import Fault
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sale that waits for the cloud."""

    seq: int
    member: UUID
    sale: Sale


class WaitingBuys:
    """Follows the journal; thread-safe. What is acknowledged the cloud counts itself."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._waiting: dict[UUID, list[Waiting]] = {}
        for page in waiting_pages(journal):
            self.recorded(page)

    def recorded(self, records: Sequence[Record]) -> None:
        """Keep the members' sales among new records."""
        found = [one for record in records if (one := _waiting(record)) is not None]
        if not found:
            return
        lowest = self._journal.lowest_unacked()
        with self._lock:
            for one in found:
                kept = [old for old in self._waiting.get(one.member, []) if old.seq >= lowest]
                self._waiting[one.member] = [*kept, one]

    def of(self, member: UUID, posted: Sequence[bytes]) -> tuple[Sale, ...]:
        """Return what a member bought here beyond what her record holds."""
        lowest = self._journal.lowest_unacked()
        with self._lock:
            kept = [one for one in self._waiting.pop(member, []) if one.seq >= lowest]
            if kept:
                self._waiting[member] = kept
        return tuple(one.sale for one in kept if one.sale.receipt_id not in posted)


def _waiting(record: Record) -> Waiting | None:
    member = record.draft.member
    if record.draft.type != EventType.SALE or member is None:
        return None
    try:
        sale = decode_body(EventType.SALE, record.draft.body)
    except Fault:
        return None
    return Waiting(record.seq, member, sale) if isinstance(sale, Sale) else None

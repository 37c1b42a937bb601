"""Points earned here that the cloud's record does not show yet, so that none is shown twice.

A receipt counts as pending from its append until the member's record names it, or until a record
that arrived after its acknowledgement shows it in the sums (the record names only the newest
receipts). A restart counts what is not acknowledged; what was acknowledged just before may be
missing from the screen until the feed catches up, never double. After months without a line only
the newest sales are counted: what a member is shown may be too little, never too much.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from edge_agent.ports.journal import Journal, Record
from edge_agent.services.journal.waiting import waiting_pages
from retail_core.errors import Fault
from retail_core.loyalty.postings import EARN
from retail_core.sync.ranges import within
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale

# A hundred days of a busy shop without a line, in a few megabytes.
KEPT = 20_000


@dataclass(slots=True)
class _Pending:
    member_id: UUID
    receipt_id: bytes
    points: int
    acked: bool = False


class PendingPoints:
    """Follows the journal, the acknowledgements and the members' records; thread-safe."""

    def __init__(self, journal: Journal) -> None:
        self._lock = threading.Lock()
        self._by_seq: dict[int, _Pending] = {}
        self._by_member: dict[UUID, list[_Pending]] = {}
        for page in waiting_pages(journal, journal.next_seq() - KEPT):
            self.recorded(page)

    def recorded(self, records: Sequence[Record]) -> None:
        """Count the sales among new records."""
        found = {record.seq: pending for record in records if (pending := _pending(record))}
        with self._lock:
            self._by_seq |= found
            for pending in found.values():
                self._by_member.setdefault(pending.member_id, []).append(pending)
            while len(self._by_seq) > KEPT:
                self._forget(self._by_seq.pop(next(iter(self._by_seq))))

    def _forget(self, old: _Pending) -> None:
        kept = [one for one in self._by_member.get(old.member_id, []) if one is not old]
        if kept:
            self._by_member[old.member_id] = kept
        else:
            self._by_member.pop(old.member_id, None)

    def acked(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Note which records the cloud has committed."""
        with self._lock:
            for seq in list(within(self._by_seq, ranges)):
                self._by_seq.pop(seq).acked = True

    def all_reflected(self) -> None:
        """Note that newer records of everybody were applied."""
        with self._lock:
            members = tuple(self._by_member)
        self.reflected(members)

    def reflected(self, member_ids: Sequence[UUID]) -> None:
        """Note that newer records of these members were applied: they hold what was acked."""
        with self._lock:
            for member_id in member_ids:
                kept = [one for one in self._by_member.pop(member_id, []) if not one.acked]
                if kept:
                    self._by_member[member_id] = kept

    def of(self, member_id: UUID, posted_receipts: Sequence[bytes]) -> int:
        """Return the points a member has earned here beyond what her record shows."""
        with self._lock:
            return sum(
                pending.points
                for pending in self._by_member.get(member_id, [])
                if pending.receipt_id not in posted_receipts
            )


def _pending(record: Record) -> _Pending | None:
    member_id = record.draft.member
    if record.draft.type != EventType.SALE or member_id is None:
        return None
    try:
        sale = decode_body(EventType.SALE, record.draft.body)
    except Fault:
        return None
    if not isinstance(sale, Sale):
        return None
    points = sum(posting.points for posting in sale.postings if posting.kind == EARN)
    return _Pending(member_id, sale.receipt_id, points) if points else None

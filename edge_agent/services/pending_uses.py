"""How often rules with caps were used: what the cloud says, and what this box sold since.

The cloud counts a member's uses from receipts; a sale counts here until a record that came after
its acknowledgement holds it. The store's own uses of a day are this box's. What another shop sold
to her meanwhile is not known while the line is cut: then nothing is granted that it could exceed.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from edge_agent.ports.journal import Journal, Record
from edge_agent.ports.replica import HeldMember
from edge_agent.services.price_desk import UsesKnown
from retail_core.errors import Fault
from retail_core.pricing.proof.repricing import uses_of
from retail_core.pricing.rules.context import Used
from retail_core.sync.ranges import covers
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale

# A day's sales of a busy counter; what lies before it is another day's.
LOOKED_BACK = 2_000


@dataclass(slots=True)
class _Sold:
    member_id: UUID | None
    receipt_id: bytes
    day: int | None
    uses: Counter[str]
    acked: bool = False
    reflected: bool = False


class PendingUses:
    """Follows the journal, the acknowledgements and the members' records; thread-safe."""

    def __init__(self, journal: Journal, online: Callable[[], bool]) -> None:
        self._online = online
        self._lock = threading.Lock()
        self._by_seq: dict[int, _Sold] = {}
        since = max(0, journal.next_seq() - 1 - LOOKED_BACK)
        records = _sales(journal, since)
        self.recorded(records)
        for record in records:
            if record.acked and record.seq in self._by_seq:
                self._by_seq[record.seq].acked = True

    def recorded(self, records: Sequence[Record]) -> None:
        """Count the sales among new records."""
        found = {record.seq: sold for record in records if (sold := _sold(record)) is not None}
        if found:
            with self._lock:
                self._by_seq |= found
                self._forget()

    def acked(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Note which records the cloud has committed."""
        with self._lock:
            for seq, sold in self._by_seq.items():
                if not sold.acked and covers(ranges, seq):
                    sold.acked = True

    def reflected(self, member_ids: Sequence[UUID]) -> None:
        """Note that newer records of these members were applied: they hold what was acked."""
        members = frozenset(member_ids)
        with self._lock:
            for sold in self._by_seq.values():
                if sold.acked and sold.member_id in members:
                    sold.reflected = True

    def of(self, held: HeldMember | None, day: int | None) -> UsesKnown:
        """Return what is known on a business day."""
        with self._lock:
            sold = tuple(self._by_seq.values())
        store = _summed(one.uses for one in sold if one.day == day)
        if held is None:
            return UsesKnown(store=Used(today=store), known=True)
        record = held.record
        told = uses_of(record.used, today=record.used_on == day)
        posted = frozenset(record.posted_receipts)
        own = [
            one
            for one in sold
            if one.member_id == held.member_id
            and not one.reflected
            and one.receipt_id not in posted
        ]
        ever = Counter(told.ever) + _summed(one.uses for one in own)
        today = Counter(told.today) + _summed(one.uses for one in own if one.day == day)
        known = day is not None and (record.used_on == day or self._online())
        return UsesKnown(Used(dict(ever), dict(today)), Used(today=store), known)

    def _forget(self) -> None:
        while len(self._by_seq) > LOOKED_BACK:
            self._by_seq.pop(next(iter(self._by_seq)))


def _sales(journal: Journal, since_seq: int) -> tuple[Record, ...]:
    """Return the sales since then; a damaged journal sells nothing more, so there is no count."""
    try:
        return journal.records(type_=EventType.SALE, since_seq=since_seq)
    except Fault:
        return ()


def _summed(counts: Iterator[Counter[str]]) -> Counter[str]:
    found = Counter[str]()
    for one in counts:
        found.update(one)
    return found


def _sold(record: Record) -> _Sold | None:
    """Return a sale that used limited rules."""
    if record.draft.type != EventType.SALE:
        return None
    try:
        sale = decode_body(EventType.SALE, record.draft.body)
    except Fault:
        return None
    if not isinstance(sale, Sale) or not sale.uses:
        return None
    uses = Counter(dict(sale.uses))
    return _Sold(record.draft.member, sale.receipt_id, sale.business_date, uses)

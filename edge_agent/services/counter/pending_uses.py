"""How often rules with caps were used: what the cloud says, and what this box sold since.

The cloud counts a member's uses from receipts; a sale counts here until a record that came after
its acknowledgement holds it. The store's own uses of a day are this box's. What another shop sold
to her meanwhile is not known while the line is cut: then nothing is granted that it could exceed.
What another shop took back of this box's receipts the cloud tells by receipt.

What came back here was not used after all. Her count is lower by it until the cloud has the refund
or told anything newer of her, so that it is never taken off twice.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from edge_agent.ports.journal import Journal, Record
from edge_agent.ports.replica import HeldMember
from edge_agent.services.shop.used_up import UsesKnown
from retail_core.checkout.receipt import counted_on
from retail_core.errors import Fault
from retail_core.pricing.proof.repricing import uses_of
from retail_core.pricing.rules.context import Used
from retail_core.sync.ranges import within
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale
from retail_core.wire.refund import Refund, UsesGone

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


@dataclass(slots=True)
class _Back:
    """Limited rules of a receipt that came back here; on day 0 they counted for nobody."""

    member_id: UUID | None
    receipt_id: bytes
    day: int
    uses: Counter[str]
    done: bool = False


class PendingUses:
    """Follows the journal, the acknowledgements and the members' records; thread-safe."""

    def __init__(
        self,
        journal: Journal,
        online: Callable[[], bool],
        told_back: Callable[[int], Mapping[bytes, UsesGone]],
    ) -> None:
        self._online = online
        self._told_back = told_back
        self._lock = threading.Lock()
        self._by_seq: dict[int, _Sold] = {}
        self._back: dict[int, _Back] = {}
        # The same sales by receipt and summed by day: a price must not grow dearer with the day.
        self._by_receipt: dict[bytes, _Sold] = {}
        self._by_day: defaultdict[int, Counter[str]] = defaultdict(Counter)
        since = max(0, journal.next_seq() - 1 - LOOKED_BACK)
        records = _kept(journal, since)
        self.recorded(records)
        self.acked([(record.seq, record.seq) for record in records if record.acked])

    def recorded(self, records: Sequence[Record]) -> None:
        """Count the sales and refunds among new records."""
        sold = {record.seq: one for record in records if (one := _sold(record)) is not None}
        back = {record.seq: its for record in records if (its := _came_back(record)) is not None}
        if sold or back:
            with self._lock:
                for seq, one in sold.items():
                    self._add(seq, one)
                self._back |= back
                self._forget()

    def acked(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Note which records the cloud has committed."""
        with self._lock:
            for seq in within(self._by_seq, ranges):
                self._by_seq[seq].acked = True
            for seq in within(self._back, ranges):
                self._back[seq].done = True

    def all_reflected(self) -> None:
        """Note that newer records of everybody were applied."""
        with self._lock:
            members = {sold.member_id for sold in self._by_seq.values() if sold.member_id}
            members |= {back.member_id for back in self._back.values() if back.member_id}
        self.reflected(tuple(members))

    def reflected(self, member_ids: Sequence[UUID]) -> None:
        """Note that newer records of these members were applied: they hold what was acked."""
        members = frozenset(member_ids)
        with self._lock:
            for sold in self._by_seq.values():
                if sold.acked and sold.member_id in members:
                    sold.reflected = True
            for back in self._back.values():
                back.done = back.done or back.member_id in members

    def of(self, held: HeldMember | None, day: int | None) -> UsesKnown:
        """Return what is known on a business day."""
        told_back = {} if day is None else self._told_back(day)
        with self._lock:
            sold, back = tuple(self._by_seq.values()), tuple(self._back.values())
            store = {} if day is None else self._store_today(day, told_back)
        if held is None:
            return UsesKnown(store=Used(today=store), known=True)
        record = held.record
        told = uses_of(record.used, today=record.used_on == day)
        posted = frozenset(record.posted_receipts)
        more = [
            one
            for one in sold
            if one.member_id == held.member_id
            and not one.reflected
            and one.receipt_id not in posted
        ]
        less = [one for one in back if one.member_id == held.member_id and one.day and not one.done]
        ever = _moved(told.ever, more, less)
        today = _moved(
            told.today,
            (one for one in more if one.day == day),
            (one for one in less if one.day == day),
        )
        # Of a basket that was opened before her newest day nobody tells the uses any more.
        newer = day is not None and record.used_on > day
        known = day is not None and not newer and (record.used_on == day or self._online())
        return UsesKnown(Used(ever, today), Used(today=store), known)

    def _store_today(self, day: int, told_back: Mapping[bytes, UsesGone]) -> dict[str, int]:
        """Return how often this box's sales of a day used rules, but for what came back.

        Of a receipt the greater of what came back here and what the cloud tells of all shops:
        the same goods never count twice, and what is not told yet stays used.
        """
        gone: defaultdict[bytes, Counter[str]] = defaultdict(Counter)
        for back in self._back.values():
            gone[back.receipt_id] += back.uses
        for receipt, told in told_back.items():
            gone[receipt] |= Counter(dict(told.uses))
        found = Counter(self._by_day.get(day))
        for receipt, uses in gone.items():
            sold = self._by_receipt.get(receipt)
            if sold is not None and sold.day == day:
                found.subtract(sold.uses & uses)
        return dict(+found)

    def _add(self, seq: int, sold: _Sold) -> None:
        if seq in self._by_seq:
            return
        self._by_seq[seq] = self._by_receipt[sold.receipt_id] = sold
        if sold.day is not None:
            self._by_day[sold.day].update(sold.uses)

    def _forget(self) -> None:
        while len(self._by_seq) > LOOKED_BACK:
            sold = self._by_seq.pop(next(iter(self._by_seq)))
            self._by_receipt.pop(sold.receipt_id, None)
            if sold.day is not None:
                self._by_day[sold.day] -= sold.uses
                if not self._by_day[sold.day]:
                    del self._by_day[sold.day]
        while len(self._back) > LOOKED_BACK:
            self._back.pop(next(iter(self._back)))


def _moved(told: Mapping[str, int], more: Iterable[_Sold], less: Iterable[_Back]) -> dict[str, int]:
    """Return counts with sales added and what came back taken off, never below nothing."""
    found = Counter(told)
    for sold in more:
        found.update(sold.uses)
    for back in less:
        found.subtract(back.uses)
    return dict(+found)


def _kept(journal: Journal, since_seq: int) -> tuple[Record, ...]:
    """Return sales and refunds since then; a damaged journal sells nothing more: no count."""
    try:
        sales = journal.records(type_=EventType.SALE, since_seq=since_seq)
        return (*sales, *journal.records(type_=EventType.REFUND, since_seq=since_seq))
    except Fault:
        return ()


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
    return _Sold(record.draft.member, sale.receipt_id, counted_on(sale), uses)


def _came_back(record: Record) -> _Back | None:
    """Return a refund of limited rules."""
    if record.draft.type != EventType.REFUND:
        return None
    try:
        refund = decode_body(EventType.REFUND, record.draft.body)
    except Fault:
        return None
    if not isinstance(refund, Refund) or not refund.uses:
        return None
    uses = Counter(dict(refund.uses))
    return _Back(record.draft.member, refund.receipt_id, refund.uses_on, uses)

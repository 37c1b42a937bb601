"""A sale told a second time under another key is not booked again.

Tills reset their receipt numbers, so a number alone says nothing. The same till, business day,
number and content is one sale told twice; a till that truly sold the same basket again gives its
receipt the next number. A sale that was taken back may be rung up anew under its number.

The index of the newest day is read from the journal when it is first asked for, so it outlives
every restart.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from edge_agent.domain.sale import SaleCommand
from edge_agent.ports.journal import Journal, Record
from edge_agent.services.counter.receipts import ReceiptBook
from retail_core.checkout.basket import BasketLine
from retail_core.errors import Fault
from retail_core.loyalty.same_sale import content_hash, content_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale

KEPT_MAX = 10_000
FIRST_LOOK = 512


class _Told(NamedTuple):
    """`day` is the business day, or the boot while the clock is unknown."""

    till: UUID
    day: int | UUID
    number: str
    content: bytes


class SoldAgain:
    """Knows the sales of the newest days; safe to call from several threads."""

    def __init__(self, journal: Journal, receipts: ReceiptBook) -> None:
        self._journal = journal
        self._receipts = receipts
        self._lock = threading.Lock()
        self._told: dict[_Told, UUID] | None = None

    def recorded(self, records: Sequence[Record]) -> None:
        """Note new sales; before the first question there is nothing to note them in."""
        with self._lock:
            if self._told is not None:
                for record in records:
                    _note(self._told, record)

    def refuse(self, command: SaleCommand, lines: Sequence[BasketLine], day: int | UUID) -> None:
        """Refuse what was told before; Fault SALE_TOLD_AGAIN names the first receipt."""
        if not command.till_receipt_no:
            return
        goods = ((line.sku or line.name, line.qty_milli) for line in lines)
        content = content_hash(goods, command.tenders, command.member_id)
        with self._lock:
            if self._told is None:
                self._told = self._read()
            first = self._told.get(_Told(command.till, day, command.till_receipt_no, content))
        if first is None:
            return
        held = self._receipts.here(first)
        if held is None or not held.refunds:
            number = command.till_receipt_no
            raise Fault(FaultCode.SALE_TOLD_AGAIN, number=number, receipt=first)

    def _read(self) -> dict[_Told, UUID]:
        """Read the journal from its end, as far as the newest business day goes back."""
        head, look = self._journal.next_seq() - 1, FIRST_LOOK
        while True:
            since = max(0, head - look)
            records = self._journal.records(type_=EventType.SALE, since_seq=since)
            told: dict[_Told, UUID] = {}
            days = {_note(told, record) for record in records} - {None}
            if since == 0 or len(days) > 1 or look >= KEPT_MAX:
                return told
            look *= 4


def _note(told: dict[_Told, UUID], record: Record) -> int | None:
    """Note a sale and return its business day."""
    draft = record.draft
    if draft.type != EventType.SALE or draft.till is None:
        return None
    sale = decode_body(draft.type, draft.body)
    if not isinstance(sale, Sale) or not sale.till_receipt_no:
        return None
    day = sale.business_date or draft.at.boot_id
    key = _Told(draft.till, day, sale.till_receipt_no, content_of(sale, draft.member))
    told.pop(key, None)
    told[key] = UUID(bytes=sale.receipt_id)
    while len(told) > KEPT_MAX:
        del told[next(iter(told))]
    return sale.business_date

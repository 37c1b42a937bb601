"""Receipts after the sale: this box's from its journal, another shop's from the cloud.

A small index of the journal is kept in memory, built when it is first asked for; the receipts
themselves are read from disk. What the cloud knows of refunds elsewhere is asked each time, because
goods sold here may have gone back in another shop an hour ago.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from uuid import UUID

from edge_agent.domain.receipts import HeldReceipt, ReceiptRow, ReceiptSearch, RefundMade
from edge_agent.ports.cloud_link import CloudDirectory, FetchedReceipt
from edge_agent.ports.journal import Journal, Record
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale
from retail_core.wire.refund import Refund

ROWS_MAX = 50
# Some months of a busy shop; the journal keeps less.
ROWS_KEPT_MAX = 50_000
_INDEXED = (EventType.SALE, EventType.REFUND)


class ReceiptBook:
    """Finds receipts; safe to call from several threads."""

    def __init__(self, journal: Journal, directory: CloudDirectory) -> None:
        self._journal = journal
        self._directory = directory
        self._lock = threading.Lock()
        self._rows: dict[UUID, ReceiptRow] | None = None
        self._refunds: dict[UUID, list[int]] = {}

    def recorded(self, records: Sequence[Record]) -> None:
        """Note new records; before the first question there is nothing to note them in."""
        with self._lock:
            if self._rows is not None:
                for record in records:
                    self._note(self._rows, record)

    def last(self, search: ReceiptSearch) -> tuple[ReceiptRow, ...]:
        """Return this box's receipts that fit, newest first, `ROWS_MAX` at most."""
        return self._fitting(search, ROWS_MAX)

    def all(self, search: ReceiptSearch) -> tuple[ReceiptRow, ...]:
        """Return every receipt of this box that fits, newest first."""
        return self._fitting(search, ROWS_KEPT_MAX)

    def elsewhere(self, number: str, day: int) -> tuple[HeldReceipt, ...]:
        """Return other shops' receipts of a day with a number; Fault RECEIPT_ELSEWHERE offline."""
        try:
            found = self._directory.receipts_by_number(number, day)
        except Fault as fault:
            raise _offline(fault) from None
        return tuple(_fetched(one) for one in found if not self._is_here(_id_of(one.sale)))

    def find(self, receipt_id: UUID) -> HeldReceipt:
        """Return a receipt with its refunds in whatever shop.

        Raises Fault REFUND_RECEIPT_UNKNOWN, or RECEIPT_ELSEWHERE when it is not this box's and the
        cloud cannot be asked.
        """
        here = self.here(receipt_id)
        try:
            there = self._directory.receipt(receipt_id)
        except Fault as fault:
            if here is None:
                raise _offline(fault) from None
            return replace(here, whole=False)
        if here is not None:
            return here if there is None else _both(here, _fetched(there))
        if there is None:
            raise Fault(FaultCode.REFUND_RECEIPT_UNKNOWN, receipt=receipt_id)
        # What this box took back of it may not have reached the cloud yet.
        return _with_waiting(_fetched(there), self._made_here(receipt_id))

    def here(self, receipt_id: UUID) -> HeldReceipt | None:
        """Return a receipt of this box with the refunds made here; None when it keeps none."""
        with self._lock:
            row = self._index().get(receipt_id)
        record = None if row is None else self._journal.record(row.seq)
        if record is None:
            return None
        sale = decode_body(EventType.SALE, record.draft.body)
        if not isinstance(sale, Sale):
            raise Fault(FaultCode.DISK_JOURNAL_CORRUPT, seq=record.seq)
        draft = record.draft
        return HeldReceipt(
            sale=sale,
            wall_ms=draft.at.wall_ms,
            till=draft.till,
            operator=draft.operator,
            member_id=draft.member,
            refunds=self._made_here(receipt_id),
            seq=record.seq,
        )

    # ---- inside ---------------------------------------------------------------------------------

    def _fitting(self, search: ReceiptSearch, most: int) -> tuple[ReceiptRow, ...]:
        with self._lock:
            rows = self._index()
            fitting = (rows[receipt] for receipt in reversed(rows) if search.fits(rows[receipt]))
            return tuple(
                replace(row, refunds=len(self._refunds.get(row.receipt_id, ())))
                for row in islice(fitting, most)
            )

    def _made_here(self, receipt_id: UUID) -> tuple[RefundMade, ...]:
        """Return what this box took back of a receipt, whoever sold it."""
        with self._lock:
            self._index()
            seqs = tuple(self._refunds.get(receipt_id, ()))
        found = (self._journal.record(seq) for seq in seqs)
        return tuple(_made(one) for one in found if one is not None)

    def _is_here(self, receipt_id: UUID) -> bool:
        with self._lock:
            return receipt_id in self._index()

    def _index(self) -> dict[UUID, ReceiptRow]:
        if self._rows is None:
            rows: dict[UUID, ReceiptRow] = {}
            for kind in _INDEXED:
                for record in self._journal.records(type_=kind):
                    self._note(rows, record)
            self._rows = rows
        return self._rows

    def _note(self, rows: dict[UUID, ReceiptRow], record: Record) -> None:
        draft = record.draft
        if draft.type not in _INDEXED:
            return
        match decode_body(draft.type, draft.body):
            case Sale() as sale:
                rows[_id_of(sale)] = ReceiptRow(
                    receipt_id=_id_of(sale),
                    seq=record.seq,
                    till=draft.till,
                    operator=draft.operator,
                    member_id=draft.member,
                    till_receipt_no=sale.till_receipt_no,
                    business_date=sale.business_date,
                    wall_ms=draft.at.wall_ms,
                    total_fen=sale.total_fen,
                )
                while len(rows) > ROWS_KEPT_MAX:
                    self._refunds.pop(gone := next(iter(rows)), None)
                    del rows[gone]
            case Refund() as refund:
                seqs = self._refunds.setdefault(UUID(bytes=refund.receipt_id), [])
                # The index may have been built between the write and this note of it.
                if record.seq not in seqs:
                    seqs.append(record.seq)
            case _:
                pass


def _id_of(sale: Sale) -> UUID:
    return UUID(bytes=sale.receipt_id)


def _made(record: Record) -> RefundMade:
    body = decode_body(EventType.REFUND, record.draft.body)
    if not isinstance(body, Refund):
        raise Fault(FaultCode.DISK_JOURNAL_CORRUPT, seq=record.seq)
    return RefundMade(body, record.draft.at.wall_ms, record.draft.operator)


def _fetched(found: FetchedReceipt) -> HeldReceipt:
    return HeldReceipt(
        sale=found.sale,
        wall_ms=found.wall_ms,
        till=found.till,
        operator=found.operator,
        member_id=found.member,
        refunds=tuple(
            RefundMade(one.body, one.wall_ms, one.operator, one.store_name) for one in found.refunds
        ),
        store_name=found.store_name,
    )


def _both(here: HeldReceipt, there: HeldReceipt) -> HeldReceipt:
    """Return the box's receipt with the refunds of both: the cloud's, then what waits here."""
    refunds = _with_waiting(there, here.refunds).refunds
    return replace(here, refunds=refunds, member_id=here.member_id or there.member_id)


def _with_waiting(there: HeldReceipt, made: Sequence[RefundMade]) -> HeldReceipt:
    """Return the cloud's receipt with what was taken back here and is not booked there yet."""
    known = {one.body.refund_id for one in there.refunds}
    waiting = tuple(one for one in made if one.body.refund_id not in known)
    return replace(there, refunds=(*there.refunds, *waiting))


def _offline(fault: Fault) -> Fault:
    down = fault.code is FaultCode.SYNC_LINK_DOWN
    return Fault(FaultCode.RECEIPT_ELSEWHERE) if down else fault

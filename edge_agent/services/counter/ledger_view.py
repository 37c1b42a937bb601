"""The shop's own books as the technician and the demo compare them with the cloud's."""

from uuid import UUID

from edge_agent.domain.ledger import LedgerRow, LedgerView
from edge_agent.ports.journal import Journal, Record
from retail_core.errors import Fault
from retail_core.loyalty.postings import EARN
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale


def ledger_view(journal: Journal) -> LedgerView:
    """Return every receipt the journal keeps, in sequence, with sums in fen and points."""
    rows = tuple(_row(record) for record in journal.records(type_=EventType.SALE))
    return LedgerView(
        epoch=journal.epoch,
        rows=rows,
        total_fen=sum(row.total_fen for row in rows),
        points=sum(row.points for row in rows),
        waiting=journal.depth(),
    )


def _row(record: Record) -> LedgerRow:
    sale = decode_body(EventType.SALE, record.draft.body)
    if not isinstance(sale, Sale):
        raise Fault(FaultCode.DISK_JOURNAL_CORRUPT, seq=record.seq)
    return LedgerRow(
        receipt_id=UUID(bytes=sale.receipt_id),
        seq=record.seq,
        business_date=sale.business_date,
        total_fen=sale.total_fen,
        points=sum(posting.points for posting in sale.postings if posting.kind == EARN),
        member_id=record.draft.member,
        source=sale.source,
        till_receipt_no=sale.till_receipt_no,
        acked=record.acked,
    )

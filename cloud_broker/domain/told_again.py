"""A till's sale that arrives twice as two receipts is booked once; its box refuses it before.

It comes here from two boxes, or from one whose card was set back, and waits in the repair queue
with its money. The same number with other content is booked, and shown to a person: once, or a till
that always gives the same number would fill the queue.
"""

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.ingest_effects import API, Facts, Note, TapKey
from retail_core.errors import Fault
from retail_core.ids import id_of
from retail_core.loyalty.same_sale import content_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Sale


def is_told(source: str, key: TapKey) -> bool:
    """Tell whether a sale can be known again: a till's own, with a till and a number."""
    return source == API and key[1] is not None and key[3] != ""


def told_again(
    arrival: Arrival, sale: Sale, key: TapKey, facts: Facts
) -> tuple[bytes, Note | None]:
    """Return what a sale is known by, b"" for nothing, and what a person should see of it.

    Refuses an equal one that stands (Fault SALE_TOLD_AGAIN).
    """
    if not is_told(sale.source, key):
        return b"", None
    booked = facts.told.get(key, {})
    known = {content: one for content, one in booked.items() if one not in facts.back}
    content, number = content_of(sale, arrival.member), sale.till_receipt_no
    first = known.get(content)
    if first is not None and not facts.second:
        raise Fault(FaultCode.SALE_TOLD_AGAIN, number=number, receipt=first)
    facts.told[key] = {**known, content: id_of(sale.receipt_id)}
    if first is not None or len(known) != 1:
        return content, None
    (other,) = known.values()
    detail = f"number={number}, receipt={other}, second={id_of(sale.receipt_id)}"
    note = Note(arrival, "till", FaultCode.SALE_NUMBER_AGAIN, detail, arrival.member)
    return content, note

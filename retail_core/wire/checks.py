"""What a type cannot say of a message: that its numbers ascend, that no text holds a NUL.

Each check raises ValueError with a reason; the codec turns it into Fault WIRE_MALFORMED.
"""

from retail_core.wire.messages import AckFrame, ChangeFrame, Hello, Sale, UpFrame

_INT64_MAX = (1 << 63) - 1


def check_up(frame: UpFrame) -> None:
    """Refuse sequences after which there is no next one: no database can hold their range."""
    if frame.first_seq + len(frame.events) > _INT64_MAX:
        raise ValueError(f"{len(frame.events)} events from {frame.first_seq} on")


def check_ack(frame: AckFrame) -> None:
    """Refuse ranges that do not ascend: their sender lost count."""
    last = 0
    for low, high in frame.ranges:
        if not last < low <= high:
            raise ValueError(f"range {low}..{high} after {last}")
        last = high
    if frame.ends and len(frame.ends) != len(frame.ranges):
        raise ValueError(f"{len(frame.ends)} ends of {len(frame.ranges)} ranges")


def check_hello(hello: Hello) -> None:
    """Refuse a box that waits for a sequence it has not given out yet."""
    if hello.lowest_unacked > hello.next_seq:
        raise ValueError(f"unacked {hello.lowest_unacked}, next {hello.next_seq}")


def check_change(frame: ChangeFrame) -> None:
    """Refuse positions that do not ascend from `prev_pos` (excluded) to `pos`."""
    at = frame.prev_pos
    for change in frame.changes:
        if change.pos < at or change.pos == frame.prev_pos:
            raise ValueError(f"position {change.pos} after {at}")
        at = change.pos
    if at > frame.pos:
        raise ValueError(f"position {at} beyond {frame.pos}")


def check_sale(sale: Sale) -> None:
    """Refuse a NUL in any text: the database would refuse the whole batch for it."""
    texts = [sale.source, sale.till_receipt_no, sale.solver_status]
    for line in sale.lines:
        texts += (line.sku, line.name)
        texts += (offer for offer, _ in line.offers)
    texts += (kind for kind, _ in sale.tenders)
    texts += (spend.kind for spend in sale.lease_spends)
    texts += (rule for rule, _ in sale.uses)
    for posting in sale.postings:
        texts += (posting.rule, posting.kind, posting.debit, posting.credit)
    if "\x00" in "".join(texts):
        raise ValueError("a text holds a NUL")

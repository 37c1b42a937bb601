"""What waits in the journal for the cloud, as far as it can be read."""

from collections.abc import Iterator

from edge_agent.ports.journal import Journal, Record
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PAGE = 512


def waiting_pages(journal: Journal, from_seq: int = 0) -> Iterator[tuple[Record, ...]]:
    """Give the waiting records page by page; what is damaged is stepped over.

    The journal remembers its damage and refuses to be written to, and health says so: the box still
    starts, shows members and can be examined.
    """
    next_seq = journal.next_seq()
    from_seq = max(from_seq, journal.lowest_unacked())
    while from_seq < next_seq:
        try:
            page = journal.unacked(from_seq=from_seq, limit=PAGE)
            if not page:
                return
            last_seq = page[-1].seq
        except Fault:
            last_seq = min(from_seq + PAGE, next_seq) - 1
            page = read_over(journal, from_seq, last_seq)[0]
        if page:
            yield page
        from_seq = last_seq + 1


def read_over(
    journal: Journal, first_seq: int, last_seq: int
) -> tuple[tuple[Record, ...], tuple[int, ...]]:
    """Return the waiting records between two sequences, and those that cannot be read."""
    try:
        found = journal.unacked(from_seq=first_seq, limit=last_seq - first_seq + 1)
        return tuple(record for record in found if record.seq <= last_seq), ()
    except Fault as fault:
        if fault.code != FaultCode.DISK_JOURNAL_CORRUPT:
            raise
    records: list[Record] = []
    damaged: list[int] = []
    for seq in range(first_seq, last_seq + 1):
        try:
            record = journal.record(seq)
        except Fault:
            damaged.append(seq)
        else:
            records += [record] if record is not None and not record.acked else []
    return tuple(records), tuple(damaged)

"""What waits in the journal for the cloud, as far as it can be read."""

from collections.abc import Iterator

from edge_agent.ports.journal import Journal, Record
from retail_core.errors import Fault

PAGE = 512


def waiting_pages(journal: Journal) -> Iterator[tuple[Record, ...]]:
    """Give the waiting records page by page; a damaged record ends it.

    The journal remembers its damage and refuses to be written to, and health says so: the box still
    starts, shows members and can be examined.
    """
    from_seq = 0
    while True:
        try:
            page = journal.unacked(from_seq=from_seq, limit=PAGE)
        except Fault:
            return
        if not page:
            return
        yield page
        from_seq = page[-1].seq + 1

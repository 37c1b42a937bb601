"""Which records one frame up holds: consecutive, and within the bytes of its lane."""

from collections.abc import Sequence

from edge_agent.ports.journal import Record
from retail_core.sync.outbox_plan import LIVE

HEADROOM_BYTES = 1_024
EVENT_BYTES = 128  # an event's frame around its body, at most


def run_of(records: Sequence[Record], lane: str, bytes_max: int) -> list[Record]:
    """Return the consecutive records that one frame of a lane holds: the newest or the oldest."""
    run: list[Record] = []
    size = 0
    step = -1 if lane == LIVE else 1
    for record in records[::step]:
        size += len(record.draft.body) + EVENT_BYTES
        if run and (record.seq != run[-1].seq + step or size > bytes_max - HEADROOM_BYTES):
            break
        run.append(record)
    return run[::step]

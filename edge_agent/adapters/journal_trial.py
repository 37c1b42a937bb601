"""A trial of the journal's file: the smallest change that has to reach the disk as a sale does.

A write that is begun and taken back touches no disk: SQLite holds it in memory until the commit. So
one that is full, worn or read-only is found by a change that is kept: a count in the file's head,
which nothing else uses.
"""

from edge_agent.adapters.disk_reserve import DiskReserve
from edge_agent.adapters.sqlite_file import SqliteFile
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_COUNT_MAX = 1 << 30


def tried_out(file: SqliteFile, reserve: DiskReserve | None, known: Fault | None) -> None:
    """Change the file, synced; takes nothing of the room that is kept for sales.

    Raises the fault that is `known`, DISK_RESERVE_GONE where neither disk nor reserve has room, or
    DISK_JOURNAL_CORRUPT.
    """
    if known is not None:
        raise Fault(known.code, **known.fields)
    try:
        with file.joined() as db:
            count = int(db.pragma("user_version"))
            db.pragma("user_version", (count + 1) % _COUNT_MAX)
    except Fault as fault:
        if fault.code != FaultCode.DISK_FULL:
            raise
        # A full disk stops nobody as long as a sale finds room in the reserve.
        if reserve is None or not reserve.left:
            raise Fault(FaultCode.DISK_RESERVE_GONE) from fault

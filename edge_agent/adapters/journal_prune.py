"""Letting go of the oldest records the cloud has, a page at a time."""

import apsw

from edge_agent.adapters.journal_acks import Acked
from edge_agent.adapters.sqlite_file import SqliteFile
from retail_core.clock import TimeQuality

PAGE = 512

_LAST_OLD = """
SELECT max(seq) FROM (SELECT seq, wall_ms, quality FROM record WHERE seq < ? ORDER BY seq LIMIT ?)
  WHERE wall_ms < ? AND quality > ?
"""
_LAST_OF_PAGE = """
SELECT max(seq) FROM (SELECT seq FROM record WHERE seq < ? ORDER BY seq LIMIT ?)
"""
_MOVE_FRONT = """
UPDATE chain SET pruned_seq = ?1, acked = ?2,
  pruned_hash = (SELECT hash FROM record WHERE seq = ?1)
"""
# They lie in the order of their sequences: only what goes is looked at, and the first that stays.
_FORGET_ANSWERS = """
DELETE FROM answer WHERE id < coalesce(
  (SELECT id FROM answer WHERE seq > ? ORDER BY id LIMIT 1), (SELECT max(id) + 1 FROM answer))
"""


def prune_pages(file: SqliteFile, acked: Acked, before_wall_ms: int | None, keep_bytes: int) -> int:
    """Delete the oldest committed records that are old, or too much; return how many.

    Old is older than the given time, None for no such time; too much is a file that uses more than
    `keep_bytes`. Only from the front, so that what stays is still one chain. A record made while
    the clock was unknown is as old as the next one of its page with a known time. Each page is a
    transaction, so that no sale waits for more than one.
    """
    went = 0
    while True:
        with file.transaction() as db:
            now = _prune_page(db, acked, before_wall_ms, keep_bytes)
        if not now:
            return went
        went += now


def _prune_page(
    db: apsw.Connection, acked: Acked, before_wall_ms: int | None, keep_bytes: int
) -> int:
    below, limit = acked.lowest_waiting(), None
    if before_wall_ms is not None:
        bindings = (below, PAGE, before_wall_ms, int(TimeQuality.UNKNOWN))
        limit = next(iter(db.execute(_LAST_OLD, bindings)))[0]
    if limit is None and _used_bytes(db) > keep_bytes:
        limit = next(iter(db.execute(_LAST_OF_PAGE, (below, PAGE))))[0]
    if limit is None:
        return 0
    db.execute(_MOVE_FRONT, (limit, acked.raw()))
    db.execute("DELETE FROM record WHERE seq <= ?", (limit,))
    went = db.changes()
    db.execute(_FORGET_ANSWERS, (limit,))
    return went


def _used_bytes(db: apsw.Connection) -> int:
    pages: int = db.pragma("page_count") - db.pragma("freelist_count")
    return pages * int(db.pragma("page_size"))

"""The lease book: two tables in the journal's file, so that a sale and its leases are one write.

A lease can never be overspent here: the table itself refuses it, and with it the whole sale.
"""

from types import MappingProxyType
from typing import Any
from uuid import UUID

import apsw

from edge_agent.adapters.sqlite_file import Row, SqliteFile
from edge_agent.ports.journal import Beside
from retail_core.loyalty.cap_sharing import CapDays
from retail_core.loyalty.lease_box import BoxLeases, Held
from retail_core.loyalty.leases import LeaseKey, Right, RightKind

_READ = """
SELECT kind, right, epoch, nth, amount, boot, until_mono_ms, spent, closed FROM lease
"""
_HOLD = """
INSERT INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, right, epoch, nth)
  DO UPDATE SET spent = excluded.spent, closed = excluded.closed
"""


class SqliteLeaseBook:
    """Fulfils `LeaseBook` over the journal's file; `device` is this box."""

    def __init__(self, file: SqliteFile, device: UUID) -> None:
        self._file = file
        self._device = device

    def load(self) -> BoxLeases:
        """Return what is on disk."""
        head = self._file.row("SELECT epoch, boot, caps_word FROM lease_tenure")
        spans = self._file.rows("SELECT first, last FROM caps_shared ORDER BY first, last")
        word = 0 if head is None else int(head[2])
        held = [self._held(row) for row in self._file.rows(_READ)]
        return BoxLeases(
            self._device,
            0 if head is None else int(head[0]),
            None if head is None or head[1] is None else UUID(bytes=head[1]),
            MappingProxyType({one.key: one for one in held}),
            CapDays(word, tuple((int(first), int(last)) for first, last in spans)),
        )

    def change(self, before: BoxLeases, after: BoxLeases) -> Beside:
        """Return the difference, for `Journal.append` to make durable with its events."""
        gone = [key for key in before.leases if key not in after.leases]
        new = [one for key, one in after.leases.items() if before.leases.get(key) is not one]

        def write(transaction: Any) -> None:
            db: apsw.Connection = transaction
            boot = None if after.boot is None else after.boot.bytes
            db.execute(
                "INSERT INTO lease_tenure VALUES (1, ?1, ?2, ?3)"
                " ON CONFLICT (one) DO UPDATE SET epoch = ?1, boot = ?2, caps_word = ?3",
                (after.epoch, boot, after.caps.word),
            )
            if after.caps.spans != before.caps.spans:
                db.execute("DELETE FROM caps_shared")
                db.executemany("INSERT INTO caps_shared VALUES (?, ?)", after.caps.spans)
            db.executemany(
                "DELETE FROM lease WHERE kind = ? AND right = ? AND epoch = ? AND nth = ?",
                [_key(key) for key in gone],
            )
            db.executemany(_HOLD, [_row(one) for one in new])

        return write

    def _held(self, row: Row) -> Held:
        kind, right, epoch, nth, amount, boot, until, spent, closed = row
        key = LeaseKey(Right(RightKind(kind), UUID(bytes=right)), self._device, epoch, nth)
        return Held(
            key, amount, None if boot is None else UUID(bytes=boot), until, spent, bool(closed)
        )


def _key(key: LeaseKey) -> Row:
    return key.right.kind.value, key.right.id.bytes, key.epoch, key.nth


def _row(held: Held) -> Row:
    boot = None if held.boot is None else held.boot.bytes
    return *_key(held.key), held.amount, boot, held.until_mono_ms, held.spent, int(held.closed)

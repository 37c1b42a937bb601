"""The file of the shop's copy: its tables, and how another file takes its place under way."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import apsw

from edge_agent.adapters.group_commit import GroupCommit
from edge_agent.adapters.sqlite_file import Manner, Row, SqliteFile, script
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MIGRATIONS = (
    script(
        """
        CREATE TABLE feed (
          one INTEGER PRIMARY KEY CHECK (one = 1),
          epoch INTEGER NOT NULL, pos INTEGER NOT NULL
        ) STRICT;
        INSERT INTO feed VALUES (1, 0, 0);
        -- a member who is gone keeps her version, so that an older change cannot bring her back
        CREATE TABLE member (
          member_id BLOB PRIMARY KEY, ver INTEGER NOT NULL, record BLOB
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE lookup (
          kind TEXT NOT NULL, value BLOB NOT NULL, member_id BLOB NOT NULL,
          PRIMARY KEY (kind, value)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX lookup_member ON lookup (member_id);
        CREATE TABLE article (sku TEXT PRIMARY KEY, name TEXT NOT NULL, data BLOB NOT NULL)
          STRICT, WITHOUT ROWID;
        CREATE INDEX article_name ON article (name);
        CREATE TABLE barcode (barcode TEXT PRIMARY KEY, sku TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE name_map (name TEXT PRIMARY KEY, sku TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE published (
          kind TEXT PRIMARY KEY, version INTEGER NOT NULL, content BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
    ),
    script(
        """
        CREATE TABLE earlier_bundle (version INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT;
        """
    ),
    script(
        """
        CREATE TABLE list_price (
          sku TEXT NOT NULL, scope TEXT NOT NULL, day INTEGER NOT NULL, price_fen INTEGER,
          PRIMARY KEY (sku, scope, day)
        ) STRICT, WITHOUT ROWID;
        -- what costs something else today than the catalogue says
        CREATE TABLE price_now (sku TEXT PRIMARY KEY, price_fen INTEGER NOT NULL)
          STRICT, WITHOUT ROWID;
        CREATE TABLE priced_on (
          one INTEGER PRIMARY KEY CHECK (one = 1), day INTEGER NOT NULL
        ) STRICT;
        INSERT INTO priced_on VALUES (1, 0);
        CREATE TABLE stock (sku TEXT PRIMARY KEY, milli INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE stock_told (
          one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL,
          as_of_ms INTEGER NOT NULL
        ) STRICT;
        INSERT INTO stock_told VALUES (1, 0, 0);
        """
    ),
    script(
        """
        -- what of a snapshot lies here already; only in a file that is being filled
        CREATE TABLE loading (
          one INTEGER PRIMARY KEY CHECK (one = 1), manifest BLOB NOT NULL
        ) STRICT;
        CREATE TABLE loaded (sha256 BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
        """
    ),
    script(
        """
        -- receipts of this store whose limited rules were not used after all
        CREATE TABLE uses_back (
          receipt_id BLOB PRIMARY KEY, ver INTEGER NOT NULL, day INTEGER NOT NULL,
          body BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
    ),
)


class ReplicaFile(SqliteFile):
    """A replica's file; nothing of it is synced but what a swap needs."""

    # A swap that found no room to open the file again: whoever comes next tries.
    _shut = False

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__(path, key, MIGRATIONS, Manner("NORMAL"))
        self._key = key

    @contextmanager
    def transaction(self, *, lazy: bool = False) -> Iterator[apsw.Connection]:
        """One write transaction: all of it, or nothing when the block raises."""
        self._open_again()
        with super().transaction(lazy=lazy) as db:
            yield db

    def rows(self, sql: str, bindings: Sequence[Any] = ()) -> list[Row]:
        """Read committed rows."""
        self._open_again()
        return super().rows(sql, bindings)

    def attach(self, db: apsw.Connection, other: Path) -> None:
        """Let a connection read another replica's file of the same key as `old`."""
        db.execute("ATTACH ? AS old KEY ?", (str(other), "raw:" + self._key.hex()))

    def taken_by(self, other: "ReplicaFile") -> None:
        """Let another file, closed by this, take this one's place and name.

        Whoever reads or writes waits; after a power cut one of the two is there, whole. On a full
        disk both stay as they are (Fault DISK_FULL): a log that cannot be folded would be lost, or
        be folded into the file that is no longer its own.
        """
        if not (other.forget_log() and self.forget_log()):
            raise Fault(FaultCode.DISK_FULL)
        other.close()
        with self.write_lock, self._read_lock:
            self._commits.close()
            self._opened.close()
            try:
                other.path.replace(self.path)
            finally:
                self._reopen()

    def _open_again(self) -> None:
        if self._shut:
            with self.write_lock, self._read_lock:
                if self._shut:
                    self._reopen()

    def _reopen(self) -> None:
        self._shut = True
        with ExitStack() as opened:
            self.writer = self._open(self._key)
            opened.callback(self.writer.close)
            self._commits = GroupCommit(self.writer, self.write_lock)
            self._reader = self._open(self._key)
            opened.callback(self._reader.close)
            self._opened = opened.pop_all()
        self._shut = False

"""The journal: an encrypted SQLite file in WAL mode, synced at every append.

Why a file of its own: nothing else may share its fsync, and a lost replica must not touch it.
Each record carries its hash chain and a CRC over everything it says, checked whenever it is read;
a record that fails stops all writing, because a box that cannot trust its past must not add to it.
"""

import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import msgspec

from edge_agent.adapters.sqlite_file import Manner, Row, SqliteFile, script
from edge_agent.ports.clock import IdSource
from edge_agent.ports.journal import Beside, Draft, Record, StoredAnswer
from edge_agent.services.events import draft_of, event_of
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import GENESIS_HASH, encode, event_hash
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Event

EPOCH_BITS = 63
PAGE = 512

MIGRATIONS = (
    script(
        """
        CREATE TABLE chain (
          one INTEGER PRIMARY KEY CHECK (one = 1),
          epoch INTEGER NOT NULL,
          head_seq INTEGER NOT NULL,
          head_hash BLOB NOT NULL,
          pruned_seq INTEGER NOT NULL,
          pruned_hash BLOB NOT NULL
        ) STRICT;
        CREATE TABLE record (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          event_id BLOB NOT NULL UNIQUE,
          type TEXT NOT NULL,
          wall_ms INTEGER NOT NULL,
          quality INTEGER NOT NULL,
          event BLOB NOT NULL,
          prev_hash BLOB NOT NULL,
          hash BLOB NOT NULL,
          crc INTEGER NOT NULL,
          acked INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX record_waiting ON record (seq) WHERE acked = 0;
        -- sales are nearly all of it: an index of them would cost every sale a page
        CREATE INDEX record_rare ON record (type, seq) WHERE type <> 'sale';
        CREATE TABLE answer (
          key TEXT PRIMARY KEY,
          body_hash BLOB NOT NULL,
          status INTEGER NOT NULL,
          answer BLOB NOT NULL,
          seq INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
    ),
    script(
        """
        CREATE TABLE lease_tenure (
          one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL, boot BLOB
        ) STRICT;
        CREATE TABLE lease (
          kind TEXT NOT NULL, right BLOB NOT NULL, epoch INTEGER NOT NULL, nth INTEGER NOT NULL,
          amount INTEGER NOT NULL, boot BLOB, until_mono_ms INTEGER,
          spent INTEGER NOT NULL CHECK (spent BETWEEN 0 AND amount), closed INTEGER NOT NULL,
          PRIMARY KEY (kind, right, epoch, nth)
        ) STRICT, WITHOUT ROWID;
        """
    ),
    script(
        """
        CREATE TABLE basket (basket_id BLOB PRIMARY KEY, basket BLOB NOT NULL) STRICT;
        CREATE TABLE basket_answer (
          key TEXT PRIMARY KEY, basket_id BLOB NOT NULL,
          body_hash BLOB NOT NULL, status INTEGER NOT NULL, answer BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX basket_answer_of ON basket_answer (basket_id);
        """
    ),
)

_COLUMNS = "seq, event, prev_hash, hash, crc, acked"
_OF_TYPE = {
    False: "(?2 IS NULL OR type = ?2)",
    True: "type = ?2 AND type <> 'sale'",  # said twice, so that the index of the rare ones is used
}
_decoder = msgspec.msgpack.Decoder(Event)


class _Head(NamedTuple):
    seq: int
    hash: bytes


def _crc(seq: int, event: bytes, prev_hash: bytes, own_hash: bytes) -> int:
    return zlib.crc32(event, zlib.crc32(seq.to_bytes(8, "big") + prev_hash + own_hash))


class SqliteJournal:
    """Fulfils `Journal`; safe to call from any thread, one process and one writer at a time."""

    epoch: int

    def __init__(self, path: Path, key: bytes, ids: IdSource) -> None:
        self._corrupt: Fault | None = None
        self._ids = ids
        manner = Manner("FULL", damaged=FaultCode.DISK_JOURNAL_CORRUPT, alone=True)
        self._file = SqliteFile(path, key, MIGRATIONS, manner)
        try:
            self.epoch = self._born()
            self._next_seq = self._check_head() + 1
        except BaseException:
            self._file.close()
            raise

    @property
    def fault(self) -> Fault | None:
        """Why writing has stopped, or None while all is well."""
        return self._corrupt

    @property
    def file(self) -> SqliteFile:
        """The file, for a book that is written beside the events."""
        return self._file

    def append(
        self,
        drafts: Sequence[Draft],
        *,
        answer: tuple[str, StoredAnswer] | None = None,
        beside: Beside | None = None,
    ) -> tuple[Record, ...]:
        """Write events, the answer for them and what goes beside them in one synced transaction.

        A key already answered for the same body writes nothing and returns no record; for another
        body it is Fault API_IDEMPOTENCY_KEY_REUSED.
        """
        if self._corrupt is not None:
            raise Fault(self._corrupt.code, **self._corrupt.fields)
        try:
            with self._file.transaction() as db:
                if answer is not None and self._is_answered(db, *answer):
                    return ()
                records = tuple(self._write(db, draft) for draft in drafts)
                if answer is not None:
                    self._keep_answer(db, *answer)
                if beside is not None:
                    beside(db)
            if records:
                self._next_seq = max(self._next_seq, records[-1].seq + 1)
        except Fault as fault:
            if fault.code == FaultCode.DISK_JOURNAL_CORRUPT:
                self._corrupt = fault
            raise
        return records

    def begin_epoch(self, *, beside: Beside | None = None) -> int:
        """Begin a new epoch; sequences and the chain go on, from the first that waits all wait."""
        with self._file.transaction() as db:
            epoch = self._fresh_epoch()
            db.execute("UPDATE chain SET epoch = ?", (epoch,))
            db.execute(
                "UPDATE record SET acked = 0 WHERE acked = 1"
                " AND seq > (SELECT min(seq) FROM record WHERE acked = 0)"
            )
            if beside is not None:
                beside(db)
        self.epoch = epoch
        return epoch

    def answer(self, key: str) -> StoredAnswer | None:
        """Return the answer stored under an idempotency key."""
        row = self._file.row("SELECT body_hash, status, answer FROM answer WHERE key = ?", (key,))
        return None if row is None else StoredAnswer(*row)

    def unacked(self, *, from_seq: int, limit: int) -> tuple[Record, ...]:
        """Return records not yet committed by the cloud, in sequence, checksums verified."""
        return self._checked(
            self._file.rows(
                f"SELECT {_COLUMNS} FROM record"  # noqa: S608 -- a constant
                " WHERE acked = 0 AND seq >= ? ORDER BY seq LIMIT ?",
                (from_seq, limit),
            )
        )

    def hash_at(self, seq: int) -> bytes | None:
        """Return the chain's hash after a record, None when it is not kept or was never written."""
        row = self._file.row("SELECT hash FROM record WHERE seq = ?", (seq,))
        return None if row is None else row[0]

    def mark_acked(self, ranges: Sequence[tuple[int, int]]) -> int:
        """Mark inclusive ranges as committed in the cloud; return how many were new.

        Not waited for: a mark lost in a power cut is only sent and acknowledged again.
        """
        marked = 0
        with self._file.transaction(lazy=True) as db:
            for low, high in ranges:
                db.execute(
                    "UPDATE record SET acked = 1 WHERE acked = 0 AND seq BETWEEN ? AND ?",
                    (low, high),
                )
                marked += db.changes()
        return marked

    def depth(self) -> int:
        """Return how many records wait for the cloud."""
        return self._number("SELECT count(*) FROM record WHERE acked = 0")

    def next_seq(self) -> int:
        """Return the sequence the next record will get."""
        return self._next_seq

    def lowest_unacked(self) -> int:
        """Return the lowest waiting sequence, or `next_seq()` when none waits."""
        return self._number(
            "SELECT coalesce((SELECT min(seq) FROM record WHERE acked = 0),"
            " (SELECT head_seq + 1 FROM chain))"
        )

    def records(self, *, type_: str | None = None, since_seq: int = 0) -> tuple[Record, ...]:
        """Return records still kept with a sequence above `since_seq`, in sequence."""
        found: list[Record] = []
        of_type = _OF_TYPE[type_ not in {None, EventType.SALE}]
        while True:
            # In pages, so that a long look never makes a sale wait for its stored answer.
            rows = self._file.rows(
                f"SELECT {_COLUMNS} FROM record"  # noqa: S608 -- constants
                f" WHERE seq > ?1 AND {of_type} ORDER BY seq LIMIT ?3",
                (found[-1].seq if found else since_seq, type_, PAGE),
            )
            found += self._checked(rows)
            if len(rows) < PAGE:
                return tuple(found)

    def record(self, seq: int) -> Record | None:
        """Return one record, None when it is not kept or was never written."""
        rows = self._file.rows(
            f"SELECT {_COLUMNS} FROM record WHERE seq = ?",  # noqa: S608 -- a constant
            (seq,),
        )
        return next(iter(self._checked(rows)), None)

    def prune(self, *, acked_before_wall_ms: int) -> int:
        """Delete acknowledged records older than the given time; return how many went.

        Only from the front, so that what stays is still one chain. A record made while the clock
        was unknown is as old as the next one with a known time.
        """
        with self._file.transaction() as db:
            limit = self._value(
                db,
                "SELECT max(seq) FROM record WHERE acked = 1 AND wall_ms < ? AND quality > ?"
                " AND seq < coalesce((SELECT min(seq) FROM record WHERE acked = 0), seq + 1)",
                (acked_before_wall_ms, int(TimeQuality.UNKNOWN)),
            )
            if limit is None:
                return 0
            db.execute(
                "UPDATE chain SET pruned_seq = ?1,"
                " pruned_hash = (SELECT hash FROM record WHERE seq = ?1)",
                (limit,),
            )
            db.execute("DELETE FROM record WHERE seq <= ?", (limit,))
            went = db.changes()
            db.execute("DELETE FROM answer WHERE seq <= ?", (limit,))
        return went

    def verify(self) -> int:
        """Check every record and the whole chain; return how many stand.

        Raises Fault DISK_JOURNAL_CORRUPT at the first that does not, or WIRE_CHAIN_BROKEN.
        """
        seq, previous = self._row("SELECT pruned_seq, pruned_hash FROM chain")
        records = self.records()
        for record in records:
            seq += 1
            chained = event_hash(previous, event_of(record.draft))
            if (record.seq, record.prev_hash, record.hash) != (seq, previous, chained):
                raise Fault(FaultCode.WIRE_CHAIN_BROKEN, seq=seq)
            previous = record.hash
        if (seq, previous) != self._row("SELECT head_seq, head_hash FROM chain"):
            raise Fault(FaultCode.WIRE_CHAIN_BROKEN, seq=seq + 1)
        return len(records)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    # ---- inside ---------------------------------------------------------------------------------

    def _born(self) -> int:
        with self._file.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO chain VALUES (1, ?, 0, ?, 0, ?)",
                (self._fresh_epoch(), GENESIS_HASH, GENESIS_HASH),
            )
            return int(self._value(db, "SELECT epoch FROM chain"))

    def _fresh_epoch(self) -> int:
        return int.from_bytes(self._ids.random_bytes(8), "big") >> (64 - EPOCH_BITS) or 1

    def _check_head(self) -> int:
        """Compare the newest record with the head that was kept for it; return the head's seq."""
        seq, own_hash, pruned_seq = self._row("SELECT head_seq, head_hash, pruned_seq FROM chain")
        rows = self._file.rows(
            f"SELECT {_COLUMNS} FROM record ORDER BY seq DESC LIMIT 1"  # noqa: S608 -- a constant
        )
        with suppress(Fault):  # a damaged one has already stopped the writing
            newest = self._checked(rows)
            whole = (newest[0].seq, newest[0].hash) == (seq, own_hash) if newest else None
            if whole is False or (whole is None and seq != pruned_seq):
                self._stop(seq)
        return int(seq)

    def _write(self, db: apsw.Connection, draft: Draft) -> Record:
        event_id = draft.event_id.bytes
        found = list(
            db.execute(
                f"SELECT {_COLUMNS} FROM record WHERE event_id = ?",  # noqa: S608 -- a constant
                (event_id,),
            )
        )
        if found:
            return self._checked(found)[0]
        head = _Head(*next(iter(db.execute("SELECT head_seq, head_hash FROM chain"))))
        event = event_of(draft)
        raw, seq, own_hash = encode(event), head.seq + 1, event_hash(head.hash, event)
        db.execute(
            "INSERT INTO record"
            " (seq, event_id, type, wall_ms, quality, event, prev_hash, hash, crc)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(seq, event_id, draft.type, draft.at.wall_ms, int(draft.at.quality), raw),
                *(head.hash, own_hash, _crc(seq, raw, head.hash, own_hash)),
            ),
        )
        db.execute("UPDATE chain SET head_seq = ?, head_hash = ?", (seq, own_hash))
        return Record(seq, draft, head.hash, own_hash, acked=False)

    def _is_answered(self, db: apsw.Connection, key: str, answer: StoredAnswer) -> bool:
        held = self._value(db, "SELECT body_hash FROM answer WHERE key = ?", (key,))
        if held is not None and held != answer.body_hash:
            raise Fault(FaultCode.API_IDEMPOTENCY_KEY_REUSED)
        return held is not None

    def _keep_answer(self, db: apsw.Connection, key: str, answer: StoredAnswer) -> None:
        db.execute(
            "INSERT INTO answer SELECT ?, ?, ?, ?, head_seq FROM chain",
            (key, answer.body_hash, answer.status, answer.answer),
        )

    def _checked(self, rows: Iterable[Row]) -> tuple[Record, ...]:
        return tuple(self._check(*row) for row in rows)

    def _check(
        self, seq: int, raw: bytes, prev_hash: bytes, own_hash: bytes, crc: int, acked: int
    ) -> Record:
        if crc != _crc(seq, raw, prev_hash, own_hash):
            raise self._stop(seq)
        return Record(seq, draft_of(_decoder.decode(raw)), prev_hash, own_hash, acked=bool(acked))

    def _stop(self, seq: int) -> Fault:
        self._corrupt = Fault(FaultCode.DISK_JOURNAL_CORRUPT, seq=seq)
        return self._corrupt

    def _row(self, sql: str) -> Row:
        row = self._file.row(sql)
        assert row is not None  # noqa: S101 -- the one row of `chain` is born with the file
        return row

    def _number(self, sql: str) -> int:
        return int(self._row(sql)[0])

    def _value(self, db: apsw.Connection, sql: str, bindings: Row = ()) -> Any:
        row = next(iter(db.execute(sql, bindings)), None)
        return None if row is None else row[0]

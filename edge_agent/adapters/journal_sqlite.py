"""The journal: an encrypted SQLite file in WAL mode, synced at every append.

Why a file of its own: nothing else may share its fsync, and a lost replica must not touch it.
Each record carries its hash chain and a CRC over everything it says, checked whenever it is read;
a record that fails stops all writing, because a box that cannot trust its past must not add to it.
"""

import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import apsw
import msgspec

from edge_agent.adapters.disk_reserve import DiskReserve
from edge_agent.adapters.journal_acks import Acked
from edge_agent.adapters.journal_prune import prune_pages
from edge_agent.adapters.journal_schema import MIGRATIONS, Position
from edge_agent.adapters.journal_trial import tried_out
from edge_agent.adapters.sqlite_file import Manner, Row, SqliteFile
from edge_agent.ports.clock import IdSource
from edge_agent.ports.journal import AnswerAt, Beside, Draft, KeyedAnswer, Record, StoredAnswer
from edge_agent.services.journal.events import draft_of, event_of
from retail_core.errors import Fault
from retail_core.limits import JOURNAL_KEEP_BYTES
from retail_core.sync.urgency import Urgency, urgency_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import GENESIS_HASH, encode, event_hash
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Event

Result = TypeVar("Result")

EPOCH_BITS = 63
PAGE = 512
# Small pages: a sale writes a handful of them whole.
MANNER = Manner(
    "FULL",
    damaged=FaultCode.DISK_JOURNAL_CORRUPT,
    alone=True,
    page_bytes=1_024,
    checkpoint_pages=4_000,
)

_COLUMNS = "seq, event, prev_hash, hash, crc"
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

    def __init__(
        self,
        path: Path,
        key: bytes,
        ids: IdSource,
        manner: Manner = MANNER,
        reserve: DiskReserve | None = None,
    ) -> None:
        self._corrupt: Fault | None = None
        self._ids = ids
        self._counting = threading.Lock()
        self._acked = Acked()
        self._reserve = reserve
        opening = partial(SqliteFile, path, key, MIGRATIONS, manner)
        self._file = opening() if reserve is None else reserve.insist(opening, Urgency.MONEY)
        try:
            self.epoch = self._born()
            self._next_seq = self._check_head() + 1
        except BaseException:
            self._file.close()
            raise

    @property
    def fault(self) -> Fault | None:
        """Why writing has stopped, or None while all is well."""
        return self._corrupt or (self._reserve.fault if self._reserve else None)

    @property
    def file(self) -> SqliteFile:
        """The file, for a book that is written beside the events."""
        return self._file

    def append(
        self,
        drafts: Sequence[Draft],
        *,
        answer: KeyedAnswer | AnswerAt | None = None,
        beside: Beside | None = None,
    ) -> tuple[Record, ...]:
        """Write events, the answer for them and what goes beside them, synced with whoever else.

        A key already answered for the same body writes nothing and returns no record; for another
        body it is Fault API_IDEMPOTENCY_KEY_REUSED.
        """
        if self._corrupt is not None:
            raise Fault(self._corrupt.code, **self._corrupt.fields)
        urgency = min((urgency_of(one.type) for one in drafts), default=Urgency.MEMBERSHIP)
        try:
            records = self._insisting(lambda: self._append_once(drafts, answer, beside), urgency)
        except Fault as fault:
            if fault.code == FaultCode.DISK_JOURNAL_CORRUPT:
                self._corrupt = fault
            raise
        if records:
            with self._counting:
                self._next_seq = max(self._next_seq, records[-1].seq + 1)
        return records

    def _append_once(
        self, drafts: Sequence[Draft], answer: KeyedAnswer | AnswerAt | None, beside: Beside | None
    ) -> tuple[Record, ...]:
        with self._file.joined() as db:
            return self._appended(db, drafts, answer, beside)

    def _insisting(self, work: Callable[[], Result], urgency: Urgency) -> Result:
        if self._reserve is None:
            return work()
        return self._reserve.insist(work, urgency, self._file.fold_log)

    def _appended(
        self,
        db: apsw.Connection,
        drafts: Sequence[Draft],
        answer: KeyedAnswer | AnswerAt | None,
        beside: Beside | None,
    ) -> tuple[Record, ...]:
        head = _Head(*next(iter(db.execute("SELECT head_seq, head_hash FROM chain"))))
        if callable(answer):
            answer = answer(head.seq + 1)
        if answer is not None and self._is_answered(db, *answer):
            return ()
        records = self._written(db, head, drafts)
        if answer is not None:
            self._keep_answer(db, *answer)
        if beside is not None:
            beside(db)
        return records

    def try_out(self) -> None:
        """Write what is no record; raises what would keep a sale from the disk."""
        tried_out(self._file, self._reserve, self.fault)

    def begin_epoch(self, *, beside: Beside | None = None) -> int:
        """Begin a new epoch; sequences and the chain go on, from the first that waits all wait."""
        with self._file.transaction() as db:
            epoch, acked = self._fresh_epoch(), self._acked.without_gaps()
            db.execute("UPDATE chain SET epoch = ?, acked = ?", (epoch, acked))
            if beside is not None:
                beside(db)
            self._acked.load(acked, 0)
        self.epoch = epoch
        return epoch

    def position(self) -> Position:
        """Return how far it is."""
        return Position(*self._row("SELECT starts, head_seq, head_hash FROM chain"))

    def count_start(self, starts: int) -> None:
        """Write down how often it was started."""
        with self._file.transaction() as db:
            db.execute("UPDATE chain SET starts = ?", (starts,))

    def answer(self, key: str) -> StoredAnswer | None:
        """Return the answer stored under an idempotency key."""
        row = self._file.row("SELECT body_hash, status, answer FROM answer WHERE key = ?", (key,))
        return None if row is None else StoredAnswer(*row)

    def unacked(self, *, from_seq: int, limit: int) -> tuple[Record, ...]:
        """Return records not yet committed by the cloud, in sequence, checksums verified."""
        found: list[Record] = []
        for low, high in self._acked.waiting(from_seq, self._next_seq - 1):
            found += self._checked(
                self._file.rows(
                    f"SELECT {_COLUMNS} FROM record"  # noqa: S608 -- a constant
                    " WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
                    (low, high, limit - len(found)),
                )
            )
            if len(found) >= limit:
                break
        return tuple(found)

    def hash_at(self, seq: int) -> bytes | None:
        """Return the chain's hash after a record, None when it is not kept or was never written."""
        row = self._file.row("SELECT hash FROM record WHERE seq = ?", (seq,))
        return None if row is None else row[0]

    def mark_acked(self, ranges: Sequence[tuple[int, int]]) -> int:
        """Mark inclusive ranges as committed in the cloud; return how many were new.

        On disk with the next write: a mark lost before is only sent and acknowledged again.
        """
        return self._acked.mark(ranges, self._next_seq - 1)

    def reoffer(self, committed: Sequence[tuple[int, int]]) -> int:
        """Let everything kept wait again that the cloud does not have; return how much waits."""
        with self._file.transaction() as db:
            pruned = int(self._value(db, "SELECT pruned_seq FROM chain"))
            acked = Acked.of(committed, self._next_seq - 1, pruned)
            db.execute("UPDATE chain SET acked = ?", (acked,))
        self._acked.load(acked, pruned)
        return self.depth()

    def first_kept(self) -> int:
        """Return the lowest sequence that is kept, or `next_seq()` when none is."""
        return int(self._row("SELECT pruned_seq FROM chain")[0]) + 1

    def depth(self) -> int:
        """Return how many records wait for the cloud."""
        return self._acked.depth(self._next_seq - 1)

    def next_seq(self) -> int:
        """Return the sequence the next record will get."""
        return self._next_seq

    def lowest_unacked(self) -> int:
        """Return the lowest waiting sequence, or `next_seq()` when none waits."""
        return self._acked.lowest_waiting()

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

    def prune(
        self, *, acked_before_wall_ms: int | None, keep_bytes: int = JOURNAL_KEEP_BYTES
    ) -> int:
        """Delete acknowledged records that are old, or too much; return how many went.

        A page at a time, so that no sale waits for it; then the reserve is filled up again.
        """
        went = prune_pages(self._file, self._acked, acked_before_wall_ms, keep_bytes)
        if self._reserve is not None:
            self._reserve.fill()
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
        """Write down what is not yet, close the file; safe to call twice."""
        if self._file.is_open and self._acked.unkept:
            with suppress(Fault), self._file.transaction(lazy=True) as db:
                db.execute("UPDATE chain SET acked = ?", (self._acked.raw(),))
        self._file.close()

    # ---- inside ---------------------------------------------------------------------------------

    def _born(self) -> int:
        with self._file.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO chain"
                " (one, epoch, head_seq, head_hash, pruned_seq, pruned_hash)"
                " VALUES (1, ?, 0, ?, 0, ?)",
                (self._fresh_epoch(), GENESIS_HASH, GENESIS_HASH),
            )
            epoch, acked, pruned = next(
                iter(db.execute("SELECT epoch, acked, pruned_seq FROM chain"))
            )
        self._acked.load(acked, pruned)
        return int(epoch)

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

    def _written(
        self, db: apsw.Connection, head: _Head, drafts: Sequence[Draft]
    ) -> tuple[Record, ...]:
        records, before = [], head
        for draft in drafts:
            found = db.execute(
                f"SELECT {_COLUMNS} FROM record WHERE event_id = ?",  # noqa: S608 -- a constant
                (draft.event_id.bytes,),
            )
            known = self._checked(found)
            records.append(known[0] if known else self._write(db, head, draft))
            if not known:
                head = _Head(records[-1].seq, records[-1].hash)
        if head != before:
            db.execute(
                "UPDATE chain SET head_seq = ?, head_hash = ?, acked = ?",
                (*head, self._acked.raw()),
            )
        return tuple(records)

    @staticmethod
    def _write(db: apsw.Connection, head: _Head, draft: Draft) -> Record:
        event = event_of(draft)
        raw, seq, own_hash = encode(event), head.seq + 1, event_hash(head.hash, event)
        db.execute(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(seq, draft.event_id.bytes, draft.type, draft.at.wall_ms),
                *(int(draft.at.quality), raw, head.hash, own_hash),
                _crc(seq, raw, head.hash, own_hash),
            ),
        )
        return Record(seq, draft, head.hash, own_hash, acked=False)

    def _is_answered(self, db: apsw.Connection, key: str, answer: StoredAnswer) -> bool:
        held = self._value(db, "SELECT body_hash FROM answer WHERE key = ?", (key,))
        if held is not None and held != answer.body_hash:
            raise Fault(FaultCode.API_IDEMPOTENCY_KEY_REUSED)
        return held is not None

    def _keep_answer(self, db: apsw.Connection, key: str, answer: StoredAnswer) -> None:
        db.execute(
            "INSERT INTO answer (key, body_hash, status, answer, seq)"
            " SELECT ?, ?, ?, ?, head_seq FROM chain",
            (key, answer.body_hash, answer.status, answer.answer),
        )

    def _checked(self, rows: Iterable[Row]) -> tuple[Record, ...]:
        return tuple(self._check(*row) for row in rows)

    def _check(self, seq: int, raw: bytes, prev_hash: bytes, own_hash: bytes, crc: int) -> Record:
        if crc != _crc(seq, raw, prev_hash, own_hash):
            raise self._stop(seq)
        draft, acked = draft_of(_decoder.decode(raw)), self._acked.covers(seq)
        return Record(seq, draft, prev_hash, own_hash, acked)

    def _stop(self, seq: int) -> Fault:
        self._corrupt = Fault(FaultCode.DISK_JOURNAL_CORRUPT, seq=seq)
        return self._corrupt

    def _row(self, sql: str) -> Row:
        row = self._file.row(sql)
        assert row is not None  # noqa: S101 -- the one row of `chain` is born with the file
        return row

    def _value(self, db: apsw.Connection, sql: str, bindings: Row = ()) -> Any:
        row = next(iter(db.execute(sql, bindings)), None)
        return None if row is None else row[0]

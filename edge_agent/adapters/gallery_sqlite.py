"""Consents and face templates at rest: one encrypted file, each member's rows sealed once more.

Erased rows are overwritten and the log that held them is emptied; which rows may exist at all is
written into the tables (`gallery_schema`), how they are sealed into `template_seal`.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import apsw
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from edge_agent.adapters.board import UNBOUND, Board
from edge_agent.adapters.gallery_binding import file_on_board
from edge_agent.adapters.gallery_ledger import SqliteLedger, erased
from edge_agent.adapters.keys import KEY_BYTES
from edge_agent.adapters.sqlite_file import Row, SqliteFile, put_aside
from edge_agent.adapters.template_seal import (
    InvalidTag,
    OpenedRow,
    Rows,
    Seal,
    join_ids,
    numbers_of,
    resting,
    split_ids,
)
from edge_agent.ports.arrays import np
from edge_agent.ports.clock import IdSource
from edge_agent.ports.gallery_store import Cause, Erasure, Holder, MemberRows, Template
from edge_agent.recognition.rotation import Rotation, between
from retail_core.errors import Fault
from retail_core.identity.face_lease import LOCAL_LEASE_MS, Lease
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

FIRST_EPOCH = 1
OTHER_BOARD = ".other-board"
PAGE_ROWS = 128
ID_BYTES = 16


class SqliteGallery:
    """Fulfils `GalleryStore`; a key derived from `key` wraps the members' keys.

    The file opens on its own `board` only; an unbound one binds to none. `ledger` holds the
    consents and `vault` the box's small secrets, in the same file.
    """

    def __init__(
        self,
        path: Path,
        key: bytes,
        ids: IdSource,
        tally: FaultTally,
        device: UUID,
        board: Board = UNBOUND,
    ) -> None:
        self._ids = ids
        self._tally = tally
        self._seal = Seal(key, device, ids)
        self._file = file_on_board(path, key, board, tally)
        self.ledger = SqliteLedger(self._file, ids)
        self.vault = SqliteVault(self._file, self._seal)
        if self.ledger.untold():
            self._file.forget_log()  # a power cut came between an erasure and its receipt
        try:
            self.rotation = self._newest_rotation() or self._make_rotation(FIRST_EPOCH)
        except InvalidTag:
            self._file.close()
            raise Fault(FaultCode.DISK_KEY_WRONG, path=path.name) from None

    @classmethod
    def opened_or_new(
        cls,
        path: Path,
        key: bytes,
        ids: IdSource,
        tally: FaultTally,
        device: UUID,
        board: Board = UNBOUND,
    ) -> "SqliteGallery":
        """Open the file, or put one of another board aside and begin anew: the shop must sell.

        It is counted, and gone for good after `LOCAL_LEASE_MS`: no withdrawal reaches it there. A
        wrong storage key of the whole box shows at the journal.
        """
        try:
            return cls(path, key, ids, tally, device, board)
        except Fault as fault:
            if fault.code is not FaultCode.DISK_KEY_WRONG:
                raise
        tally.count(FaultCode.FACE_OTHER_BOARD)
        put_aside(path, OTHER_BOARD)
        return cls(path, key, ids, tally, device, board)

    def forget_other_board(self, wall_ms: int) -> bool:
        """Delete a gallery that was put aside longer ago than a lease runs; say whether."""
        aside = self._file.path.with_name(self._file.path.name + OTHER_BOARD)
        if not aside.exists() or aside.stat().st_ctime_ns // 10**6 + LOCAL_LEASE_MS > wall_ms:
            return False
        for end in ("", "-wal", "-shm"):
            aside.with_name(aside.name + end).unlink(missing_ok=True)
        return True

    # ---- templates ------------------------------------------------------------------------------

    def add(self, template: Template, *, consent_event_id: UUID) -> None:
        """Store one template; Fault FACE_CONSENT_MISSING when that consent does not stand."""
        member, model = template.member_id.bytes, template.model_id
        try:
            with self._file.transaction() as db:
                key = self._key_for(db, member, consent_event_id.bytes)
                ids, rows = self._held(db, key, member, model)
                kept = [at for at, one in enumerate(ids) if one != template.template_id]
                ids = (*(ids[at] for at in kept), template.template_id)
                rows = np.vstack([*(rows[at] for at in kept), template.embedding])
                self._write(db, key, (member, model, self.rotation.epoch, join_ids(ids)), rows)
        except apsw.ConstraintError as error:
            raise Fault(FaultCode.FACE_CONSENT_MISSING) from error

    def load(self, model_id: str) -> Iterator[Template]:
        """Give every template of one model; rows that do not open are counted and left out."""
        for page in self._pages(model_id):
            for member, ids, width, numbers in page:
                owner = UUID(bytes=member)
                rows = numbers_of(numbers, width)
                for template_id, one in zip(split_ids(ids), rows, strict=True):
                    yield Template(template_id, owner, model_id, one)

    def rows(self, model_id: str) -> Iterator[MemberRows]:
        """Give the embeddings of one model, some hundred members at a time."""
        for page in self._pages(model_id):
            for width in sorted({row[2] for row in page}):
                self.rotation.ready(width)
                same = [row for row in page if row[2] == width]
                yield MemberRows(
                    split_ids(b"".join(member for member, *_ in same)),
                    tuple(len(ids) // ID_BYTES for _, ids, *_ in same),
                    resting(b"".join(numbers for *_, numbers in same), width),
                )

    def erase(self, member_id: UUID, cause: Cause, wall_ms: int) -> Erasure | None:
        """Erase a member's templates and the key that opened them; None when there were none."""
        with self._file.transaction() as db:
            ids = erased(db, member_id.bytes)
            db.execute("DELETE FROM holder WHERE member_id = ?", (member_id.bytes,))
            erasure = self.ledger.note(db, member_id, ids, cause, wall_ms)
        return None if erasure is None else replace(erasure, scrubbed=self._file.forget_log())

    def drop_model(self, member_id: UUID, model_id: str) -> int:
        """Erase a member's templates of one model, hers of others stay; return how many went."""
        place = (member_id.bytes, model_id)
        with self._file.transaction() as db:
            found = next(iter(db.execute(_ROW, place)), None)
            db.execute("DELETE FROM template WHERE member_id = ? AND model_id = ?", place)
        if found is None:
            return 0
        self._file.forget_log()
        return len(split_ids(found[1]))

    # ---- leases ---------------------------------------------------------------------------------

    def holders(self) -> tuple[Holder, ...]:
        """Return whose templates are held, by member."""
        return tuple(map(_holder, self._file.rows(_HOLDERS + " GROUP BY h.member_id")))

    def leases(self) -> tuple[Lease, ...]:
        """Return how long each member's templates may stay, without reading a template."""
        rows = self._file.rows("SELECT member_id, expires_ms, used_day FROM holder")
        return tuple(Lease(UUID(bytes=member), *said) for member, *said in rows)

    def holder(self, member_id: UUID) -> Holder | None:
        """Return what is held of one member."""
        row = self._file.row(
            _HOLDERS + " WHERE h.member_id = ? GROUP BY h.member_id", (member_id.bytes,)
        )
        return None if row is None else _holder(row)

    def elapsed(self, elapsed_ms: int) -> None:
        """Note how far lease time is: templates added from now on live from here."""
        with self._file.transaction(lazy=True) as db:
            db.execute("UPDATE lease SET elapsed_ms = max(elapsed_ms, ?)", (elapsed_ms,))

    def renew(self, members: Collection[UUID], expires_ms: int) -> None:
        """Let members' templates live until then, in lease time."""
        self._update("UPDATE holder SET expires_ms = ? WHERE member_id = ?", expires_ms, members)

    def used(self, members: Collection[UUID], day: int) -> None:
        """Note the day, in lease time, on which members were recognised by face."""
        self._update("UPDATE holder SET used_day = ? WHERE member_id = ?", day, members)

    # ---- rotation -------------------------------------------------------------------------------

    def rotate(self) -> Rotation:
        """Turn every row to a new epoch's rotation, then destroy the old key.

        Afterwards whatever leaked of the old epoch compares with nothing. Engines speak the new one
        at once, galleries in memory have to be filled again: only while faces are shut.
        """
        old = self.rotation
        with self._file.transaction() as db:
            new = self._make_rotation(old.epoch + 1, db)
            rows = list(db.execute(_ROWS + " ORDER BY t.n"))
            for member, wrapped, model, epoch, ids, sealed in rows:
                try:
                    key = self._seal.member_key(member, wrapped)
                    held = self._seal.open(key, (member, model, epoch, ids), sealed)
                except InvalidTag:
                    self._tally.count(FaultCode.DISK_DOCUMENT_CORRUPT)  # nor will it ever open
                else:
                    turned = np.einsum("ij,jk->ik", held, between(old, new, held.shape[1]))
                    sealed = self._seal.seal(key, (member, model, new.epoch, ids), turned)  # noqa: PLW2901
                db.execute(
                    "UPDATE template SET epoch = ?, sealed = ?"
                    " WHERE member_id = ? AND model_id = ?",
                    (new.epoch, sealed, member, model),
                )
            db.execute("DELETE FROM rotation WHERE epoch < ?", (new.epoch,))
        self.rotation.become(new)
        self._file.forget_log()
        return self.rotation

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    # ---- inside ---------------------------------------------------------------------------------

    def _newest_rotation(self) -> Rotation | None:
        row = self._file.row("SELECT epoch, sealed FROM rotation ORDER BY epoch DESC LIMIT 1")
        if row is None:
            return None
        return Rotation(self._seal.kept(b"rotation%d" % row[0], row[1]), row[0])

    def _make_rotation(self, epoch: int, db: apsw.Connection | None = None) -> Rotation:
        key = self._ids.random_bytes(KEY_BYTES)
        if db is None:
            with self._file.transaction() as own:
                self._keep_rotation(own, epoch, key)
        else:
            self._keep_rotation(db, epoch, key)
        return Rotation(key, epoch)

    def _keep_rotation(self, db: apsw.Connection, epoch: int, key: bytes) -> None:
        sealed = self._seal.keep(b"rotation%d" % epoch, key)
        db.execute("INSERT INTO rotation VALUES (?, ?)", (epoch, sealed))

    def _key_for(self, db: apsw.Connection, member: bytes, consent: bytes) -> ChaCha20Poly1305:
        """Return a member's key, or make one; the tables refuse it without a standing consent."""
        held = next(iter(db.execute(_HOLDER_KEY, (member, consent))), None)
        if held is not None:
            return self._seal.member_key(member, held[0])
        key, wrapped = self._seal.new_key(member)
        db.execute(_NEW_HOLDER, (member, consent, wrapped, LOCAL_LEASE_MS))
        return key

    def _held(
        self, db: apsw.Connection, key: ChaCha20Poly1305, member: bytes, model: str
    ) -> tuple[tuple[UUID, ...], Rows]:
        found = next(iter(db.execute(_ROW, (member, model))), None)
        if found is None:
            return (), np.zeros((0, 0), np.float32)
        epoch, ids, sealed = found
        return split_ids(ids), self._seal.open(key, (member, model, epoch, ids), sealed)

    def _write(
        self,
        db: apsw.Connection,
        key: ChaCha20Poly1305,
        place: tuple[bytes, str, int, bytes],
        rows: Rows,
    ) -> None:
        member, model, epoch, ids = place
        db.execute(
            "INSERT INTO template (member_id, model_id, epoch, ids, sealed) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (member_id, model_id) DO UPDATE SET ids = excluded.ids,"
            " sealed = excluded.sealed, epoch = excluded.epoch",
            (member, model, epoch, ids, self._seal.seal(key, place, rows)),
        )

    def _pages(self, model_id: str) -> Iterator[list[OpenedRow]]:
        """Give (member, ids of her templates, width, numbers) of every member."""
        # The keys first, in one read: looking each of them up took as long as reading the rows.
        wrapped: dict[bytes, bytes] = dict(self._file.rows("SELECT member_id, wrapped FROM holder"))
        last = 0
        while page := self._file.rows(_PAGE, (model_id, last, PAGE_ROWS)):
            last = page[-1][0]
            rows = ((member, epoch, ids, sealed) for _, member, epoch, ids, sealed in page)
            opened = list(self._seal.opened_all(model_id, rows, wrapped))
            for _ in range(opened.count(None)):
                self._tally.count(FaultCode.DISK_DOCUMENT_CORRUPT)
            yield [row for row in opened if row is not None]

    def _update(self, sql: str, value: int, members: Collection[UUID]) -> None:
        if members:
            with self._file.transaction() as db:
                db.executemany(sql, [(value, member.bytes) for member in members])


class SqliteVault:
    """Fulfils `Vault`."""

    def __init__(self, file: SqliteFile, seal: Seal) -> None:
        self._file = file
        self._seal = seal

    def get(self, name: str) -> bytes | None:
        """Return a secret; None when there is none, or none that this box can open."""
        row = self._file.row("SELECT sealed FROM kept WHERE name = ?", (name,))
        if row is None:
            return None
        try:
            return self._seal.kept(b"kept" + name.encode(), row[0])
        except InvalidTag:
            return None

    def put(self, name: str, secret: bytes) -> None:
        """Keep a secret under its name; an older one is overwritten."""
        sealed = self._seal.keep(b"kept" + name.encode(), secret)
        with self._file.transaction() as db:
            db.execute("REPLACE INTO kept VALUES (?, ?)", (name, sealed))


def _holder(row: Row) -> Holder:
    member, consent, since_ms, used_day, expires_ms, id_bytes, models = row
    return Holder(
        member_id=UUID(bytes=member),
        consent_id=UUID(bytes=consent),
        since_ms=since_ms,
        used_day=used_day,
        expires_ms=expires_ms,
        templates=(id_bytes or 0) // ID_BYTES,
        models=tuple(sorted(str(models or "").split("\n"))) if models else (),
    )


_ROWS = (
    "SELECT t.member_id, h.wrapped, t.model_id, t.epoch, t.ids, t.sealed"
    " FROM template AS t JOIN holder AS h USING (member_id)"
)
_PAGE = (
    "SELECT n, member_id, epoch, ids, sealed FROM template"
    " WHERE model_id = ? AND n > ? ORDER BY n LIMIT ?"
)
_ROW = "SELECT epoch, ids, sealed FROM template WHERE member_id = ? AND model_id = ?"
_HOLDER_KEY = (
    "SELECT wrapped FROM holder AS h WHERE member_id = ?1 AND EXISTS (SELECT 1 FROM word"
    " WHERE consent_id = ?2 AND member_id = ?1 AND kind = 'face.local' AND given = 1)"
)
_NEW_HOLDER = """
INSERT INTO holder SELECT ?1, ?2, ?3,
  coalesce((SELECT wall_ms FROM consent WHERE consent_id = ?2), 0),
  elapsed_ms / 86400000, elapsed_ms + ?4 FROM lease
"""
_HOLDERS = (
    "SELECT h.member_id, h.consent_id, h.since_ms, h.used_day, h.expires_ms,"
    " sum(length(t.ids)), group_concat(t.model_id, char(10))"
    " FROM holder AS h LEFT JOIN template AS t USING (member_id)"
)

"""The ledger of consents in the gallery's file, where its triggers guard the templates."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

import apsw

from edge_agent.adapters.sqlite_file import Row, SqliteFile
from edge_agent.adapters.template_seal import join_ids, split_ids
from edge_agent.domain.consents import Consent
from edge_agent.ports.clock import IdSource
from edge_agent.ports.gallery_store import Erasure
from retail_core.errors import Fault
from retail_core.identity.face_lease import CONSENT_KEPT_DAYS
from retail_core.texts.faults import FaultCode

_COLUMNS = (
    "consent_id, member_id, kind, given, text_version, text_hash, language, channel, wall_ms,"
    " operator_id, till_id, age"
)
# Words on which nothing rests any more since today, and those on which something does again.
_END = """
INSERT OR IGNORE INTO ended SELECT consent_id, (SELECT elapsed_ms / 86400000 FROM lease)
  FROM consent WHERE consent_id NOT IN live
"""
_LIFT = "DELETE FROM ended WHERE consent_id IN live"
_DUE = """
SELECT c.n FROM consent AS c JOIN ended AS e USING (consent_id), lease AS l
  WHERE l.elapsed_ms / 86400000 - e.day >= ?1 AND NOT EXISTS (
    SELECT 1 FROM consent AS o LEFT JOIN ended AS x USING (consent_id)
    WHERE o.member_id = c.member_id AND o.kind = c.kind AND o.n < c.n
      AND (x.day IS NULL OR l.elapsed_ms / 86400000 - x.day < ?1))
  ORDER BY c.n
"""
# A receipt is kept for as long as any word of the member it speaks of.
_RECEIPTS_DUE = (
    "DELETE FROM erasure WHERE told = 1 AND member_id NOT IN (SELECT member_id FROM consent)"
)
_WALK_UP = """
SELECT w.member_id FROM word AS w JOIN holder AS h ON h.member_id = w.member_id
  JOIN consent AS c ON c.consent_id = h.consent_id
  WHERE w.kind = 'face.walk_up' AND w.given = 1 AND w.n > c.n
"""
_ERASURES = "SELECT erasure_id, member_id, template_ids, cause, wall_ms FROM erasure"


class SqliteLedger:
    """Fulfils `ConsentLedger`."""

    def __init__(self, file: SqliteFile, ids: IdSource) -> None:
        self._file = file
        self._ids = ids

    def add_consent(self, consent: Consent) -> Erasure | None:
        """Add a word; a withdrawal erases in the same transaction. Fault FACE_MINOR."""
        if self.knows(consent.consent_id):
            return None
        member = consent.member_id.bytes
        try:
            with self._file.transaction() as db:
                held = erased(db, member)
                db.execute(
                    f"INSERT INTO consent ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
                    _row_of(consent),
                )
                gone = held if not _holds(db, member) else ()
                erasure = self.note(db, consent.member_id, gone, "withdrawn", consent.wall_ms)
        except apsw.ConstraintError as error:
            raise Fault(FaultCode.FACE_MINOR) from error
        return None if erasure is None else replace(erasure, scrubbed=self._file.forget_log())

    def knows(self, consent_id: UUID) -> bool:
        """Return whether this word is in the ledger."""
        found = self._file.row("SELECT 1 FROM consent WHERE consent_id = ?", (consent_id.bytes,))
        return found is not None

    def word(self, member_id: UUID, kind: str) -> Consent | None:
        """Return the member's newest word on a kind, given or withdrawn."""
        row = self._file.row(
            f"SELECT {_COLUMNS} FROM consent WHERE member_id = ? AND kind = ?"  # noqa: S608
            " ORDER BY n DESC LIMIT 1",
            (member_id.bytes, kind),
        )
        return None if row is None else _consent(row)

    def walk_up(self) -> frozenset[UUID]:
        """Return who may be recognised on walking up."""
        return frozenset(UUID(bytes=member) for (member,) in self._file.rows(_WALK_UP))

    def words(self, member_id: UUID) -> tuple[Consent, ...]:
        """Return everything a member said, oldest first."""
        rows = self._file.rows(
            f"SELECT {_COLUMNS} FROM consent WHERE member_id = ? ORDER BY n",  # noqa: S608
            (member_id.bytes,),
        )
        return tuple(map(_consent, rows))

    def untold(self) -> tuple[Erasure, ...]:
        """Return erasures of which no receipt was journalled yet."""
        return tuple(map(_erasure, self._file.rows(_ERASURES + " WHERE told = 0 ORDER BY n")))

    def told(self, erasure_id: UUID) -> None:
        """Note that the receipt of an erasure is in the journal."""
        with self._file.transaction() as db:
            db.execute("UPDATE erasure SET told = 1 WHERE erasure_id = ?", (erasure_id.bytes,))

    def erasures(self, member_id: UUID) -> tuple[Erasure, ...]:
        """Return what was erased of a member, oldest first."""
        rows = self._file.rows(_ERASURES + " WHERE member_id = ? ORDER BY n", (member_id.bytes,))
        return tuple(map(_erasure, rows))

    def settle(self, held: Callable[[UUID], bool]) -> int:
        """Let go of words that ended three years ago; return how many went."""
        members = self._file.rows("SELECT DISTINCT member_id FROM consent")
        departed = [row for row in members if not held(UUID(bytes=row[0]))]
        with self._file.transaction() as db:
            db.execute("DELETE FROM departed")
            db.executemany("INSERT INTO departed VALUES (?)", departed)
            db.execute(_END)
            db.execute(_LIFT)
            due = list(db.execute(_DUE, (CONSENT_KEPT_DAYS,)))
            db.executemany("DELETE FROM consent WHERE n = ?", due)
            if due:
                db.execute(_RECEIPTS_DUE)
        if due:
            self._file.forget_log()
        return len(due)

    def note(
        self,
        db: apsw.Connection,
        member_id: UUID,
        template_ids: Sequence[UUID],
        cause: str,
        wall_ms: int,
    ) -> Erasure | None:
        """Write down, in the transaction that erases, what went; None when nothing did."""
        if not template_ids:
            return None
        erasure = Erasure(self._ids.uuid7(), member_id, tuple(template_ids), cause, wall_ms)
        db.execute(
            "INSERT INTO erasure (erasure_id, member_id, template_ids, cause, wall_ms)"
            " VALUES (?, ?, ?, ?, ?)",
            (
                erasure.erasure_id.bytes,
                member_id.bytes,
                join_ids(erasure.template_ids),
                cause,
                wall_ms,
            ),
        )
        return erasure


def erased(db: apsw.Connection, member: bytes) -> tuple[UUID, ...]:
    """Return the ids of a member's templates, about to go."""
    rows = db.execute("SELECT ids FROM template WHERE member_id = ? ORDER BY n", (member,))
    return tuple(one for (ids,) in rows for one in split_ids(ids))


def _holds(db: apsw.Connection, member: bytes) -> bool:
    return any(db.execute("SELECT 1 FROM holder WHERE member_id = ?", (member,)))


def _row_of(consent: Consent) -> tuple[object, ...]:
    return (
        consent.consent_id.bytes,
        consent.member_id.bytes,
        consent.kind,
        int(consent.given),
        consent.text_version,
        consent.text_hash,
        consent.language,
        consent.channel,
        consent.wall_ms,
        None if consent.operator is None else consent.operator.bytes,
        None if consent.till is None else consent.till.bytes,
        consent.age,
    )


def _consent(row: Row) -> Consent:
    consent_id, member, kind, given, version, hash_, language, channel, wall_ms, *rest = row
    operator, till, age = rest
    return Consent(
        consent_id=UUID(bytes=consent_id),
        member_id=UUID(bytes=member),
        kind=kind,
        given=bool(given),
        text_version=version,
        text_hash=hash_,
        language=language,
        channel=channel,
        wall_ms=wall_ms,
        operator=None if operator is None else UUID(bytes=operator),
        till=None if till is None else UUID(bytes=till),
        age=age,
    )


def _erasure(row: Row) -> Erasure:
    erasure_id, member, ids, cause, wall_ms = row
    return Erasure(UUID(bytes=erasure_id), UUID(bytes=member), split_ids(ids), cause, wall_ms)

"""Used one-time proofs in an encrypted SQLite file, written through to the kernel but not synced.

A killed program loses nothing. A power cut may lose the last half minute, but a box without a
battery clock then accepts no timed code before it has been told the time.
"""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from edge_agent.adapters.sqlite_file import Manner, Row, SqliteFile, put_aside, script
from edge_agent.ports.used_proofs import ProofUse
from retail_core.clock import Instant, TimeQuality
from retail_core.errors import Fault
from retail_core.identity.assurance import Factor
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

MIGRATIONS = (
    script(
        """
        CREATE TABLE used (
          n INTEGER PRIMARY KEY, use_id BLOB NOT NULL UNIQUE, factor TEXT NOT NULL,
          proof BLOB NOT NULL, member_id BLOB NOT NULL, dead_after_s INTEGER NOT NULL,
          wall_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, boot_id BLOB NOT NULL,
          quality INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX used_dead ON used (dead_after_s);
        """
    ),
)


class SqliteUsedProofs:
    """Fulfils `UsedProofs`; safe to call from any thread."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._file = SqliteFile(path, key, MIGRATIONS, Manner("NORMAL"))

    @classmethod
    def opened_or_new(cls, path: Path, key: bytes, tally: FaultTally) -> "SqliteUsedProofs":
        """Open the file, or put a damaged one aside and begin anew; the damage is counted."""
        try:
            found = cls(path, key)
            found.all()
        except Fault as fault:
            if fault.code not in {FaultCode.DISK_KEY_WRONG, FaultCode.DISK_DOCUMENT_CORRUPT}:
                raise
        else:
            return found
        tally.count(FaultCode.DISK_DOCUMENT_CORRUPT)
        put_aside(path, ".damaged")
        return cls(path, key)

    def add(self, use: ProofUse) -> None:
        """Keep a use: the end of the program does not lose it, a power cut may lose the last."""
        with self._file.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO used VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (
                    use.use_id.bytes, use.factor.value, use.proof, use.member_id.bytes,
                    use.dead_after_s, use.at.wall_ms, use.at.mono_ms, use.at.boot_id.bytes,
                    int(use.at.quality),
                ),
            )  # fmt: skip

    def all(self) -> tuple[ProofUse, ...]:
        """Return every use still kept, oldest first."""
        return tuple(_use(row) for row in self._file.rows("SELECT * FROM used ORDER BY n"))

    def waiting(self) -> tuple[ProofUse, ...]:
        """Return the uses that are not marked as told to the journal, oldest first."""
        rows = self._file.rows("SELECT * FROM used WHERE NOT told ORDER BY n")
        return tuple(_use(row) for row in rows)

    def told(self, use_ids: Collection[UUID]) -> None:
        """Mark uses as told to the journal."""
        with self._file.transaction() as db:
            db.executemany(
                "UPDATE used SET told = 1 WHERE use_id = ?", [(one.bytes,) for one in use_ids]
            )

    def drop_dead(self, before_s: int) -> int:
        """Forget the told uses that were dead before a second; return how many."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM used WHERE told AND dead_after_s < ?", (before_s,))
            return db.changes()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()


def _use(row: Row) -> ProofUse:
    _, use_id, factor, proof, member, dead, wall, mono, boot, quality, _ = row
    at = Instant(wall, mono, UUID(bytes=boot), TimeQuality(quality))
    return ProofUse(UUID(bytes=use_id), Factor(factor), proof, UUID(bytes=member), dead, at)

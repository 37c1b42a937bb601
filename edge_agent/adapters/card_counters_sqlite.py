"""Card counters in an encrypted SQLite file, synced at every tap.

A high proof may not be worth less after a power cut: a link copied a minute ago would count once
more. One sync a tap costs a few milliseconds, in a file that no other write waits for.
"""

from pathlib import Path

from edge_agent.adapters.sqlite_file import Manner, SqliteFile, put_aside, script
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

MIGRATIONS = (
    script(
        "CREATE TABLE card_counter ("
        " uid BLOB PRIMARY KEY, counter INTEGER NOT NULL CHECK (counter >= 0)"
        ") STRICT, WITHOUT ROWID;"
    ),
)
_PUT = (
    "INSERT INTO card_counter VALUES (?1, ?2)"
    " ON CONFLICT (uid) DO UPDATE SET counter = max(counter, excluded.counter)"
)


class SqliteCardCounters:
    """Fulfils `CardCounters`; safe to call from any thread."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._file = SqliteFile(path, key, MIGRATIONS, Manner("FULL"))

    @classmethod
    def opened_or_new(cls, path: Path, key: bytes, tally: FaultTally) -> "SqliteCardCounters":
        """Open the file, or put a damaged one aside and begin anew; the damage is counted."""
        try:
            return cls(path, key)
        except Fault as fault:
            if fault.code not in {FaultCode.DISK_KEY_WRONG, FaultCode.DISK_DOCUMENT_CORRUPT}:
                raise
        tally.count(FaultCode.DISK_DOCUMENT_CORRUPT)
        put_aside(path, ".damaged")
        return cls(path, key)

    def last(self, uid: bytes) -> int | None:
        """Return a card's highest counter so far, None for a card never seen."""
        row = self._file.row("SELECT counter FROM card_counter WHERE uid = ?", (uid,))
        return None if row is None else int(row[0])

    def put(self, uid: bytes, counter: int) -> None:
        """Keep a counter; when this returns it is on disk. A lower one changes nothing."""
        with self._file.transaction() as db:
            db.execute(_PUT, (uid, counter))

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

"""How far tills agree, in an encrypted SQLite file of its own, synced at every receipt.

A permit that was withdrawn must not come back with a power cut; a damaged file begins anew, and
then nothing may be written until the till has agreed for long enough again.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from edge_agent.adapters.sqlite_file import Manner, SqliteFile, put_aside, script
from edge_agent.domain.agreement import Example, TillTrust
from edge_agent.ports.agreement_store import EXAMPLES_KEPT
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

MIGRATIONS = (
    script(
        """
        CREATE TABLE trust (till BLOB PRIMARY KEY, trust BLOB NOT NULL) STRICT;
        CREATE TABLE example (
          n INTEGER PRIMARY KEY, till BLOB NOT NULL, example BLOB NOT NULL
        ) STRICT;
        CREATE INDEX example_of ON example (till, n);
        """
    ),
)
_KEEP = "INSERT INTO trust VALUES (?1, ?2) ON CONFLICT (till) DO UPDATE SET trust = excluded.trust"
_FORGET = """
DELETE FROM example WHERE till = ?1 AND n NOT IN
  (SELECT n FROM example WHERE till = ?1 ORDER BY n DESC LIMIT ?2)
"""
_trust = msgspec.msgpack.Decoder(TillTrust)
_example = msgspec.msgpack.Decoder(Example)


class SqliteAgreement:
    """Fulfils `AgreementStore`; safe to call from any thread."""

    def __init__(self, path: Path, key: bytes, tally: FaultTally) -> None:
        self._tally = tally
        self._file = SqliteFile(path, key, MIGRATIONS, Manner("FULL"))

    @classmethod
    def opened_or_new(cls, path: Path, key: bytes, tally: FaultTally) -> "SqliteAgreement":
        """Open the file, or put a damaged one aside and begin anew; the damage is counted."""
        try:
            found = cls(path, key, tally)
            found.load()
        except Fault as fault:
            if fault.code not in {FaultCode.DISK_KEY_WRONG, FaultCode.DISK_DOCUMENT_CORRUPT}:
                raise
        else:
            return found
        tally.count(FaultCode.DISK_DOCUMENT_CORRUPT)
        put_aside(path, ".damaged")
        return cls(path, key, tally)

    def load(self) -> Mapping[UUID, TillTrust]:
        """Return every till's record that can be read; the others are counted and begin anew."""
        found = {}
        for till, raw in self._file.rows("SELECT till, trust FROM trust"):
            try:
                found[UUID(bytes=till)] = _trust.decode(raw)
            except msgspec.MsgspecError:
                self._tally.count(FaultCode.DISK_DOCUMENT_CORRUPT)
        return found

    def keep(self, till: UUID, trust: TillTrust, examples: Sequence[Example] = ()) -> None:
        """Replace a till's record and add examples, in one transaction."""
        with self._file.transaction() as db:
            db.execute(_KEEP, (till.bytes, msgspec.msgpack.encode(trust)))
            for one in examples:
                added = (till.bytes, msgspec.msgpack.encode(one))
                db.execute("INSERT INTO example (till, example) VALUES (?, ?)", added)
            if examples:
                db.execute(_FORGET, (till.bytes, EXAMPLES_KEPT))

    def examples(self, till: UUID) -> tuple[Example, ...]:
        """Return the last examples of a till that can be read, newest first."""
        rows = self._file.rows(
            "SELECT example FROM example WHERE till = ? ORDER BY n DESC", (till.bytes,)
        )
        found = []
        for (raw,) in rows:
            try:
                found.append(_example.decode(raw))
            except msgspec.MsgspecError:
                self._tally.count(FaultCode.DISK_DOCUMENT_CORRUPT)
        return tuple(found)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

"""The journal's tables, and how an older file becomes this one.

What is written at every sale stands in as few pages as can be, for each of them is written whole: a
record is never touched again (what the cloud has is kept as ranges in the chain's row), answers lie
in the order they were given, and their index is small.
"""

from typing import NamedTuple

import apsw
import msgspec

from edge_agent.adapters.sqlite_file import script
from retail_core.sync.ranges import from_seqs, normalise


class Position(NamedTuple):
    """How far the journal is: how often it was started, its newest record and the hash there."""

    starts: int
    seq: int
    hash: bytes


_LEAN = """
ALTER TABLE chain ADD COLUMN acked BLOB NOT NULL DEFAULT x'90';
ALTER TABLE chain ADD COLUMN starts INTEGER NOT NULL DEFAULT 0;
CREATE TABLE kept_record (
  seq INTEGER PRIMARY KEY,
  event_id BLOB NOT NULL UNIQUE,
  type TEXT NOT NULL,
  wall_ms INTEGER NOT NULL,
  quality INTEGER NOT NULL,
  event BLOB NOT NULL,
  prev_hash BLOB NOT NULL,
  hash BLOB NOT NULL,
  crc INTEGER NOT NULL
) STRICT;
INSERT INTO kept_record
  SELECT seq, event_id, type, wall_ms, quality, event, prev_hash, hash, crc FROM record;
DROP TABLE record;
ALTER TABLE kept_record RENAME TO record;
CREATE INDEX record_rare ON record (type, seq) WHERE type <> 'sale';
CREATE TABLE kept_answer (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  status INTEGER NOT NULL,
  answer BLOB NOT NULL,
  seq INTEGER NOT NULL
) STRICT;
INSERT INTO kept_answer (key, body_hash, status, answer, seq)
  SELECT key, body_hash, status, answer, seq FROM answer ORDER BY seq;
DROP TABLE answer;
ALTER TABLE kept_answer RENAME TO answer;
"""


def _lean(connection: apsw.Connection) -> None:
    """Keep acknowledgements as ranges, and nothing twice that costs a sale a page."""
    acked = from_seqs(
        seq for (seq,) in connection.execute("SELECT seq FROM record WHERE acked = 1")
    )
    pruned = list(connection.execute("SELECT 1, pruned_seq FROM chain WHERE pruned_seq > 0"))
    ranges = normalise((*acked, *pruned))
    connection.execute(_LEAN)
    connection.execute("UPDATE chain SET acked = ?", (msgspec.msgpack.encode(ranges),))


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
    _lean,
    script(
        """
        -- The days on which caps of the store are lent, not counted by this box alone. Whoever was
        -- let in before there were such days counts alone; an empty card has to be told first.
        ALTER TABLE lease_tenure ADD COLUMN caps_word INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE caps_shared (
          first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (first, last)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO caps_shared SELECT 1, 99991231 WHERE NOT EXISTS (SELECT 1 FROM lease_tenure);
        """
    ),
)

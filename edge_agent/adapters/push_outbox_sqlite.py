"""Points that wait for a till's own system, in an encrypted file of their own."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import apsw

from edge_agent.adapters.sqlite_file import Manner, Row, SqliteFile, script
from edge_agent.domain.point_push import PointPush, PushState, Reading

MIGRATIONS = (
    script(
        """
        CREATE TABLE push (
          nr INTEGER PRIMARY KEY,
          push_id BLOB NOT NULL UNIQUE,
          member_id BLOB NOT NULL,
          points INTEGER NOT NULL,
          state TEXT NOT NULL,
          tries INTEGER NOT NULL,
          before_milli INTEGER,
          before_total_milli INTEGER
        ) STRICT;
        CREATE INDEX push_open ON push (member_id, nr) WHERE state IN ('waiting', 'calling');
        CREATE TABLE link (member_id BLOB PRIMARY KEY, customer TEXT NOT NULL) STRICT;
        CREATE TABLE taken (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL) STRICT;
        """
    ),
)
_MANNER = Manner(synchronous="FULL", erase=True)
_COLUMNS = "push_id, member_id, points, state, tries, before_milli, before_total_milli"
_OPEN = f"""
SELECT {_COLUMNS}, customer FROM (
  SELECT *, row_number() OVER (PARTITION BY customer ORDER BY state = 'waiting', nr) AS turn
  FROM link JOIN push USING (member_id) WHERE state IN ('waiting', 'calling')
) WHERE turn = 1 ORDER BY nr
"""  # noqa: S608 -- constants of this module
_DEPTH = """
SELECT count(*) FROM link JOIN push USING (member_id) WHERE state IN ('waiting', 'calling')
"""
_UNSURE = f"SELECT {_COLUMNS} FROM push WHERE state IN ('unsure', 'refused') ORDER BY nr"  # noqa: S608
_TAKE = f"INSERT OR IGNORE INTO push ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_KEEP = """
UPDATE push SET state = ?4, tries = ?5, before_milli = ?6, before_total_milli = ?7
WHERE push_id = ?1
"""


class SqlitePushOutbox:
    """Fulfils `PushOutbox`."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._file = SqliteFile(path, key, MIGRATIONS, _MANNER)

    def cursor(self) -> int | None:
        """Return the last sequence of the journal that was taken, None before the first."""
        row = self._file.row("SELECT seq FROM taken")
        return None if row is None else int(row[0])

    def take(self, upto_seq: int, pushes: Sequence[PointPush]) -> None:
        """Take pushes of the journal up to a sequence, both in one write."""
        with self._file.transaction() as db:
            for push in pushes:
                db.execute(_TAKE, _row(push))
            db.execute("INSERT OR REPLACE INTO taken VALUES (1, ?)", (upto_seq,))

    def keep(self, push: PointPush) -> None:
        """Write how a push stands now."""
        with self._file.transaction() as db:
            _update(db, push)

    def open(self) -> tuple[tuple[PointPush, str], ...]:
        """Return one unfinished push of each linked customer: the one begun, else the oldest."""
        return tuple((_push(row), str(row[-1])) for row in self._file.rows(_OPEN))

    def unsure(self) -> tuple[PointPush, ...]:
        """Return what somebody has to look at, oldest first."""
        return tuple(map(_push, self._file.rows(_UNSURE)))

    def depth(self) -> int:
        """Return how many of linked members are not finished."""
        row = self._file.row(_DEPTH)
        return 0 if row is None else int(row[0])

    def link(self, member_id: UUID, customer: str) -> None:
        """Note which customer a member is."""
        with self._file.transaction() as db:
            db.execute("INSERT OR REPLACE INTO link VALUES (?, ?)", (member_id.bytes, customer))

    def customer(self, member_id: UUID) -> str | None:
        """Return which customer a member is, None when nobody said."""
        row = self._file.row("SELECT customer FROM link WHERE member_id = ?", (member_id.bytes,))
        return None if row is None else str(row[0])

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()


def _update(db: apsw.Connection, push: PointPush) -> None:
    db.execute(_KEEP, _row(push))


def _row(push: PointPush) -> Row:
    before = push.before
    return (
        push.push_id.bytes,
        push.member_id.bytes,
        push.points,
        push.state.value,
        push.tries,
        None if before is None else before.points_milli,
        None if before is None else before.total_milli,
    )


def _push(row: Row) -> PointPush:
    return PointPush(
        push_id=UUID(bytes=row[0]),
        member_id=UUID(bytes=row[1]),
        points=row[2],
        state=PushState(row[3]),
        tries=row[4],
        before=None if row[5] is None else Reading(row[5], row[6]),
    )

"""Opening an encrypted SQLite file: key, pragmas, schema version, one transaction helper."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import apsw

from edge_agent.adapters.group_commit import GroupCommit
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Row = tuple[Any, ...]
Migration = Callable[[apsw.Connection], None]

BUSY_TIMEOUT_MS = 5_000
# A worn card turns read-only: that is as good as damaged, for nothing reaches it any more.
_DAMAGES = (apsw.CorruptError, apsw.NotADBError, apsw.IOError, apsw.ReadOnlyError)
# Less than this is no room: the log's index alone grows by 32 KiB.
ROOM_BYTES = 64 * 1_024


def script(sql: str) -> Migration:
    """Return a migration that runs one SQL script."""

    def run(connection: apsw.Connection) -> None:
        connection.execute(sql)

    return run


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file is kept.

    `damaged` is the fault of a page that cannot be read; `erase` also overwrites what is deleted;
    `alone` keeps any other process out; `page_bytes` is for a file that is begun, 0 for SQLite's
    own; the log is folded into the file after `checkpoint_pages`; `vfs` is what stands between the
    file and the disk, None for the system's.
    """

    synchronous: Literal["FULL", "NORMAL"]
    damaged: FaultCode = FaultCode.DISK_DOCUMENT_CORRUPT
    erase: bool = False
    alone: bool = False
    page_bytes: int = 0
    checkpoint_pages: int = 1_000
    vfs: str | None = None


class SqliteFile:
    """One encrypted file with a writer and a reader connection, each behind its own lock.

    Readers see the last committed state and never wait for the writer's sync. Opening raises Fault
    DISK_KEY_WRONG, DISK_FULL or SETUP_CONFIG_INVALID.
    """

    def __init__(
        self, path: Path, key: bytes, migrations: Sequence[Migration], manner: Manner
    ) -> None:
        self.path = path
        self.write_lock = threading.RLock()
        self._read_lock = threading.Lock()
        self._manner = manner
        with ExitStack() as opened:
            path.parent.mkdir(parents=True, exist_ok=True)
            if manner.alone:
                opened.enter_context(_kept_alone(path))
            self.writer = self._open(key)
            opened.callback(self.writer.close)
            self._commits = GroupCommit(self.writer, self.write_lock)
            self._migrate(migrations)
            self._reader = self._open(key)
            opened.callback(self._reader.close)
            path.chmod(0o600)
            self._opened = opened.pop_all()
        self.is_open = True

    @contextmanager
    def transaction(self, *, lazy: bool = False) -> Iterator[apsw.Connection]:
        """One write transaction: all of it, or nothing when the block raises.

        A `lazy` one is not waited for: it reaches the disk with the next synced one, in order.
        """
        with self.write_lock, self._alone(lazy=lazy):
            try:
                self.writer.execute("BEGIN IMMEDIATE")
                yield self.writer
                self.writer.execute("COMMIT")
            except BaseException as error:
                self._commits.roll_back()
                if isinstance(error, apsw.Error):
                    raise self._fault_of(error) from error
                raise

    @contextmanager
    def joined(self) -> Iterator[apsw.Connection]:
        """One part of a synced transaction which callers at the same moment share.

        Back when it is on disk; when the block raises, nothing of this part is kept.
        """
        try:
            with self._commits.part() as db:
                yield db
        except apsw.Error as error:
            raise self._fault_of(error) from error

    @contextmanager
    def _alone(self, *, lazy: bool) -> Iterator[None]:
        self._commits.close()
        if not lazy or self._manner.synchronous == "NORMAL":
            yield
            return
        self.writer.pragma("synchronous", "NORMAL")
        try:
            yield
        finally:
            self.writer.pragma("synchronous", self._manner.synchronous)

    def rows(self, sql: str, bindings: Sequence[Any] = ()) -> list[Row]:
        """Read committed rows."""
        with self._read_lock:
            try:
                return list(self._reader.execute(sql, tuple(bindings)))
            except apsw.Error as error:
                raise self._fault_of(error) from error

    def row(self, sql: str, bindings: Sequence[Any] = ()) -> Row | None:
        """Read at most one committed row."""
        found = self.rows(sql, bindings)
        return found[0] if found else None

    def forget_log(self) -> bool:
        """Fold the log into the file and empty it, so that it keeps no older page; say whether."""
        if not self._fold(apsw.SQLITE_CHECKPOINT_TRUNCATE):
            return False
        log = self.path.with_name(self.path.name + "-wal")
        return not log.exists() or log.stat().st_size == 0

    def fold_log(self) -> None:
        """Fold the log into the file, as far as it can be: its room is written anew."""
        self._fold(apsw.SQLITE_CHECKPOINT_RESTART)

    def _fold(self, mode: int) -> bool:
        try:
            with self.write_lock, self._read_lock:
                self._commits.close()
                self.writer.wal_checkpoint(mode=mode)
        except apsw.Error:
            return False  # what was committed before stands all the same
        return True

    def close(self) -> None:
        """Close both connections, the last one folds the log into the file; safe to call twice."""
        with self.write_lock, self._read_lock:
            self._commits.close()
            self._opened.close()
            self.is_open = False

    def _fault_of(self, error: apsw.Error) -> Exception:
        """Name what the disk did; anything else is a bug and stays what it is."""
        full = isinstance(error, apsw.IOError) and _is_full(self.path.parent)
        if full or isinstance(error, apsw.FullError):
            return Fault(FaultCode.DISK_FULL)
        if isinstance(error, _DAMAGES):
            return Fault(self._manner.damaged, name=self.path.name)
        return error

    def _open(self, key: bytes) -> apsw.Connection:
        try:
            connection = _unlocked(self.path, key, self._manner.vfs)
        except apsw.CantOpenError as error:
            raise Fault(
                FaultCode.SETUP_CONFIG_INVALID, path=self.path, detail=str(error)
            ) from error
        try:
            if self._manner.page_bytes:
                connection.pragma("page_size", self._manner.page_bytes)
            connection.pragma("journal_mode", "WAL")
            connection.pragma("synchronous", self._manner.synchronous)
            connection.wal_autocheckpoint(self._manner.checkpoint_pages)
            connection.pragma("foreign_keys", "ON")
            connection.pragma("trusted_schema", "OFF")
            if self._manner.erase:
                connection.pragma("secure_delete", "ON")
            connection.pragma("user_version")
        except BaseException as error:
            connection.close()
            if isinstance(error, apsw.NotADBError):
                raise Fault(FaultCode.DISK_KEY_WRONG, path=self.path.name) from error
            if isinstance(error, apsw.Error):
                raise self._fault_of(error) from error
            raise
        return connection

    def _migrate(self, migrations: Sequence[Migration]) -> None:
        with self.transaction() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT"
            )
            held = next(iter(connection.execute("SELECT max(version) FROM schema_version")))[0] or 0
            if held > len(migrations):
                detail = f"schema {held} is newer than this program's {len(migrations)}"
                raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=self.path.name, detail=detail)
            for number, migration in enumerate(migrations[held:], start=held + 1):
                migration(connection)
                connection.execute("INSERT INTO schema_version VALUES (?)", (number,))


def change_key(path: Path, old: bytes, new: bytes) -> None:
    """Write a closed file anew under another key.

    Faults DISK_KEY_WRONG when `old` is not its key, DISK_FULL when the disk refuses: then it stays
    under the old one. A rollback journal is enough: a power cut leaves the file wholly under one of
    the two.
    """
    connection = _unlocked(path, old)
    try:
        connection.pragma("journal_mode", "DELETE")
        connection.pragma("rekey", "raw:" + new.hex())
    except apsw.NotADBError as error:
        raise Fault(FaultCode.DISK_KEY_WRONG, path=path.name) from error
    except (apsw.FullError, apsw.IOError) as error:
        raise Fault(FaultCode.DISK_FULL) from error
    finally:
        connection.close()


def _unlocked(path: Path, key: bytes, vfs: str | None = None) -> apsw.Connection:
    connection = apsw.Connection(str(path), vfs=vfs)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.pragma("cipher", "chacha20")
    connection.pragma("key", "raw:" + key.hex())
    return connection


def _is_full(folder: Path) -> bool:
    """Say whether an error of the disk is one of room: SQLite tells some of them as others."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize < ROOM_BYTES


def put_aside(path: Path, suffix: str) -> None:
    """Rename a file with its logs, so that a new one can begin in its place."""
    for end in ("", "-wal", "-shm"):
        part = path.with_name(path.name + end)
        aside = path.with_name(path.name + suffix + end)
        aside.unlink(missing_ok=True)  # a log left of another file would be folded into this one
        if part.exists():
            part.replace(aside)


@contextmanager
def _kept_alone(path: Path) -> Iterator[None]:
    """Hold a lock beside the file: two agents on one folder would tell the same sequence twice."""
    with path.with_name(path.name + ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            detail = "in use by another process"
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=detail) from error
        yield

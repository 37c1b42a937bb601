"""Opening an encrypted SQLite file: key, pragmas, schema version, one transaction helper."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import apsw

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Row = tuple[Any, ...]
Migration = Callable[[apsw.Connection], None]
Synchronous = Literal["FULL", "NORMAL"]

BUSY_TIMEOUT_MS = 5_000


def script(sql: str) -> Migration:
    """Return a migration that runs one SQL script."""

    def run(connection: apsw.Connection) -> None:
        connection.execute(sql)

    return run


class SqliteFile:
    """One encrypted file with a writer and a reader connection, each behind its own lock.

    Readers see the last committed state and never wait for the writer's sync. `damaged` is the
    fault of a page that cannot be read; `erase` also overwrites what is deleted.
    """

    def __init__(
        self,
        path: Path,
        key: bytes,
        migrations: Sequence[Migration],
        *,
        synchronous: Synchronous,
        damaged: FaultCode = FaultCode.DISK_DOCUMENT_CORRUPT,
        erase: bool = False,
    ) -> None:
        self.path = path
        self.write_lock = threading.RLock()
        self._read_lock = threading.Lock()
        self._closed = False
        self._damaged = damaged
        self._synchronous = synchronous
        path.parent.mkdir(parents=True, exist_ok=True)
        self.writer = self._open(key, synchronous, erase=erase)
        try:
            self._migrate(migrations)
            self._reader = self._open(key, synchronous, erase=erase)
        except BaseException:
            self.writer.close()
            raise
        path.chmod(0o600)

    @contextmanager
    def transaction(self, *, lazy: bool = False) -> Iterator[apsw.Connection]:
        """One write transaction: all of it, or nothing when the block raises.

        A `lazy` one is not waited for: it reaches the disk with the next synced one, in order.
        """
        with self.write_lock, self._sync_level(lazy=lazy):
            self.writer.execute("BEGIN IMMEDIATE")
            try:
                yield self.writer
                self.writer.execute("COMMIT")
            except BaseException as error:
                self._rollback()
                if isinstance(error, apsw.Error):
                    raise self._fault_of(error) from error
                raise

    @contextmanager
    def _sync_level(self, *, lazy: bool) -> Iterator[None]:
        if not lazy or self._synchronous == "NORMAL":
            yield
            return
        self.writer.pragma("synchronous", "NORMAL")
        try:
            yield
        finally:
            self.writer.pragma("synchronous", self._synchronous)

    def _rollback(self) -> None:
        if self.writer.in_transaction:
            self.writer.execute("ROLLBACK")

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

    def forget_log(self) -> None:
        """Fold the log into the file and empty it, so that it keeps no older page."""
        with self.write_lock, self._read_lock:
            self.writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def close(self) -> None:
        """Close both connections; the last one folds the WAL back into the file."""
        with self.write_lock, self._read_lock:
            if not self._closed:
                self._closed = True
                self._reader.close()
                self.writer.close()

    def _fault_of(self, error: apsw.Error) -> Exception:
        """Name what the disk did; anything else is a bug and stays what it is."""
        if isinstance(error, apsw.FullError):
            return Fault(FaultCode.DISK_FULL)
        if isinstance(error, apsw.CorruptError | apsw.NotADBError | apsw.IOError):
            return Fault(self._damaged, name=self.path.name)
        return error

    def _open(self, key: bytes, synchronous: Synchronous, *, erase: bool) -> apsw.Connection:
        connection = apsw.Connection(str(self.path))
        try:
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            connection.pragma("cipher", "chacha20")
            connection.pragma("key", "raw:" + key.hex())
            connection.pragma("journal_mode", "WAL")
            connection.pragma("synchronous", synchronous)
            connection.pragma("foreign_keys", "ON")
            connection.pragma("trusted_schema", "OFF")
            if erase:
                connection.pragma("secure_delete", "ON")
            connection.pragma("user_version")
        except apsw.NotADBError as error:
            connection.close()
            raise Fault(FaultCode.DISK_KEY_WRONG, path=self.path.name) from error
        except apsw.FullError as error:
            connection.close()
            raise Fault(FaultCode.DISK_FULL) from error
        except BaseException:
            connection.close()
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

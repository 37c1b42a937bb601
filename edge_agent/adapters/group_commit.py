"""Several callers, one sync: each writes its part of a shared transaction on its own thread.

Whoever is the last of those already on their way commits for all; nobody waits for anyone who has
not come yet, so a caller alone pays for nothing. Each part stands behind a savepoint: what goes
wrong in one is taken back alone. A commit that fails fails for every part of it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import apsw

PARTS_MAX = 64


class _Group:
    """Parts that reach the disk together, or together do not."""

    def __init__(self) -> None:
        self.parts = 0
        self.error: BaseException | None = None
        self._settled = threading.Event()

    def settle(self, error: BaseException | None) -> None:
        """Let everybody go, once."""
        if not self._settled.is_set():
            self.error = error
            self._settled.set()

    def wait(self) -> None:
        """Wait for the sync; raise what kept it from the disk."""
        self._settled.wait()
        if self.error is not None:
            raise self.error


class GroupCommit:
    """Shares the transactions of one writer connection; `lock` is what guards that connection."""

    def __init__(self, writer: apsw.Connection, lock: threading.RLock) -> None:
        self._writer = writer
        self._lock = lock
        self._count = threading.Lock()
        self._coming = 0
        self._group: _Group | None = None

    @contextmanager
    def part(self) -> Iterator[apsw.Connection]:
        """One caller's writes; back only when they are on disk.

        Raises what the block raises, then nothing of it is kept; or the apsw.Error of the commit.
        """
        with self._count:
            self._coming += 1
        group: _Group | None = None
        with self._lock:
            try:
                group = self._joined()
                with self._kept_apart(group):
                    yield self._writer
            finally:
                self._arrived(group)
        group.wait()

    def close(self) -> None:
        """Commit what is open, for a transaction that stands alone; the lock must be held."""
        group, self._group = self._group, None
        if group is None:
            return
        try:
            if group.error is None:
                self._writer.execute("COMMIT")
        except BaseException as error:
            group.settle(error)  # before anything else may fail: nobody hears of a commit
            self.roll_back()
            if not isinstance(error, apsw.Error):
                raise
        finally:
            group.settle(None)

    def roll_back(self) -> None:
        """Take back what is open; the lock must be held."""
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def _joined(self) -> _Group:
        if self._group is None:
            self._writer.execute("BEGIN IMMEDIATE")
            self._group = _Group()
        return self._group

    @contextmanager
    def _kept_apart(self, group: _Group) -> Iterator[None]:
        self._writer.execute("SAVEPOINT part")
        try:
            yield
            self._writer.execute("RELEASE part")
            group.parts += 1
        except BaseException as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK TO part")
                self._writer.execute("RELEASE part")
            else:  # a full disk may end the whole transaction
                self._group = None
                group.settle(error)
            raise

    def _arrived(self, group: _Group | None) -> None:
        with self._count:
            self._coming -= 1
            last = self._coming == 0
        if last or (group is not None and group.parts >= PARTS_MAX):
            self.close()

"""A disk that loses power: what the program sees is kept apart from what was synced.

The rules are those of SQLite on Linux (`docs/reference/journal.md` has the sources and a trace):
a sync of a file brings its bytes to the medium, and with the first sync of a log that was opened
to be created the folder is synced too; a deletion syncs the folder only when SQLite asks for it.
Everything else is luck. Of bytes that were not synced every sector arrived, did not, or is torn
inside; a file may have grown without them and hold anything there; a name in the folder may stand
for any file that it stood for since the folder was synced, or for none. Nothing of it needs the
kernel or any right. `vfs_name` opens encrypted files too.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import apsw

SECTOR = 512
SHARED_MEMORY = "-shm"
CIPHERS = "multipleciphers-"
LOGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_ARRIVES, _IN_PART, _TORN_SECTOR, _GROWS = 0.5, 0.25, 0.1, 0.3


@dataclass(slots=True)
class Content:
    """What the medium holds of one file, and what was written since and not synced."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def settle(self) -> None:
        """Bring everything to the medium."""
        for offset, data in self.pending:
            self.apply(offset, data)
        self.pending.clear()

    def apply(self, offset: int, data: bytes | None) -> None:
        """Write, or cut off at `offset` when there is nothing to write."""
        if data is None:
            del self.durable[offset:]
            return
        if len(self.durable) < offset:
            self.durable.extend(bytes(offset - len(self.durable)))
        self.durable[offset : offset + len(data)] = data

    def survive(self, chance: Random) -> None:
        """Make the medium what is found after a cut: of each write all, a part, or nothing."""
        for offset, data in self.pending:
            drawn = chance.random()
            if drawn < _ARRIVES:
                self.apply(offset, data)
            elif data is not None:
                if drawn < _ARRIVES + _IN_PART:
                    self._in_part(offset, data, chance)
                if chance.random() < _GROWS:
                    self._grow(offset + len(data), chance)
        self.pending.clear()

    def _in_part(self, offset: int, data: bytes, chance: Random) -> None:
        """Let some sectors of a write arrive, one of them maybe from an end of it only."""
        at = 0
        while at < len(data):
            end = min(len(data), at + SECTOR - (offset + at) % SECTOR)
            low, high = at, end
            if chance.random() < _TORN_SECTOR:
                middle = chance.randrange(at, end)
                low, high = (middle, end) if chance.random() < 1 / 2 else (at, middle)
            if chance.random() < 1 / 2 and low < high:
                self.apply(offset + low, data[low:high])
            at = end

    def _grow(self, size: int, chance: Random) -> None:
        """Give the file its new length without the bytes: zeros, or whatever lay there before."""
        missing = size - len(self.durable)
        if missing > 0:
            self.durable.extend(chance.choice((bytes, chance.randbytes))(missing))


class Medium:
    """The card: `cut_after` counts the operations left until the power goes.

    From then on every operation fails, until the dead program is `buried`: what it does while it is
    put away reaches nothing.
    """

    def __init__(
        self, chance: Random, *, keeps_files: bool = True, keeps_folder: bool = True
    ) -> None:
        self.cut_after: int | None = None
        self.off = False
        self.buried = False
        self._chance = chance
        self._keeps_files, self._keeps_folder = keeps_files, keeps_folder
        # What each name stood for since the folder was synced, the last one is what is seen.
        self._folder: dict[str, list[Content | None]] = {}

    def file(self, name: str) -> Content:
        """Return the file behind a name, a new one where there is none."""
        stood_for = self._stood_for(name)
        if stood_for[-1] is None:
            made = Content()
            if not self.off:
                stood_for.append(made)
            self._operation()
            return made
        return stood_for[-1]

    def _stood_for(self, name: str) -> list[Content | None]:
        """Return what a name stood for; a file that was there before us was synced."""
        if name not in self._folder:
            path = Path(name)
            there = path.exists()
            self._folder[name] = [Content(bytearray(path.read_bytes())) if there else None]
        return self._folder[name]

    def write(self, file: Content, offset: int, data: bytes | None) -> None:
        """Take a write, or a cut-off; apsw.IOError when the power is gone, now or before."""
        if not self.off:
            file.pending.append((offset, data))
        self._operation()

    def sync(self, file: Content) -> None:
        """Bring a file's writes to the medium, unless it only says so."""
        if self._operation() and self._keeps_files:
            file.settle()

    def sync_folder(self) -> None:
        """Let every name stand for what is seen, unless it only says so."""
        if self._operation() and self._keeps_folder:
            for name, stood_for in self._folder.items():
                self._folder[name] = stood_for[-1:]

    def delete(self, name: str, *, synced: bool) -> None:
        """Delete a file; without a sync of the folder it may be there again."""
        if self._operation():
            self._stood_for(name).append(None)
            if synced:
                self.sync_folder()

    def power_on(self) -> None:
        """Make the real files what would be found; every connection must be closed."""
        for name, stood_for in self._folder.items():
            found = stood_for[-1]
            if self._chance.random() >= _ARRIVES:
                found = self._chance.choice(stood_for)
            self._folder[name] = [found]
            if found is None:
                Path(name).unlink(missing_ok=True)
            else:
                found.survive(self._chance)
                Path(name).write_bytes(found.durable)
            Path(name.removesuffix("-wal") + SHARED_MEMORY).unlink(missing_ok=True)
        self.off, self.buried, self.cut_after = False, False, None

    def _operation(self) -> bool:
        if self.buried:
            return False
        if self.cut_after is not None:
            self.cut_after -= 1
            self.off = self.off or self.cut_after <= 0
        if self.off:
            raise apsw.IOError("the power is gone")
        return True


class _File(apsw.VFSFile):
    def __init__(self, medium: Medium, name: Any, flags: list[int]) -> None:
        self._medium = medium
        said = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._file = medium.file(said)
        # As in SQLite: by the way it is opened, whether or not it was there.
        self._syncs_folder = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & LOGS)
        super().__init__("unix", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 -- SQLite's name
        self._medium.write(self._file, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 -- SQLite's name
        self._medium.write(self._file, newsize, None)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: ARG002, N802 -- SQLite's signature
        self._medium.sync(self._file)
        if self._syncs_folder:
            self._medium.sync_folder()
            self._syncs_folder = False

    def excepthook(self, *_what: object) -> bool:
        """Say nothing of a power cut on standard error."""
        return True


class CrashVfs(apsw.VFS):
    """Registers itself as `name`; open files by `vfs_name`."""

    def __init__(self, name: str, medium: Medium) -> None:
        self.vfs_name = CIPHERS + name
        self._medium = medium
        super().__init__(name, "unix")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 -- SQLite's name
        """Open a file of the card, or one that SQLite needs for a moment."""
        if name is None:
            return apsw.VFSFile("unix", name, flags)
        return _File(self._medium, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802 -- SQLite's
        """Delete a file; a cut may bring it back."""
        self._medium.delete(filename, synced=syncdir)
        if not self._medium.buried:
            os.unlink(filename)  # noqa: PTH108 -- its name as SQLite has it

    def excepthook(self, *_what: object) -> bool:
        """Say nothing of a power cut on standard error."""
        return True

"""A disk that counts: bytes written and syncs, by what SQLite writes to."""

from collections import Counter
from typing import Any

import apsw

from tools.faults.crash_vfs import CIPHERS


class _File(apsw.VFSFile):
    def __init__(self, counted: Counter[str], name: Any, flags: list[int]) -> None:
        self._counted = counted
        said = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._kind = "log" if said.endswith("-wal") else "file"
        super().__init__("unix", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 -- SQLite's name
        self._counted[f"{self._kind} bytes"] += len(data)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 -- SQLite's name
        self._counted[f"{self._kind} syncs"] += 1
        super().xSync(flags)


class CountingVfs(apsw.VFS):
    """Registers itself as `name`; open files by `vfs_name`, read `counted`."""

    def __init__(self, name: str) -> None:
        self.vfs_name = CIPHERS + name
        self.counted: Counter[str] = Counter()
        super().__init__(name, "unix")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 -- SQLite's name
        """Open a file that is counted."""
        return _File(self.counted, name, flags)

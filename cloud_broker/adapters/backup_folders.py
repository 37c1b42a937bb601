"""Folders inside a backup: the boxes' authority, and the releases. File by file, in pieces.

Everything in a backup is sealed, so private keys may be in it; who keeps them elsewhere leaves them
out. A folder is filled only where there is none: an authority that is there is never mixed with
another one's files.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Any

from cloud_broker.adapters.backup_file import BackupWriter
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

OPEN, PIECE, CLOSE = b"O", b"P", b"C"
AUTHORITY, RELEASES = "ca_dir", "release_dir"
# What says how fresh the rest is comes first: files that it names are never taken away again.
FIRST = "metadata/timestamp.json"
UNFINISHED = ".restoring"
PIECE_BYTES = 1 << 20
_HALF_WRITTEN = (".new", ".partial", ".writing")


@dataclass(slots=True)
class FolderTotals:
    """What went through: files, and how many of them are private keys."""

    files: int = 0
    private: int = 0
    bytes: int = 0


def is_private(name: str) -> bool:
    """Return whether a file of a folder is a key that signs."""
    return name.endswith(".key") or name.startswith("online/")


def write_folders(
    out: BackupWriter, folders: Mapping[str, Path | None], *, keys: bool
) -> FolderTotals:
    """Write every file of folders that are there; Fault BACKUP_FOLDER for one nobody may read."""
    totals = FolderTotals()
    for place, folder in folders.items():
        if folder is None or not folder.is_dir():
            continue
        for path in _files(folder):
            name = path.relative_to(folder).as_posix()
            if keys or not is_private(name):
                _write(out, place, name, path, totals)
    return totals


def _files(folder: Path) -> list[Path]:
    found = [one for one in folder.rglob("*") if one.is_file() and not one.is_symlink()]
    whole = [one for one in found if not one.name.endswith(_HALF_WRITTEN)]
    return sorted(whole, key=lambda one: (one != folder / FIRST, one))


def _write(out: BackupWriter, place: str, name: str, path: Path, totals: FolderTotals) -> None:
    digest = sha256()
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            out.frame(OPEN, json.dumps({"place": place, "name": name, "mode": mode}).encode())
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
                totals.bytes += len(piece)
                out.frame(PIECE, piece)
    except OSError as error:
        raise Fault(FaultCode.BACKUP_FOLDER, path=path, reason=error.strerror) from None
    out.frame(CLOSE, digest.hexdigest().encode())
    totals.files += 1
    totals.private += is_private(name)


class FolderReader:
    """Takes the frames of files, in order, checks them, and writes those of wanted folders."""

    def __init__(self, wanted: Mapping[str, Path] | None = None) -> None:
        self.totals = FolderTotals()
        self.places: set[str] = set()
        self._wanted = wanted or {}
        self._open: _Incoming | None = None

    def take(self, kind: bytes, content: bytes) -> None:
        """Take a frame, of a file or any other; Fault BACKUP_DAMAGED."""
        if kind == OPEN:
            self._begin(json.loads(content))
        elif kind == PIECE:
            self._now().write(content)
            self.totals.bytes += len(content)
        elif kind == CLOSE:
            self._now().end(content.decode("ascii", "replace"))
            self._open = None
            self.totals.files += 1
        elif self._open is not None:
            raise _damaged("a file has no end")

    def _begin(self, said: Mapping[str, Any]) -> None:
        name, place = str(said["name"]), str(said["place"])
        path = PurePosixPath(name)
        if self._open is not None or path.is_absolute() or ".." in path.parts:
            raise _damaged(f"file {name}")
        self.places.add(place)
        self.totals.private += is_private(name)
        folder = self._wanted.get(place)
        self._open = _Incoming(None if folder is None else folder / path, int(said["mode"]))

    def _now(self) -> "_Incoming":
        if self._open is None:
            raise _damaged("a file has no beginning")
        return self._open


class _Incoming:
    """One file on its way; without a path it is only checked."""

    def __init__(self, path: Path | None, mode: int) -> None:
        self._path = path
        self._digest = sha256()
        self._file: IO[bytes] | None = None
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = _partial(path)
            partial.unlink(missing_ok=True)
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o755)
            self._file = os.fdopen(descriptor, "wb")

    def write(self, content: bytes) -> None:
        self._digest.update(content)
        if self._file is not None:
            self._file.write(content)

    def end(self, wanted: str) -> None:
        if self._file is not None and self._path is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            _partial(self._path).replace(self._path)
        if self._digest.hexdigest() != wanted:
            raise _damaged("a file's checksum")


def fill_folders(
    frames: Iterable[tuple[bytes, bytes]], folders: Mapping[str, Path | None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Fill folders that are missing, empty or half filled; return (filled, left as they are).

    `frames` are those of a backup that was read to its end before; folders that it holds and the
    settings do not name count as left.
    """
    wanted = {
        place: folder for place, folder in folders.items() if folder is not None and _free(folder)
    }
    reader, marked = FolderReader(wanted), set[str]()
    for kind, content in frames:
        if kind == OPEN:
            _mark(str(json.loads(content)["place"]), wanted, marked)
        reader.take(kind, content)
    for place in marked:
        (wanted[place] / UNFINISHED).unlink()
    return tuple(sorted(marked)), tuple(sorted(reader.places - marked))


def _mark(place: str, wanted: Mapping[str, Path], marked: set[str]) -> None:
    """Leave a note in a folder before its first file: cut short, it is filled again."""
    if place in marked or place not in wanted:
        return
    wanted[place].mkdir(mode=0o700, parents=True, exist_ok=True)
    (wanted[place] / UNFINISHED).touch()
    marked.add(place)


def _free(folder: Path) -> bool:
    return not folder.exists() or (folder / UNFINISHED).exists() or not any(folder.iterdir())


def _partial(path: Path) -> Path:
    return path.with_name(f"{path.name}.partial")


def _damaged(detail: str) -> Fault:
    return Fault(FaultCode.BACKUP_DAMAGED, detail=detail)

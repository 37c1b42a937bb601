"""A backup's file: sealed pieces in one order, so that nothing can be changed, cut or exchanged.

The first line says what the file is; it is open and bound to every piece. Then pieces follow, each
sealed with ChaCha20-Poly1305 under the file's own prefix, its number and whether it is the last.
Inside lies one zstd stream of frames: a letter, a length, the content.
"""

import json
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MAGIC = b"regulars-backup-1 "
KEY_BYTES = 32
PREFIX_BYTES = 7
PIECE_BYTES = 1 << 20
TAG_BYTES = 16
HEAD_BYTES_MAX = 4_096
FRAME_BYTES_MAX = 64 << 20
LEVEL = 3
_LENGTH = struct.Struct(">I")
_FRAME = struct.Struct(">cI")


def make_key(path: Path) -> None:
    """Write a new key, readable by its owner alone; FileExistsError rather than overwrite one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(os.urandom(KEY_BYTES).hex() + "\n")
        file.flush()
        os.fsync(descriptor)


def read_key(path: Path) -> bytes:
    """Return a key; Fault BACKUP_KEY_WRONG when the file holds none."""
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Fault(FaultCode.BACKUP_KEY_WRONG)
    return key


def fingerprint(key: bytes) -> str:
    """Return what names a key without telling it."""
    return sha256(b"regulars-backup" + key).hexdigest()[:16]


class BackupWriter:
    """Writes a backup beside its name and moves it there when it is whole and on disk."""

    def __init__(self, path: Path, key: bytes, said: Mapping[str, object]) -> None:
        self._path = path
        self._partial = path.with_name(path.name + ".partial")
        self._prefix = os.urandom(PREFIX_BYTES)
        head = {**said, "key": fingerprint(key), "prefix": self._prefix.hex()}
        self._head = MAGIC + json.dumps(head, sort_keys=True).encode() + b"\n"
        self._seal = ChaCha20Poly1305(key)
        self._squeeze = zstandard.ZstdCompressor(level=LEVEL).compressobj()
        self._waiting = bytearray()
        self._pieces = 0
        self._file: IO[bytes] = self._partial.open("wb")
        self._partial.chmod(0o600)
        self._file.write(self._head)

    def frame(self, kind: bytes, content: bytes) -> None:
        """Add a frame."""
        self._take(self._squeeze.compress(_FRAME.pack(kind, len(content)) + content))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._file.close()
            with suppress(OSError):
                self._partial.unlink()
            return
        self._take(self._squeeze.flush())
        self._write(bytes(self._waiting), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._partial.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _take(self, content: bytes) -> None:
        self._waiting += content
        while len(self._waiting) > PIECE_BYTES:
            self._write(bytes(self._waiting[:PIECE_BYTES]), last=False)
            del self._waiting[:PIECE_BYTES]

    def _write(self, content: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._pieces, last=last)
        sealed = self._seal.encrypt(nonce, content, self._head)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._pieces += 1


class BackupReader:
    """Reads a backup from the start; whatever was changed in it is Fault BACKUP_DAMAGED."""

    def __init__(self, path: Path, key: bytes) -> None:
        try:
            self._file: IO[bytes] = path.open("rb")
        except OSError as error:
            raise _damaged(error.strerror or "unreadable") from error
        try:
            self._head = self._file.readline(HEAD_BYTES_MAX)
            self.said: dict[str, Any] = _opened(self._head)
            _check_key(self.said, key)
            self._prefix = bytes.fromhex(str(self.said.get("prefix")))
        except BaseException:
            self._file.close()
            raise
        self._seal = ChaCha20Poly1305(key)
        self._plain = bytearray()
        self._stretch = zstandard.ZstdDecompressor().decompressobj()
        self._pieces = self._stretched()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._file.close()

    def frames(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every frame; the file is whole when this ends."""
        while (head := self._exactly(_FRAME.size)) is not None:
            kind, length = _FRAME.unpack(head)
            if length > FRAME_BYTES_MAX:
                raise _damaged("a frame is too long")
            content = self._exactly(length)
            if content is None:
                raise _damaged("a frame is cut")
            yield kind, content

    def _exactly(self, size: int) -> bytes | None:
        while len(self._plain) < size:
            more = next(self._pieces, None)
            if more is None:
                if self._plain:
                    raise _damaged("it ends within a frame")
                return None
            self._plain += more
        taken = bytes(self._plain[:size])
        del self._plain[:size]
        return taken

    def _stretched(self) -> Iterator[bytes]:
        for piece in self._unsealed():
            try:
                yield self._stretch.decompress(piece)
            except zstandard.ZstdError as error:
                raise _damaged(str(error)) from error

    def _unsealed(self) -> Iterator[bytes]:
        number = 0
        sealed = self._sealed()
        while sealed is not None:
            following = self._sealed()
            nonce = _nonce(self._prefix, number, last=following is None)
            try:
                yield self._seal.decrypt(nonce, sealed, self._head)
            except InvalidTag:
                raise _damaged(f"piece {number} is not what was written") from None
            sealed, number = following, number + 1

    def _sealed(self) -> bytes | None:
        head = self._file.read(_LENGTH.size)
        if not head:
            return None
        if len(head) < _LENGTH.size:
            raise _damaged("it is cut")
        (length,) = _LENGTH.unpack(head)
        if not TAG_BYTES <= length <= PIECE_BYTES + TAG_BYTES:
            raise _damaged("a piece's length")
        sealed = self._file.read(length)
        if len(sealed) < length:
            raise _damaged("it is cut")
        return sealed


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes((last,))


def _opened(head: bytes) -> dict[str, Any]:
    try:
        if not head.startswith(MAGIC) or not head.endswith(b"\n"):
            raise ValueError("not a backup of ours")  # noqa: TRY301 -- one refusal for all of them
        said = json.loads(head[len(MAGIC) :])
        if not isinstance(said, dict):
            raise TypeError("its first line")  # noqa: TRY301 -- as above
    except (ValueError, TypeError) as error:
        raise _damaged(str(error)) from error
    return said


def _check_key(said: Mapping[str, object], key: bytes) -> None:
    if said.get("key") != fingerprint(key):
        raise Fault(FaultCode.BACKUP_KEY_WRONG)


def _damaged(detail: str) -> Fault:
    return Fault(FaultCode.BACKUP_DAMAGED, detail=detail)

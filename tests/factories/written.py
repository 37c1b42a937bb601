"""Every file that is written below a folder while one looks, also one that is gone again."""

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CREATED, _WRITTEN, _MOVED_IN = 0x100, 0x008, 0x080
_NONBLOCK = os.O_NONBLOCK | os.O_CLOEXEC
_HEAD = struct.Struct("iIII")
_MOST = 1 << 20


@contextmanager
def written_below(folder: Path) -> Iterator[set[str]]:
    """Collect the names of files made, written or moved in, by any process (Linux inotify).

    Folders in it that are there at the beginning are watched too. The set is filled at the end.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(_NONBLOCK)
    assert watch >= 0, os.strerror(ctypes.get_errno())
    names: set[str] = set()
    try:
        for one in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            made = libc.inotify_add_watch(watch, os.fsencode(one), _CREATED | _WRITTEN | _MOVED_IN)
            assert made >= 0, os.strerror(ctypes.get_errno())
        yield names
        names |= set(_names(watch))
    finally:
        os.close(watch)


def _names(watch: int) -> Iterator[str]:
    while True:
        try:
            said = os.read(watch, _MOST)
        except BlockingIOError:
            return
        at = 0
        while at < len(said):
            *_, size = _HEAD.unpack_from(said, at)
            at += _HEAD.size
            yield os.fsdecode(said[at : at + size].rstrip(b"\0"))
            at += size

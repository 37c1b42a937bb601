"""The till's own memory: what it heard "ok" for, kept beside the journal and never by it.

A record of fixed size a sale, in the kernel's hands before the next begins: a killed process
loses none.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from tools.fleet_sim.spec import Told

_FORM = struct.Struct(">16s16s16sQI")


class OkBook:
    """Appends; one writer."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, told: Told) -> None:
        """Keep one sale."""
        os.write(
            self._file,
            _FORM.pack(
                told.receipt.bytes, told.event.bytes, told.member.bytes, told.points, told.store
            ),
        )

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def read(folder: Path) -> Iterator[Told]:
    """Return everything that was told ok, of all workers."""
    for path in sorted(folder.glob("oks-*.bin")):
        content = path.read_bytes()
        whole = len(content) - len(content) % _FORM.size
        for receipt, event, member, points, store in _FORM.iter_unpack(content[:whole]):
            yield Told(UUID(bytes=receipt), UUID(bytes=event), UUID(bytes=member), points, store)

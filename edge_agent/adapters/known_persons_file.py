"""The summary of known persons as a file mapped into memory: pages come and go as they are asked.

A new version is a new file, made whole beside the old one, synced, and put in its place in one
step. The version stands in the name: what cannot be read is as if it were not there.
"""

import hashlib
import os
import threading
from collections.abc import Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path

from retail_core.errors import Fault
from retail_core.identity.person_filter import PersonFilter, decode_additions
from retail_core.texts.faults import FaultCode

PREFIX, SUFFIX = "persons-", ".rpf"


class FileKnownPersons:
    """Fulfils `KnownPersons`; safe to call from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._version = 0
        self._mapped: mmap | None = None
        self._filter: PersonFilter | None = None
        for version, path in sorted(self._files(), reverse=True):
            if self._opened(version, path):
                break

    def version(self) -> int:
        """Return the version held, 0 for none."""
        return self._version

    def knows(self, identity: bytes) -> bool | None:
        """Tell whether somebody may be known; False is certain, None: there is no summary here."""
        with self._lock:
            return None if self._filter is None else identity in self._filter

    def replace(self, version: int, sha256: bytes, content: bytes) -> None:
        """Take a whole one; Fault PERSONS_FILTER_WRONG when it is damaged, the old one stays."""
        self._put(version, sha256, content)

    def grow(self, version: int, sha256: bytes, additions: Sequence[bytes]) -> None:
        """Add what came since; Fault PERSONS_FILTER_WRONG when that does not give this hash."""
        with self._lock:
            if self._filter is None:
                raise Fault(FaultCode.PERSONS_FILTER_WRONG)
            # A copy in memory for a moment: 18 MB for ten million persons.
            known = PersonFilter.decoded(self._filter.encoded())
        for step in additions:
            bits, known.count, places = decode_additions(step)
            if bits != known.bits:
                raise Fault(FaultCode.PERSONS_FILTER_WRONG)
            known.set(places)
        self._put(version, sha256, known.encoded())

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        with self._lock:
            self._let_go()

    # ---- inside ---------------------------------------------------------------------------------

    def _put(self, version: int, wanted: bytes, content: bytes) -> None:
        """Write a file beside, and take it when it is whole."""
        if hashlib.sha256(content).digest() != wanted:
            raise Fault(FaultCode.PERSONS_FILTER_WRONG)
        fresh = self._folder / f"{PREFIX}new"
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        path = self._path(version)
        fresh.replace(path)
        if not self._opened(version, path):
            raise Fault(FaultCode.PERSONS_FILTER_WRONG)
        for other, old in self._files():
            if other != version:
                old.unlink()

    def _opened(self, version: int, path: Path) -> bool:
        """Take a file into use; False when it is no summary."""
        try:
            with path.open("rb") as file:
                mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
        except (OSError, ValueError):
            return False
        try:
            known = PersonFilter.over(mapped)
        except Fault:
            mapped.close()
            return False
        with self._lock:
            self._let_go()
            self._version, self._mapped, self._filter = version, mapped, known
        return True

    def _let_go(self) -> None:
        mapped, self._mapped, self._filter, self._version = self._mapped, None, None, 0
        if mapped is not None:
            mapped.close()

    def _path(self, version: int) -> Path:
        return self._folder / f"{PREFIX}{version}{SUFFIX}"

    def _files(self) -> list[tuple[int, Path]]:
        named = self._folder.glob(f"{PREFIX}*{SUFFIX}")
        return [
            (int(number), path)
            for path in named
            if (number := path.name.removeprefix(PREFIX).removesuffix(SUFFIX)).isdecimal()
        ]

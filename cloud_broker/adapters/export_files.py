"""The files of nightly exports: `<folder>/<tenant>/<day>/<revision>/<table>.csv.gz`.

A revision is written beside the others under a name that begins with a dot, its manifest last, and
takes its own name in one step. Each file that is whole says so beside itself, so that a night that
was cut goes on where it stopped.
"""

import csv
import gzip
import hashlib
import io
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from uuid import UUID

import msgspec

from cloud_broker.domain.export_plan import Table
from cloud_broker.services.outward.exporting import FileSaid, Manifest
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MANIFEST = "manifest.json"
LEVEL = 6
CHUNK = 1 << 20


class ExportFiles:
    """Fulfils `ExportShelf`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def days(self, tenant: UUID) -> tuple[date, ...]:
        """Return the days there is an export of, oldest first."""
        place = self._folder / str(tenant)
        found = (_day(one.name) for one in place.iterdir()) if place.is_dir() else ()
        return tuple(sorted(day for day in found if day and self.newest(tenant, day)))

    def newest(self, tenant: UUID, day: date) -> Manifest | None:
        """Return a day's newest manifest."""
        place = self._of_day(tenant, day)
        names = [one.name for one in place.iterdir()] if place.is_dir() else []
        revisions = sorted(int(name) for name in names if name.isdecimal())
        if not revisions:
            return None
        content = (place / str(revisions[-1]) / MANIFEST).read_bytes()
        return msgspec.json.decode(content, type=Manifest)

    def file(self, tenant: UUID, day: date, revision: int, name: str) -> Path:
        """Return a file of a revision. Fault API_NOT_FOUND."""
        place = self._of_day(tenant, day) / str(revision) / name
        if not place.is_file():
            raise Fault(FaultCode.API_NOT_FOUND, what=f"{day}/{revision}/{name}")
        return place

    def write(
        self, tenant: UUID, draft: Manifest, name: str, table: Table, rows: Iterator[Sequence[str]]
    ) -> FileSaid:
        """Write a file of a revision that is being made."""
        folder = self._begun(tenant, draft)
        folder.mkdir(parents=True, exist_ok=True)
        if (held := _held(folder, name)) is not None:
            return held
        part = folder / f"{name}.part"
        count, total = _pack(part, table, rows)
        digest, size = _digest(part)
        said = FileSaid(name, table.columns, count, table.total, total, size, digest)
        _said(folder, part, said)
        return said

    def carry(self, tenant: UUID, before: Manifest, draft: Manifest, name: str) -> FileSaid:
        """Take a file over from an earlier revision of the day."""
        folder = self._begun(tenant, draft)
        folder.mkdir(parents=True, exist_ok=True)
        if (held := _held(folder, name)) is not None:
            return held
        said = next(one for one in before.files if one.name == name)
        part = folder / f"{name}.part"
        shutil.copyfile(self.file(tenant, before.day, before.revision, f"{name}.csv.gz"), part)
        if _digest(part) != (said.sha256, said.bytes):
            raise Fault(FaultCode.EXPORT_DAMAGED, file=f"{before.day}/{before.revision}/{name}")
        _said(folder, part, said)
        return said

    def finish(self, tenant: UUID, manifest: Manifest) -> None:
        """Let a revision stand."""
        folder = self._begun(tenant, manifest)
        for one in manifest.files:
            (folder / f"{one.name}.json").unlink()
        _keep(folder / MANIFEST, msgspec.json.encode(manifest))
        folder.rename(self._of_day(tenant, manifest.day) / str(manifest.revision))

    def drop_begun(self, tenant: UUID, day: date) -> None:
        """Throw away what was begun of a day."""
        place = self._of_day(tenant, day)
        for one in place.glob(".*") if place.is_dir() else ():
            shutil.rmtree(one)

    def drop(self, tenant: UUID, day: date) -> None:
        """Throw a day away."""
        shutil.rmtree(self._of_day(tenant, day))

    def verify(self, tenant: UUID, day: date) -> Manifest:
        """Read every file of a day's newest revision again.

        Faults API_NOT_FOUND, EXPORT_DAMAGED.
        """
        manifest = self.newest(tenant, day)
        if manifest is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"export {day}")
        for one in manifest.files:
            place = self.file(tenant, day, manifest.revision, f"{one.name}.csv.gz")
            if _digest(place) != (one.sha256, one.bytes):
                raise Fault(FaultCode.EXPORT_DAMAGED, file=f"{day}/{manifest.revision}/{one.name}")
        return manifest

    def _of_day(self, tenant: UUID, day: date) -> Path:
        return self._folder / str(tenant) / day.isoformat()

    def _begun(self, tenant: UUID, draft: Manifest) -> Path:
        return self._of_day(tenant, draft.day) / f".{draft.revision}"


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def _held(folder: Path, name: str) -> FileSaid | None:
    """Return what was written whole before a cut; anything else is written again."""
    said, packed = folder / f"{name}.json", folder / f"{name}.csv.gz"
    if not (said.is_file() and packed.is_file()):
        return None
    held = msgspec.json.decode(said.read_bytes(), type=FileSaid)
    return held if _digest(packed) == (held.sha256, held.bytes) else None


def _said(folder: Path, part: Path, said: FileSaid) -> None:
    part.rename(folder / f"{said.name}.csv.gz")
    _keep(folder / f"{said.name}.json", msgspec.json.encode(said))


def _pack(part: Path, table: Table, rows: Iterator[Sequence[str]]) -> tuple[int, int]:
    """Write rows; return how many, and the sum over the column the table names."""
    count = total = 0
    summed = table.columns.index(table.total) if table.total else None
    # Without name and time, so that the same rows are the same bytes.
    with (
        part.open("wb") as raw,
        gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
    ):
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(table.columns)
        for row in rows:
            writer.writerow(row)
            count += 1
            total += 0 if summed is None else int(row[summed])
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    return count, total


def _digest(place: Path) -> tuple[str, int]:
    made, size = hashlib.sha256(), 0
    with place.open("rb") as opened:
        while piece := opened.read(CHUNK):
            made.update(piece)
            size += len(piece)
    return made.hexdigest(), size


def _keep(place: Path, content: bytes) -> None:
    with place.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())

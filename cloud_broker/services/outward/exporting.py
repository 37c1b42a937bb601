"""The nightly export: a folder a business day, checked against the books before it counts."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from cloud_broker.domain.export_plan import Counted, Table, gone, is_due, looked_at, tables
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.exports import Row
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FORMAT = 1
_MS = 1_000
_PSEUDONYM_CHARS = 24
_MEMBER_ACCOUNT = "member:"


class FileSaid(msgspec.Struct, frozen=True):
    """A file of a manifest: `sha256` is of the packed bytes, `total` the sum over a column."""

    name: str
    columns: tuple[str, ...]
    rows: int
    total_of: str
    total: int
    bytes: int
    sha256: str

    @property
    def counted(self) -> Counted:
        """Return what is compared with the books."""
        return self.rows, self.total


class Manifest(msgspec.Struct, frozen=True):
    """What was written of a business day, and when; a later revision holds more."""

    format: int
    day: date
    revision: int
    made_ms: int
    files: tuple[FileSaid, ...]

    @property
    def counted(self) -> dict[str, Counted]:
        """Return rows and sums by table."""
        return {one.name: one.counted for one in self.files}


class ExportShelf(Protocol):
    """Where the files of a chain lie; a revision is there as a whole or not at all."""

    def days(self, tenant: UUID) -> tuple[date, ...]:
        """Return the days there is an export of, oldest first."""
        ...

    def newest(self, tenant: UUID, day: date) -> Manifest | None:
        """Return a day's newest manifest."""
        ...

    def file(self, tenant: UUID, day: date, revision: int, name: str) -> Path:
        """Return a file of a revision. Fault API_NOT_FOUND."""
        ...

    def write(
        self, tenant: UUID, draft: Manifest, name: str, table: Table, rows: Iterator[Sequence[str]]
    ) -> FileSaid:
        """Write a file of a revision that is being made; one that is whole is kept as it is.

        `draft` says for which books: what was begun for others is thrown away.
        """
        ...

    def carry(self, tenant: UUID, before: Manifest, draft: Manifest, name: str) -> FileSaid:
        """Take a file over from an earlier revision of the day."""
        ...

    def finish(self, tenant: UUID, manifest: Manifest) -> None:
        """Let a revision stand."""
        ...

    def drop_begun(self, tenant: UUID, day: date) -> None:
        """Throw away what was begun of a day."""
        ...

    def verify(self, tenant: UUID, day: date) -> Manifest:
        """Read every file of a day's newest revision again.

        Faults API_NOT_FOUND, EXPORT_DAMAGED.
        """
        ...

    def drop(self, tenant: UUID, day: date) -> None:
        """Throw a day away."""
        ...


@dataclass(frozen=True, slots=True)
class ExportHow:
    """What the settings say; `after` is the hour of `zone` from which a night's work may begin."""

    zone: str
    after: time = time(4, 30)
    keep_days: int = 30
    people: bool = False


@dataclass(frozen=True, slots=True)
class Exporter:
    """Writes what is due; asking again at once writes nothing."""

    units: Units
    clock: Clock
    keys: KeyRing
    shelf: ExportShelf
    how: ExportHow

    def nightly(self, tenant: UUID) -> tuple[Manifest, ...]:
        """Write each late or new day, throw old ones away; return what was written.

        Fault EXPORT_MISMATCH when a day's rows and its books differ: nothing of it stands then.
        """
        today = self.local().date()
        for day in gone(self.shelf.days(tenant), today, self.how.keep_days):
            self.shelf.drop(tenant, day)
        made = (self.day(tenant, day) for day in looked_at(today, self.how.keep_days))
        return tuple(one for one in made if one is not None)

    def day(self, tenant: UUID, day: date) -> Manifest | None:
        """Write a day if its books hold what its newest export does not."""
        before = self.shelf.newest(tenant, day)
        books = self.books(tenant, day)
        if not is_due(books, None if before is None else before.counted):
            return None
        revision = 1 if before is None else before.revision + 1
        draft = Manifest(FORMAT, day, revision, self.clock.now_ms(), ())
        files = []
        for name, table in tables(people=self.how.people).items():
            said = self._written(tenant, draft, before, name, table)
            files.append(said)
            if not table.standing and said.counted != books[name]:
                self.shelf.drop_begun(tenant, day)
                detail = f"{name}: {said.counted} / {books[name]}"
                raise Fault(FaultCode.EXPORT_MISMATCH, day=str(day), detail=detail)
        manifest = msgspec.structs.replace(draft, files=tuple(files))
        self.shelf.finish(tenant, manifest)
        return manifest

    def books(self, tenant: UUID, day: date) -> Mapping[str, Counted]:
        """Return what the books say of a day."""
        with self.units.begin(tenant) as unit:
            return unit.exports.counted(day)

    def check_books(self, tenant: UUID, manifest: Manifest) -> None:
        """Raise Fault EXPORT_MISMATCH when the books of a day went on since it was exported."""
        books = self.books(tenant, manifest.day)
        if is_due(books, manifest.counted):
            detail = f"{dict(manifest.counted)} / {dict(books)}"
            raise Fault(FaultCode.EXPORT_MISMATCH, day=str(manifest.day), detail=detail)

    def local(self) -> datetime:
        """Return the time in HQ's zone."""
        moment = datetime.fromtimestamp(self.clock.now_ms() / _MS, UTC)
        return moment.astimezone(ZoneInfo(self.how.zone))

    def _written(
        self, tenant: UUID, draft: Manifest, before: Manifest | None, name: str, table: Table
    ) -> FileSaid:
        if table.standing and before is not None and name in before.counted:
            return self.shelf.carry(tenant, before, draft, name)
        with self.units.begin(tenant) as unit:
            rows = self._told(tenant, name, table, unit.exports.rows(name, draft.day))
            return self.shelf.write(tenant, draft, name, table, rows)

    def _told(
        self, tenant: UUID, name: str, table: Table, rows: Iterator[Row]
    ) -> Iterator[Sequence[str]]:
        key = self.keys.keys(tenant).phone_hash_key
        first = ({"member"} if name == "people" else set()) | table.hidden
        places = [column in first for column in table.columns]
        for row in rows:
            yield [
                pseudonym(key, cell) if hides else _cell(cell)
                for hides, cell in zip(places, row, strict=True)
            ]


class ExportNight:
    """Looks once an hour whether the night's work is to be done; for one thread."""

    EVERY_MS = 3_600_000

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._next_at: dict[UUID, int] = {}

    def run(self, tenant: UUID) -> int:
        """Do a chain's work if it is time; return how many days were written."""
        now_ms = self._exporter.clock.now_ms()
        if now_ms < self._next_at.get(tenant, 0):
            return 0
        if self._exporter.local().time() < self._exporter.how.after:
            return 0
        made = self._exporter.nightly(tenant)
        self._next_at[tenant] = now_ms + self.EVERY_MS
        return len(made)


def pseudonym(key: bytes, cell: object) -> str:
    """Return what stands for a member, a wallet, or the wallet in a member's account.

    The same for ever within a chain, and nothing to whoever has not its key.
    """
    if cell is None:
        return ""
    text = str(cell)
    if ":" in text or not _is_id(text):
        if not text.startswith(_MEMBER_ACCOUNT):
            return text
        kind, wallet, rest = text.split(":", 2)
        return f"{kind}:{pseudonym(key, wallet)}:{rest}"
    made = hmac.new(key, b"regulars export 1\0" + text.encode(), hashlib.sha256).hexdigest()
    return "p" + made[:_PSEUDONYM_CHARS]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _cell(cell: object) -> str:
    return "" if cell is None else str(cell)

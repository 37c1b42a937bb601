"""Files of the back office: previewed, put in force once, kept with who and when, taken back."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.catalogue import Announcement
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.masters import ImportRow, NewImport, StoreNow, UnknownCode
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.goods.writing import PLACES, Writing
from cloud_broker.services.published.catalogue import CataloguePublisher
from cloud_broker.services.rights.restoring import epoch_of
from retail_core import limits
from retail_core.catalog.cells import LIST_SEPARATOR
from retail_core.catalog.masters import CHAIN, Key, MasterKind, listed
from retail_core.catalog.planning import Facts, Held, MasterPlan, plan
from retail_core.catalog.tables import read_text
from retail_core.catalog.undoing import from_today, undo_text
from retail_core.checkout.business_date import DAY_STARTS_AT, business_date
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

HISTORY_MAX = 200
STOCK = "stock"
_SHA_BYTES = 32
_PRICED = frozenset({MasterKind.ARTICLES, MasterKind.PRICES})


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would do to the table as it is at `version`, and to how many stores."""

    plan: MasterPlan
    version: int
    stores: tuple[StoreNow, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file did; `version` is the table's now, `published` the catalogue's, 0 for none."""

    counts: Mapping[str, int]
    version: int
    published: int = 0
    import_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A kept file with its preview."""

    row: ImportRow
    preview: Preview


@dataclass(frozen=True, slots=True)
class How:
    """How a file is taken: as the whole table, past its bad rows, telling how far it is."""

    complete: bool = False
    skip_refused: bool = False
    seen: int | None = None
    progress: Callable[[int], None] | None = None


AS_IT_IS = How()


@dataclass(frozen=True, slots=True)
class MasterOffice:
    """Takes in master data for one tenant at a time."""

    units: Units
    clock: Clock
    ids: IdSource
    publisher: CataloguePublisher
    zone: str = "Asia/Shanghai"

    # ---- a file at once -------------------------------------------------------------------------

    def preview(self, tenant: UUID, kind: MasterKind, text: str, how: How = AS_IT_IS) -> Preview:
        """Return what a file would do; nothing is stored. Faults of `plan`."""
        with self.units.begin(tenant) as unit:
            return self._preview(unit, kind, text, how)

    def apply(
        self, tenant: UUID, kind: MasterKind, text: str, *, who: str, how: How = AS_IT_IS
    ) -> Taken:
        """Put a file in force in one transaction; a file that says nothing new writes nothing.

        Faults of `plan`; MASTER_STATE_MOVED when the table is not at `how.seen` any more,
        MASTER_REFUSED_ROWS unless `how.skip_refused`.
        """
        with self.units.begin(tenant) as unit:
            taken, _ = self._apply(unit, tenant, kind, text, who, how)
        return taken

    # ---- kept files -----------------------------------------------------------------------------

    def upload(
        self, tenant: UUID, kind: MasterKind, name: str, content: bytes, *, who: str, how: How
    ) -> Uploaded:
        """Keep a file with its preview until somebody puts it in force."""
        text = text_of(content)
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            preview = self._preview(unit, kind, text, how)
            new = NewImport(
                self.ids.uuid7(),
                kind,
                name[: limits.NAME_CHARS_MAX],
                content,
                how.complete,
                preview.version,
                who,
            )
            unit.masters.add_import(new, preview.plan.counts(), now)
            found = unit.masters.import_of(new.import_id)
        assert found is not None  # noqa: S101 - written a line before
        return Uploaded(found[0], preview)

    def open(self, tenant: UUID, import_id: UUID) -> Uploaded:
        """Return a kept file planned against the table as it is now. Fault API_NOT_FOUND."""
        with self.units.begin(tenant) as unit:
            row, content = _import(unit, import_id)
            how = How(complete=row.complete)
            return Uploaded(row, self._preview(unit, row.kind, text_of(content), how))

    def put_in_force(
        self, tenant: UUID, import_id: UUID, *, who: str, seen: int, skip_refused: bool = False
    ) -> Taken:
        """Put a kept file in force once, against the version that was seen.

        Faults of `apply`, API_NOT_FOUND, MASTER_APPLIED.
        """
        with self.units.begin(tenant) as unit:
            row, content = _import(unit, import_id)
            if row.applied_ms is not None:
                raise Fault(FaultCode.MASTER_APPLIED)
            how = How(row.complete, skip_refused, seen)
            return self._in_force(unit, tenant, row, text_of(content), who, how)

    def _in_force(
        self, unit: Unit, tenant: UUID, row: ImportRow, text: str, who: str, how: How
    ) -> Taken:
        taken, undo = self._apply(unit, tenant, row.kind, text, who, how)
        now = self.clock.now_ms()
        if not unit.masters.import_applied(row.import_id, who, taken.counts, undo, now):
            raise Fault(FaultCode.MASTER_APPLIED)
        return Taken(taken.counts, taken.version, taken.published, row.import_id)

    def undo(self, tenant: UUID, import_id: UUID, *, who: str) -> Taken:
        """Take an import back by a new one that says what was said before.

        Faults API_NOT_FOUND, MASTER_NO_UNDO.
        """
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            row, _ = _import(unit, import_id)
            said = unit.masters.undo_of(import_id)
            if not said or row.undone_by is not None:
                raise Fault(FaultCode.MASTER_NO_UNDO)
            text = from_today(said, self._today())
            new = NewImport(
                self.ids.uuid7(),
                row.kind,
                f"↩ {row.name}"[: limits.NAME_CHARS_MAX],
                text.encode(),
                complete=False,
                base_version=unit.masters.version(row.kind),
                uploaded_by=who,
            )
            unit.masters.add_import(new, {}, now)
            back, _ = _import(unit, new.import_id)
            taken = self._in_force(unit, tenant, back, text, who, How(skip_refused=True))
            unit.masters.import_undone(import_id, new.import_id)
        return taken

    def table(self, tenant: UUID, kind: MasterKind) -> tuple[int, list[tuple[Key, Held]]]:
        """Return a table's version and its rows as they stand today, by key."""
        today = self._today()
        with self.units.begin(tenant) as unit:
            held, version = unit.masters.held(kind), unit.masters.version(kind)
        now = ((key, [one for one in some if one.day <= today]) for key, some in held.items())
        return version, sorted(((key, some[-1]) for key, some in now if some), key=itemgetter(0))

    def history(self, tenant: UUID) -> tuple[ImportRow, ...]:
        """Return what was imported by whom, newest first."""
        with self.units.begin(tenant) as unit:
            return unit.masters.imports(HISTORY_MAX)

    # ---- codes that tills sold and nobody knows -------------------------------------------------

    def unknown_codes(self, tenant: UUID) -> tuple[UnknownCode, ...]:
        """Return codes that were sold and that no article has, most sold first."""
        with self.units.begin(tenant) as unit:
            return unit.masters.unknown_codes(HISTORY_MAX)

    def name_code(self, tenant: UUID, code: str, cells: Mapping[str, str], *, who: str) -> Taken:
        """Give a code to the article `cells["sku"]`, which becomes one if it is none yet.

        Faults of `apply`: a new article needs name, unit and price.
        """
        with self.units.begin(tenant) as unit:
            held = unit.masters.held(MasterKind.ARTICLES).get((cells["sku"],), ())
        had = listed(held[-1].cells["barcodes"]) if held else ()
        row = {name: cell for name, cell in cells.items() if cell}
        row["barcodes"] = LIST_SEPARATOR.join(dict.fromkeys((*had, code)))
        out = io.StringIO()
        writer = csv.DictWriter(out, list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerow(row)
        return self.apply(tenant, MasterKind.ARTICLES, out.getvalue(), who=who)

    # ---- what comes with time -------------------------------------------------------------------

    def tend(self, tenant: UUID) -> None:
        """Put in force what files said of a day that has come."""
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            writing, before = self._writing(unit, now), unit.masters.stores()
            for kind in PLACES:
                if unit.masters.version(kind):
                    writing.put_in_force(kind)
            if unit.masters.stores() != before:
                announce_stock(unit)

    # ---- inside ---------------------------------------------------------------------------------

    def _preview(self, unit: Unit, kind: MasterKind, text: str, how: How) -> Preview:
        version = unit.masters.version(kind)
        stores = unit.masters.stores()
        unnamed = {store.name: store.cells for store in stores if not store.code}
        facts = Facts(unit.masters.held(kind), unit.masters.known(), unnamed)
        made = plan(
            kind, text, facts, today=self._today(), complete=how.complete, progress=how.progress
        )
        return Preview(made, version, reach(made, stores))

    def _apply(
        self, unit: Unit, tenant: UUID, kind: MasterKind, text: str, who: str, how: How
    ) -> tuple[Taken, str]:
        preview = self._preview(unit, kind, text, how)
        made, version = preview.plan, preview.version
        if how.seen is not None and how.seen != version:
            raise Fault(FaultCode.MASTER_STATE_MOVED, now=version, seen=how.seen)
        if made.refused and not how.skip_refused:
            raise refused_rows(made)
        if not made.effects:
            return Taken(made.counts(), version), ""
        if not unit.masters.raise_version(kind, version):
            raise Fault(FaultCode.MASTER_STATE_MOVED, now=version + 1, seen=version)
        now = self.clock.now_ms()
        self._writing(unit, now).write(kind, made.effects)
        published = self._publish(unit, kind, who)
        stores = len(preview.stores)
        detail = {**made.counts(), "stores": stores, "published": published}
        unit.hq.audit(AuditEntry(who, f"masters.{kind.value}", str(version + 1), detail), now)
        unit.announce(LiveEvent(tenant, frozenset({"published"})))
        undo = undo_text(kind, made.effects)
        return Taken(made.counts(), version + 1, published), undo

    def _publish(self, unit: Unit, kind: MasterKind, who: str) -> int:
        if kind in _PRICED:
            return self.publisher.publish_today(unit, who)
        if kind in {MasterKind.STOCK, MasterKind.STORES}:
            announce_stock(unit)
        return 0

    def _writing(self, unit: Unit, now_ms: int) -> Writing:
        return Writing(unit, self.ids, now_ms, self._today(), self.zone)

    def _today(self) -> date:
        """Return the brand's business day: what is said at two at night is in force at once."""
        local = datetime.fromtimestamp(self.clock.now_ms() / 1000, ZoneInfo(self.zone))
        return business_date(local.replace(tzinfo=None), DAY_STARTS_AT)


def text_of(content: bytes) -> str:
    """Decode a file within the limit. Faults C102, API_BODY_TOO_LARGE."""
    if len(content) > limits.MASTER_BYTES_MAX:
        raise Fault(FaultCode.API_BODY_TOO_LARGE, limit_bytes=limits.MASTER_BYTES_MAX)
    return read_text(content)


def announce_stock(unit: Unit) -> None:
    """Have every store fetch what lies there, and what it is; each fetches only its own."""
    newest = unit.catalogue.newest(STOCK)
    # Boxes take only what is above what they hold, and a restore may have lost some.
    version = max(epoch_of(unit), 1 if newest is None else newest.version + 1)
    unit.catalogue.announce(Announcement(STOCK, version, bytes(_SHA_BYTES), 0))


def reach(made: MasterPlan, stores: tuple[StoreNow, ...]) -> tuple[StoreNow, ...]:
    """Return the stores that would notice a plan."""
    open_now = tuple(store for store in stores if not store.closed)
    if not made.effects or made.kind in {MasterKind.ENTITIES, MasterKind.WAREHOUSES}:
        return ()
    if made.kind is MasterKind.ARTICLES:
        return open_now
    if made.kind is MasterKind.PRICES:
        scopes = {row.key[1] for row in made.effects}
        if CHAIN in scopes:
            return open_now
        return tuple(one for one in open_now if {f"s:{one.code}", f"r:{one.region}"} & scopes)
    codes = {row.key[0] for row in made.effects}
    return tuple(store for store in stores if store.code in codes)


def _import(unit: Unit, import_id: UUID) -> tuple[ImportRow, bytes]:
    found = unit.masters.import_of(import_id)
    if found is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"import {import_id}")
    return found


def refused_rows(made: MasterPlan) -> Fault:
    """Return what is said of a file with rows that cannot be used."""
    first = made.refused[0].errors[0]
    return Fault(
        FaultCode.MASTER_REFUSED_ROWS,
        rows=len(made.refused),
        row=first.row,
        column=first.column,
        reason=first.reason.value,
        reason_zh=first.text("zh"),
        reason_en=first.text("en"),
    )

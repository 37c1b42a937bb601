"""Master data, stock, partners' keys and receipts for reckoning, in memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.domain.points import BookedRefund
from cloud_broker.ports.catalogue import Announcement, Document
from cloud_broker.ports.masters import (
    ImportRow,
    NewImport,
    PriceFrom,
    StoreNow,
    StoreSaid,
    UnknownCode,
)
from cloud_broker.ports.partners import ApiKey
from cloud_broker.ports.stock import Count, Level
from retail_core.catalog.masters import (
    ACTIVE,
    ENDED,
    Cells,
    Key,
    Known,
    MasterKind,
    qty_text,
    yuan_text,
)
from retail_core.catalog.planning import Held
from retail_core.catalog.price_lists import ListPrice, store_scope
from retail_core.checkout.business_date import as_int
from retail_core.insight.baskets import Bought
from retail_core.money import divide_half_up

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class MasterShelf:
    """What one tenant has of master data."""

    versions: dict[MasterKind, int] = field(default_factory=dict)
    prices: list[PriceFrom] = field(default_factory=list)
    places: dict[MasterKind, list[tuple[str, Held]]] = field(default_factory=dict)
    entity_codes: dict[str, UUID] = field(default_factory=dict)
    stores: dict[UUID, StoreSaid] = field(default_factory=dict)
    warehouses: dict[str, tuple[UUID, Cells]] = field(default_factory=dict)
    imports: dict[UUID, tuple[ImportRow, bytes, str]] = field(default_factory=dict)
    levels: dict[tuple[UUID, str], tuple[int, Count]] = field(default_factory=dict)
    due: dict[UUID, tuple[UUID, int, dict[str, int]]] = field(default_factory=dict)
    folded: dict[UUID, tuple[UUID, int, dict[str, int]]] = field(default_factory=dict)
    keys: dict[bytes, ApiKey] = field(default_factory=dict)
    moved_when_told: int = -1


def chain_price(state: "State", article: UUID, day: date) -> int | None:
    """Return what an article costs everywhere on a day."""
    held = [
        (one.day, place, one.price_fen)
        for place, one in enumerate(state.shelf.prices)
        if one.article == article and not one.scope and one.day <= day
    ]
    return max(held)[2] if held else None


class FakeMasterRepo:
    """A `MasterRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.shelf

    def version(self, kind: MasterKind) -> int:
        return self._shelf.versions.get(kind, 0)

    def raise_version(self, kind: MasterKind, seen: int) -> bool:
        if self.version(kind) != seen:
            return False
        self._shelf.versions[kind] = seen + 1
        return True

    def held(self, kind: MasterKind) -> dict[Key, list[Held]]:
        if kind is MasterKind.ARTICLES:
            return self._articles()
        if kind is MasterKind.PRICES:
            return self._prices()
        if kind is MasterKind.STOCK:
            codes = {place: code for code, place in self.place_ids().items()}
            return {
                (codes[place], sku): [
                    Held(one.counted_on, {"qty": qty_text(one.qty_milli)}, qty_text(level))
                ]
                for (place, sku), (level, one) in self._shelf.levels.items()
            }
        found: dict[Key, list[Held]] = {}
        for code, held in self._shelf.places.get(kind, []):
            days = {one.day: one for one in found.get((code,), [])} | {held.day: held}
            found[(code,)] = [days[day] for day in sorted(days)]
        return found

    def _skus(self) -> dict[UUID, str]:
        return {article: sku for sku, article in self._state.articles.items()}

    def _prices(self) -> dict[Key, list[Held]]:
        skus = self._skus()
        newest = {(skus[one.article], one.scope, one.day): one for one in self._shelf.prices}
        found: dict[Key, list[Held]] = {}
        for (sku, scope, day), one in sorted(newest.items()):
            cells = {"price": "" if one.price_fen is None else yuan_text(one.price_fen)}
            found.setdefault((sku, scope), []).append(Held(day, cells))
        return found

    def _articles(self) -> dict[Key, list[Held]]:
        found: dict[Key, list[Held]] = {}
        for sku, article in self._state.articles.items():
            revisions = [one for one in self._state.revisions if one.article.sku == sku]
            days = {one.effective_from for one in revisions} | {
                one.day for one in self._shelf.prices if one.article == article and not one.scope
            }
            for day in sorted(days):
                at = [one for one in revisions if one.effective_from <= day]
                if not at:
                    continue
                one = max(enumerate(at), key=lambda pair: (pair[1].effective_from, pair[0]))[1]
                price = chain_price(self._state, article, day)
                cells = {
                    "barcodes": "|".join(one.article.barcodes),
                    "name": one.article.name,
                    "unit": one.article.unit,
                    "price": yuan_text(one.article.price_fen if price is None else price),
                    "cost": "" if one.article.cost_fen is None else yuan_text(one.article.cost_fen),
                    "brand": one.article.brand,
                    "category": one.article.category,
                    "tags": "|".join(sorted(one.article.tags)),
                    "status": ENDED if one.ended else ACTIVE,
                }
                held = found.setdefault((sku,), [])
                if not held or held[-1].cells != cells:
                    held.append(Held(day, cells))
        return found

    def known(self) -> Known:
        return Known(
            entities=frozenset(self._shelf.entity_codes),
            stores=frozenset(one.code for one in self._shelf.stores.values()),
            places=frozenset(self.place_ids()),
            regions=frozenset(self._state.regions),
            skus=frozenset(self._state.articles),
        )

    def add_prices(self, prices: Sequence[PriceFrom], now_ms: int) -> None:
        self._shelf.prices += prices

    def prices(self) -> tuple[ListPrice, ...]:
        skus = self._skus()
        stores = {f"s:{one.code}": store_scope(one.store.hex) for one in self.stores() if one.code}
        newest = {(skus[one.article], one.scope, one.day): one for one in self._shelf.prices}
        return tuple(
            ListPrice(sku, stores.get(scope, scope), as_int(day), one.price_fen)
            for (sku, scope, day), one in sorted(newest.items())
        )

    def add_places(self, kind: MasterKind, rows: Sequence[tuple[str, Held]], now_ms: int) -> None:
        self._shelf.places.setdefault(kind, []).extend(rows)

    def places(self, kind: MasterKind, day: date) -> dict[str, Cells]:
        found = {
            key[0]: [one for one in held if one.day <= day] for key, held in self.held(kind).items()
        }
        return {code: held[-1].cells for code, held in found.items() if held}

    def save_entity(self, entity: UUID, code: str, name: str, tax_no: str) -> None:
        known = self._shelf.entity_codes.get(code) or self._state.entities.get(name) or entity
        self._state.entities = {
            other: held for other, held in self._state.entities.items() if held != known
        } | {name: known}
        self._shelf.entity_codes[code] = known

    def entity_ids(self) -> dict[str, UUID]:
        return dict(self._shelf.entity_codes)

    def save_store(self, store: StoreSaid, now_ms: int) -> None:
        self._shelf.stores[store.store] = store
        self._state.stores[store.store] = replace(
            self._state.stores[store.store],
            name=store.name,
            region=store.region,
            city=store.city,
            zone=store.zone,
            legal_entity=store.legal_entity,
            day_starts_at=time.fromisoformat(store.day_starts_at),
        )

    def stores(self, only: UUID | None = None) -> tuple[StoreNow, ...]:
        regions = {region: name for name, region in self._state.regions.items()}
        entities = {entity: code for code, entity in self._shelf.entity_codes.items()}
        found = list[StoreNow]()
        for one in self._state.stores.values():
            said = self._shelf.stores.get(one.store)
            code, closed = ("", False) if said is None else (said.code, said.closed)
            starts, entity = f"{one.day_starts_at:%H:%M}", entities.get(one.legal_entity, "")
            place = (one.name, regions[one.region], closed, one.city, starts, one.zone, entity)
            found += [StoreNow(one.store, code, *place)] if only in {None, one.store} else []
        return tuple(sorted(found, key=lambda store: store.name))

    def save_warehouse(self, warehouse: UUID, code: str, cells: Cells) -> None:
        known = self._shelf.warehouses.get(code)
        self._shelf.warehouses[code] = (warehouse if known is None else known[0], cells)

    def place_ids(self) -> dict[str, UUID]:
        stores = {one.code: one.store for one in self._shelf.stores.values()}
        return stores | {code: held[0] for code, held in self._shelf.warehouses.items()}

    def unknown_codes(self, limit: int) -> tuple[UnknownCode, ...]:
        known = set(self._state.articles) | {
            code for one in self._state.revisions for code in one.article.barcodes
        }
        found: dict[str, UnknownCode] = {}
        for sold in sorted(self._state.sales.values(), key=lambda one: one.arrival.happened_ms):
            for line in sold.sale.lines:
                if line.article is None and line.sku and line.sku not in known:
                    seen = found[line.sku].seen if line.sku in found else 0
                    price = divide_half_up(line.shelf_fen * 1000, line.qty_milli)
                    at_ms = sold.arrival.happened_ms
                    found[line.sku] = UnknownCode(line.sku, line.name, seen + 1, price, at_ms)
        return tuple(sorted(found.values(), key=lambda one: (-one.seen, one.code))[:limit])

    def add_import(self, new: NewImport, counts: Mapping[str, int], now_ms: int) -> None:
        who = (new.base_version, new.uploaded_by, now_ms)
        row = ImportRow(new.import_id, new.kind, new.name, new.complete, *who, counts=counts)
        self._shelf.imports[new.import_id] = (row, new.content, "")

    def import_of(self, import_id: UUID) -> tuple[ImportRow, bytes] | None:
        found = self._shelf.imports.get(import_id)
        return None if found is None else found[:2]

    def imports(self, limit: int) -> tuple[ImportRow, ...]:
        rows = [row for row, _, _ in self._shelf.imports.values()]
        rows.sort(key=lambda row: (row.uploaded_ms, row.import_id.bytes), reverse=True)
        return tuple(rows[:limit])

    def import_applied(
        self, import_id: UUID, who: str, counts: Mapping[str, int], undo: str, now_ms: int
    ) -> bool:
        row, content, _ = self._shelf.imports[import_id]
        if row.applied_ms is not None:
            return False
        done = replace(row, applied_by=who, applied_ms=now_ms, counts=counts, undoable=bool(undo))
        self._shelf.imports[import_id] = (done, content, undo)
        return True

    def undo_of(self, import_id: UUID) -> str:
        found = self._shelf.imports.get(import_id)
        return "" if found is None else found[2]

    def import_undone(self, import_id: UUID, by: UUID) -> None:
        row, content, undo = self._shelf.imports[import_id]
        self._shelf.imports[import_id] = (replace(row, undone_by=by), content, undo)


class FakeStockRepo:
    """A `StockRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.shelf

    def note_sales(self, sales: Sequence[BookedSale]) -> None:
        for one in sales:
            moved: dict[str, int] = {}
            for line in one.sale.lines:
                moved[line.sku] = moved.get(line.sku, 0) - line.qty_milli
            self._note(one.arrival.place.store, one.receipt_id, one.arrival.happened_ms, moved)

    def note_refunds(self, refunds: Sequence[BookedRefund]) -> None:
        for one in refunds:
            sale = self._state.sales.get(one.receipt_id)
            lines = {} if sale is None else {line.line: line for line in sale.sale.lines}
            moved: dict[str, int] = {}
            for back in one.body.lines:
                if back.line in lines:
                    sku = lines[back.line].sku
                    moved[sku] = moved.get(sku, 0) + back.qty_milli
            self._note(one.arrival.place.store, one.refund_id, one.at_ms, moved)

    def _note(self, store: UUID, document: UUID, at_ms: int, moved: dict[str, int]) -> None:
        if any(place == store for place, _ in self._shelf.levels):
            self._shelf.due.setdefault(document, (store, at_ms, moved))
        else:
            self._shelf.folded[document] = (store, at_ms, moved)

    def fold(self, limit: int) -> int:
        taken = sorted(self._shelf.due.items(), key=lambda pair: (pair[1][1], pair[0]))[:limit]
        for document, (store, at_ms, moved) in taken:
            for sku, milli in moved.items():
                level = self._shelf.levels.get((store, sku))
                if level is not None and at_ms > level[1].counted_ms:
                    self._shelf.levels[store, sku] = (level[0] + milli, level[1])
            self._shelf.folded[document] = self._shelf.due.pop(document)
        if taken:
            self._shelf.moved_when_told = self._told()
        return len(taken)

    def _told(self) -> int:
        return sum(one.kind == "stock" for one in self._state.told)

    def moved(self) -> bool:
        return self._shelf.moved_when_told == self._told()

    def count(self, counts: Sequence[Count], now_ms: int) -> None:
        for one in counts:
            since = sum(
                moved.get(one.sku, 0)
                for store, at_ms, moved in self._shelf.folded.values()
                if store == one.place and at_ms > one.counted_ms
            )
            self._shelf.levels[one.place, one.sku] = (one.qty_milli + since, one)

    def levels(self, place: UUID) -> tuple[Level, ...]:
        return tuple(
            Level(sku, milli, one.counted_on)
            for (at, sku), (milli, one) in sorted(self._shelf.levels.items())
            if at == place
        )

    def counted_places(self, places: Collection[UUID]) -> Mapping[UUID, int]:
        found: dict[UUID, int] = {}
        for place, _ in self._shelf.levels:
            if place in places:
                found[place] = found.get(place, 0) + 1
        return found


class FakePartnerRepo:
    """A `PartnerRepo`."""

    def __init__(self, state: "State") -> None:
        self._shelf = state.shelf

    def add_key(self, key: ApiKey, key_hash: bytes) -> None:
        self._shelf.keys[key_hash] = key

    def key(self, key_hash: bytes) -> ApiKey | None:
        return self._shelf.keys.get(key_hash)

    def keys(self) -> tuple[ApiKey, ...]:
        rows = sorted(
            self._shelf.keys.values(), key=lambda key: (key.created_ms, key.key_id), reverse=True
        )
        return tuple(rows)

    def used(self, key_id: UUID, now_ms: int) -> None:
        for held, key in list(self._shelf.keys.items()):
            stale = key.last_used_ms is None or key.last_used_ms < now_ms - 60_000
            if key.key_id == key_id and stale:
                self._shelf.keys[held] = replace(key, last_used_ms=now_ms)

    def revoke(self, key_id: UUID, now_ms: int) -> bool:
        for held, key in list(self._shelf.keys.items()):
            if key.key_id == key_id and key.revoked_ms is None:
                self._shelf.keys[held] = replace(key, revoked_ms=now_ms)
                return True
        return False


class FakeInsightRepo:
    """An `InsightRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state

    def bought(self, since: date, limit: int) -> Iterator[Bought]:
        sales = [one for one in self._state.sales.values() if one.day >= since]
        sales.sort(key=lambda one: (one.day, one.receipt_id))
        for one in sales[-limit:]:
            skus = {line.sku for line in one.sale.lines if line.article is not None}
            if skus:
                member = "" if one.arrival.member is None else str(one.arrival.member)
                yield Bought(member, one.day.toordinal(), tuple(sorted(skus)))

    def add_recommendations(
        self, document: Document, receipts: int, articles: int, who: str, now_ms: int
    ) -> None:
        self._state.reckoned_ms = now_ms
        self._state.documents[document.kind, document.version] = document
        self._state.waiting.append(
            Announcement(document.kind, document.version, document.sha256, document.size)
        )

    def reckoned_ms(self) -> int | None:
        return self._state.reckoned_ms

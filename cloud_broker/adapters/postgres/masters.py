"""Master data in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres import master_sql as sql
from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.masters import (
    ImportRow,
    NewImport,
    PriceFrom,
    StoreNow,
    StoreSaid,
    UnknownCode,
)
from retail_core.catalog.masters import (
    ACTIVE,
    ENDED,
    Cells,
    Key,
    Known,
    MasterKind,
    fen_of,
    qty_text,
    yuan_text,
)
from retail_core.catalog.planning import Held
from retail_core.catalog.price_lists import ListPrice, store_scope
from retail_core.checkout.business_date import as_int

_PLACES = frozenset({MasterKind.ENTITIES, MasterKind.STORES, MasterKind.WAREHOUSES})


class PostgresMasters(Repository):
    """Fulfils `MasterRepo`."""

    def version(self, kind: MasterKind) -> int:
        """Return how often a table was changed."""
        row = self._row(
            "select version from master_version where tenant_id = %(tenant)s and kind = %(kind)s",
            kind=kind.value,
        )
        return 0 if row is None else int(row.version)

    def raise_version(self, kind: MasterKind, seen: int) -> bool:
        """Move a table from the version seen to the next; False when it is elsewhere by now."""
        return bool(self._run(sql.RAISE_VERSION, kind=kind.value, seen=seen))

    # ---- the tables as they are -----------------------------------------------------------------

    def held(self, kind: MasterKind) -> dict[Key, list[Held]]:
        """Return a whole table, each key's days oldest first; of stock only the last count."""
        if kind is MasterKind.ARTICLES:
            return self._articles()
        if kind is MasterKind.PRICES:
            return self._prices()
        if kind is MasterKind.STOCK:
            rows = self._rows(sql.COUNTED)
            return {
                (row.code, row.sku): [
                    Held(
                        row.counted_on,
                        {"qty": qty_text(row.counted_milli)},
                        qty_text(row.qty_milli),
                    )
                ]
                for row in rows
            }
        found: dict[Key, list[Held]] = {}
        for row in self._rows(sql.PLACES, kind=kind.value):
            found.setdefault((row.code,), []).append(Held(row.effective_from, row.cells))
        return found

    def _prices(self) -> dict[Key, list[Held]]:
        found: dict[Key, list[Held]] = {}
        for row in self._rows(sql.PRICES):
            cells = {"price": "" if row.price_fen is None else yuan_text(row.price_fen)}
            found.setdefault((row.sku, row.scope), []).append(Held(row.effective_from, cells))
        return found

    def _articles(self) -> dict[Key, list[Held]]:
        """Lay the chain's prices over what else is known of each article, day by day."""
        found: dict[Key, list[Held]] = {}
        for row in self._rows(sql.ARTICLES):
            found.setdefault((row.sku,), []).append(Held(row.effective_from, _article(row)))
        for row in self._rows(sql.CHAIN_PRICES):
            _lay_price(found.get((row.sku,), []), row.effective_from, yuan_text(row.price_fen))
        return found

    def known(self) -> Known:
        """Return every code that a file may name."""
        row = self._row(sql.KNOWN)
        assert row is not None  # noqa: S101 - aggregates always have a row
        return Known(
            entities=frozenset(row.entities or ()),
            stores=frozenset(row.stores or ()),
            places=frozenset(row.stores or ()) | frozenset(row.warehouses or ()),
            regions=frozenset(row.regions or ()),
            skus=frozenset(row.skus or ()),
        )

    def add_prices(self, prices: Sequence[PriceFrom], now_ms: int) -> None:
        """Append prices."""
        if prices:
            self._run(
                sql.ADD_PRICES,
                article=[one.article for one in prices],
                scope=[one.scope for one in prices],
                day=[one.day for one in prices],
                price=[one.price_fen for one in prices],
                now=at(now_ms),
            )

    def prices(self) -> tuple[ListPrice, ...]:
        """Return every price, oldest first, stores named by their ids."""
        stores = {f"s:{one.code}": store_scope(one.store.hex) for one in self.stores() if one.code}
        return tuple(
            ListPrice(
                row.sku, stores.get(row.scope, row.scope), as_int(row.effective_from), row.price_fen
            )
            for row in self._rows(sql.PRICES)
        )

    # ---- places ---------------------------------------------------------------------------------

    def add_places(self, kind: MasterKind, rows: Sequence[tuple[str, Held]], now_ms: int) -> None:
        """Append what a file says of entities, stores or warehouses: (code, from when what)."""
        assert kind in _PLACES  # noqa: S101 - the other tables have rows of their own
        if rows:
            self._run(
                sql.ADD_PLACES,
                kind=kind.value,
                code=[code for code, _ in rows],
                day=[held.day for _, held in rows],
                cells=[msgspec.json.encode(dict(held.cells)).decode() for _, held in rows],
                now=at(now_ms),
            )

    def places(self, kind: MasterKind, day: date) -> dict[str, Cells]:
        """Return entities, stores or warehouses as files say they are on a day."""
        rows = self._rows(sql.PLACES_ON, kind=kind.value, day=day)
        return {row.code: row.cells for row in rows}

    def save_entity(self, entity: UUID, code: str, name: str, tax_no: str) -> None:
        """Enter a legal entity or write it over; one of this name takes the code."""
        known = self._run(sql.SAVE_ENTITY, code=code, name=name, tax=tax_no) or self._run(
            sql.NAME_ENTITY, code=code, name=name, tax=tax_no
        )
        if not known:
            self._run(sql.ADD_ENTITY, id=entity, code=code, name=name, tax=tax_no)

    def entity_ids(self) -> dict[str, UUID]:
        """Return legal entities by code."""
        rows = self._rows(
            "select code, legal_entity_id as id from legal_entity"
            " where tenant_id = %(tenant)s and code is not null"
        )
        return {row.code: row.id for row in rows}

    def save_store(self, store: StoreSaid, now_ms: int) -> None:
        """Write over what is known of a store; it is entered by `FleetRepo.add_store` first."""
        self._run(
            sql.SAVE_STORE,
            store=store.store,
            code=store.code,
            name=store.name,
            city=store.city,
            entity=store.legal_entity,
            region=store.region,
            zone=store.zone,
            starts=time.fromisoformat(store.day_starts_at),
            closed=at(now_ms) if store.closed else None,
        )

    def stores(self, only: UUID | None = None) -> tuple[StoreNow, ...]:
        """Return every store by name, or the one that is meant."""
        return tuple(
            StoreNow(
                row.store_id,
                row.code or "",
                row.name,
                row.region,
                row.closed,
                row.city,
                row.day_starts_at.strftime("%H:%M"),
                row.zone,
                row.entity or "",
            )
            for row in self._rows(sql.STORES, only=only)
        )

    def save_warehouse(self, warehouse: UUID, code: str, cells: Cells) -> None:
        """Enter a warehouse or write it over; a known code keeps its id."""
        stores = [store for store in cells["stores"].split("|") if store]
        self._run(
            sql.SAVE_WAREHOUSE,
            id=warehouse,
            code=code,
            name=cells["name"],
            city=cells["city"],
            stores=stores,
        )

    def place_ids(self) -> dict[str, UUID]:
        """Return where stock lies, by code: stores and warehouses."""
        return {row.code: row.id for row in self._rows(sql.PLACE_IDS)}

    def unknown_codes(self, limit: int) -> tuple[UnknownCode, ...]:
        """Return codes that were sold and that no article has, most sold first."""
        return tuple(
            UnknownCode(row.sku, row.name, int(row.seen), int(row.price), row.last_ms)
            for row in self._rows(sql.UNKNOWN_CODES, limit=limit)
        )

    # ---- imports --------------------------------------------------------------------------------

    def add_import(self, new: NewImport, counts: Mapping[str, int], now_ms: int) -> None:
        """Keep an uploaded file."""
        self._run(
            sql.ADD_IMPORT,
            id=new.import_id,
            kind=new.kind.value,
            name=new.name,
            content=new.content,
            complete=new.complete,
            base=new.base_version,
            who=new.uploaded_by,
            now=at(now_ms),
            counts=_json(counts),
        )

    def import_of(self, import_id: UUID) -> tuple[ImportRow, bytes] | None:
        """Return an import and its file."""
        row = self._row(f"{sql.IMPORTS} and import_id = %(id)s", id=import_id)
        return None if row is None else (_import(row), row.content)

    def imports(self, limit: int) -> tuple[ImportRow, ...]:
        """Return the history, newest first."""
        rows = self._rows(
            f"{sql.IMPORTS} order by uploaded_at desc, import_id desc limit %(limit)s", limit=limit
        )
        return tuple(map(_import, rows))

    def import_applied(
        self, import_id: UUID, who: str, counts: Mapping[str, int], undo: str, now_ms: int
    ) -> bool:
        """Note that an import is in force; False when it was already."""
        return bool(
            self._run(
                sql.APPLY_IMPORT,
                id=import_id,
                who=who,
                counts=_json(counts),
                undo=undo,
                now=at(now_ms),
            )
        )

    def undo_of(self, import_id: UUID) -> str:
        """Return the file that takes an import back, "" when there is none."""
        row = self._row(
            "select undo from master_import where tenant_id = %(tenant)s and import_id = %(id)s",
            id=import_id,
        )
        return "" if row is None or row.undo is None else str(row.undo)

    def import_undone(self, import_id: UUID, by: UUID) -> None:
        """Note which import took this one back."""
        self._run(
            "update master_import set undone_by = %(by)s"
            " where tenant_id = %(tenant)s and import_id = %(id)s",
            id=import_id,
            by=by,
        )


def _article(row: Row[Any]) -> dict[str, str]:
    return {
        "barcodes": "|".join(row.barcodes),
        "name": row.name,
        "unit": row.unit,
        "price": yuan_text(row.price_fen),
        "cost": "" if row.cost_fen is None else yuan_text(row.cost_fen),
        "brand": row.brand,
        "category": row.category,
        "tags": "|".join(sorted(row.tags)),
        "status": ENDED if row.ended else ACTIVE,
    }


def _lay_price(held: list[Held], day: date, price: str) -> None:
    """Let a price hold from its day on; prices come in the order of their days."""
    before = [one for one in held if one.day <= day]
    if before and fen_of(before[-1].cells["price"]) != fen_of(price):
        place = len(before)
        if before[-1].day == day:
            place -= 1
            held.pop(place)
        held.insert(place, Held(day, {**before[-1].cells, "price": price}))
        place += 1
    else:
        place = len(before)
    for later in range(place, len(held)):
        held[later] = Held(held[later].day, {**held[later].cells, "price": price})


def _import(row: Row[Any]) -> ImportRow:
    return ImportRow(
        import_id=row.import_id,
        kind=MasterKind(row.kind),
        name=row.name,
        complete=row.complete,
        base_version=row.base_version,
        uploaded_by=row.uploaded_by,
        uploaded_ms=ms_of(row.uploaded_at),
        applied_by=row.applied_by,
        applied_ms=None if row.applied_at is None else ms_of(row.applied_at),
        counts=row.counts,
        undoable=bool(row.undo),
        undone_by=row.undone_by,
    )


def _json(value: Mapping[str, int]) -> str:
    return msgspec.json.encode(dict(value)).decode()

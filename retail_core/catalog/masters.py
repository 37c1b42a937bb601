"""Legal entities, stores, warehouses and stock as tables of a back office.

Things name each other by short codes of the chain's own (`sku`, `store`, `warehouse`, `entity`);
what a code means is looked up where the table is taken in.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from retail_core.catalog.cells import Row
from retail_core.catalog.reasons import RowReason
from retail_core.catalog.tables import Columns, TableRead, read_table

DEFAULT_ZONE = "Asia/Shanghai"
DAY_STARTS_AT = time(4, 0)


class MasterKind(StrEnum):
    """Which table a file is."""

    ENTITIES = "entities"
    STORES = "stores"
    WAREHOUSES = "warehouses"
    STOCK = "stock"


@dataclass(frozen=True, slots=True)
class EntityRow:
    """A legal entity: who owes points and pays for those redeemed."""

    row: int
    code: str
    name: str
    tax_no: str
    effective_from: date


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store; `code` is the chain's own number for it."""

    row: int
    code: str
    name: str
    entity: str
    city: str
    region: str
    zone: str
    day_starts_at: time
    effective_from: date
    closed_from: date | None


@dataclass(frozen=True, slots=True)
class WarehouseRow:
    """A warehouse and the stores it serves."""

    row: int
    code: str
    name: str
    city: str
    stores: tuple[str, ...]
    effective_from: date


@dataclass(frozen=True, slots=True)
class StockRow:
    """What lay in a store or warehouse when it was counted."""

    row: int
    place: str
    sku: str
    qty_milli: int
    counted_on: date


@dataclass(frozen=True, slots=True)
class Known:
    """Codes that a table may name; an empty collection is taken as written."""

    entities: Collection[str] = ()
    stores: Collection[str] = ()
    places: Collection[str] = ()
    skus: Collection[str] = field(default_factory=frozenset)


ENTITY_COLUMNS = Columns(
    required=("code", "name"),
    optional=("tax_no", "effective_from"),
    chinese={
        "编号": "code",
        "名称": "name",
        "税号": "tax_no",
        "统一社会信用代码": "tax_no",
        "生效日期": "effective_from",
    },
)
STORE_COLUMNS = Columns(
    required=("code", "name", "entity"),
    optional=("city", "region", "zone", "day_starts_at", "effective_from", "closed_from"),
    chinese={
        "门店编号": "code",
        "编号": "code",
        "门店": "name",
        "名称": "name",
        "法人": "entity",
        "城市": "city",
        "大区": "region",
        "时区": "zone",
        "营业日开始": "day_starts_at",
        "生效日期": "effective_from",
        "停业日期": "closed_from",
    },
)
WAREHOUSE_COLUMNS = Columns(
    required=("code", "name"),
    optional=("city", "stores", "effective_from"),
    chinese={
        "仓库编号": "code",
        "编号": "code",
        "仓库": "name",
        "名称": "name",
        "城市": "city",
        "供货门店": "stores",
        "生效日期": "effective_from",
    },
)
STOCK_COLUMNS = Columns(
    required=("place", "sku", "qty"),
    optional=("counted_on",),
    chinese={
        "门店编号": "place",
        "仓库编号": "place",
        "地点": "place",
        "货号": "sku",
        "数量": "qty",
        "库存": "qty",
        "盘点日期": "counted_on",
    },
)


def parse_entities(text: str, *, today: date) -> TableRead[EntityRow]:
    """Read a table of legal entities (Faults of `read_table`)."""
    codes = _Codes()

    def take(row: Row) -> EntityRow:
        return EntityRow(
            row=row.number,
            code=codes.own(row),
            name=row.text("name", required=True),
            tax_no=row.text("tax_no"),
            effective_from=row.day("effective_from", today),
        )

    return read_table(text, ENTITY_COLUMNS, take)


def parse_stores(text: str, *, today: date, known: Known) -> TableRead[StoreRow]:
    """Read a table of stores (Faults of `read_table`)."""
    codes = _Codes()

    def take(row: Row) -> StoreRow:
        opened = row.day("effective_from", today)
        closed = row.day("closed_from", date.max)
        if closed <= opened:
            row.complain("closed_from", RowReason.DATE_INVALID, closed.isoformat())
        return StoreRow(
            row=row.number,
            code=codes.own(row),
            name=row.text("name", required=True),
            entity=_named(row, "entity", known.entities),
            city=row.text("city"),
            region=row.text("region"),
            zone=row.zone("zone", DEFAULT_ZONE),
            day_starts_at=row.clock("day_starts_at", DAY_STARTS_AT),
            effective_from=opened,
            closed_from=None if closed == date.max else closed,
        )

    return read_table(text, STORE_COLUMNS, take)


def parse_warehouses(text: str, *, today: date, known: Known) -> TableRead[WarehouseRow]:
    """Read a table of warehouses (Faults of `read_table`)."""
    codes = _Codes()

    def take(row: Row) -> WarehouseRow:
        stores = row.codes("stores")
        for store in stores:
            if known.stores and store not in known.stores:
                row.complain("stores", RowReason.CODE_UNKNOWN, store)
        return WarehouseRow(
            row=row.number,
            code=codes.own(row),
            name=row.text("name", required=True),
            city=row.text("city"),
            stores=stores,
            effective_from=row.day("effective_from", today),
        )

    return read_table(text, WAREHOUSE_COLUMNS, take)


def parse_stock(text: str, *, today: date, known: Known) -> TableRead[StockRow]:
    """Read a count of stock, each article at most once a place (Faults of `read_table`)."""
    seen: set[tuple[str, str]] = set()

    def take(row: Row) -> StockRow:
        place, sku = _named(row, "place", known.places), row.sku()
        if known.skus and sku and sku not in known.skus:
            row.complain("sku", RowReason.CODE_UNKNOWN, sku)
        if (place, sku) in seen:
            row.complain("sku", RowReason.SKU_DUPLICATE, sku)
        seen.add((place, sku))
        return StockRow(
            row=row.number,
            place=place,
            sku=sku,
            qty_milli=row.quantity_milli("qty"),
            counted_on=row.day("counted_on", today),
        )

    return read_table(text, STOCK_COLUMNS, take)


class _Codes:
    """The codes of earlier rows."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def own(self, row: Row) -> str:
        code = row.code("code")
        if code in self._seen:
            row.complain("code", RowReason.CODE_DUPLICATE, code)
        if code:
            self._seen.add(code)
        return code


def _named(row: Row, column: str, known: Collection[str]) -> str:
    """Return the code of something else, which must be known."""
    code = row.code(column)
    if known and code and code not in known:
        row.complain(column, RowReason.CODE_UNKNOWN, code)
    return code

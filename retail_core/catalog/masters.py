"""The tables of a back office: what their columns are called and what may stand in a cell.

A row becomes its key and its cells in one canonical spelling, so that two rows say the same when
their cells are equal. A column that a file does not have is left as it is; an empty cell of a
column that it has clears what may be empty.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from retail_core.catalog import trade_area
from retail_core.catalog.barcodes import complaint
from retail_core.catalog.cells import LIST_SEPARATOR, Row
from retail_core.catalog.reasons import RowReason
from retail_core.catalog.tables import Columns
from retail_core.money import to_narrow

DEFAULT_ZONE = "Asia/Shanghai"
DAY_STARTS_AT = "04:00"
ACTIVE = "active"
ENDED = "ended"
CHAIN = ""
_MILLI = 1000
_HUNDRED = 100
_STATUS = {"": ACTIVE, "active": ACTIVE, "在售": ACTIVE, "ended": ENDED, "停售": ENDED}

Cells = Mapping[str, str]
Key = tuple[str, ...]


class MasterKind(StrEnum):
    """Which table a file is."""

    ARTICLES = "articles"
    PRICES = "prices"
    ENTITIES = "entities"
    STORES = "stores"
    WAREHOUSES = "warehouses"
    STOCK = "stock"


@dataclass(frozen=True, slots=True)
class Known:
    """Codes that a table may name."""

    entities: Collection[str] = ()
    stores: Collection[str] = ()
    places: Collection[str] = ()
    regions: Collection[str] = ()
    skus: Collection[str] = field(default_factory=frozenset)


Reader = Callable[[Row, str, Known], str]


@dataclass(frozen=True, slots=True)
class MasterTable:
    """One table: its key, how each cell is read, what a new row needs and gets."""

    columns: Columns
    key: Callable[[Row, Known], Key]
    cells: Mapping[str, Reader]
    needed: tuple[str, ...]
    defaults: Cells
    day: str = "effective_from"

    def template(self) -> str:
        """Return an empty file with every column."""
        names = {name: chinese for chinese, name in self.columns.chinese.items()}
        columns = (*self.columns.required, *self.columns.optional)
        return "\ufeff" + ",".join(names[name] for name in columns) + "\r\n"


def yuan_text(fen: int) -> str:
    """Write an amount as a cell has it: 59.00."""
    return f"{fen // _HUNDRED}.{fen % _HUNDRED:02d}"


def fen_of(cell: str) -> int | None:
    """Return the amount of a canonical cell, None for an empty one."""
    return int(cell.replace(".", "")) if cell else None


def milli_of(cell: str) -> int:
    """Return the quantity of a canonical cell in thousandths."""
    whole, _, rest = cell.partition(".")
    return int(whole) * _MILLI + int(rest.ljust(3, "0"))


def qty_text(milli: int) -> str:
    """Write a quantity as a cell has it: 12, 0.375, or -2 where more was sold than counted."""
    whole, rest = divmod(abs(milli), _MILLI)
    return "-" * (milli < 0) + f"{whole}.{rest:03d}".rstrip("0").rstrip(".")


def listed(cell: str) -> tuple[str, ...]:
    """Return the words of a canonical cell that lists them."""
    return tuple(cell.split(LIST_SEPARATOR)) if cell else ()


def scope_of(region: str, store: str) -> str:
    """Return where a price holds: everywhere, in a region, in a store."""
    return f"s:{store}" if store else f"r:{region}" if region else CHAIN


# ---- cells --------------------------------------------------------------------------------------


def _text(row: Row, column: str, _known: Known) -> str:
    return row.text(column)


def _needed_text(row: Row, column: str, _known: Known) -> str:
    return row.text(column, required=True)


def _amount(row: Row, column: str, _known: Known) -> str:
    fen = row.amount_fen(column)
    return "" if fen is None else yuan_text(fen)


def _needed_amount(row: Row, column: str, _known: Known) -> str:
    return yuan_text(row.amount_fen(column, required=True) or 0)


def _list_price(row: Row, column: str, known: Known) -> str:
    """Read a price; of a region or store it may be empty: from then on the wider one holds."""
    anywhere = scope_of(row.text("region"), row.text("store")) == CHAIN
    return (_needed_amount if anywhere else _amount)(row, column, known)


def _words(row: Row, column: str, _known: Known) -> str:
    return LIST_SEPARATOR.join(sorted(row.words(column)))


def _barcodes(row: Row, column: str, _known: Known) -> str:
    parts = to_narrow(row.text(column)).split(LIST_SEPARATOR)
    codes = list(dict.fromkeys(code for part in parts if (code := part.strip())))
    for code in codes:
        wrong = complaint(code)
        if wrong is not None:
            row.complain(column, wrong, code)
    return LIST_SEPARATOR.join(codes)


def _status(row: Row, column: str, _known: Known) -> str:
    said = row.text(column).lower()
    if said not in _STATUS:
        row.complain(column, RowReason.STATUS_UNKNOWN, said)
    return _STATUS.get(said, ACTIVE)


def _entity(row: Row, column: str, known: Known) -> str:
    return _named(row, column, known.entities)


def _zone(row: Row, column: str, _known: Known) -> str:
    return row.zone(column, DEFAULT_ZONE)


def _clock(row: Row, column: str, _known: Known) -> str:
    return row.clock(column, time.fromisoformat(DAY_STARTS_AT)).strftime("%H:%M")


def _day(row: Row, column: str, _known: Known) -> str:
    day = row.day(column, date.max)
    return "" if day == date.max else day.isoformat()


def _stores(row: Row, column: str, known: Known) -> str:
    codes = row.codes(column)
    for code in codes:
        if code not in known.stores:
            row.complain(column, RowReason.CODE_UNKNOWN, code)
    return LIST_SEPARATOR.join(codes)


def _quantity(row: Row, column: str, _known: Known) -> str:
    return qty_text(row.quantity_milli(column))


def _named(row: Row, column: str, known: Collection[str]) -> str:
    """Return the code of something else, which must be known."""
    code = row.code(column)
    if code and code not in known:
        row.complain(column, RowReason.CODE_UNKNOWN, code)
    return code


# ---- keys ---------------------------------------------------------------------------------------


def _sku_key(row: Row, _known: Known) -> Key:
    return (row.sku(),)


def _code_key(row: Row, _known: Known) -> Key:
    return (row.code("code"),)


def _price_key(row: Row, known: Known) -> Key:
    sku, region, store = row.sku(), row.text("region"), row.code("store", required=False)
    if sku and sku not in known.skus:
        row.complain("sku", RowReason.CODE_UNKNOWN, sku)
    if region and store:
        row.complain("store", RowReason.SCOPE_TWICE, store)
    if store and store not in known.stores:
        row.complain("store", RowReason.CODE_UNKNOWN, store)
    if region and region not in known.regions:
        row.complain("region", RowReason.CODE_UNKNOWN, region)
    return (sku, scope_of(region, store))


def _stock_key(row: Row, known: Known) -> Key:
    place, sku = _named(row, "place", known.places), row.sku()
    if sku and sku not in known.skus:
        row.complain("sku", RowReason.CODE_UNKNOWN, sku)
    return (place, sku)


# ---- tables -------------------------------------------------------------------------------------

_FROM = {"生效日期": "effective_from"}

TABLES: dict[MasterKind, MasterTable] = {
    MasterKind.ARTICLES: MasterTable(
        columns=Columns(
            required=("sku",),
            optional=(
                "barcodes",
                "name",
                "unit",
                "price",
                "cost",
                "brand",
                "category",
                "tags",
                "status",
                "effective_from",
            ),
            chinese={
                "货号": "sku",
                "条码": "barcodes",
                "品名": "name",
                "单位": "unit",
                "售价": "price",
                "进价": "cost",
                "品牌": "brand",
                "分类": "category",
                "标签": "tags",
                "状态": "status",
            }
            | _FROM,
        ),
        key=_sku_key,
        cells={
            "barcodes": _barcodes,
            "name": _needed_text,
            "unit": _needed_text,
            "price": _needed_amount,
            "cost": _amount,
            "brand": _text,
            "category": _text,
            "tags": _words,
            "status": _status,
        },
        needed=("name", "unit", "price"),
        defaults={
            "barcodes": "",
            "cost": "",
            "brand": "",
            "category": "",
            "tags": "",
            "status": ACTIVE,
        },
    ),
    MasterKind.PRICES: MasterTable(
        columns=Columns(
            required=("sku", "price"),
            optional=("region", "store", "effective_from"),
            # A heading that is passed over would make one store's price the chain's.
            chinese={"货号": "sku", "售价": "price", "大区": "region"}
            | {"门店编号": "store", "门店": "store"}
            | _FROM,
        ),
        key=_price_key,
        cells={"price": _list_price},
        needed=("price",),
        defaults={},
    ),
    MasterKind.ENTITIES: MasterTable(
        columns=Columns(
            required=("code",),
            optional=("name", "tax_no", "effective_from"),
            chinese={
                "编号": "code",
                "名称": "name",
                "税号": "tax_no",
                "统一社会信用代码": "tax_no",
            }
            | _FROM,
        ),
        key=_code_key,
        cells={"name": _needed_text, "tax_no": _text},
        needed=("name",),
        defaults={"tax_no": ""},
    ),
    MasterKind.STORES: MasterTable(
        columns=Columns(
            required=("code",),
            optional=(
                "name",
                "entity",
                "city",
                "region",
                "zone",
                "day_starts_at",
                "closed_from",
                *trade_area.CHINESE.values(),
                "effective_from",
            ),
            chinese={
                "编号": "code",
                "门店编号": "code",
                "名称": "name",
                "门店": "name",
                "法人": "entity",
                "城市": "city",
                "大区": "region",
                "时区": "zone",
                "营业日开始": "day_starts_at",
                "停业日期": "closed_from",
            }
            | trade_area.CHINESE
            | _FROM,
        ),
        key=_code_key,
        cells={
            "name": _needed_text,
            "entity": _entity,
            "city": _text,
            "region": _text,
            "zone": _zone,
            "day_starts_at": _clock,
            "closed_from": _day,
            **trade_area.CELLS,
        },
        needed=("name", "entity"),
        defaults={
            "city": "",
            "region": "",
            "zone": DEFAULT_ZONE,
            "day_starts_at": DAY_STARTS_AT,
            "closed_from": "",
        },
    ),
    MasterKind.WAREHOUSES: MasterTable(
        columns=Columns(
            required=("code",),
            optional=("name", "city", "stores", "effective_from"),
            chinese={
                "编号": "code",
                "仓库编号": "code",
                "名称": "name",
                "仓库": "name",
                "城市": "city",
                "供货门店": "stores",
            }
            | _FROM,
        ),
        key=_code_key,
        cells={"name": _needed_text, "city": _text, "stores": _stores},
        needed=("name",),
        defaults={"city": "", "stores": ""},
    ),
    MasterKind.STOCK: MasterTable(
        columns=Columns(
            required=("place", "sku", "qty"),
            optional=("counted_on",),
            chinese={
                "门店编号": "place",
                "仓库编号": "place",
                "门店": "place",
                "仓库": "place",
                "地点": "place",
                "货号": "sku",
                "库存": "qty",
                "数量": "qty",
                "盘点日期": "counted_on",
            },
        ),
        key=_stock_key,
        cells={"qty": _quantity},
        needed=("qty",),
        defaults={},
        day="counted_on",
    ),
}

"""A catalogue file of a shop's back office: every row becomes an article or a named error."""

from dataclasses import dataclass
from datetime import date

from retail_core.catalog.cells import Row
from retail_core.catalog.encoding import decode_catalogue, encode_catalogue
from retail_core.catalog.reasons import RowError, RowReason
from retail_core.catalog.tables import Columns, read_table, read_text

__all__ = [
    "CatalogueImport",
    "ImportedArticle",
    "RowError",
    "RowReason",
    "decode_catalogue",
    "encode_catalogue",
    "parse_catalogue",
    "read_text",
]

COLUMNS = Columns(
    required=("sku", "barcodes", "name", "unit", "price", "cost", "brand", "category", "tags"),
    optional=("effective_from",),
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
        "生效日期": "effective_from",
    },
)


@dataclass(frozen=True, slots=True)
class ImportedArticle:
    """A row that reads well; the article's id is given by the catalogue it joins."""

    row: int
    sku: str
    barcodes: tuple[str, ...]
    name: str
    unit: str
    price_fen: int
    cost_fen: int | None
    brand: str
    category: str
    tags: frozenset[str]
    effective_from: date


@dataclass(frozen=True, slots=True)
class CatalogueImport:
    """Every row that holds anything is in `articles` or has an error."""

    articles: tuple[ImportedArticle, ...]
    errors: tuple[RowError, ...]


def parse_catalogue(text: str, *, today: date) -> CatalogueImport:
    """Read a catalogue's CSV text; a row without a date takes effect `today`.

    Faults: C101 when a column is missing, C103 when there is no row below the header.
    """
    read = read_table(text, COLUMNS, _Articles(today).take)
    return CatalogueImport(read.rows, read.errors)


class _Articles:
    """What stood in earlier rows."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._skus: set[str] = set()
        self._barcodes: set[str] = set()

    def take(self, row: Row) -> ImportedArticle:
        """Read one row into an article or errors."""
        article = ImportedArticle(
            row=row.number,
            sku=row.sku(),
            barcodes=row.barcodes(),
            name=row.text("name", required=True),
            unit=row.text("unit", required=True),
            price_fen=row.amount_fen("price", required=True) or 0,
            cost_fen=row.amount_fen("cost"),
            brand=row.text("brand"),
            category=row.text("category"),
            tags=row.words("tags"),
            effective_from=row.day("effective_from", self._today),
        )
        self._check_repeats(row, article)
        return article

    def _check_repeats(self, row: Row, article: ImportedArticle) -> None:
        if article.sku in self._skus:
            row.complain("sku", RowReason.SKU_DUPLICATE, article.sku)
        if article.sku:
            self._skus.add(article.sku)
        for code in article.barcodes:
            if code in self._barcodes:
                row.complain("barcodes", RowReason.BARCODE_DUPLICATE, code)
            self._barcodes.add(code)

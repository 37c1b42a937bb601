"""A catalogue file of a shop's back office: every row becomes an article or a named error."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from retail_core.catalog.cells import Row
from retail_core.catalog.encoding import decode_catalogue, encode_catalogue
from retail_core.catalog.reasons import RowError, RowReason
from retail_core.errors import Fault
from retail_core.money import to_narrow
from retail_core.texts.faults import FaultCode

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

REQUIRED_COLUMNS = (
    "sku",
    "barcodes",
    "name",
    "unit",
    "price",
    "cost",
    "brand",
    "category",
    "tags",
)
OPTIONAL_COLUMNS = ("effective_from",)
CHINESE_COLUMNS = {
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
}
WHOLE_ROW = "-"
_KNOWN = frozenset(REQUIRED_COLUMNS + OPTIONAL_COLUMNS)
_DELIMITERS = ",;\t"


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


def read_text(content: bytes) -> str:
    """Decode a file as spreadsheets save it: UTF-8, UTF-16 with a mark, or GB18030 (Fault C102)."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    row = 0
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            row = content.count(b"\n", 0, error.start) + 1
    raise Fault(FaultCode.CATALOGUE_ROW, row=row, column=WHOLE_ROW, reason="UTF-8 / GB18030?")


def parse_catalogue(text: str, *, today: date) -> CatalogueImport:
    """Read a catalogue's CSV text; a row without a date takes effect `today`.

    Faults: C101 when a column is missing, C103 when there is no row below the header.
    """
    reading = _Reading(today)
    rows = _rows(text.removeprefix("\ufeff"), reading.errors)
    header_row, header = next(rows, (1, []))
    reading.take_header(header_row, header)
    for number, cells in rows:
        reading.take(number, cells)
    if not reading.articles and not reading.errors:
        raise Fault(FaultCode.CATALOGUE_EMPTY)
    return CatalogueImport(tuple(reading.articles), tuple(reading.errors))


def _rows(text: str, errors: list[RowError]) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that hold anything, with their number; broken quotes end the file as an error."""
    # strict: otherwise one lost quote swallows the rest of the file into a cell
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error:
        errors.append(RowError(number + 1, WHOLE_ROW, RowReason.QUOTES))


def _delimiter(text: str) -> str:
    header = text.lstrip().partition("\n")[0]

    def known(delimiter: str) -> int:
        return sum(_column(cell.strip('"')) in _KNOWN for cell in header.strip().split(delimiter))

    return max(_DELIMITERS, key=known)


def _column(cell: str) -> str:
    name = to_narrow(cell).strip().lower()
    return CHINESE_COLUMNS.get(name, name)


class _Reading:
    """What has been read of a file so far."""

    def __init__(self, today: date) -> None:
        self.articles: list[ImportedArticle] = []
        self.errors: list[RowError] = []
        self._today = today
        self._places: dict[str, int] = {}
        self._width = 0
        self._skus: set[str] = set()
        self._barcodes: set[str] = set()

    def take_header(self, number: int, cells: list[str]) -> None:
        """Find the columns; one that is missing makes the file unreadable, an odd one is told."""
        self._width = len(cells)
        for place, cell in enumerate(cells):
            name = _column(cell)
            if name in self._places:
                self.errors.append(RowError(number, name, RowReason.COLUMN_DUPLICATE))
            elif name in _KNOWN:
                self._places[name] = place
            elif name:
                self.errors.append(RowError(number, name, RowReason.COLUMN_UNKNOWN))
        missing = [name for name in REQUIRED_COLUMNS if name not in self._places]
        if missing:
            raise Fault(FaultCode.CATALOGUE_HEADER, columns=", ".join(missing))

    def take(self, number: int, cells: list[str]) -> None:
        """Read one row into an article or errors."""
        row = Row(
            number,
            {name: cells[place] for name, place in self._places.items() if place < len(cells)},
        )
        if any(cell.strip() for cell in cells[self._width :]):
            row.complain(WHOLE_ROW, RowReason.TOO_MANY_CELLS)
        article = ImportedArticle(
            row=number,
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
        self.errors.extend(row.errors)
        if not row.errors:
            self.articles.append(article)

    def _check_repeats(self, row: Row, article: ImportedArticle) -> None:
        if article.sku in self._skus:
            row.complain("sku", RowReason.SKU_DUPLICATE, article.sku)
        if article.sku:
            self._skus.add(article.sku)
        for code in article.barcodes:
            if code in self._barcodes:
                row.complain("barcodes", RowReason.BARCODE_DUPLICATE, code)
            self._barcodes.add(code)

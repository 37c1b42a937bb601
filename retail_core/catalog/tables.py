"""A table as a back office exports it: every row that holds anything is read or has an error."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from retail_core.catalog.cells import Row
from retail_core.catalog.reasons import RowError, RowReason
from retail_core.errors import Fault
from retail_core.money import to_narrow
from retail_core.texts.faults import FaultCode

WHOLE_ROW = "-"
NO_TEXT = "不是 UTF-8、UTF-16 或 GB18030 的文本 · no text in UTF-8, UTF-16 or GB18030"
_DELIMITERS = ",;\t"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table must and may have, and what Chinese headers call it."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    chinese: Mapping[str, str]

    def name(self, cell: str) -> str:
        """Return the column a header cell names, or the cell itself."""
        written = to_narrow(cell).strip().lower()
        return self.chinese.get(written, written)

    def knows(self, name: str) -> bool:
        """Tell whether a column belongs to the table."""
        return name in self.required or name in self.optional


@dataclass(frozen=True, slots=True)
class TableRead(Generic[T]):
    """The rows that read well, in the file's order, and what is wrong with the others."""

    rows: tuple[T, ...]
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
    raise Fault(FaultCode.CATALOGUE_ROW, row=row, column=WHOLE_ROW, reason=NO_TEXT)


def read_table(text: str, columns: Columns, take: Callable[[Row], T]) -> TableRead[T]:
    """Read a CSV text; `take` turns a row into its value and complains of cells on the row.

    Faults: C101 when a column is missing, C103 when there is no row below the header.
    """
    reading = _Reading(columns)
    found: list[T] = []
    lines = _lines(text.removeprefix("\ufeff"), columns, reading.errors)
    reading.take_header(*next(lines, (1, [])))
    for number, cells in lines:
        row = reading.row(number, cells)
        value = take(row)
        reading.errors.extend(row.errors)
        if not row.errors:
            found.append(value)
    if not found and not reading.errors:
        raise Fault(FaultCode.CATALOGUE_EMPTY)
    return TableRead(tuple(found), tuple(reading.errors))


def walk_table(text: str, columns: Columns, notes: list[RowError]) -> Iterator[Row]:
    """Yield a CSV text's rows one at a time; what is wrong with the file as such joins `notes`.

    Fault C101 when a column is missing.
    """
    reading = _Reading(columns)
    lines = _lines(text.removeprefix("\ufeff"), columns, notes)
    reading.take_header(*next(lines, (1, [])))
    notes += reading.errors
    for number, cells in lines:
        yield reading.row(number, cells)


def _lines(text: str, columns: Columns, errors: list[RowError]) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that hold anything, with their number; broken quotes end the file as an error."""
    # strict: otherwise one lost quote swallows the rest of the file into a cell
    delimiter = _delimiter(text, columns)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error:
        errors.append(RowError(number + 1, WHOLE_ROW, RowReason.QUOTES))


def _delimiter(text: str, columns: Columns) -> str:
    header = text.lstrip().partition("\n")[0]

    def known(delimiter: str) -> int:
        cells = header.strip().split(delimiter)
        return sum(columns.knows(columns.name(cell.strip('"'))) for cell in cells)

    return max(_DELIMITERS, key=known)


class _Reading:
    """Where the columns are, and what is wrong so far."""

    def __init__(self, columns: Columns) -> None:
        self.errors: list[RowError] = []
        self._columns = columns
        self._places: dict[str, int] = {}
        self._width = 0

    def take_header(self, number: int, cells: list[str]) -> None:
        """Find the columns; one that is missing makes the file unreadable, an odd one is told."""
        self._width = len(cells)
        for place, cell in enumerate(cells):
            name = self._columns.name(cell)
            if name in self._places:
                self.errors.append(RowError(number, name, RowReason.COLUMN_DUPLICATE))
            elif self._columns.knows(name):
                self._places[name] = place
            elif name:
                self.errors.append(RowError(number, name, RowReason.COLUMN_UNKNOWN))
        missing = [name for name in self._columns.required if name not in self._places]
        if missing:
            names = {column: chinese for chinese, column in self._columns.chinese.items()}
            said = ", ".join(f"{names[name]} {name}" if name in names else name for name in missing)
            raise Fault(FaultCode.CATALOGUE_HEADER, columns=", ".join(missing), named=said)

    def row(self, number: int, cells: list[str]) -> Row:
        """Return the cells of a row by column."""
        places = self._places.items()
        width = len(cells)
        row = Row(number, {name: cells[place] if place < width else "" for name, place in places})
        if any(cell.strip() for cell in cells[self._width :]):
            row.complain(WHOLE_ROW, RowReason.TOO_MANY_CELLS)
        return row

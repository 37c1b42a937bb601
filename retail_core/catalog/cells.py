"""Reading the cells of one catalogue row; every complaint is kept, none stops the row."""

import re
import unicodedata
from datetime import date, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from retail_core import limits
from retail_core.catalog.reasons import RowError, RowReason
from retail_core.money import parse_yuan, to_narrow

CODE_CHARS_MAX = 64
LIST_SEPARATOR = "|"
_SKU = re.compile(r"[0-9A-Za-z._-]+", re.ASCII)
_BARCODE = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_LONG_DECIMALS = re.compile(r"-?¥?[\d,]+\.\d{3,}", re.ASCII)
_QUANTITY = re.compile(r"(\d{1,9})(?:\.(\d{1,3}))?", re.ASCII)
_CLOCK = re.compile(r"\d{2}:\d{2}", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Row:
    """One row's cells by column, and what is wrong with them."""

    def __init__(self, number: int, cells: dict[str, str]) -> None:
        self.number = number
        self.errors: list[RowError] = []
        self._cells = cells

    def has(self, column: str) -> bool:
        """Tell whether the file has a column at all."""
        return column in self._cells

    def complain(self, column: str, reason: RowReason, value: str = "") -> None:
        """Note that a cell cannot be used as it is."""
        self.errors.append(RowError(self.number, column, reason, value))

    def text(self, column: str, *, required: bool = False) -> str:
        """Return a cell as it is, less the space around it."""
        cell = self._cells.get(column, "").strip()
        if not cell and required:
            self.complain(column, RowReason.REQUIRED)
        elif len(cell) > limits.NAME_CHARS_MAX:
            self.complain(column, RowReason.TOO_LONG, cell[: limits.NAME_CHARS_MAX])
        elif not cell.isprintable() and _hides_something(cell):
            self.complain(column, RowReason.CONTROL_CHARACTER, repr(cell))
        return cell

    def words(self, column: str) -> frozenset[str]:
        """Return the words of a cell that lists them."""
        words = (word.strip() for word in self.text(column).split(LIST_SEPARATOR))
        return frozenset(word for word in words if word)

    def sku(self) -> str:
        """Return the article number."""
        return self.code("sku", RowReason.SKU_INVALID)

    def code(
        self, column: str, wrong: RowReason = RowReason.CODE_INVALID, *, required: bool = True
    ) -> str:
        """Return the short code of a thing: digits, letters, dashes, underscores and dots."""
        code = to_narrow(self.text(column, required=required))
        if code and (not _SKU.fullmatch(code) or len(code) > CODE_CHARS_MAX):
            self.complain(column, wrong, code)
        return code

    def codes(self, column: str) -> tuple[str, ...]:
        """Return the codes a cell lists, in its order."""
        codes = tuple(sorted(map(to_narrow, self.words(column))))
        for code in codes:
            if not _SKU.fullmatch(code) or len(code) > CODE_CHARS_MAX:
                self.complain(column, RowReason.CODE_INVALID, code)
        return codes

    def quantity_milli(self, column: str) -> int:
        """Return a quantity of at most three decimals in thousandths; 0 for an unreadable cell."""
        cell = to_narrow(self.text(column, required=True)).replace(",", "")
        match = _QUANTITY.fullmatch(cell)
        if match is None:
            if cell:
                self.complain(column, RowReason.NOT_A_QUANTITY, cell)
            return 0
        milli = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))
        if milli > limits.QTY_MILLI_MAX:
            self.complain(column, RowReason.TOO_LARGE, cell)
        return milli

    def zone(self, column: str, default: str) -> str:
        """Return a time zone's name, `default` for an empty cell."""
        name = self.text(column) or default
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            self.complain(column, RowReason.ZONE_UNKNOWN, name)
        return name

    def clock(self, column: str, default: time) -> time:
        """Return a time of day written 04:00, `default` for an empty or unreadable cell."""
        cell = to_narrow(self.text(column))
        if not cell:
            return default
        try:
            if _CLOCK.fullmatch(cell):
                return time.fromisoformat(cell)
        except ValueError:
            pass
        self.complain(column, RowReason.TIME_INVALID, cell)
        return default

    def barcodes(self) -> tuple[str, ...]:
        """Return the barcodes in the order of the cell."""
        cell = to_narrow(self.text("barcodes"))
        codes = tuple(code for part in cell.split(LIST_SEPARATOR) if (code := part.strip()))
        for code in codes:
            if not _BARCODE.fullmatch(code) or len(code) > CODE_CHARS_MAX:
                self.complain("barcodes", RowReason.BARCODE_INVALID, code)
        return codes

    def amount_fen(self, column: str, *, required: bool = False) -> int | None:
        """Return a yuan amount in fen, None for an empty or unreadable cell."""
        cell = to_narrow(self.text(column, required=required))
        if not cell:
            return None
        try:
            fen = parse_yuan(cell)
        except ValueError:
            long = _LONG_DECIMALS.fullmatch(cell)
            self.complain(column, RowReason.DECIMALS if long else RowReason.NOT_AN_AMOUNT, cell)
            return None
        if fen < 0:
            self.complain(column, RowReason.NEGATIVE, cell)
        elif fen > limits.AMOUNT_FEN_MAX:
            self.complain(column, RowReason.TOO_LARGE, cell)
        return fen

    def day(self, column: str, default: date) -> date:
        """Return an ISO date, `default` for an empty or unreadable cell."""
        cell = to_narrow(self.text(column))
        if not cell:
            return default
        try:
            if _ISO_DATE.fullmatch(cell):
                return date.fromisoformat(cell)
        except ValueError:
            pass
        self.complain(column, RowReason.DATE_INVALID, cell)
        return default


def _hides_something(cell: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Cf"} for char in cell)

"""The articles of a framed sale, where a till tells them: all of them to the fen, or none."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from edge_agent.domain.tapped_receipt import ReceiptLine
from edge_agent.drivers.profiles.framed import LinesField
from retail_core.limits import AMOUNT_FEN_MAX, LINES_MAX, NAME_CHARS_MAX, QTY_MILLI_MAX

_CHARS_MAX = 16


def read_lines(found: object, field: LinesField, amount_fen: int) -> tuple[ReceiptLine, ...]:
    """Return the articles, () when one cannot be read or they do not come to the amount.

    `found` is the text between the marks or the list of a JSON message; a minus is a reduction.
    """
    try:
        lines = tuple(_line(cells, field) for cells in _rows(found, field))
    except (ValueError, TypeError, InvalidOperation, LookupError):
        return ()
    sold = any(line.amount_fen > 0 for line in lines)
    return lines if sold and sum(line.amount_fen for line in lines) == amount_fen else ()


def _rows(found: object, field: LinesField) -> Iterator[tuple[str, str, str]]:
    rows = found.strip(field.row).split(field.row) if isinstance(found, str) else found
    if not isinstance(rows, list) or len(rows) > LINES_MAX:
        raise ValueError("rows")
    for row in rows:
        if isinstance(row, str):
            cells = row.split(field.cell)
            yield cells[int(field.name)], cells[int(field.qty)], cells[int(field.amount)]
        elif isinstance(row, dict):
            yield str(row[field.name]), str(row[field.qty]), str(row[field.amount])
        else:
            raise TypeError("row")


def _line(cells: tuple[str, str, str], field: LinesField) -> ReceiptLine:
    name, qty, amount = (cell.strip() for cell in cells)
    if not name or not name.isprintable() or len(name) > NAME_CHARS_MAX:
        raise ValueError("name")
    qty_milli = _scaled(qty, 1_000)
    amount_fen = _scaled(amount, 100 if field.unit == "yuan" else 1)
    if not 0 < qty_milli <= QTY_MILLI_MAX or abs(amount_fen) > AMOUNT_FEN_MAX:
        raise ValueError("figures")
    return ReceiptLine(name, qty_milli, amount_fen)


def _scaled(text: str, factor: int) -> int:
    if len(text) > _CHARS_MAX:
        raise ValueError("figures")
    value = Decimal(text) * factor
    if not value.is_finite() or value != value.to_integral_value():
        raise ValueError("figures")
    return int(value)

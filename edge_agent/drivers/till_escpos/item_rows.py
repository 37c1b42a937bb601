"""One line as an article row of a till whose columns are known."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from edge_agent.drivers.profiles.till import ItemColumn, Items
from edge_agent.drivers.till_escpos.amounts import Number, NumberFormat
from edge_agent.drivers.till_escpos.cells import Cell, cells, overlap
from edge_agent.drivers.till_escpos.layout import Line
from edge_agent.drivers.till_escpos.pricing import multiply

_ONE_MILLI = 1_000
_STRAY_LETTERS_MAX = 2


@dataclass(frozen=True, slots=True)
class ItemRow:
    """What the columns of one row say; `certain` when quantity times price is the amount."""

    name: str
    name_end: int
    qty_milli: int
    amount_fen: int
    counted: bool = False
    certain: bool = False


@dataclass(slots=True)
class _Sorted:
    """The words of a row by column."""

    name: list[Cell] = field(default_factory=list)
    figures: dict[str, Number] = field(default_factory=dict)
    stray: bool = False


def item_row(line: Line, items: Items, form: NumberFormat) -> ItemRow | None:
    """Return a line as an article row, None when its figures stand elsewhere."""
    return row_of(cells(line, form), items)


def row_of(words: tuple[Cell, ...], items: Items) -> ItemRow | None:
    """Return words as an article row; see `item_row`."""
    found = _by_place(words, items) if items.by == "place" else _by_order(words, items)
    needed = {column.kind for column in items.columns if column.always}
    if found is None or found.stray or not needed <= {*found.figures, "name", "other"}:
        return None
    return _priced(found)


def _by_place(words: Iterable[Cell], items: Items) -> _Sorted | None:
    """Give every figure to the column it stands in; the rest is the name."""
    found = _Sorted()
    for word in words:
        column = _column_of(word, items.columns)
        if word.silent or (column is not None and column.kind == "other"):
            continue
        if column is None or column.kind == "name":
            found.name.append(word)
        elif word.number is not None and column.kind not in found.figures:
            found.figures[column.kind] = word.number
        elif not found.figures:
            found.name.append(word)  # a name longer than its column
        elif len(word.text) > _STRAY_LETTERS_MAX:
            found.stray = True
    return found


def _column_of(word: Cell, columns: tuple[ItemColumn, ...]) -> ItemColumn | None:
    shares = [(overlap(word, column.start, column.end), column) for column in columns]
    share, column = max(shares, key=lambda each: each[0])
    return column if share else None


def _by_order(words: tuple[Cell, ...], items: Items) -> _Sorted | None:
    """Give the figures before and behind the name to the columns in their order."""
    kinds = [column.kind for column in items.columns]
    at = kinds.index("name") if "name" in kinds else 0
    ahead, behind = kinds[:at], kinds[at + ("name" in kinds) :]
    said = [word for word in words if not word.silent]
    if len(said) < len(ahead) + len(behind):
        return None
    end = len(said) - len(behind)
    taken = [*zip(ahead, said, strict=False), *zip(behind, said[end:], strict=True)]
    found = _Sorted(name=said[len(ahead) : end])
    for kind, word in taken:
        if word.number is None:
            return None
        if kind != "other":
            found.figures[kind] = word.number
    return found


def _priced(found: _Sorted) -> ItemRow | None:
    """Work out quantity and amount; None when the amount is not there."""
    qty, price, amount = (found.figures.get(kind) for kind in ("qty", "price", "amount"))
    name = " ".join(word.text for word in found.name)
    name_end = found.name[-1].end if found.name else 0
    if qty is not None and price is not None:
        product = multiply(qty, price)
        fen = product if amount is None else amount.fen
        certain = amount is not None and abs(product - fen) <= 1
        return ItemRow(name, name_end, qty.milli, fen, counted=True, certain=certain)
    if amount is None:
        return None
    qty_milli = qty.milli if qty is not None else _from_price(price, amount)
    return ItemRow(name, name_end, qty_milli, amount.fen, counted=qty is not None)


def _from_price(price: Number | None, amount: Number) -> int:
    """Return the quantity that the unit price goes into the amount, else one."""
    if price is None or price.fen <= 0 or amount.fen % price.fen:
        return _ONE_MILLI
    return amount.fen // price.fen * _ONE_MILLI

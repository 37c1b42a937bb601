"""Baskets out of a file: JSON lines, a row an article (long), or a row a basket (wide)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from retail_core.errors import Fault
from retail_core.insight.tabular.columns import find, need
from retail_core.insight.tabular.roles import BASKET, ITEM
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

LINE = Words("basket", "小票")
_ITEM_KEYS = ("items", "skus", "products", "basket", "lines", "商品")
_SKU_KEYS = ("sku", "item", "product", "id", "name")


@dataclass(frozen=True, slots=True)
class AskedBaskets:
    """Headings or numbers of the columns of a long table."""

    basket: str = ""
    item: str = ""


ANY_BASKETS = AskedBaskets()


def from_table(
    header: Sequence[str] | None,
    rows: Iterable[tuple[int, Sequence[str]]],
    asked: AskedBaskets = ANY_BASKETS,
) -> list[tuple[str, ...]]:
    """Read a table: long where it has columns for basket and article, else a basket a row.

    Each basket holds an article once. Faults E102 to E104.
    """
    if header is None and not (asked.basket or asked.item):
        return _whole(dict.fromkeys(filter(None, map(str.strip, cells))) for _, cells in rows)
    rows = iter(rows)
    if header is None:
        first = next(rows, (0, ()))
        header = [str(nth + 1) for nth in range(len(first[1]))]
        rows = iter([first, *rows])
    basket = find(BASKET, header, asked.basket)
    item = find(ITEM, header, asked.item)
    if asked.basket or asked.item or (basket is not None and item is not None):
        return _long(
            header, rows, need(BASKET, header, asked.basket), need(ITEM, header, asked.item)
        )
    # No row names columns after all: the first one is a basket like the others.
    cells = [header, *(cells for _, cells in rows)]
    return _whole(dict.fromkeys(filter(None, map(str.strip, one))) for one in cells)


def from_json_lines(lines: Iterable[str]) -> list[tuple[str, ...]]:
    """Read `["a", "b"]`, `[7, ["a", "b"]]` or `{"items": […]}` a line. Faults E102 and E105."""
    return _whole(dict.fromkeys(_parsed(nth, line)) for nth, line in _told(lines))


def _told(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    return ((nth, line.strip()) for nth, line in enumerate(lines, 1) if line.strip())


def _parsed(row: int, line: str) -> list[str]:
    try:
        found = json.loads(line)
    except ValueError:
        raise _invalid(row, line) from None
    if isinstance(found, dict):
        found = next((found[key] for key in _ITEM_KEYS if key in found), None)
    elif isinstance(found, list) and found and isinstance(found[-1], list):
        found = found[-1]
    if not isinstance(found, list):
        raise _invalid(row, line)
    return [_sku(row, line, one) for one in found]


def _sku(row: int, line: str, one: object) -> str:
    if isinstance(one, dict):
        one = next((one[key] for key in _SKU_KEYS if key in one), None)
    if isinstance(one, bool) or not isinstance(one, str | int):
        raise _invalid(row, line)
    return str(one).strip()


def _invalid(row: int, line: str) -> Fault:
    told = repr(line[:40])
    return Fault(FaultCode.INSIGHT_VALUE_INVALID, row=row, column="JSON", value=told, kind=LINE)


def _long(
    header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]], basket: int, item: int
) -> list[tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for row, cells in rows:
        if len(cells) <= max(basket, item):
            raise Fault(FaultCode.INSIGHT_ROW_SHORT, row=row, count=len(cells), wanted=len(header))
        if cells[basket].strip() and cells[item].strip():
            found.setdefault(cells[basket].strip(), {})[cells[item].strip()] = None
    return _whole(found.values())


def _whole(baskets: Iterable[dict[str, None]]) -> list[tuple[str, ...]]:
    found = [tuple(one) for one in baskets if one]
    if not found:
        raise Fault(FaultCode.INSIGHT_FILE_EMPTY, name=Words("the file", "该文件"))
    return found

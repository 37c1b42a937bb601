"""The sales table: filter, order, and CSV; pure."""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from cloud_broker.console import formats
from cloud_broker.console.texts import Texts
from cloud_broker.services.access.overview import SaleRow
from cloud_broker.services.goods.cells import safe_cell, yuan

SALES_MAX = 500
Column = Literal["time", "store", "member", "points", "amount", "sync"]
_KEYS: dict[Column, Callable[[SaleRow], Any]] = {
    "time": lambda row: (row.wall_ms, row.received_ms),
    "store": lambda row: row.store_name,
    "member": lambda row: row.member_name,
    "points": lambda row: row.points,
    "amount": lambda row: row.total_fen,
    "sync": lambda row: -1 if row.sync_ms is None else row.sync_ms,
}
_TEXT_FIRST = {"store", "member"}
_HEADS = (
    *("sales.time", "sales.date", "sales.store", "sales.source", "sales.receipt", "sales.member"),
    *("sales.items", "sales.saved", "sales.amount", "sales.points", "sales.sync"),
)


@dataclass(frozen=True, slots=True)
class SalesQuery:
    """What of the sales is wanted, in which order."""

    words: str = ""
    store: UUID | None = None
    sort: Column = "time"
    descending: bool = True

    def address(self, path: str = "/sales") -> str:
        """Return the address that asks for this."""
        fields = {
            "q": self.words,
            "store": "" if self.store is None else str(self.store),
            "sort": self.sort,
            "dir": "desc" if self.descending else "asc",
        }
        return f"{path}?{urlencode({name: text for name, text in fields.items() if text})}"

    def sorted_by(self, column: Column) -> "SalesQuery":
        """Return the query after a press on a column's head: turn round, or begin sensibly."""
        if column == self.sort:
            return replace(self, descending=not self.descending)
        return replace(self, sort=column, descending=column not in _TEXT_FIRST)


def arrange(rows: Iterable[SaleRow], query: SalesQuery) -> tuple[SaleRow, ...]:
    """Filter by every word and sort; equal rows keep the order they came in."""
    words = query.words.casefold().split()
    found = [row for row in rows if all(word in _text(row) for word in words)]
    return tuple(sorted(found, key=_KEYS[query.sort], reverse=query.descending))


def _text(row: SaleRow) -> str:
    lines = (part for line in row.lines for part in (line.name, line.sku))
    return "\n".join(
        (row.store_name, row.member_name, row.till_receipt_no, str(row.receipt_id), *lines)
    ).casefold()


def to_csv(rows: Iterable[SaleRow], zone: str, texts: Texts) -> str:
    """Write the rows as a spreadsheet reads them: a byte order mark, yuan, times with offsets."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["receipt_id", *(texts(head) for head in _HEADS)])
    for row in rows:
        items = "; ".join(f"{line.name} ×{formats.quantity(line.qty_milli)}" for line in row.lines)
        cells = (
            str(row.receipt_id),
            formats.iso(row.wall_ms, zone),
            formats.business_day(row.business_date),
            row.store_name,
            texts.or_else(f"source.{row.source}", row.source),
            row.till_receipt_no,
            row.member_name,
            items,
        )
        saved = row.shelf_fen - row.total_fen
        figures = (yuan(saved), yuan(row.total_fen), row.points, row.sync_ms)
        writer.writerow([*(safe_cell(cell) for cell in cells), *figures])
    return "\ufeff" + out.getvalue()

"""The file that takes an import back: what the table said before, from the same days on."""

import csv
import io
from collections.abc import Sequence
from datetime import date

from retail_core.catalog.masters import CHAIN, ENDED, TABLES, Cells, Key, MasterKind
from retail_core.catalog.planning import Act, PlannedRow

_DAY = "effective_from"
UNDOABLE = frozenset(MasterKind) - {MasterKind.STOCK}


def undo_text(kind: MasterKind, effects: Sequence[PlannedRow]) -> str:
    """Return the CSV text that says again what was said before; "" when nothing can be undone.

    What an import added ends (articles, prices of a region or store) or stays (the others, which
    may be named elsewhere by now). A count of stock is mended by counting again.
    """
    rows = [
        {**_key_cells(kind, row.key), **before, _DAY: row.day.isoformat()}
        for row in effects
        if kind in UNDOABLE and (before := _before(kind, row)) is not None
    ]
    if not rows:
        return ""
    out = io.StringIO()
    columns = TABLES[kind].columns
    names = [name for name in (*columns.required, *columns.optional) if name in rows[0]]
    writer = csv.DictWriter(out, names, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def from_today(text: str, today: date) -> str:
    """Return an undo file whose days that are over begin today."""
    out = io.StringIO()
    reader = csv.DictReader(io.StringIO(text, newline=""))
    writer = csv.DictWriter(out, reader.fieldnames or (), lineterminator="\n")
    writer.writeheader()
    for row in reader:
        writer.writerow({**row, _DAY: max(row[_DAY], today.isoformat())})
    return out.getvalue()


def _before(kind: MasterKind, row: PlannedRow) -> Cells | None:
    if row.before:
        return row.before
    if kind is MasterKind.ARTICLES:
        return {**row.after, "status": ENDED}
    if kind is MasterKind.PRICES and row.key[1] != CHAIN and row.act is Act.ADDED:
        return {"price": ""}
    return None


def _key_cells(kind: MasterKind, key: Key) -> Cells:
    if kind is MasterKind.ARTICLES:
        return {"sku": key[0]}
    if kind is not MasterKind.PRICES:
        return {"code": key[0]}
    scope = key[1]
    return {
        "sku": key[0],
        "region": scope[2:] if scope.startswith("r:") else "",
        "store": scope[2:] if scope.startswith("s:") else "",
    }

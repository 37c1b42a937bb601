"""The mall's tables as files: what lies where, what was ordered, what was handed over; pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.mall import Handed, Order, StockRow
from cloud_broker.services.goods.cells import safe_cell

_MS = 1_000
_STOCK = ("item", "store", "stock", "reserved", "free")
_ORDERS = (
    *("order_id", "item", "sku", "name", "points", "store", "member_id", "state"),
    *("ordered_at", "last_day", "ended_at"),
)
_HANDED = ("handed_id", "kind", "sku", "name", "store", "member_id", "business_date", "at")


def stock_csv(rows: Iterable[StockRow], stores: Mapping[UUID, str]) -> str:
    """Write what lies where."""
    return _csv(
        _STOCK,
        ((row.item, stores.get(row.store, ""), row.stock, row.reserved, row.free) for row in rows),
    )


def orders_csv(rows: Iterable[Order], stores: Mapping[UUID, str], zone: str) -> str:
    """Write orders."""
    return _csv(
        _ORDERS,
        (
            (
                str(row.order),
                row.item,
                row.sku,
                row.name,
                row.points,
                stores.get(row.store, ""),
                str(row.member),
                row.state,
                _when(row.ordered_ms, zone),
                row.last_day.isoformat(),
                _when(row.ended_ms, zone) if row.ended_ms else "",
            )
            for row in rows
        ),
    )


def handed_csv(rows: Iterable[Handed], stores: Mapping[UUID, str], zone: str) -> str:
    """Write gifts that were handed over."""
    return _csv(
        _HANDED,
        (
            (
                str(row.handed),
                row.kind,
                row.sku,
                row.name,
                stores.get(row.store, ""),
                str(row.member),
                row.day.isoformat(),
                _when(row.happened_ms, zone),
            )
            for row in rows
        ),
    )


def _csv(heads: Sequence[str], rows: Iterable[tuple[str | int, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return "\ufeff" + out.getvalue()


def _when(unix_ms: int, zone: str) -> str:
    moment = datetime.fromtimestamp(unix_ms / _MS, UTC).astimezone(ZoneInfo(zone))
    return moment.isoformat(timespec="seconds")

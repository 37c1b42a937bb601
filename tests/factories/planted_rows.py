"""Planted orders and clicks as rows of the cloud, so that the whole of cleaning looks at them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256
from typing import Any
from uuid import UUID

import psycopg

from retail_core.insight.cleaning.seen import TILL, SeenEvent, SeenOrder

SOURCE = UUID("01900000-0000-7000-8000-0000000000c1")
ORIGIN = UUID("01900000-0000-7000-8000-0000000000c2")
_NIL = UUID(int=0)


def id_of(name: str) -> UUID:
    """Return the id of a planted order, buyer or event."""
    return UUID(bytes=sha256(name.encode()).digest()[:16])


def subject_of(actor: str) -> str:
    """Return by what a planted actor stands in decisions."""
    return md5(f"{SOURCE}/a:{actor}".encode(), usedforsecurity=False).hexdigest()


def load(
    dsn: str, tenant: UUID, store: UUID, orders: Iterable[SeenOrder], events: Iterable[SeenEvent]
) -> None:
    """Put them where connectors, boxes and SDKs would have; `dsn` may copy into tables."""
    with psycopg.connect(dsn) as connection:
        connection.execute("select set_config('app.tenant', %s, true)", (str(tenant),))
        for one in orders:
            if one.channel == TILL:
                _sold(connection, tenant, store, one)
            else:
                _ordered(connection, tenant, one)
        with connection.cursor().copy(_EVENTS) as copied:
            for event in events:
                actor, at_ms = event.actor, event.at_ms
                copied.write_row(_event(tenant, event.event_id, actor, at_ms, event.agent))
            for order in orders:
                for row in _looked(tenant, order):
                    copied.write_row(row)


_EVENTS = (
    "copy event_log (tenant_id, event_id, received_at, store_id, device_id, epoch, seq, type,"
    " wall_ms, time_quality, boot_id, mono_ms, hash, body, channel, name, anonymous_id, sku)"
    " from stdin"
)


def _ordered(connection: "psycopg.Connection[Any]", tenant: UUID, one: SeenOrder) -> None:
    at = datetime.fromtimestamp(one.at_ms / 1000, UTC)
    local = at + timedelta(hours=8)
    status = "paid" if one.undone_ms is None else "cancelled"
    names = (one.buyer, "", one.address, one.payer, one.device)
    hashes = [sha256(name.encode()).digest() if name else None for name in names]
    order = id_of(one.order_id)
    connection.execute(
        "insert into channel_order values (%s, %s, %s, %s, 1, %s, %s, %s, %s, null, null,"
        " %s, %s, %s, %s, %s, %s, %s, 0, 0, 0, %s, now())",
        (
            *(tenant, order, one.channel, one.order_id, status, at, local.date(), local.hour),
            *(*hashes, one.net_fen, one.net_fen, sum(units for _, units in one.lines) * 1_000),
        ),
    )
    for number, (sku, units) in enumerate(one.lines, start=1):
        connection.execute(
            "insert into channel_order_line values (%s, %s, %s, %s, %s, null, %s, 0, 0, false)",
            (tenant, order, number, sku, sku, units * 1_000),
        )
    if one.undone_ms is not None:
        connection.execute(
            "insert into channel_order_word values (%s, %s, %s, %s, 0, ''::bytea,"
            """ '{"status": "cancelled"}', now())""",
            (tenant, order, ORIGIN, one.undone_ms),
        )


def _sold(connection: "psycopg.Connection[Any]", tenant: UUID, store: UUID, one: SeenOrder) -> None:
    at = datetime.fromtimestamp(one.at_ms / 1000, UTC)
    day = (at + timedelta(hours=8)).date()
    receipt, member = id_of(one.order_id), id_of(one.buyer)
    connection.execute(
        "insert into receipt (tenant_id, receipt_id, event_id, store_id, device_id, member_id,"
        " source, till_receipt_no, business_date, shelf_fen, total_fen, points, tenders, sold_ms,"
        " received_at, bundle_version, bundle_hash, certificate_hash, solver_status)"
        " values (%s, %s, %s, %s, %s, %s, 'api', '', %s, %s, %s, 0, '[]', %s, %s, 0, '', '', '')",
        (
            *(tenant, receipt, receipt, store, _NIL, member, day, one.net_fen, one.net_fen),
            *(one.at_ms, at),
        ),
    )
    for number, (sku, units) in enumerate(one.lines, start=1):
        connection.execute(
            "insert into receipt_line values (%s, %s, %s, null, %s, %s, %s, 0, 0, '[]')",
            (tenant, receipt, number, sku, sku, units * 1_000),
        )
    if one.undone_ms is not None:
        undone = datetime.fromtimestamp(one.undone_ms / 1000, UTC)
        connection.execute(
            "insert into refund (tenant_id, refund_id, receipt_id, nth, event_id, store_id,"
            " device_id, source, till_receipt_no, business_date, reason, repriced, money_fen,"
            " points_fen, points_back, points_taken, points_owed, tenders, coupons, happened_ms,"
            " received_at) values (%s, %s, %s, 0, %s, %s, %s, 'api', '', %s, '', false, %s, 0, 0,"
            " 0, 0, '[]', '{}', %s, %s)",
            (
                *(tenant, receipt, receipt, receipt, store, _NIL, day, one.net_fen),
                *(one.undone_ms, undone),
            ),
        )


def _looked(tenant: UUID, one: SeenOrder) -> Iterable[tuple[object, ...]]:
    """Yield what a page told of who ordered: her looks, then that she did."""
    if one.views is None:
        return
    visitor, channel = f"v-{one.order_id}", one.channel
    for nth in range(one.views):
        event = f"{one.order_id} look {nth}"
        at_ms = one.at_ms - (nth + 1) * 600_000
        yield _event(tenant, event, visitor, at_ms, "", channel, "Product Viewed", f"s{nth}")
    body = '{"properties":{"order_id":"%s"}}' % one.order_id  # noqa: UP031 - JSON is all braces
    event = f"{one.order_id} said"
    yield _event(tenant, event, visitor, one.at_ms, "", channel, "Order Completed", "", body)


def _event(
    tenant: UUID,
    name: str,
    actor: str,
    at_ms: int,
    agent: str,
    channel: str = "site",
    what: str = "Page",
    sku: str = "",
    body: str = "",
) -> tuple[object, ...]:
    made = body or '{"context":{"userAgent":"%s"}}' % agent  # noqa: UP031 - JSON is all braces
    event, moment = id_of(name), datetime.fromtimestamp(at_ms / 1000, UTC)
    return (
        *(tenant, event, moment, _NIL, SOURCE, 0, 0, "channel.track", at_ms, 0, _NIL, 0, b""),
        *(made.encode(), channel, what, actor, sku or None),
    )

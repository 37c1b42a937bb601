"""An order management system: our own shape, signed as Standard Webhooks lays down."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Final

import msgspec

from cloud_broker.domain.connectors import shape
from cloud_broker.domain.connectors.shape import Json, Opened, Pushed
from retail_core.errors import Fault
from retail_core.insight.channel_orders.words import Buyer, OrderLine, OrderWord, Refund
from retail_core.insight.collection.plain import Hashed, phone_hash
from retail_core.texts.faults import FaultCode

STATUSES: Final = frozenset({"created", "paid", "cancelled", "refunded", "part_refunded"})
_PREFIX: Final = "whsec_"
_SECOND_MS = 1_000


def opened(pushed: Pushed, secrets: Mapping[str, str], now_ms: int) -> Opened:
    """Check `webhook-id`, `webhook-timestamp`, `webhook-signature`; read the orders."""
    ident, said = pushed.headers.get("webhook-id", ""), pushed.headers.get("webhook-timestamp", "")
    if not ident or not said.isdecimal() or len(said) > 12:  # noqa: PLR2004 -- seconds
        raise shape.wrong_signature()
    key = b64decode(secrets["secret"].removeprefix(_PREFIX))
    mine = hmac.digest(key, f"{ident}.{said}.".encode() + pushed.body, "sha256")
    told = pushed.headers.get("webhook-signature", "").split()
    ours = b"v1," + b64encode(mine)
    if not any([hmac.compare_digest(ours, one.encode()) for one in told]):  # noqa: C419 -- all
        raise shape.wrong_signature()
    shape.in_time(int(said) * _SECOND_MS, now_ms)
    try:
        content = msgspec.json.decode(pushed.body)
    except msgspec.MsgspecError:
        raise Fault(FaultCode.CONNECTOR_SHAPE, field="JSON") from None
    if not isinstance(content, dict):
        raise Fault(FaultCode.CONNECTOR_SHAPE, field="JSON")
    found = shape.rows(content, "orders")
    return Opened((content,) if found is None else found, ident, '{"success":true}')


def words(row: Json, channel: str, hashed: Hashed) -> tuple[OrderWord, ...]:
    """Read one order; money in fen, times in milliseconds, all but number and version optional."""
    status = row.get("status")
    if status is not None and status not in STATUSES:
        raise Fault(FaultCode.CONNECTOR_SHAPE, field="status")
    lines = shape.rows(row, "lines")
    refund = shape.part(row, "refund")
    return (
        OrderWord(
            channel=shape.text(row, "channel", channel),
            order_no=shape.text(row, "order_no"),
            version=shape.number(row, "version"),
            status=status,
            ordered_ms=shape.fen(row, "ordered_ms"),
            list_fen=shape.fen(row, "list_fen"),
            net_fen=shape.fen(row, "net_fen"),
            refunded_fen=shape.fen(row, "refunded_fen"),
            refund=Refund(shape.text(refund, "number"), shape.number(refund, "fen"))
            if refund
            else None,
            points_used=shape.fen(row, "points_used"),
            coupons=shape.fen(row, "coupons"),
            store=shape.text(row, "store", "") or None,
            buyer=_buyer(shape.part(row, "buyer"), hashed),
            lines=None if lines is None else tuple(map(_line, lines)),
        ),
    )


def _buyer(row: Json, hashed: Hashed) -> Buyer | None:
    if not row:
        return None
    phone = shape.text(row, "phone", "")
    number = phone_hash(phone, hashed) if phone else None
    return Buyer(
        account=shape.hashed_hex(hashed, "account", shape.text(row, "account", "")),
        phone="" if number is None else number.hex(),
        address=shape.hashed_hex(hashed, "address", shape.text(row, "address", "")),
        payer=shape.hashed_hex(hashed, "payer", shape.text(row, "payer", "")),
        device=shape.hashed_hex(hashed, "device", shape.text(row, "device", "")),
        member=shape.text(row, "member", ""),
    )


def _line(row: Json) -> OrderLine:
    return OrderLine(
        sku=shape.text(row, "sku", ""),
        name=shape.text(row, "name", ""),
        qty_milli=shape.number(row, "qty_milli", 1_000),
        list_fen=shape.number(row, "list_fen", 0),
        net_fen=shape.number(row, "net_fen", 0),
        promoted=row.get("promoted") is True,
    )

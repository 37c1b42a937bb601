"""A shop at Douyin (抖店): pushes of orders, and the order itself as its interface shows it.

Signed by `event-sign`: the MD5 of app key, body and app secret, as the platform lays down. The
signature covers no time, so a push is known again by its `msg_id`, for ever, and an order by its
version: said again, it changes nothing.
"""

import hmac
from collections.abc import Mapping
from hashlib import md5
from typing import Final

import msgspec

from cloud_broker.domain.connectors import shape
from cloud_broker.domain.connectors.shape import Json, Opened, Pushed
from retail_core.errors import Fault
from retail_core.insight.channel_orders.words import (
    MILLI,
    Buyer,
    OrderLine,
    OrderWord,
    Refund,
    Status,
)
from retail_core.insight.collection.plain import Hashed, phone_hash
from retail_core.texts.faults import FaultCode

CREATED, PAID, CANCELLED, REFUNDED, TRIAL = "100", "101", "106", "206", "0"
DETAIL: Final = "order.detail"
# The platform goes on for a day with what nobody took; who says it later is somebody else.
WINDOW_MS: Final = 3 * 86_400_000
_ANSWER: Final = '{"code":0,"msg":"success"}'
# `order_status` of an order: 1 to be paid, 4 cancelled; all others are paid or further.
_STATUSES: Final[Mapping[int, Status]] = {1: "created", 4: "cancelled"}
_MS = 1_000
_TIMES = {
    CREATED: "create_time",
    PAID: "pay_time",
    CANCELLED: "cancel_time",
    REFUNDED: "modify_time",
}


def opened(pushed: Pushed, secrets: Mapping[str, str], now_ms: int) -> Opened:
    """Check `app-id` and `event-sign`; read the list of messages."""
    said = f"{secrets['app_key']}".encode() + pushed.body + secrets["app_secret"].encode()
    ours = md5(said, usedforsecurity=False).hexdigest().encode()
    told = pushed.headers.get("event-sign", "").strip().lower().encode()
    app = pushed.headers.get("app-id", "").encode()
    if not hmac.compare_digest(ours, told) or not hmac.compare_digest(
        app, secrets["app_key"].encode()
    ):
        raise shape.wrong_signature()
    try:
        content = msgspec.json.decode(pushed.body)
    except msgspec.MsgspecError:
        raise Fault(FaultCode.CONNECTOR_SHAPE, field="JSON") from None
    found = shape.rows({"messages": content}, "messages") or ()
    for row in found:
        if (moment := _moment(row)) is not None:
            shape.in_time(moment, now_ms, WINDOW_MS)
    return Opened(found, answer=_ANSWER)


def words(row: Json, channel: str, hashed: Hashed) -> tuple[OrderWord, ...]:
    """Read one message; those about nothing that an order holds say nothing."""
    tag = shape.text(row, "tag")
    data = row.get("data")
    if isinstance(data, str) and tag in {*_TIMES, DETAIL}:
        data = msgspec.json.decode(data)
    if tag == DETAIL:
        return (_detail(shape.part({"data": data}, "data"), channel, hashed),)
    if tag not in _TIMES:
        return ()
    said = shape.part({"data": data}, "data")
    at_ms = shape.number(said, _TIMES[tag]) * _MS
    status: Mapping[str, Status] = {CREATED: "created", PAID: "paid", CANCELLED: "cancelled"}
    refund = (
        Refund(shape.text(said, "aftersale_id"), shape.number(said, "refund_amount"))
        if tag == REFUNDED
        else None
    )
    return (
        OrderWord(
            channel=channel,
            order_no=shape.text(said, "p_id"),
            version=at_ms,
            status=status.get(tag),
            ordered_ms=at_ms if tag == CREATED else None,
            net_fen=shape.fen(said, "pay_amount") if tag == PAID else None,
            refund=refund,
        ),
    )


def _detail(row: Json, channel: str, hashed: Hashed) -> OrderWord:
    """Read `shop_order_detail`; its lines are `sku_order_list`."""
    order = shape.part(row, "shop_order_detail") or row
    lines = shape.rows(order, "sku_order_list")
    phone = shape.text(order, "post_tel", "")
    number = phone_hash(phone, hashed) if phone else None
    return OrderWord(
        channel=channel,
        order_no=shape.text(order, "order_id"),
        version=shape.number(order, "update_time") * _MS,
        status=_STATUSES.get(shape.number(order, "order_status"), "paid"),
        ordered_ms=shape.number(order, "create_time") * _MS,
        net_fen=shape.fen(order, "pay_amount"),
        list_fen=shape.fen(order, "order_amount"),
        buyer=Buyer(
            account=shape.hashed_hex(hashed, "douyin", shape.text(order, "doudian_open_id", "")),
            phone="" if number is None else number.hex(),
        ),
        lines=None if lines is None else tuple(map(_line, lines)),
    )


def _line(row: Json) -> OrderLine:
    list_fen, net_fen = shape.number(row, "order_amount", 0), shape.number(row, "pay_amount", 0)
    return OrderLine(
        sku=shape.text(row, "code", "") or shape.text(row, "out_sku_id", ""),
        name=shape.text(row, "product_name", "")[:200],
        qty_milli=shape.number(row, "item_num", 1) * MILLI,
        list_fen=list_fen,
        net_fen=net_fen,
        promoted=net_fen < list_fen,
    )


def _moment(row: Json) -> int | None:
    field = _TIMES.get(str(row.get("tag")))
    data = row.get("data")
    if field is None or not isinstance(data, dict):
        return None
    return shape.number(data, field) * _MS

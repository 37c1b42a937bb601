"""A shop in WeChat (小程序、微信小店): messages in safe mode, the only one that signs what it says.

In plain mode WeChat signs its token, time and nonce and leaves the content to whoever stands
between; so content is taken only encrypted, signed over the ciphertext by `msg_signature`.
"""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha1
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

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

_MS = 1_000
_BLOCK, _RANDOM, _LENGTH = 32, 16, 4
_EVENTS: Final[Mapping[str, tuple[Status | None, str]]] = {
    "channels_ec_order_new": ("created", ""),
    "channels_ec_order_pay": ("paid", "pay_time"),
    "channels_ec_order_cancel": ("cancelled", ""),
}
AFTERSALE: Final = "channels_ec_aftersale_update"
_REFUNDED: Final = frozenset({"MERCHANT_REFUND_SUCCESS", "MERCHANT_RETURN_SUCCESS"})
# `status` of an order: 10 to be paid, 200 and 250 cancelled or closed; all others are paid.
_STATUSES: Final[Mapping[int, Status]] = {10: "created", 200: "cancelled", 250: "cancelled"}


def opened(pushed: Pushed, secrets: Mapping[str, str], now_ms: int) -> Opened:
    """Check the signature and open the message; a trial of the address gets its echo."""
    query = pushed.query
    said, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not said.isdecimal() or len(said) > 12 or not nonce:  # noqa: PLR2004 -- seconds
        raise shape.wrong_signature()
    if pushed.method == "GET":
        _signed(query.get("signature", ""), secrets["token"], said, nonce)
        shape.in_time(int(said) * _MS, now_ms)
        return Opened(answer=query.get("echostr", "")[:100], media="text/plain")
    try:
        wrapped = msgspec.json.decode(pushed.body)
        sealed = shape.text(wrapped if isinstance(wrapped, dict) else {}, "Encrypt")
    except (msgspec.MsgspecError, Fault):
        raise shape.wrong_signature() from None
    _signed(query.get("msg_signature", ""), secrets["token"], said, nonce, sealed)
    shape.in_time(int(said) * _MS, now_ms)
    content = msgspec.json.decode(_decrypted(sealed, secrets["aes_key"], secrets["app_id"]))
    if not isinstance(content, dict):
        raise Fault(FaultCode.CONNECTOR_SHAPE, field="JSON")
    return Opened((content,), answer="success", media="text/plain")


def words(row: Json, channel: str, hashed: Hashed) -> tuple[OrderWord, ...]:
    """Read one message, or the order itself as `order` shows it."""
    if row.get("order") is not None:
        return (_detail(shape.part(row, "order"), channel, hashed),)
    event = shape.text(row, "Event", "")
    at_ms = shape.number(row, "CreateTime") * _MS
    if event == AFTERSALE:
        return _aftersale(shape.part(row, "finder_shop_aftersale_status_update"), channel, at_ms)
    if event not in _EVENTS:
        return ()
    status, moment = _EVENTS[event]
    info = shape.part(row, "order_info")
    said_ms = shape.number(info, moment) * _MS if moment and moment in info else at_ms
    account = shape.text(row, "FromUserName", "")
    return (
        OrderWord(
            channel=channel,
            order_no=shape.text(info, "order_id"),
            version=said_ms,
            status=status,
            ordered_ms=said_ms if status == "created" else None,
            buyer=Buyer(account=shape.hashed_hex(hashed, "wechat", account)) if account else None,
        ),
    )


def _aftersale(row: Json, channel: str, at_ms: int) -> tuple[OrderWord, ...]:
    """Money that went back counts; a wish for it does not."""
    if shape.text(row, "status", "") not in _REFUNDED:
        return ()
    amount = shape.fen(row, "refund_amount")
    return (
        OrderWord(
            channel=channel,
            order_no=shape.text(row, "order_id"),
            version=at_ms,
            refund=None
            if amount is None
            else Refund(shape.text(row, "after_sale_order_id"), amount),
        ),
    )


def _detail(order: Json, channel: str, hashed: Hashed) -> OrderWord:
    detail = shape.part(order, "order_detail")
    price, address = shape.part(detail, "price_info"), _address(detail)
    lines = shape.rows(detail, "product_infos")
    phone = shape.text(address, "tel_number", "")
    number = phone_hash(phone, hashed) if phone else None
    return OrderWord(
        channel=channel,
        order_no=shape.text(order, "order_id"),
        version=shape.number(order, "update_time") * _MS,
        status=_STATUSES.get(shape.number(order, "status"), "paid"),
        ordered_ms=shape.number(order, "create_time") * _MS,
        list_fen=shape.fen(price, "product_price"),
        net_fen=shape.fen(price, "order_price"),
        buyer=Buyer(
            account=shape.hashed_hex(hashed, "wechat", shape.text(order, "openid", "")),
            phone="" if number is None else number.hex(),
        ),
        lines=None if lines is None else tuple(map(_line, lines)),
    )


def _address(detail: Json) -> Json:
    return shape.part(shape.part(detail, "delivery_info"), "address_info")


def _line(row: Json) -> OrderLine:
    count = shape.number(row, "sku_cnt", 1)
    each = shape.number(row, "market_price", 0) or shape.number(row, "sale_price", 0)
    net_fen = shape.number(row, "real_price", 0)
    return OrderLine(
        sku=shape.text(row, "sku_code", "") or shape.text(row, "sku_id", ""),
        name=shape.text(row, "title", "")[:200],
        qty_milli=count * MILLI,
        list_fen=max(each * count, net_fen),
        net_fen=net_fen,
        promoted=net_fen < each * count,
    )


def _signed(told: str, *parts: str) -> None:
    ours = sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(ours.encode(), told.strip().lower().encode()):
        raise shape.wrong_signature()


def _decrypted(sealed: str, aes_key: str, app_id: str) -> bytes:
    """Open a message: 16 random bytes, its length, itself, and whom it is for."""
    try:
        key, content = b64decode(aes_key + "=", validate=True), b64decode(sealed, validate=True)
        opening = Cipher(AES(key), CBC(key[:_RANDOM])).decryptor()
        plain = opening.update(content) + opening.finalize()
        plain = plain[: -plain[-1]] if 0 < plain[-1] <= _BLOCK else b""
    except (ValueError, IndexError):
        raise shape.wrong_signature() from None
    size = int.from_bytes(plain[_RANDOM : _RANDOM + _LENGTH], "big")
    message = plain[_RANDOM + _LENGTH : _RANDOM + _LENGTH + size]
    whom = plain[_RANDOM + _LENGTH + size :]
    if len(message) != size or not hmac.compare_digest(whom, app_id.encode()):
        raise shape.wrong_signature()
    return message

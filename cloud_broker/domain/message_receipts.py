"""What providers tell of messages later: delivered or not, and who wants no more of them."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from cloud_broker.domain.connectors import shape, wechat_mini
from cloud_broker.domain.connectors.shape import Json, Pushed
from retail_core.errors import Fault
from retail_core.insight.campaigns.templates import is_stop
from retail_core.texts.faults import FaultCode

ROWS_MAX: Final = 1_000
REASON_CHARS_MAX: Final = 200
_WINDOW_S: Final = 300
_MS: Final = 1_000
_DIGITS_MAX: Final = 12
_SENT: Final = "subscribe_msg_sent_event"
_CHANGED: Final = frozenset({"subscribe_msg_change_event", "subscribe_msg_popup_event"})


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message, by our name for it or the provider's."""

    named: str
    delivered: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """All that one call of a provider told: receipts, and addresses that said to stop."""

    receipts: tuple[Receipt, ...] = ()
    stops: tuple[str, ...] = field(default=(), repr=False)
    answer: str = "{}"
    media: str = "application/json"


class _Told(msgspec.Struct):
    id: Annotated[str, Meta(min_length=1, max_length=100)]
    status: Literal["delivered", "failed"]
    reason: str = ""


class _Reply(msgspec.Struct):
    phone: Annotated[str, Meta(max_length=40)]
    text: Annotated[str, Meta(max_length=1_000)]


class _Body(msgspec.Struct):
    receipts: Annotated[list[_Told], Meta(max_length=ROWS_MAX)] = msgspec.field(
        default_factory=list
    )
    replies: Annotated[list[_Reply], Meta(max_length=ROWS_MAX)] = msgspec.field(
        default_factory=list
    )


def sms(pushed: Pushed, secret: bytes, now_ms: int) -> Heard:
    """Read what an SMS provider tells, signed as we sign to it.

    Faults MESSAGE_RECEIPT_SIGNATURE, MESSAGE_RECEIPT_INVALID.
    """
    stamp = pushed.headers.get("x-regulars-timestamp", "")
    given = pushed.headers.get("x-regulars-signature", "")
    plain = stamp.isascii() and stamp.isdecimal() and len(stamp) <= _DIGITS_MAX
    if not plain or abs(now_ms // _MS - int(stamp)) > _WINDOW_S:
        raise Fault(FaultCode.MESSAGE_RECEIPT_SIGNATURE)
    wanted = "v1=" + hmac.new(secret, f"{stamp}.".encode() + pushed.body, "sha256").hexdigest()
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise Fault(FaultCode.MESSAGE_RECEIPT_SIGNATURE)
    try:
        body = msgspec.json.decode(pushed.body, type=_Body)
    except msgspec.MsgspecError as error:
        raise Fault(FaultCode.MESSAGE_RECEIPT_INVALID, detail=str(error)) from None
    return Heard(
        tuple(
            Receipt(one.id, one.status == "delivered", one.reason[:REASON_CHARS_MAX])
            for one in body.receipts
        ),
        tuple(one.phone for one in body.replies if is_stop(one.text)),
    )


def wechat(pushed: Pushed, secrets: Mapping[str, str], now_ms: int) -> Heard:
    """Read what WeChat pushes of subscription messages, in safe mode.

    Faults CONNECTOR_SIGNATURE, CONNECTOR_LATE, CONNECTOR_SHAPE.
    """
    found = wechat_mini.opened(pushed, secrets, now_ms)
    receipts: list[Receipt] = []
    stops: list[str] = []
    for row in found.rows:
        event = shape.text(row, "Event", "")
        if event == _SENT:
            receipts += [_sent(one) for one in _listed(row)]
        elif event in _CHANGED and any(_refuses(one) for one in _listed(row)):
            stops.append(shape.text(row, "FromUserName"))
    return Heard(tuple(receipts), tuple(stops), found.answer, found.media)


def _listed(row: Json) -> Iterator[Json]:
    """Yield the entries of `List`, which one alone is no list."""
    held = row.get("List", ())
    for one in held if isinstance(held, list) else [held]:
        if isinstance(one, dict):
            yield one


def _sent(one: Json) -> Receipt:
    code = str(one.get("ErrorCode", ""))
    reason = "" if code == "0" else f"{code} {one.get('ErrorStatus', '')}".strip()
    return Receipt(str(one.get("MsgID", "")), code == "0", reason[:REASON_CHARS_MAX])


def _refuses(one: Json) -> bool:
    return str(one.get("SubscribeStatusString", "")) == "reject"

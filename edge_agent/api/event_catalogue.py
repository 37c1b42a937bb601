"""Every event of `/v1/events`: its name, what it means, its schema, and whether it stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from edge_agent.api.hub import HEARTBEAT, STICKY
from edge_agent.api.models.agreement import FusedAnswered
from edge_agent.api.models.baskets import BasketView
from edge_agent.api.models.books import TappedView
from edge_agent.api.models.events import (
    Armed,
    ConsentShown,
    DisplayTold,
    EnrolHint,
    Envelope,
    GiftHanded,
    LinkShown,
    MemberNews,
    Recognised,
    Refunded,
    Reset,
    ScanTold,
    Sold,
    TurnTold,
)
from edge_agent.api.models.health import HealthAnswered
from edge_agent.api.models.identify import VisitEnded
from edge_agent.api.models.pairing import PairingAnswered
from edge_agent.api.models.receipts import TrainingAnswered
from edge_agent.api.models.sales import QuoteAnswered

REF = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event; `bodies` are the shapes it may have beside the envelope."""

    zh: str
    en: str
    bodies: tuple[type[BaseModel], ...]


EVENTS: dict[str, EventKind] = {
    HEARTBEAT: EventKind(
        "每两秒一次:能不能卖、缺什么;十秒没有听到就重连",
        "every two seconds: can it sell, what is missing; not heard for ten seconds: reconnect",
        (HealthAnswered,),
    ),
    "reset": EventKind(
        "错过的已不可知:清空画面,现在的状态随后就到",
        "what was missed is not known: clear the screen, the present follows",
        (Reset,),
    ),
    "recognition": EventKind(
        "开始识别,或认出了谁、为什么没有认出",
        "readers are looking, or who was recognised and why not",
        (Recognised, Armed),
    ),
    "member": EventKind("站在这里的会员有了新资料", "newer data of who stands here", (MemberNews,)),
    "visit": EventKind(
        "换一位:前一位离开了柜台,画面上不再有她",
        "the next one: who stood here left, and no screen shows her any more",
        (VisitEnded,),
    ),
    "link": EventKind("给会员手机的链接,画成二维码", "a link for a member's phone", (LinkShown,)),
    "consent": EventKind(
        "顾客要看的同意文本", "the text that a customer has to be shown", (ConsentShown,)
    ),
    "basket": EventKind(
        "购物篮或报价变了;也可能是从老收银机听来的",
        "a basket or a quote; or what an old till's taps come to",
        (BasketView, QuoteAnswered, FusedAnswered),
    ),
    "sale": EventKind(
        "卖完一单;柜台上的会员和购物篮随之清空",
        "a sale is on disk; the member and the basket leave the counter",
        (Sold,),
    ),
    "refund": EventKind("退完一单", "a refund is on disk", (Refunded,)),
    "gift": EventKind("交出一件礼品", "a gift was handed over", (GiftHanded,)),
    "tapped": EventKind("旁听到一张打印小票", "a printed receipt was read", (TappedView,)),
    "display": EventKind(
        "收银机在顾显上显示了金额", "an unchanged till showed an amount", (DisplayTold,)
    ),
    "scan": EventKind(
        "收银机的扫码枪扫了商品;付款码从不带内容",
        "an unchanged till scanned goods; a payment code never shows",
        (ScanTold,),
    ),
    "challenge": EventKind("转头确认的每一步", "each step of a turn of the head", (TurnTold,)),
    "enrol_hint": EventKind("采集人脸时给顾客的提示", "coaching at enrolment", (EnrolHint,)),
    "training": EventKind("练习模式开或关", "a lesson begins or ends", (TrainingAnswered,)),
    "pairing": EventKind(
        "配对窗口变了;从不含配对码",
        "the pairing window changed; never its code",
        (PairingAnswered,),
    ),
}


def catalogue(version: str) -> dict[str, Any]:
    """Return the AsyncAPI document of the event socket."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Regulars 熟客 · local events", "version": version},
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": "/v1/events",
                "description": "?lane= 通道 the lane · ?after= 上次听到的 event_no, the last heard",
                "messages": {
                    name: {"$ref": f"#/components/messages/{name}"} for name in sorted(EVENTS)
                },
            }
        },
        "operations": {
            "hear": {"action": "receive", "channel": {"$ref": "#/channels/events"}},
        },
        "components": {
            "messages": {name: _message(name, kind) for name, kind in sorted(EVENTS.items())},
            "schemas": _schemas(body for kind in EVENTS.values() for body in kind.bodies),
        },
    }


def _message(name: str, kind: EventKind) -> dict[str, Any]:
    bodies = [{"$ref": REF.format(model=body.__name__)} for body in kind.bodies]
    return {
        "name": name,
        "title": kind.zh,
        "summary": kind.en,
        "x-sticky": name in STICKY,
        "payload": {
            "allOf": [
                {"$ref": REF.format(model=Envelope.__name__)},
                {"properties": {"type": {"const": name}}},
                bodies[0] if len(bodies) == 1 else {"anyOf": bodies},
            ]
        },
    }


def _schemas(bodies: Iterable[type[BaseModel]]) -> dict[str, Any]:
    wanted = [(body, "serialization") for body in dict.fromkeys((Envelope, *bodies))]
    _, schema = models_json_schema(wanted, ref_template=REF)  # type: ignore[arg-type]
    found: dict[str, Any] = schema["$defs"]
    return found

"""What an unchanged till asks the box in its own language, and what it is told."""

from dataclasses import dataclass, field
from enum import StrEnum

from edge_agent.domain.tapped_receipt import ReceiptLine
from retail_core.texts.faults import FaultCode


class Means(StrEnum):
    """What a request wants: a member attached to the sale, a sale booked, an answer at all."""

    MEMBER = "member"
    SALE = "sale"
    PING = "ping"


@dataclass(frozen=True, slots=True)
class TillRequest:
    """One request; `card` is whatever names a member: a card, a code, a phone number.

    `lines` are its articles where a till tells them and they come to the amount, else none.
    `stream` is the connection it came over: who asks over the next one may be another till.
    """

    means: Means
    code: str
    card: str = ""
    amount_fen: int = 0
    receipt_no: str = ""
    lines: tuple[ReceiptLine, ...] = ()
    stream: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TillAnswer:
    """What the till is told; `points` she has, `earned` of them with this sale."""

    fault: FaultCode | None = None
    name: str = ""
    tier: str = ""
    points: int = 0
    earned: int = 0

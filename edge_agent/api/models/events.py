"""What the events of `/v1/events` say; the envelope and the bodies that no answer has already."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered
from edge_agent.api.models.gifts import HandedAnswered
from edge_agent.api.models.identify import IdentifyAnswered, ReasonView
from edge_agent.api.models.members import MemberAnswered
from edge_agent.api.models.receipts import RefundAnswered
from edge_agent.api.models.recruits import ConsentText
from edge_agent.api.models.sales import SaleAnswered


class Envelope(Answered):
    """Around every event; `lane` stands in what happened at one, and not in what the shop hears.

    `event_no` grows, also over restarts: come back with `?after=` and hear what was missed.
    """

    type: str
    event_no: int
    at_ms: int
    lane: str | None = None


class Reset(Answered):
    """Forget what is shown: what was missed is no longer known, the present follows."""


class Armed(Answered):
    """Somebody asked who stands there; the readers are looking."""

    outcome: Literal["armed"]
    deadline_ms: int


class Recognised(IdentifyAnswered):
    """Who stands at a till; `number` is what her phone shows when she checked in with it."""

    till: UUID | None
    number: int | None = None


class LinkShown(Answered):
    """A link for a member's phone, drawn as a code; it opens for so many seconds."""

    name: str
    uri: str
    expires_s: int
    rows: tuple[str, ...]


class MemberNews(Answered):
    """Newer data of a member who stands here."""

    member: MemberAnswered
    committed_ms: int | None


class Sold(SaleAnswered):
    """A sale is on disk."""

    till: UUID
    basket_id: UUID | None = None


class DisplayTold(Answered):
    """An unchanged till showed an amount, or nothing, on its customer display."""

    till: UUID
    kind: Literal["price", "subtotal", "total", "received", "change", "text", "clear"]
    amount_fen: int | None


class ScanTold(Answered):
    """An unchanged till's scanner read something; `code` is empty unless it is surely goods."""

    till: UUID
    kind: Literal["article", "weighed", "member", "payment", "other"]
    code: str
    qty_milli: int | None
    amount_fen: int | None


class Refunded(RefundAnswered):
    """A refund is on disk."""

    till: UUID


class GiftHanded(HandedAnswered):
    """A gift was handed over."""

    till: UUID | None


class TurnTold(Answered):
    """A turn of the head: what to say to the customer now, and at the end what came of it."""

    till: UUID | None
    prompt: str
    zh: str
    en: str
    progress: float
    outcome: Literal["running", "passed", "failed", "cancelled"]
    lane: str | None = None
    reason: ReasonView | None = None
    member_id: UUID | None = None
    allowed: tuple[str, ...] = ()
    challenge: dict[str, object] | None = None
    frames: int | None = None
    total_ms: float | None = None


class EnrolHint(Answered):
    """What to tell the customer while her face is enrolled; `accepted` of `wanted`."""

    ok: bool
    accepted: int
    wanted: int
    code: str | None = None
    hint_zh: str | None = None
    hint_en: str | None = None
    done: bool = Field(default=False, description="nothing more comes")
    enough: bool | None = None
    lookalike: dict[str, object] | None = None


class ConsentShown(ConsentText):
    """What somebody has to read on the customer's display before she says yes or no."""

    state: Literal["asked", "given", "refused"]
    kind: str = Field(examples=["membership", "face.local", "face.walk_up"])
    phone_masked: str

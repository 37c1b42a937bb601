"""Recognising the customer at the till."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked, WhereOrHere
from edge_agent.api.models.members import MemberAnswered

DEADLINE_MS_MAX = 10_000


class IdentifyAsked(Asked):
    """Race these readers until one knows the customer or the deadline is over."""

    lane: WhereOrHere = None
    factors: Annotated[tuple[Literal["face", "qr", "nfc"], ...], Field(max_length=3)] = ()
    deadline_ms: Annotated[int, Field(ge=1, le=DEADLINE_MS_MAX)] | None = None


class PhoneAsked(Asked):
    """A phone number as the customer said it."""

    phone: Annotated[str, Field(min_length=4, max_length=32, repr=False)]
    lane: WhereOrHere = None


class CodeAsked(Asked):
    """The text of a code, as a hand scanner types it."""

    text: Annotated[str, Field(min_length=1, max_length=1_024, repr=False)]
    lane: WhereOrHere = None


class ReasonView(Answered):
    """Why nobody was recognised, or why not more surely."""

    code: str
    zh: str
    en: str


class ChallengeView(Answered):
    """A turn of the head would allow more: ask for it with `POST /v1/identify/turn`."""

    allows: tuple[str, ...]
    above_fen: int = Field(description="needed on a basket above this; 0: on every basket")


class MemberHere(MemberAnswered):
    """A member, and by what she is known at this counter now; by her number alone when by nothing.

    A basket that is taken up again says whose it is: this says what she may still do.
    """

    assurance: Literal["none", "hint", "low", "high"]
    factor: str
    allowed: tuple[str, ...] = Field(description="what may be done now, by the policy table")
    challenge: ChallengeView | None = None


class TurnAsked(Asked):
    """Ask who was recognised by the face to turn the head; the way is told while it runs."""

    lane: WhereOrHere = None


class IdentifyAnswered(Answered):
    """The best result in time; `assurance` says what may be done with it."""

    outcome: Literal["member", "ask", "unknown", "none"]
    assurance: Literal["none", "hint", "low", "high"]
    factor: str | None
    member: MemberAnswered | None
    reasons: tuple[ReasonView, ...]
    stage_ms: dict[str, float]
    total_ms: float
    frame_to_member_ms: float | None = Field(
        description="from the frame that completed the vote, the code's frame or the card's"
        " detection to the member's data"
    )
    first_usable_ms: float | None = Field(description="the same from the first usable frame")
    in_budget: bool | None = Field(None, description="whether `frame_to_member_ms` kept to 100 ms")
    allowed: tuple[str, ...] = Field((), description="what may be done now, by the policy table")
    challenge: ChallengeView | None = None
    lane: str = Field("", description="the lane whose readers saw it")
    walked_up: bool = Field(
        default=False, description="seen in the walk-up zone, and nobody had asked"
    )


class TurnAnswered(Answered):
    """How the turn of the head ended, and what may be done now."""

    lane: str
    outcome: Literal["passed", "failed", "cancelled"]
    reason: ReasonView | None
    member_id: UUID
    allowed: tuple[str, ...]
    challenge: ChallengeView | None
    frames: int
    total_ms: float


class VisitEnded(Answered):
    """Whether somebody stood there."""

    ended: bool


class TurnCancelled(Answered):
    """Whether there was a challenge to cancel."""

    cancelled: bool

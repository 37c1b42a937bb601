"""Consents at the till: what a member said, and what she says now."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked, WhereOrHere
from edge_agent.api.models.recruits import ConsentText

FaceKind = Literal["face.local", "face.walk_up", "face.minor_guardian"]


class ConsentAsked(Asked):
    """A word of the member who stands here, entered by a signed-in operator; no is a withdrawal."""

    kind: Literal["face.local", "face.roaming", "face.walk_up", "face.minor_guardian", "marketing"]
    given: bool
    language: Literal["zh", "en"] = "zh"
    is_14_or_older: Annotated[
        bool | None, Field(description="her own declaration; faces need it, or a guardian")
    ] = None
    lane: WhereOrHere = None


class ConsentShownAsked(Asked):
    """Which text is to be shown to the customer before she says yes or no."""

    kind: FaceKind
    lane: WhereOrHere = None


class ConsentShownAnswered(ConsentText):
    """The very text that her display shows now."""

    kind: str


class WordView(Answered):
    """One word, as it is on record."""

    consent_id: UUID
    kind: str
    given: bool
    text_version: str
    text_hash: str
    language: str
    channel: str
    wall_ms: int
    age: str


class ConsentsAnswered(Answered):
    """Everything she said here, oldest first, and whether a template of her face rests here.

    `standing`: the kinds whose newest word is a yes that counts; `offered`: what somebody may be
    asked for in this shop now, as HQ's leave has it.
    """

    member_id: UUID
    words: tuple[WordView, ...]
    face_held: bool
    standing: tuple[str, ...]
    offered: tuple[str, ...]
    texts: dict[str, dict[str, str]] = Field(
        description="what is to be shown, by kind and language"
    )

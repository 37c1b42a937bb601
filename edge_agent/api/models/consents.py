"""Consents at the till: what a member said, and what she says now."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked


class ConsentAsked(Asked):
    """A word of the member who stands here, entered by a signed-in operator; no is a withdrawal."""

    kind: Literal["face.local", "face.roaming", "face.walk_up", "face.minor_guardian", "marketing"]
    given: bool
    language: Literal["zh", "en"] = "zh"
    is_14_or_older: Annotated[
        bool | None, Field(description="her own declaration; faces need it, or a guardian")
    ] = None


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
    """Everything she said here, oldest first, and whether a template of her face rests here."""

    member_id: UUID
    words: tuple[WordView, ...]
    face_held: bool
    texts: dict[str, dict[str, str]] = Field(
        description="what is to be shown, by kind and language"
    )

"""Recruiting by phone number, and codes by SMS."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked, WhereOrHere
from edge_agent.api.models.enrolments import Tag
from edge_agent.api.models.members import MemberAnswered
from retail_core.limits import NAME_CHARS_MAX

Phone = Annotated[str, Field(min_length=1, max_length=32, examples=["13800138000", "+85291234567"])]


class ConsentAsked(Asked):
    """What she said to the text of this version."""

    text_version: Annotated[str, Field(min_length=1, max_length=32, examples=["2026-2"])]
    given: bool


class RecruitAsked(Asked):
    """A phone number as the customer said it; without `consent` nobody is created."""

    phone: Phone = Field(repr=False)
    name: Annotated[str, Field(max_length=NAME_CHARS_MAX)] = ""
    language: Literal["zh", "en"] = "zh"
    declared: Annotated[tuple[Tag, ...], Field(max_length=16)] = ()
    consent: ConsentAsked | None = None
    lane: WhereOrHere = None


class ConsentText(Answered):
    """What she has to be shown before she says yes: this very text, named by version and hash."""

    text_version: str
    text_zh: str
    text_en: str
    sha256_zh: str
    sha256_en: str


class RecruitAnswered(Answered):
    """What came of a number: it earns and brings the member price, and shows no more than a mask.

    `consent` is set when she has to be asked first. `known_elsewhere`: no line, and the number is
    probably a member's already; with consent she is entered here and becomes one with herself.
    """

    outcome: Literal["found", "created", "known_elsewhere", "consent_needed"]
    member_id: UUID | None
    member: MemberAnswered | None = Field(description="masked: name, number, no tags, no wallet")
    phone_masked: str
    assurance: Literal["none", "low"]
    welcome_gift: Literal["pending", "given", "none", "refused"]
    consent: ConsentText | None
    lane: str
    text_zh: str
    text_en: str


class SmsAsked(Asked):
    """Send a code; the number may be left out when it was typed at this lane during this visit."""

    phone: Phone | None = Field(None, repr=False)
    language: Literal["zh", "en"] = "zh"
    lane: WhereOrHere = None


class SmsAnswered(Answered):
    """A code is on its way to the number of this mask."""

    member_id: UUID
    phone_masked: str
    expires_s: int
    lane: str


class SmsTried(Asked):
    """The code as the customer reads it out."""

    code: Annotated[str, Field(pattern="^[0-9]{6}$", repr=False, examples=["482913"])]
    lane: WhereOrHere = None

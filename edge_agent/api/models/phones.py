"""A member's new phone."""

from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked, WhereOrHere


class PhoneAsked(Asked):
    """The operator's signature is what counts; the link is shown at this lane."""

    lane: WhereOrHere = None


class PhoneLinkAnswered(Answered):
    """The link for her new phone, shown once; the old phone ends when the new one has claimed."""

    member_id: UUID
    claim_code: str = Field(repr=False)
    claim_uri: str = Field(repr=False)
    claim_expires_s: int
    seq: int

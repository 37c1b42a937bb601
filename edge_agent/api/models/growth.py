"""A member's tier, coupons and gifts as a till shows them."""

from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered

_DAY = "a day as 20260731"


class TierAskView(Answered):
    """What a tier still asks; 0 where it is met."""

    tier: str
    fen: int
    visits: int
    both: bool = Field(description="spending and visits are asked; else either is enough")


class TierStandingView(Answered):
    """Why she holds her tier, what keeps it, what the next one asks; days as 20260731."""

    tier_name: str
    tier_name_en: str = Field(description="as `tier_name` where the rules have no English one")
    since: int = Field(description=_DAY)
    until: int = Field(description=_DAY)
    counted_from: int = Field(description=_DAY)
    spend_fen: int
    visits: int
    grace_until: int = Field(description="0 while no grace is running")
    keep: TierAskView | None
    next: TierAskView | None
    text_zh: str
    text_en: str


class CouponView(Answered):
    """A coupon in her hand."""

    id: UUID
    rule: str
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    first_day: int = Field(description=_DAY)
    last_day: int = Field(description=_DAY)


class GiftView(Answered):
    """A gift waiting for her; `here` when this shop may hand it over."""

    id: UUID
    kind: str
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    sku: str
    last_day: int = Field(description=_DAY)
    here: bool
    ready: bool = Field(description="False: promised, not confirmed by the cloud yet")

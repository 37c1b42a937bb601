"""A member as a shop sees her."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked
from edge_agent.api.models.growth import CouponView, GiftView, TierStandingView


class BoughtView(Answered):
    """One line of the last purchase."""

    sku: str
    name: str
    qty_milli: int


class LastPurchaseView(Answered):
    """What she bought last, anywhere in the chain; `store_name` is HQ's, "" before it was told."""

    receipt_id: UUID | None
    store: UUID | None
    store_name: str
    wall_ms: int
    total_fen: int
    lines: tuple[BoughtView, ...]


class WorkedTagView(Answered):
    """A tag that HQ worked out, to be read and nothing else; `value` is "" where it just is so."""

    key: str
    name: str
    name_en: str
    value: str
    value_en: str


class CallView(Answered):
    """What HQ asks a clerk to say to her; over once answered, or with her next purchase."""

    note: str
    last_day: int
    call_id: UUID | None = Field(
        default=None, description="to answer it by; null from a cloud that keeps no answers"
    )


class CallAsked(Asked):
    """What came of a call."""

    outcome: Literal["done", "not_reached", "refused"]


class CallAnsweredView(Answered):
    """A call that is over; `seq` is the answer's place in this shop's journal."""

    call_id: UUID
    member_id: UUID
    outcome: Literal["done", "not_reached", "refused"]
    seq: int
    committed_ms: int


class MemberAnswered(Answered):
    """A member; `pending_local_points` were earned here and are not yet in `points_free`."""

    member_id: UUID
    ver: int = Field(description="0: enrolled here, not yet confirmed by the cloud")
    name: str
    tier: str
    tier_name: str
    tier_name_en: str = Field(description="as `tier_name` where the rules have no English one")
    tags: tuple[str, ...]
    points_free: int | None = Field(description="None where the wallet may not be shown")
    points_pending: int
    pending_local_points: int
    phone_masked: str
    home_store: UUID
    last_purchase: LastPurchaseView | None
    as_of_ms: int = Field(description="when the cloud's state was last applied here")
    standing: TierStandingView | None = Field(default=None, description="None: not judged yet")
    coupons: tuple[CouponView, ...] = ()
    gifts: tuple[GiftView, ...] = ()
    birthday_today: bool = False
    worked: tuple[WorkedTagView, ...] = Field(
        default=(), description="of last night; no price is made of them"
    )
    calls: tuple[CallView, ...] = Field(
        default=(), description="what a clerk is asked to say, by a campaign of HQ's"
    )

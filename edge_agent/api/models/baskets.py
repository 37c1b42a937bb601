"""Baskets at the counter: what a till or the screen asks, and what it is shown after each step."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked
from edge_agent.api.models.identify import ReasonView
from edge_agent.api.models.sales import (
    CouponIds,
    Fen,
    Lines,
    Points,
    QuoteAnswered,
    TenderAsked,
)
from retail_core.limits import NAME_CHARS_MAX, QTY_MILLI_MAX, TENDERS_MAX

BasketState = Literal["open", "parked", "committed", "voided"]


class BasketOpened(Asked):
    """A new basket; its prices are those of this moment. A training one is never booked."""

    till: UUID | None = Field(None, description="by default the caller's, or its lane's only one")
    member_id: UUID | None = None
    training: bool = False


class LinesAsked(Asked):
    """Lines to be added."""

    lines: Annotated[Lines, Field(min_length=1)]


class QuantityAsked(Asked):
    """How much of a line; 0 takes it out."""

    qty_milli: Annotated[int, Field(ge=0, le=QTY_MILLI_MAX)]


class MemberAsked(Asked):
    """Whose basket it is."""

    member_id: UUID


class RedeemAsked(Asked):
    """What she wants to redeem; it replaces what was chosen before."""

    points: Points = 0
    coupons: CouponIds = ()


class ParkAsked(Asked):
    """A basket put aside, under a name the clerk will know again."""

    name: Annotated[str, Field(max_length=NAME_CHARS_MAX)] = ""


class CommitAsked(Asked):
    """What was paid; with `quoted_total_fen` it is refused when the total has changed since.

    Points are no tender of the till's: the box adds them itself.
    """

    till_receipt_no: Annotated[str, Field(max_length=64)] = ""
    tenders: Annotated[tuple[TenderAsked, ...], Field(max_length=TENDERS_MAX)] = ()
    quoted_total_fen: Fen | None = None


class CouponChoice(Answered):
    """A coupon of hers; `usable` here, now, by who she was recognised as."""

    id: UUID
    rule: str
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    chosen: bool
    usable: bool
    last_day: int


class ElsewhereView(Answered):
    """Her points and coupons that lie in other stores, while they are fetched."""

    state: Literal["none", "asking", "coming", "dark"] = "none"
    points_coming: int = Field(0, description="asked back from stores that answer")
    points_dark: int = Field(0, description="in stores that cannot be reached now")


class RedeemView(Answered):
    """What she chose to redeem and what of it counts; `refused` says why nothing does."""

    points_chosen: int = 0
    points_fen: int = Field(0, description="what the points pay of this basket")
    points_max: int = Field(0, description="the most that could pay here now")
    points_step: int = 1
    fen_per_point: int = 1
    coupons: tuple[CouponChoice, ...] = ()
    refused: ReasonView | None = None
    elsewhere: ElsewhereView = ElsewhereView()


class NearMissView(Answered):
    """What a little more would save."""

    offer_id: str
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    missing_fen: int | None = None
    missing_units: int | None = None
    saves_fen: int
    text_zh: str
    text_en: str


class GiftGiven(Answered):
    """Goods on top of what was bought."""

    gift_id: str
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    sku: str
    units: int


class CouponUsed(Answered):
    """The coupon that lowers this basket; `id` is None for one that comes by itself."""

    id: UUID | None
    rule: str
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    fen_off: int


class BasketView(QuoteAnswered):
    """A basket with its price: everything a quote says, and how the basket stands.

    `price_changed_fen` tells by how much the total moved though nobody touched the basket: new
    rules or prices have come.
    """

    basket_id: UUID
    rev: int
    state: BasketState
    name: str
    opened_ms: int
    training: bool
    operator: UUID | None
    redeem: RedeemView
    near_misses: tuple[NearMissView, ...]
    gifts: tuple[GiftGiven, ...]
    coupon: CouponUsed | None
    price_changed_fen: int | None
    receipt_id: UUID | None = None


class BasketRow(Answered):
    """A basket in a list."""

    basket_id: UUID
    rev: int
    till: UUID
    state: BasketState
    name: str
    opened_ms: int
    training: bool
    operator: UUID | None
    member_id: UUID | None
    lines: int
    total_fen: int


class BasketList(Answered):
    """The open or parked baskets of a lane, oldest first."""

    baskets: tuple[BasketRow, ...]

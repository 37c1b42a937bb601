"""Quotes and sales: what a till rings up, and what it is charged."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from edge_agent.api.models.base import Answered, Asked
from edge_agent.api.models.identify import ReasonView
from retail_core.limits import AMOUNT_FEN_MAX, LINES_MAX, NAME_CHARS_MAX, QTY_MILLI_MAX, TENDERS_MAX
from retail_core.texts.words import Words

Fen = Annotated[int, Field(ge=-AMOUNT_FEN_MAX, le=AMOUNT_FEN_MAX)]
Points = Annotated[int, Field(ge=0, le=AMOUNT_FEN_MAX, description="to be redeemed")]
BasketId = Annotated[
    UUID | None,
    Field(description="the till's own: the price is that of the hour of its first quote"),
]
CouponIds = Annotated[tuple[UUID, ...], Field(max_length=16, description="to be redeemed")]
Code = Annotated[str, Field(min_length=1, max_length=64)]


class LineAsked(Asked):
    """One line as rung up: by sku or bar code; an unknown article needs its price and name."""

    sku: Code | None = None
    barcode: Code | None = None
    qty: Annotated[int, Field(ge=-QTY_MILLI_MAX, le=QTY_MILLI_MAX)] | None = None
    qty_milli: Annotated[int, Field(ge=-QTY_MILLI_MAX, le=QTY_MILLI_MAX)] | None = None
    unit_price_fen: Fen | None = None
    name: Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "LineAsked":
        if (self.sku is None) == (self.barcode is None):
            raise ValueError(Words("give sku or barcode", "sku 和 barcode 请给一个"))
        if self.qty is not None and self.qty_milli is not None:
            raise ValueError(
                Words("give qty or qty_milli, not both", "qty 和 qty_milli 只能给一个")
            )
        return self

    @property
    def quantity_milli(self) -> int:
        """The quantity in thousandths; one piece when the till says nothing."""
        if self.qty_milli is not None:
            return self.qty_milli
        return 1_000 if self.qty is None else self.qty * 1_000


Lines = Annotated[tuple[LineAsked, ...], Field(max_length=LINES_MAX)]


class QuoteAsked(Asked):
    """What would this basket cost? Nothing is booked."""

    till: UUID | None = None
    basket_id: BasketId = None
    member_id: UUID | None = None
    lines: Lines
    points: Points = 0
    coupons: CouponIds = ()


class TenderAsked(Asked):
    """How a part was paid."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,31}$", examples=["cash", "wechat"])]
    amount_fen: Fen


class SaleAsked(Asked):
    """A finished sale; with `quoted_total_fen` it is refused when the price has changed since."""

    till_receipt_no: Annotated[str, Field(min_length=1, max_length=64)]
    basket_id: BasketId = None
    member_id: UUID | None = None
    member_proof: Annotated[str, Field(max_length=512)] | None = None
    lines: Lines
    tenders: Annotated[tuple[TenderAsked, ...], Field(max_length=TENDERS_MAX)] = ()
    quoted_total_fen: Fen | None = None
    points: Points = 0
    coupons: CouponIds = ()


class LineOffer(Answered):
    """An offer's part in a line."""

    offer_id: str
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    fen_off: int


class LineAnswered(Answered):
    """One line as charged."""

    line: int
    sku: str
    name: str
    qty_milli: int
    shelf_fen: int
    net_fen: int
    offers: tuple[LineOffer, ...]


class AppliedView(Answered):
    """An offer that lowered the total."""

    offer_id: str
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    fen_off: int
    lines: tuple[int, ...]


class RejectedView(Answered):
    """An offer that names an article here and took nothing off, and why."""

    offer_id: str
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    reason: str


class QuoteAnswered(Answered):
    """A priced basket with the account of its price."""

    till: UUID | None
    member_id: UUID | None
    lines: tuple[LineAnswered, ...]
    shelf_fen: int
    total_fen: int
    saved_fen: int
    points_earned: int
    status: Literal["optimal", "incumbent"]
    gap_fen: int
    applied: tuple[AppliedView, ...]
    rejected: tuple[RejectedView, ...]
    bundle_version: int
    due_fen: int = Field(description="the total less what points pay")
    refused: ReasonView | None = Field(None, description="why the member's price is not given")
    fallback: ReasonView | None = Field(None, description="why only shelf prices are charged")
    redeem_refused: ReasonView | None = Field(None, description="why nothing can be redeemed")


class BuyerView(Answered):
    """The member a sale was booked to."""

    member_id: UUID
    name: str
    tier: str


class SaleAnswered(Answered):
    """A sale that is on disk; `seq` is its place in this shop's journal."""

    receipt_id: UUID
    seq: int
    business_date: int | None
    committed_ms: int
    lines: tuple[LineAnswered, ...]
    shelf_fen: int
    total_fen: int
    saved_fen: int
    points_earned: int
    member: BuyerView | None
    status: Literal["optimal", "incumbent"]
    unmapped: tuple[str, ...]
    due_fen: int = Field(description="the total less what points paid")
    points_redeemed: int
    points_fen: int
    training: bool = Field(description="a practice sale: it stands in no book, its seq is 0")
    fallback: ReasonView | None = None
    refused: ReasonView | None = Field(None, description="why nothing was redeemed")
    claim_token: str | None = Field(
        None, description="without a member: the code with which the customer may claim it later"
    )

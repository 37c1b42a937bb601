"""Receipts after the sale: lists, reprints, refunds, and the code to claim one later."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked, WhereOrHere
from edge_agent.api.models.sales import LineOffer, TenderAsked
from retail_core.limits import LINES_MAX, QTY_MILLI_MAX, TENDERS_MAX

Quantity = Annotated[int, Field(ge=1, le=QTY_MILLI_MAX)]
Reason = Annotated[str, Field(min_length=1, max_length=200, examples=["尺码不合适"])]


class ReceiptRowView(Answered):
    """One receipt in a list; `store_name` is set for another shop's."""

    receipt_id: UUID
    till: UUID | None
    till_name: str
    operator: UUID | None
    member_id: UUID | None
    till_receipt_no: str
    business_date: int | None
    wall_ms: int
    total_fen: int
    refunds: int
    store_name: str = ""


class ReceiptsAnswered(Answered):
    """Receipts, newest first, fifty at most."""

    receipts: tuple[ReceiptRowView, ...]


class ReceiptLineView(Answered):
    """One line as charged, with what came back of it and what still may."""

    line: int
    sku: str
    name: str
    qty_milli: int
    shelf_fen: int
    net_fen: int
    offers: tuple[LineOffer, ...]
    returned_milli: int
    left_milli: int


class TenderView(Answered):
    """How a part was paid."""

    kind: str
    amount_fen: int


class RefundLineView(Answered):
    """How much of a line came back."""

    line: int
    qty_milli: int


class RefundView(Answered):
    """A refund of the receipt, wherever it was made; `store_name` is empty for this shop."""

    refund_id: UUID
    wall_ms: int
    store_name: str
    operator: UUID | None
    reason: str
    lines: tuple[RefundLineView, ...]
    money_fen: int
    points_fen: int
    tenders: tuple[TenderView, ...]


class ReceiptAnswered(Answered):
    """A receipt as it is printed again; `reprints` counts how often it was.

    `whole` is False when the cloud could not be asked what other shops took back.
    """

    receipt_id: UUID
    reprint: Literal[True] = True
    reprints: int
    till: UUID | None
    till_name: str
    operator: UUID | None
    member_id: UUID | None
    till_receipt_no: str
    business_date: int | None
    wall_ms: int
    store_name: str
    lines: tuple[ReceiptLineView, ...]
    shelf_fen: int
    total_fen: int
    saved_fen: int
    points_fen: int = Field(description="the part of the total that was paid with points")
    points_redeemed: int
    points_earned: int
    tenders: tuple[TenderView, ...]
    refunds: tuple[RefundView, ...]
    refunded_fen: int
    whole: bool


class ReturnedAsked(Asked):
    """How much of a line comes back."""

    line: Annotated[int, Field(ge=1)]
    qty_milli: Quantity


class RefundQuoteAsked(Asked):
    """What would come back? By the receipt's id, or by its number on a day of this shop.

    `repriced`: as if the returned goods had never been bought; else each line in proportion.
    """

    receipt_id: UUID | None = None
    till_receipt_no: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    business_date: int | None = None
    lines: Annotated[tuple[ReturnedAsked, ...], Field(min_length=1, max_length=LINES_MAX)]
    repriced: bool = False
    lane: WhereOrHere = None


class RefundAsked(RefundQuoteAsked):
    """Goods come back; the tenders are what is handed out and add up to what is due."""

    reason: Reason
    tenders: Annotated[tuple[TenderAsked, ...], Field(max_length=TENDERS_MAX)] = ()
    refund_no: Annotated[str, Field(max_length=64)] = ""


class RefundQuoted(Answered):
    """What is due; points are settled by the cloud, which knows what is left of them."""

    receipt_id: UUID
    money_fen: int
    points_fen: int = Field(description="the part that goes back as points")
    points_back: int
    points_taken: int
    coupons: tuple[str, ...] = Field(description="coupons that come back")
    left: tuple[RefundLineView, ...] = Field(description="what of each line may still come back")
    whole: bool


class RefundAnswered(RefundQuoted):
    """A refund that is on disk."""

    refund_id: UUID
    seq: int
    member_id: UUID | None
    business_date: int | None
    committed_ms: int


class ClaimLinkAsked(Asked):
    """Nothing more than the address says."""


class ClaimLinkAnswered(Answered):
    """What is printed on a receipt without a member: she scans it and claims her points."""

    receipt_id: UUID
    claim_token: str
    claim_uri: str
    rows: tuple[str, ...] = Field(description="the code's rows, `1` is a dark square")


class TrainingAsked(Asked):
    """Begin or end a lesson at a lane."""

    on: bool
    lane: WhereOrHere = None


class TrainingAnswered(Answered):
    """Whether a lane practises: then nothing rung up there is booked."""

    lane: str
    on: bool
    since_ms: int | None = None
    operator: UUID | None = None

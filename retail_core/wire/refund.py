"""A refund on the wire: which part of which receipt came back, and what was handed out."""

from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core import limits
from retail_core.wire.fields import Count, Fen, Id, Points, Text

ReturnedQty = Annotated[int, Meta(ge=1, le=limits.QTY_MILLI_MAX)]
Money = Annotated[int, Meta(ge=0, le=limits.AMOUNT_FEN_MAX)]
RefundLines = Annotated[tuple["RefundLine", ...], Meta(min_length=1, max_length=limits.LINES_MAX)]
RestLines = Annotated[tuple["RestLine", ...], Meta(max_length=limits.LINES_MAX)]
RestPoints = Annotated[tuple["RestPoint", ...], Meta(max_length=4 * limits.LINES_MAX)]
RefundTenders = Annotated[tuple[tuple[Text, Fen], ...], Meta(max_length=limits.TENDERS_MAX)]
UsesBack = Annotated[tuple[tuple[Text, Count], ...], Meta(max_length=limits.MEMBER_USES_MAX)]
Coupons = Annotated[tuple[Text, ...], Meta(max_length=limits.LINES_MAX)]


class UsesGone(msgspec.Struct, array_like=True, frozen=True):
    """What a receipt's limited rules are no longer used, after all its refunds so far.

    A change of the store that sold it, which counts its uses of a `day`; its key is the receipt.
    """

    day: Count
    uses: UsesBack


class RefundLine(msgspec.Struct, array_like=True, frozen=True):
    """How much of a line of the original receipt comes back."""

    line: Count
    qty_milli: ReturnedQty


class RestLine(msgspec.Struct, array_like=True, frozen=True):
    """What a kept line costs, priced as if the rest had never been bought."""

    line: Count
    net_fen: Money


class RestPoint(msgspec.Struct, array_like=True, frozen=True):
    """What the kept rest would have earned under one rule on one line."""

    line: Count
    rule: Text
    kind: Text
    points: Annotated[int, Meta(ge=1, le=limits.AMOUNT_FEN_MAX)]


class Refund(msgspec.Struct, array_like=True, frozen=True):
    """Goods came back; the cloud books the points from its own books, never from what a box says.

    `repriced`: the kept rest was priced again (`rest`, `rest_points`); otherwise each line went
    back in proportion. `points_back` and `points_taken` are what the box told the customer.
    `uses` are the limited rules that were not used after all, on the day `uses_on`; the box that
    took the goods back counts by them, the cloud by its own books.
    """

    refund_id: Id
    receipt_id: Id
    source: Text
    till_receipt_no: Text
    business_date: Count | None
    reason: Text
    lines: RefundLines
    money_fen: Money
    points_fen: Money = 0
    tenders: RefundTenders = ()
    repriced: bool = False
    rest: RestLines = ()
    rest_points: RestPoints = ()
    coupons: Coupons = ()
    points_back: Points = 0
    points_taken: Points = 0
    uses: UsesBack = ()
    uses_on: Count = 0

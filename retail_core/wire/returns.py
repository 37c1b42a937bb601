"""A return that a till printed and nobody could match to a sale: for a person to look at."""

from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core import limits
from retail_core.wire.fields import Count, Fen, Id, Qty, Text

ReturnLines = Annotated[tuple["ReturnLine", ...], Meta(max_length=limits.LINES_MAX)]


class ReturnLine(msgspec.Struct, array_like=True, frozen=True):
    """One article as printed."""

    name: Text
    qty_milli: Qty
    amount_fen: Fen


class ReturnUnmatched(msgspec.Struct, array_like=True, frozen=True):
    """Goods went back by the till, and no points: `reason` is the fault code that says why.

    `kind` is refund, void or exchange; `original_no` the number of the sale as printed, or "".
    """

    review_id: Id
    kind: Text
    till_receipt_no: Text
    original_no: Text
    business_date: Count | None
    reason: Text
    total_fen: Fen | None
    lines: ReturnLines = ()

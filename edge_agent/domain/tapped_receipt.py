"""A receipt as the printer line showed it: what was printed, not what was booked."""

from dataclasses import dataclass
from typing import Literal

from retail_core.texts.faults import FaultCode

ReceiptKind = Literal["sale", "refund", "void", "exchange", "reprint", "other"]
SALE: ReceiptKind = "sale"
REFUND: ReceiptKind = "refund"
VOID: ReceiptKind = "void"
EXCHANGE: ReceiptKind = "exchange"
REPRINT: ReceiptKind = "reprint"
OTHER: ReceiptKind = "other"


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One article as printed; amounts in fen, quantity in thousandths."""

    name: str
    qty_milli: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Tendered:
    """One printed payment, by the word that stood before it."""

    label: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class TappedReceipt:
    """One printed receipt; `fault` says why it is not trusted, the lines may still be partial.

    `lines` add up to `total_fen`, reductions with a minus; `discounts` and `extras` (a fee, tax on
    top) are those among them that are no articles. A refund or void has its lines and total without
    the minus, as given back. An exchange has what was taken back in `returns` (without a minus) and
    its total is what was paid (negative: paid out). `original_no` is the number of the receipt that
    a refund is about. `drawer` when the job opened the drawer, `raster` when it is a picture.
    """

    till: str
    profile: str
    receipt_no: str
    kind: ReceiptKind
    lines: tuple[ReceiptLine, ...]
    total_fen: int | None
    text: str
    fault: FaultCode | None = None
    original_no: str = ""
    tenders: tuple[Tendered, ...] = ()
    change_fen: int = 0
    discounts: tuple[ReceiptLine, ...] = ()
    returns: tuple[ReceiptLine, ...] = ()
    drawer: bool = False
    raster: bool = False
    extras: tuple[ReceiptLine, ...] = ()

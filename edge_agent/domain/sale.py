"""What a till asks for and what it is told."""

from dataclasses import dataclass
from uuid import UUID

from retail_core.errors import Fault
from retail_core.pricing.certificate import PricedBasket
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One line as a till names it: by sku or bar code.

    A known article sells at the catalogue's price, whatever the till says; an unknown one at the
    till's (`unit_price_fen` is then needed).
    """

    sku: str = ""
    barcode: str = ""
    qty_milli: int = 1000
    unit_price_fen: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class SaleCommand:
    """A sale to be closed; tenders are (kind, amount in fen) and add up to what is due.

    `points` and `coupons` are what she wants to redeem; what points pay is no tender of the till's.
    `basket_id` is the till's own: the price is that of the moment of its first quote.
    """

    till: UUID
    till_receipt_no: str
    lines: tuple[AskedLine, ...]
    tenders: tuple[tuple[str, int], ...]
    member_id: UUID | None = None
    operator: UUID | None = None
    quoted_total_fen: int | None = None
    points: int = 0
    coupons: tuple[UUID, ...] = ()
    basket_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SaleResult:
    """A sale as it stands in the journal; `business_date` is None while the clock is unknown.

    A `training` sale stands nowhere: its `seq` is 0. `refused` says why nothing was redeemed.
    """

    receipt_id: UUID
    seq: int
    priced: PricedBasket
    points_earned: int
    member_id: UUID | None
    business_date: int | None
    wall_ms: int
    unmapped: tuple[str, ...]
    training: bool = False
    fallback: FaultCode | None = None
    refused: Fault | None = None

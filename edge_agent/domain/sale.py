"""What a till asks for and what it is told."""

from dataclasses import dataclass
from uuid import UUID

from retail_core.pricing.certificate import PricedBasket


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
    """A sale to be closed; tenders are (kind, amount in fen) and add up to what is due."""

    till: UUID
    till_receipt_no: str
    lines: tuple[AskedLine, ...]
    tenders: tuple[tuple[str, int], ...]
    member_id: UUID | None = None
    operator: UUID | None = None
    quoted_total_fen: int | None = None


@dataclass(frozen=True, slots=True)
class SaleResult:
    """A sale as it stands in the journal; `business_date` is None while the clock is unknown."""

    receipt_id: UUID
    seq: int
    priced: PricedBasket
    points_earned: int
    member_id: UUID | None
    business_date: int | None
    wall_ms: int
    unmapped: tuple[str, ...]

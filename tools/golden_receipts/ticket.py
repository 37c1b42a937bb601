"""What was sold: the truth a receipt is printed from and read against."""

from dataclasses import asdict, dataclass
from typing import Literal

TicketKind = Literal["sale", "refund", "reprint"]


@dataclass(frozen=True, slots=True)
class Item:
    """One article; quantity in thousandths, price in fen for one, `off_fen` its own reduction."""

    name: str
    qty_milli: int
    unit_fen: int
    off_fen: int = 0
    code: str = ""

    @property
    def amount_fen(self) -> int:
        """Price times quantity, halves up."""
        return (self.qty_milli * self.unit_fen + 500) // 1000


@dataclass(frozen=True, slots=True)
class Ticket:
    """One receipt; `paid` are tenders by the till's own words, what they exceed is change."""

    number: str
    items: tuple[Item, ...]
    kind: TicketKind = "sale"
    off_fen: int = 0
    fee_fen: int = 0
    paid: tuple[tuple[str, int], ...] = ()
    original: str = ""

    @property
    def gross_fen(self) -> int:
        """All articles before any reduction."""
        return sum(item.amount_fen for item in self.items)

    @property
    def total_fen(self) -> int:
        """What was charged, or given back."""
        return (
            self.gross_fen - sum(item.off_fen for item in self.items) - self.off_fen + self.fee_fen
        )

    @property
    def change_fen(self) -> int:
        """What was given back of the cash."""
        return sum(fen for _, fen in self.paid) - self.total_fen if self.paid else 0


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be read from one stream, amounts as charged or as given back."""

    file: str
    kind: TicketKind
    receipt_no: str
    total_fen: int
    articles: list[tuple[str, int, int]]
    reductions: list[int]
    fees: list[int]
    tenders: list[tuple[str, int]]
    change_fen: int
    original_no: str = ""

    def as_json(self) -> dict[str, object]:
        """Return it for the file beside the streams."""
        return asdict(self)

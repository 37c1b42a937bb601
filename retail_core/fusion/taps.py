"""What the taps on one till say, each with the moment it was caught (monotonic ms of the box)."""

from dataclasses import dataclass
from enum import StrEnum


class Show(StrEnum):
    """What a customer display shows."""

    PRICE = "price"
    SUBTOTAL = "subtotal"
    TOTAL = "total"
    RECEIVED = "received"
    CHANGE = "change"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Scanned:
    """A code on its way to the till, with the article it names and what that costs here.

    `unit_fen` None: no article is known for it. `amount_fen` is the line's, for what a label says.
    """

    code: str
    mono_ms: int
    sku: str = ""
    name: str = ""
    qty_milli: int = 1000
    unit_fen: int | None = None
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """Something the till showed the customer."""

    kind: Show
    amount_fen: int | None
    mono_ms: int


@dataclass(frozen=True, slots=True)
class PrintedTotal:
    """A receipt came out of the printer: the sale over this sum is done."""

    total_fen: int
    mono_ms: int


Tapped = Scanned | Shown | PrintedTotal

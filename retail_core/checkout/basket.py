"""The basket a till asks a price for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from retail_core import limits
from retail_core.errors import Fault
from retail_core.money import Amount, divide_half_up
from retail_core.texts.faults import FaultCode

MILLI = 1000


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One line as entered: quantity in thousandths, unit price in fen with tax included."""

    line: int
    sku: str
    article_id: UUID | None
    name: str
    unit_price_fen: int
    qty_milli: int
    brand: str = ""
    category: str = ""
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Basket:
    """Lines and the naive wall time, in the store's zone, at which the basket was opened."""

    lines: tuple[BasketLine, ...]
    opened_local: datetime


def line_shelf_fen(line: BasketLine) -> int:
    """Return what the line costs without any offer, half a fen rounded up."""
    return divide_half_up(line.unit_price_fen * line.qty_milli, MILLI)


def whole_units(line: BasketLine) -> int:
    """Return how many whole units the line has; 0 for a weighed line (not a multiple of 1)."""
    units, rest = divmod(line.qty_milli, MILLI)
    return 0 if rest else units


def check_basket(basket: Basket) -> None:
    """Refuse what no till can mean (Faults P101, P102, P103, P108, P109)."""
    if not basket.lines:
        raise Fault(FaultCode.SALE_EMPTY)
    numbers = {line.line for line in basket.lines}
    if len(basket.lines) > limits.LINES_MAX or len(numbers) < len(basket.lines):
        raise Fault(FaultCode.SALE_LINES, limit=limits.LINES_MAX)
    for line in basket.lines:
        _check_line(line)
    if sum(map(line_shelf_fen, basket.lines)) > limits.AMOUNT_FEN_MAX:
        raise Fault(FaultCode.SALE_AMOUNT_TOO_LARGE, limit=Amount(limits.AMOUNT_FEN_MAX))


def _check_line(line: BasketLine) -> None:
    if not 0 < line.qty_milli <= limits.QTY_MILLI_MAX:
        raise Fault(FaultCode.SALE_QUANTITY, line=line.line)
    if line.unit_price_fen < 0:
        raise Fault(FaultCode.SALE_AMOUNT_NEGATIVE, line=line.line)

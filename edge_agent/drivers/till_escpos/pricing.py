"""Figures of an article line as quantity and amount: arithmetic, then columns, then a guess."""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP
from enum import Enum

from edge_agent.drivers.till_escpos.amounts import Number
from edge_agent.drivers.till_escpos.rows import Figures, Times
from edge_agent.drivers.till_escpos.words import Column

_ONE_MILLI = 1_000
_QTY_MAX = 9_999
_NAME_FIGURE_MAX = 4
_PLAIN_DIGITS_MAX = 7
_WITH_REDUCTION = 3
_PRICE_AND_REDUCTION = 2
_WHOLE_FEN = 100


class Way(Enum):
    """How strictly figures are taken; a reading that adds up decides which way was right."""

    STRICT = "an amount has the receipt's number of decimals"
    LOOSE = "an amount may be any number"
    MULTIPLY = "price and quantity stand there, the amount does not"


@dataclass(frozen=True, slots=True)
class Priced:
    """What a line says; `unit_fen` only when it was printed and times the quantity is the amount.

    `spare` are figures before those: a part of the name, "Eggs 12". `by_lead` when the number
    before the name is the quantity, by arithmetic.
    """

    qty_milli: int
    amount_fen: int
    unit_fen: int | None = None
    explicit_qty: bool = False
    spare: str = ""
    by_lead: bool = False


def price(figures: Figures, columns: tuple[Column, ...], way: Way) -> Priced | None:
    """Return quantity and amount, None when no figure can be an amount."""
    numbers = list(figures.numbers)
    if way is not Way.MULTIPLY:
        while len(numbers) > 1 and not _is_money(numbers[-1], way):
            numbers.pop()  # a tax class or a percentage stands behind the amount
    product = _times(figures)
    weighed = product is not None and any(number.has_unit for number in product)  # 2.39 lb @ 4.996
    if not numbers or not (weighed or any(_is_money(number, way) for number in numbers)):
        return None
    order = figures.columns or columns
    if product is not None and (way is Way.MULTIPLY or _only_product(figures)):
        qty, unit = _which(*product, order)
        return Priced(qty.milli, multiply(qty, unit), unit.fen, explicit_qty=True)
    if way is Way.MULTIPLY and len(numbers) > 1:
        qty, unit = _which(numbers[-2], numbers[-1], order)
        return Priced(qty.milli, multiply(qty, unit), unit.fen, explicit_qty=True)
    return _with_amount(figures, numbers, order)


def _with_amount(figures: Figures, numbers: list[Number], order: tuple[Column, ...]) -> Priced:
    """Take the last number for the amount and find the quantity among those before it."""
    amount = _by_column(numbers, order, Column.AMOUNT) or numbers[-1]
    before = [number for number in numbers if number is not amount]
    for second in range(len(before) - 1, 0, -1):
        for first in range(second - 1, -1, -1):
            qty, unit = _which(before[first], before[second], order)
            if _makes(qty, unit, amount):
                spare = _of_the_name(before[:first]) if figures.glued else ""
                return Priced(qty.milli, amount.fen, unit.fen, explicit_qty=True, spare=spare)
    reduced = _reduced(before, amount, order) or _led(figures, before, amount)
    if reduced is not None:
        return reduced
    if figures.lead is not None and figures.lead_counts:
        lead_price = _lead_price(figures, amount)
        return Priced(figures.lead.milli, amount.fen, lead_price, explicit_qty=True)
    said_ahead = figures.lead is not None and order[:1] == (Column.QTY,)
    by_column = None if said_ahead else _by_column(numbers, order, Column.QTY)
    if _is_price_less(before[-_PRICE_AND_REDUCTION:], amount):
        return Priced(_ONE_MILLI, amount.fen)
    qty_found = _quantity(figures, before) or by_column
    if qty_found is not None and qty_found is not amount:
        return Priced(qty_found.milli, amount.fen, explicit_qty=True)
    return _qty_from_unit(before, amount)


def _reduced(before: list[Number], amount: Number, order: tuple[Column, ...]) -> Priced | None:
    """Read quantity, price and reduction before the amount: 2  5.00  -1.00  9.00."""
    if len(before) < _WITH_REDUCTION:
        return None
    first, second, off = before[-3:]
    qty, unit = _which(first, second, order)
    if not (off.is_money and abs(multiply(qty, unit) - abs(off.fen) - amount.fen) <= 1):
        return None
    return Priced(qty.milli, amount.fen, explicit_qty=True, spare=_of_the_name(before[:-3]))


def _is_price_less(before: list[Number], amount: Number) -> bool:
    """Whether one piece is sold below its price: 34.90  3.49  31.41."""
    if len(before) < _PRICE_AND_REDUCTION or not all(each.is_money for each in before):
        return False
    unit, off = before
    return off.fen != 0 and unit.fen - abs(off.fen) == amount.fen


def _led(figures: Figures, before: list[Number], amount: Number) -> Priced | None:
    """Read "2  Beer  4.60  9.20" and "3  Pen  5.00  -1.00  14.00": the number ahead is the count.

    One is left to the numbers ahead of the other lines: they may count the lines.
    """
    lead = figures.lead
    if lead is None or lead.value <= 1:
        return None
    for at, unit in enumerate(before):
        spare = _of_the_name(before[:at]) if figures.glued else ""
        counted = Priced(lead.milli, amount.fen, explicit_qty=True, spare=spare, by_lead=True)
        product = multiply(lead, unit)
        if _makes(lead, unit, amount):
            return replace(counted, unit_fen=unit.fen)
        off = before[at + 1] if at + 1 < len(before) else None
        if off and off.is_money and off.fen and abs(product - abs(off.fen) - amount.fen) <= 1:
            return counted
    return None


def _of_the_name(spare: list[Number]) -> str:
    """Return short figures as printed; long ones are codes and belong to no name."""
    return " ".join(each.printed for each in spare if len(each.printed) <= _NAME_FIGURE_MAX)


def _quantity(figures: Figures, before: list[Number]) -> Number | None:
    """Return the number behind a lone "x", else the first that can be no amount."""
    row = figures.figures
    behind = row[1] if len(row) > 1 and isinstance(row[0], Times) else None
    if isinstance(behind, Number) and behind in before and not behind.has_fraction:
        return behind
    return next(filter(_is_quantity, before), None)


def _lead_price(figures: Figures, amount: Number) -> int | None:
    """Return the unit price of "2 x Eggs @ 1.50  3.00", when it is one."""
    product = _times(figures)
    if product is None or not _makes(*product, amount):
        return None
    return product[1].fen


def _qty_from_unit(before: list[Number], amount: Number) -> Priced:
    """Take a lone number before the amount for its unit price, if that goes into it evenly.

    Of two bare figures the smaller factor is the quantity: 18 36 and 2 36 both mean two at 18.
    """
    unit = before[-1] if before else None
    if unit is None or not 0 < unit.fen <= amount.fen or amount.fen % unit.fen:
        return Priced(_ONE_MILLI, amount.fen)
    factor = amount.fen // unit.fen
    if unit.is_bare and not amount.has_fraction and unit.value < factor:
        return Priced(unit.milli, amount.fen, factor * 100, explicit_qty=True)
    return Priced(factor * _ONE_MILLI, amount.fen, unit.fen, explicit_qty=True)


def _is_money(number: Number, way: Way) -> bool:
    is_code = number.is_bare and len(number.printed) > _PLAIN_DIGITS_MAX
    return number.is_money or (way is not Way.STRICT and not (number.has_unit or is_code))


def _is_quantity(number: Number) -> bool:
    return number.has_unit or (not number.is_money and 0 < number.value <= _QTY_MAX)


def _times(figures: Figures) -> tuple[Number, Number] | None:
    """Return the two numbers around the first sign of multiplication."""
    row = figures.figures
    for at, figure in enumerate(row):
        if not isinstance(figure, Times):
            continue
        first = row[at - 1] if at > 0 else figures.lead
        second = row[at + 1] if at + 1 < len(row) else None
        if isinstance(first, Number) and isinstance(second, Number):
            return first, second
    return None


def _only_product(figures: Figures) -> bool:
    """Whether the line holds the two factors and no result."""
    return len([each for each in figures.figures if isinstance(each, Number)]) == (
        2 if figures.lead is None else 1
    )


def _which(first: Number, second: Number, order: tuple[Column, ...]) -> tuple[Number, Number]:
    """Tell quantity from unit price: by unit, by decimals, by the heading, by position."""
    if first.has_unit or second.has_unit:
        return (first, second) if first.has_unit else (second, first)
    if first.is_money != second.is_money:
        return (second, first) if first.is_money else (first, second)
    if Column.QTY in order and Column.PRICE in order:
        qty_first = order.index(Column.QTY) < order.index(Column.PRICE)
        return (first, second) if qty_first else (second, first)
    if first.is_whole and second.is_whole and not (first.has_fraction or second.has_fraction):
        return (first, second) if first.value <= second.value else (second, first)
    return (first, second) if first.is_whole or not second.is_whole else (second, first)


def _by_column(numbers: list[Number], order: tuple[Column, ...], column: Column) -> Number | None:
    """Return the number under a heading, when each heading has its number."""
    headings = [each for each in order if each is not Column.NAME]
    if column not in headings or len(headings) != len(numbers):
        return None
    return numbers[headings.index(column)]


def _makes(qty: Number, unit: Number, amount: Number) -> bool:
    """Whether quantity times price is the amount; money without decimals is rounded to a whole."""
    off = abs(multiply(qty, unit) - amount.fen)
    whole = not (unit.has_fraction or amount.has_fraction or qty.is_whole)
    return off <= 1 or (whole and off < _WHOLE_FEN)


def multiply(qty: Number, unit: Number) -> int:
    """Return quantity times unit price in fen, halves up."""
    fen = qty.value * unit.value * 100
    return int(fen.to_integral_value(ROUND_HALF_UP))

"""Labels of scales: a bar code that says which article, and how heavy or how dear this piece is.

GS1 leaves the prefixes 20-29 to each shop, so what the digits mean is the shop's own: a layout says
it, one letter a digit. `I` item, `W` weight in grams, `P` price in fen, `N` pieces, `?` anything,
`V` check digit over the four or five digits of weight or price before it, `C` check digit over all,
and a digit stands for itself. `20IIIIIWWWWWC`: prefix 20, five digits item, five digits grams.

Check digits: GS1 General Specifications 7.9 (whole code; 18 digits are weighed like 13) and 7.10
(price or weight of four and five digits).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from retail_core.catalog.barcodes import check_digit_holds
from retail_core.money import divide_half_up

_MILLI = 1_000
_LAYOUT = re.compile(r"[0-9?IWPNVC]{8,18}")
_PAYMENT_DIGITS_MIN = 16
# GS1 7.10: what a digit weighs, by the name the specification gives the factor.
_TWO_MINUS = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
_THREE = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)
_FIVE_PLUS = (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
_FIVE_MINUS = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)
_FOUR_FACTORS = (_TWO_MINUS, _TWO_MINUS, _THREE, _FIVE_MINUS)
_FIVE_FACTORS = (_FIVE_PLUS, _TWO_MINUS, _FIVE_MINUS, _FIVE_PLUS, _TWO_MINUS)
# How many grams one unit of sale has.
_UNIT_GRAMS = {
    "kg": 1_000,
    "公斤": 1_000,
    "千克": 1_000,
    "斤": 500,
    "500g": 500,
    "两": 50,
    "100g": 100,
    "g": 1,
    "克": 1,
}
_KILOGRAM = 1_000
# A unit price in whole fen makes every sum up to 1.000; above, some quantity close by does.
_QUANTITY_TRIES = 200


@dataclass(frozen=True, slots=True)
class Layout:
    """What each digit of a label means; made by `layout_of`."""

    pattern: str

    def takes(self, code: str) -> bool:
        """Tell whether a code is of this layout, with its check digits."""
        return (
            len(code) == len(self.pattern)
            and code.isascii()
            and code.isdecimal()
            and all(m == d for m, d in zip(self.pattern, code, strict=True) if m.isdecimal())
            and ("C" not in self.pattern or check_digit_holds(code))
            and self._value_holds(code)
        )

    def field(self, letter: str, code: str) -> str:
        """Return the digits a letter stands for; empty when the layout has none."""
        return "".join(d for m, d in zip(self.pattern, code, strict=True) if m == letter)

    def item_codes(self, code: str) -> tuple[str, ...]:
        """Return how the article of a label may stand in the master data, the surest first."""
        item = self.field("I", code)
        head = code[: self.pattern.rindex("I") + 1]
        blank = "".join(
            "0" if m in "WPNV?C" else d for m, d in zip(self.pattern, code, strict=True)
        )
        whole = f"{blank[:-1]}{check_digit(blank[:-1])}" if self.pattern.endswith("C") else blank
        return tuple(dict.fromkeys((whole, head, item, item.lstrip("0") or "0")))

    def _value_holds(self, code: str) -> bool:
        at = self.pattern.find("V")
        if at < 0:
            return True
        digits = self.field("P", code) or self.field("W", code)
        return int(code[at]) == value_check_digit(digits)


def layout_of(pattern: str) -> Layout:
    """Read a layout; ValueError says what is wrong with it."""
    if not _LAYOUT.fullmatch(pattern):
        raise ValueError("a layout has 8 to 18 of the letters I W P N V C, ? and digits")
    checked = pattern.count("P") or pattern.count("W")
    for holds, complaint in (
        (re.match("2[0-9?]", pattern), "a layout begins with a shop's own prefix, 20 to 29"),
        (
            len(pattern) < _PAYMENT_DIGITS_MIN or re.match("2[0-4]", pattern),
            "16 digits and more from 25 on are payment codes",
        ),
        (
            all(len(re.findall(f"{one}+", pattern)) <= 1 for one in "IWPNVC"),
            "the digits of a field stand together",
        ),
        (
            "I" in pattern and set("WPN") & set(pattern),
            "a layout needs the item's digits (I) and a weight (W), price (P) or count (N)",
        ),
        ("C" not in pattern[:-1], "the check digit over all (C) is the last digit"),
        (
            pattern.count("V") == 0 or (pattern.count("V") == 1 and checked in {4, 5}),
            "the digit V checks four or five digits of price, or of weight without one",
        ),
    ):
        if not holds:
            raise ValueError(complaint)
    return Layout(pattern)


COMMON: tuple[Layout, ...] = (
    layout_of("20IIIIIWWWWWC"),
    layout_of("21IIIIIPPPPPC"),
    layout_of("22IIIIIPPPPPC"),
    layout_of("23IIIIIWWWWWC"),
    layout_of("24IIIIIPPPPPWWWWWC"),
)
"""Without a shop's own: weight under 20 and 23, price under 21 and 22, both in 18 digits under 24.

Longer codes from 25 on are left out: payment codes begin so.
"""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A label taken apart; `codes` are what to look the article up by."""

    codes: tuple[str, ...]
    grams: int | None = None
    amount_fen: int | None = None
    pieces: int | None = None

    @property
    def qty_milli(self) -> int | None:
        """Thousandths of a kilogram or of a piece; None when the label only has a price."""
        return self.grams if self.pieces is None else self.pieces * _MILLI


@dataclass(frozen=True, slots=True)
class SoldAs:
    """A line's quantity in thousandths of the unit of sale, and its unit price in fen."""

    qty_milli: int
    unit_price_fen: int


def take_apart(code: str, layouts: Iterable[Layout] = COMMON) -> Weighed | None:
    """Take a label apart by the first layout it is of; None for any other code.

    A label that weighs and costs nothing is a tare or a misprint, and none either.
    """
    for layout in layouts:
        if layout.takes(code):
            grams, amount, pieces = (_number(layout.field(one, code)) for one in "WPN")
            if any((grams, amount, pieces)):
                return Weighed(layout.item_codes(code), grams, amount, pieces)
    return None


def sold_as(label: Weighed, unit: str, price_fen: int, labels: int = 1) -> SoldAs:
    """Return how labels sell: by weight at the shelf price, and never at another sum than they say.

    A price alone gives back the weight that the shelf price makes of it. When no weight makes just
    that sum (the scale rounds in its own way, or has yesterday's price) the unit price gives way
    and not the weight: what an offer takes off is by weight. Without a shelf price a label is one.
    """
    measured = _measured(label, unit)
    if label.amount_fen is None:
        return SoldAs(labels * (measured or _MILLI), price_fen)
    # Each label was rounded by itself: the sum of several is not that of their weight.
    count, sign = abs(labels), -1 if labels < 0 else 1
    amount, known = count * label.amount_fen, None if measured is None else count * measured
    quantity = quantity_for(amount, price_fen) if known is None else known
    if quantity and divide_half_up(price_fen * quantity, _MILLI) == amount:
        return SoldAs(sign * quantity, price_fen)
    tries = _QUANTITY_TRIES if label.pieces is None else 1
    found = _by_unit_price(amount, known or _near(amount, price_fen), tries)
    return SoldAs(labels * _MILLI, label.amount_fen) if found is None else _times(sign, found)


def quantity_for(amount_fen: int, price_fen: int) -> int | None:
    """Return the quantity in thousandths that costs exactly this, None when none does."""
    near = _near(amount_fen, price_fen)
    if not near:
        return None
    exact = (one for one in (near, near - 1, near + 1) if one > 0)
    return next(
        (one for one in exact if divide_half_up(price_fen * one, _MILLI) == amount_fen), None
    )


def check_digit(digits: str) -> int:
    """Return the check digit that belongs behind these digits."""
    weighed = (int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return -sum(weighed) % 10


def value_check_digit(digits: str) -> int:
    """Return GS1's check digit over a price or weight of four or five digits."""
    if len(digits) == len(_FOUR_FACTORS):
        total = sum(w[int(d)] for w, d in zip(_FOUR_FACTORS, digits, strict=True))
        return total * 3 % 10
    total = sum(w[int(d)] for w, d in zip(_FIVE_FACTORS, digits, strict=True))
    return _FIVE_MINUS.index(-total % 10)


def _near(amount_fen: int, price_fen: int) -> int:
    """Return about how many thousandths cost this; 0 when that cannot be told."""
    if price_fen <= 0 or amount_fen <= 0:
        return 0
    return max(1, divide_half_up(amount_fen * _MILLI, price_fen))


def _by_unit_price(amount_fen: int, near: int, tries: int) -> SoldAs | None:
    """Return the quantity nearest to `near` at which some unit price makes exactly this sum.

    Above a hundred kilograms a fen more a unit is worth more quantity than is tried: there the
    price nearest to that of `near` at which some quantity makes the sum.
    """
    if not near:
        return None
    by_quantity = (
        SoldAs(quantity, divide_half_up(amount_fen * _MILLI, quantity))
        for quantity in _around(near, tries)
    )
    shelf = divide_half_up(amount_fen * _MILLI, near)
    by_price = (
        SoldAs(divide_half_up(amount_fen * _MILLI, price), price)
        for price in _around(shelf, tries if tries > 1 else 0)
    )
    return next(
        (
            one
            for one in chain(by_quantity, by_price)
            if divide_half_up(one.qty_milli * one.unit_price_fen, _MILLI) == amount_fen
        ),
        None,
    )


def _around(middle: int, tries: int) -> Iterator[int]:
    """Yield the whole numbers above 0 from the middle outwards."""
    for away in range(tries):
        yield from (one for one in dict.fromkeys((middle - away, middle + away)) if one > 0)


def _times(sign: int, sold: SoldAs) -> SoldAs:
    return SoldAs(sign * sold.qty_milli, sold.unit_price_fen)


def _measured(label: Weighed, unit: str) -> int | None:
    """Return the quantity in thousandths of the unit of sale, a kilogram where it is no weight."""
    if label.grams is None:
        return label.qty_milli
    return divide_half_up(label.grams * _MILLI, _UNIT_GRAMS.get(unit.strip().lower(), _KILOGRAM))


def _number(digits: str) -> int | None:
    """Return what a field says; None without one, and for one left at zero, which says nothing."""
    return int(digits or 0) or None

"""Numbers as receipts print them: which mark is the decimal one, what is money, what a quantity."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Decimals = Literal["auto", ".", ","]

_CURRENCY = (
    r"(?:[¥￥$€£₽₺₹₩￦₫฿元円圆원]|RMB|CNY|USD|EUR|GBP|HKD|CHF|JPY|PLN|CZK|HUF|TRY|RUB|SEK|NOK|DKK|ARS"
    r"|SAR|AED|ر\.س|kr|zł|zl|Kč|Kc|Ft|Rp|RM|NT\$|HK\$|руб\.?|TL|R\$|₫|đ|VN[DĐ]|บาท|[Ll]ei|RON"
    r"|[₱₴₸₦₾]|S/|R(?=\d+[.,]\d\d(?!\d)))"
)
UNITS = (
    "kg|KG|Kg|公斤|千克|斤|两|克|lb|lbs|LB|pc|pcs|PC|PCS|EA|stk|st|szt|шт|ks|db|ud|uds|UD|UN|unid|AD|adet|pz|PZ|buc|BUC"
    "|件|个|瓶|袋|盒|包|支|条|份|只|杯|听|罐|桶|张|次|本|扎|碗|打|块|串|位|例|锅|壶|盘|碟|粒|片|板|枚|個|点|點|コ|ケ|개|병|잔|봉"
    "|米|套|双|台|卷|提|筐|箱|扇|把"
)
LITRES = "l|L|lt|Lt|LT|ltr|Ltr|LTR|Liter|л|升|gal|GAL"  # behind a blank: "0,5l" is a size in a name
_NUMBER = re.compile(
    rf"""
    =?\s?(?P<percent_before>%)?(?P<minus>[-−–]?)\s?
    (?P<before>{_CURRENCY})?\s?
    (?P<inner>[-−–]?)
    (?P<digits>\d{{1,3}}(?:[.,'\u2019\u00a0\u202f]\d{{3}})+(?:[.,]\d{{1,2}})?(?!\d)|\d+(?:[.,]\d+)?)
    (?P<percent>\s?[%折])?
    (?P<after>\s?{_CURRENCY})?
    (?P<unit>\s?(?:{UNITS})|\s(?:{LITRES}))?
    (?:\s?/\s?(?:kg|KG|公斤|千克|斤|500g|100g|lb|l|L|pc|st|stk|件|个))?
    (?P<behind>[-−–]?)
    """,
    re.VERBOSE,
)
_SYMBOL = re.compile(rf"{_CURRENCY}\s?\d|\d\s?{_CURRENCY}")
_DATES = re.compile(
    r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|\b\d{1,2}:\d{2}(?::\d{2})?\b|\d{4}年\d{1,2}月(?:\d{1,2}日)?"
)
_PLAIN_DIGITS_MAX = 7
_GROUP = 3
_CENTS = 2
_SIZE = re.compile(r"\s?(?:[mcd]?l|k?g|[cm]?m|oz)\b", re.IGNORECASE)
_PLACES = re.compile(r"([.,])(\d+)$")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """`decimal` is the decimal mark; with `places` 0 the currency prints no fractions.

    Then `plain` says that bare figures may be amounts: no other number shows itself as money.
    `grouped` says that thousands have their mark.
    """

    decimal: str = "."
    places: int = 2
    plain: bool = False
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A printed number; `is_money` when it could be an amount in this receipt's format.

    `is_bare` means digits and nothing else.
    """

    value: Decimal
    is_money: bool
    has_unit: bool = False
    is_percent: bool = False
    is_bare: bool = False
    printed: str = ""

    @property
    def fen(self) -> int:
        """The amount in hundredths of the currency."""
        return int((self.value * 100).to_integral_value())

    @property
    def milli(self) -> int:
        """The quantity in thousandths."""
        return int((self.value * 1000).to_integral_value())

    @property
    def has_fraction(self) -> bool:
        """Whether it was printed with digits behind the decimal mark."""
        return self.value.as_tuple().exponent != 0

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole number."""
        return self.value == self.value.to_integral_value()


def without_dates(text: str) -> str:
    """Blank out dates and times, which are numbers of another kind."""
    return _DATES.sub(lambda found: " " * len(found[0]), text)


def find_format(texts: Iterable[str], decimals: Decimals = "auto") -> NumberFormat:
    """Tell the decimal mark from all numbers of a receipt.

    Two digits behind a mark make it the decimal one; if only threes are seen the mark groups
    thousands and the currency has no fractions.
    """
    texts = list(texts)
    seen = _marks(texts)
    plain = not seen and not any(_SYMBOL.search(text) for text in texts)
    if decimals != "auto":
        return NumberFormat(decimals, 2 if seen[decimals, 2] or not _threes(seen) else 0, plain)
    for places in (2, 1):
        dot, comma = seen[".", places], seen[",", places]
        if dot or comma:
            return NumberFormat("." if dot >= comma else ",", places)
    grouped = _threes(seen) > 0
    return NumberFormat("," if seen[".", 3] > seen[",", 3] else ".", 0, plain, grouped)


def parse_number(word: str, form: NumberFormat) -> Number | None:
    """Read a word that is a number and nothing else; None for anything else."""
    found = _NUMBER.fullmatch(word.strip())
    if found is None:
        return None
    measured = found["unit"] is not None
    plain = _plain(found["digits"], form, measured=measured)
    if plain is None:
        return None
    value = Decimal(plain)
    if found["minus"] or found["inner"] or found["behind"]:
        value = -value
    has_unit = measured
    is_percent = bool(found["percent"] or found["percent_before"])
    is_weight = not form.places and plain.startswith("0.")
    has_currency = bool(found["before"] or found["after"])
    is_amount = has_currency or _is_amount(found["digits"], form)
    is_money = is_amount and not (has_unit or is_percent or is_weight)
    return Number(value, is_money, has_unit, is_percent, word.isdigit(), word)


def _marks(texts: Iterable[str]) -> Counter[tuple[str, int]]:
    """Count (mark, digits behind it) over all numbers."""
    seen: Counter[tuple[str, int]] = Counter()
    for text in texts:
        for found in _NUMBER.finditer(without_dates(text)):
            tail = _PLACES.search(found["digits"])
            if tail is not None and not _measures(found, tail, text):
                seen[tail[1], len(tail[2])] += 1
    return seen


def _measures(found: re.Match[str], tail: re.Match[str], text: str) -> bool:
    """Whether a number is a share, a weight or a size: "Milk 2,8%", "0,356", "Water 1,5L"."""
    if len(tail[2]) == _CENTS:
        return found["unit"] is not None
    if found["digits"][: tail.start()] == "0":
        return len(tail[2]) == _GROUP  # thousands never begin with a nought
    return bool(found["percent"] or found["unit"] or _SIZE.match(text, found.end("digits")))


def _threes(seen: Counter[tuple[str, int]]) -> int:
    return seen[".", 3] + seen[",", 3]


def _plain(digits: str, form: NumberFormat, *, measured: bool) -> str | None:
    """Return digits as Python writes them; None when the marks stand where they cannot.

    Weights have three decimals where money has none: 0,485 and, `measured`, 1,250 kg.
    """
    grouping = "," if form.decimal == "." else "."
    head, _, fraction = digits.partition(form.decimal)
    nought = digits[:2] in {"0.", "0,"} and len(digits) == _GROUP + 2
    if nought:
        return f"0.{digits[2:]}"
    thousands = len(fraction) == _GROUP and not measured
    if form.places == 0 and thousands and form.decimal in digits:
        head, fraction = digits.replace(form.decimal, grouping), ""
    groups = re.split(rf"[{grouping}'\u2019\u00a0\u202f]", head)
    if any(len(group) != _GROUP for group in groups[1:]) or not (fraction or "0").isdigit():
        return None
    return "".join(groups) + (f".{fraction}" if fraction else "")


def _is_amount(digits: str, form: NumberFormat) -> bool:
    tail = _PLACES.search(digits)
    if form.places:
        return tail is not None and tail[1] == form.decimal and len(tail[2]) == form.places
    longest = _GROUP if form.grouped else _PLAIN_DIGITS_MAX
    return tail is not None or (len(digits) <= longest and digits[0] != "0")

"""One printed line as name and numbers, before anyone knows what the line is for."""

import re
from dataclasses import dataclass
from enum import StrEnum

from edge_agent.drivers.till_escpos.amounts import (
    Number,
    NumberFormat,
    parse_number,
    without_dates,
)
from edge_agent.drivers.till_escpos.layout import Line

_TIMES_INSIDE = re.compile(
    r"(?<=\d)[xX×*@](?=[\d¥￥$€£]|$)|^[xX×*@](?=[\d¥￥$€£])"
)  # 2x3.50, 5x, x3, @3.50
_TIMES = frozenset({"x", "×", "*", "@", "à"})
_SILENT = frozenset(
    {"=", "¥", "￥", "$", "€", "£", "元", "eur", "rmb", "cny", "usd", "gbp", "chf"}
) | frozenset(
    {"kg", "公斤", "件", "个", "瓶", "/kg", "eur/kg", "€/kg", "元/kg", "元/公斤", "stk", "pcs"}
)
_TAX_CODE = re.compile(r"[A-Z]{1,2}|\*+|[A-Z]\*|#")
_RULE = re.compile(r"[-=_*.~+#─━—–·… ]{4,}")
_CODE = re.compile(r"^(?:\d{6,14}|\d{1,3}[.、)）])\s*(?=\S)")
_LEAD_MAX = 9_999


class Column(StrEnum):
    """What a column of figures is about, by the word above or before it."""

    NAME = "name"
    QTY = "qty"
    PRICE = "price"
    AMOUNT = "amount"


_COLUMN_WORDS = {
    Column.NAME: (
        "品名|商品|商品名称|名称|货品|菜品|菜名|item|description|product|article|artikel|bezeichnung|"
        "producto|descripción|artículo|désignation|prodotto|descrizione|ürün|товар|nazwa|品目"
    ),
    Column.QTY: (
        "数量|数|件数|份数|qty|quantity|menge|anz|anzahl|cant|cantidad|qté|quantité|qta|qtà|aantal|"
        "adet|miktar|кол-во|количество|ilość|個数"
    ),
    Column.PRICE: (
        "单价|价格|售价|零售价|原价|price|unit price|each|preis|e-preis|einzelpreis|precio|p.unit|prix|"
        "p.u.|prezzo|prijs|fiyat|цена|cena|単価"
    ),
    Column.AMOUNT: (
        "金额|小计|总价|合计|金額|amount|total|value|betrag|gesamt|summe|importe|montant|importo|"
        "totale|bedrag|tutar|сумма|wartość|kwota"
    ),
}
_COLUMN_OF = {word: column for column, words in _COLUMN_WORDS.items() for word in words.split("|")}
_LABELLED = re.compile(
    r"(?<![^\W\d_])("
    + "|".join(sorted(map(re.escape, _COLUMN_OF), key=len, reverse=True))
    + r")\s*[:：]?\s*"
    r"([¥￥$€£]?\s?-?\d[\d.,]*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Times:
    """A multiplication sign among the figures."""


Figure = Number | Times


@dataclass(frozen=True, slots=True)
class Figures:
    """A line taken apart: the words in front and the figures behind them.

    `lead` is a number before the words; `lead_counts` when "x" or a unit makes it a quantity.
    """

    label: str
    figures: tuple[Figure, ...]
    lead: Number | None = None
    lead_counts: bool = False
    columns: tuple[Column, ...] = ()

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The figures without signs of multiplication and without percentages."""
        return tuple(
            each for each in self.figures if isinstance(each, Number) and not each.is_percent
        )


def is_rule(line: Line) -> bool:
    """Whether the line only divides others."""
    return _RULE.fullmatch(line.text) is not None


def column_heading(line: Line) -> tuple[Column, ...]:
    """Return the columns in order when the line names at least two, () otherwise."""
    words = [word.strip(":：*()") for word in line.text.casefold().split()]
    whole = [segment.text.casefold().strip(":：*()") for segment in line.segments]
    for candidates in (whole, words):
        found = [_COLUMN_OF[word] for word in candidates if word in _COLUMN_OF]
        if len(set(found)) > 1 and len(found) * 2 > len(candidates):
            return tuple(found)
    return ()


def take_apart(line: Line, form: NumberFormat) -> Figures:
    """Split a line into its label and the figures that stand behind it."""
    labelled = _labelled(line.text, form)
    if labelled is not None:
        return labelled
    words = [word for at, part in enumerate(line.segments) for word in _words(part.text, at)]
    start = _figures_start(words, form)
    figures = tuple(each for word in words[start:] if (each := _figure(word.text, form)))
    lead, counted, first = _lead(words[:start], form)
    label = " ".join(word.printed for word in words[first:start] if word.printed)
    return Figures(_without_code(label), figures, lead, counted)


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, or a part of one such as "5" of "5x"; `printed` is the whole, at its first part."""

    text: str
    printed: str
    segment: int


def _words(text: str, segment: int) -> list[_Word]:
    words: list[_Word] = []
    for printed in without_dates(text).split():
        parts = _TIMES_INSIDE.sub(r" \g<0> ", printed).split()
        words += [_Word(part, printed if at == 0 else "", segment) for at, part in enumerate(parts)]
    return words


def _figure(word: str, form: NumberFormat) -> Figure | None:
    return Times() if word.casefold() in _TIMES else parse_number(word, form)


def _figures_start(words: list[_Word], form: NumberFormat) -> int:
    """Return where the figures at the end of a line begin.

    A tax letter may stand behind them. Figures glued to a name by one blank belong to the name when
    figures of their own columns follow ("Eggs 12    1    14.33").
    """
    end = len(words)
    if end > 1 and _TAX_CODE.fullmatch(words[-1].text) and _is_figure(words[-2].text, form):
        end -= 1
    start = end
    while start > 0 and _is_figure(words[start - 1].text, form):
        start -= 1
    glued = 0 < start < end and words[start].segment == words[start - 1].segment
    if glued and words[end - 1].segment != words[start].segment:
        segment = words[start].segment
        start = next(at for at in range(start, end) if words[at].segment != segment)
    return start


def _is_figure(word: str, form: NumberFormat) -> bool:
    return word.casefold() in _SILENT or _figure(word, form) is not None


def _lead(words: list[_Word], form: NumberFormat) -> tuple[Number | None, bool, int]:
    """Return a number before the name, whether "x" follows it, and where the name begins."""
    number = parse_number(words[0].text, form) if len(words) > 1 else None
    if number is None or not 0 < number.value <= _LEAD_MAX:
        return None, False, 0
    if words[1].text.casefold() in _TIMES:
        return number, True, 2
    return number, number.has_unit, 1


def _without_code(label: str) -> str:
    """Drop the bar code or line number in front of a name."""
    return _CODE.sub("", label, count=1) or label


def _labelled(text: str, form: NumberFormat) -> Figures | None:
    """Read figures that each have their word before them; at least two of them."""
    found = list(_LABELLED.finditer(text))
    pairs = [(_COLUMN_OF[each[1].casefold()], parse_number(each[2], form)) for each in found]
    known = [(column, number) for column, number in pairs if number is not None]
    columns = tuple(column for column, _ in known)
    if len(set(columns)) <= 1:
        return None
    figures = tuple(number for _, number in known)
    return Figures(text[: found[0].start()].strip(), figures, columns=columns)

"""One printed line as name and numbers, before anyone knows what the line is for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.drivers.till_escpos.amounts import (
    LITRES,
    UNITS,
    Number,
    NumberFormat,
    parse_number,
    without_dates,
)
from edge_agent.drivers.till_escpos.layout import Line, Segment, columns_of
from edge_agent.drivers.till_escpos.words import COLUMN_OF, REMARKS, Column

_DIGIT = re.compile(r"\d")
_AROUND_LABELS = " :：,，;；"
_VALUE = re.compile(r"-?[¥￥$€£]?-?\d[\d.,]*(?:元)?")
TIMES_INSIDE = re.compile(
    r"(?<=\d)[xXхХ×*@](?=[\d¥￥$€£]|$)|^[xXхХ×*@](?=[\d¥￥$€£])|=(?=[\d¥￥$€£])"
    r"|(?:(?<=kg)|(?<=KG)|(?<=lb))[xX×*@](?=\d)"
    r"|(?<=\d)=$|(?<=[.,]\d\d)[A-HN-Z*]$|(?<=\d)(?:[軽※非]|TX|TZ)$"
)  # 2x3.50, 5x, x3, @3.50
TIMES = frozenset({"x", "х", "×", "*", "@", "à"})
_GLUED = re.compile(
    r"[^\d\s][:：](?=[-¥￥$€£]?\d)|[^\W\d_](?<!\bNT)(?<!\bHK)(?<!\bUS)(?<!\b[ARS])(?=[¥￥$€£]\s?\d)|[\u4e00-\u9fff](?=\d+\.\d\d(?!\d))"
)  # "合计:42.00", "Total$5", "合计42.00"
_CURRENCIES = re.split(
    r"\s",
    "¥ ￥ $ € £ ₺ ₽ ₫ 元 円 원 บาท eur euro rmb cny usd hk$ nt$ r$ pln zł zl czk kč kc huf ft try "
    "tl rub руб руб. р. gbp chf sek nok dkk kr kr. ron lei vnd vnđ đ krw jpy rm rp s/ "
    "₱ php ₹ rs rs. inr ₴ грн thb myr idr sgd aud nzd cad mxn cop clp pen aed sar",
)
SILENT = frozenset({"=", *_CURRENCIES, *UNITS.casefold().split("|")})
_UNIT_WORDS = frozenset(UNITS.split("|"))
_LITRE_WORDS = frozenset(LITRES.split("|"))
_BY_UNIT = re.compile(
    rf"(?:{'|'.join(map(re.escape, _CURRENCIES))})?/(?:1\s?)?(?:{UNITS}|100g|l)", re.IGNORECASE
)  # "/kg", "€/kg"
_TAX_CODE = re.compile(r"[A-ZАБВГ]{1,2}|\*+|[A-Z]\*|#|[軽※非]")
_TAX_CODES_MAX = 2
_RULE = re.compile(r"[-=_*.~+#─━—–·… ]{4,}")
_CODE = re.compile(r"^(?:(?:\d{3}\s+)?\d{6,14}|\d{1,3}[.、)）])\s*(?=\S)")
_BULLET = re.compile(r"^(?:[+*•·※►>#]+|[(（][A-Z][)）])\s*(?=[^\W\d_])")
_CODE_BEHIND = re.compile(r"(?<=\S)\s+\d{8,14}(?:\s+[A-Z]{1,2})?$")
_TAX_COLUMN = re.compile(r"[A-HТБАВГ]")
_KIND_OF_PIECE = re.compile(r"[^\W\d_]{2,6}\.?")
_MONEY_BEGINS = frozenset("0123456789¥￥$€£")
_COUNT_BEFORE = re.compile(r"[nN][.°º](\d{1,3})")  # "N.2 COPERTO"
_NUMBERED_COUNT = 3
_LEAD_MAX = 99_999
_REMARK = re.compile(
    rf"\W*(?:{'|'.join(sorted(map(re.escape, REMARKS), key=len, reverse=True))})"
    r"(?:\s?[:：.#№°]|\s*(?=[a-z]*[\d/-])|(?<=[\u3400-\u9fff])\s)",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"效期|有效|保质|日期|批[号次號]|期限|유통|\bexp|\bmhd|\bcad|\bscad|\bskt|\bhsd|\bval|годен|\bważn|\bbatch"
    r"|\blot",
    re.IGNORECASE,
)
_UNIT_OF_COLUMN = re.compile(r"\s?[(（][^)）]*[)）]")


_LABELLED = re.compile(
    r"(?<![^\W\d_])("
    + "|".join(sorted(map(re.escape, (*COLUMN_OF, "折扣", "折")), key=len, reverse=True))
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

    `lead` is a number before the words; `lead_counts` when "x" or a unit makes it a quantity. The
    first figure is `glued` when only one blank parts it from the words, as in "Eggs 12".
    """

    label: str
    figures: tuple[Figure, ...]
    lead: Number | None = None
    lead_counts: bool = False
    glued: bool = False
    columns: tuple[Column, ...] = ()

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The figures without signs of multiplication."""
        return tuple(each for each in self.figures if isinstance(each, Number))


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, or a part of one such as "5" of "5x"; `printed` is the whole, at its first part."""

    text: str
    printed: str
    segment: int


def is_rule(line: Line) -> bool:
    """Whether the line only divides others."""
    return _RULE.fullmatch(line.text) is not None


def is_remark(line: Line) -> bool:
    """Whether a line only tells more of the article above: its batch, its size, how it is made."""
    return _REMARK.match(line.text) is not None


def is_dated(line: Line) -> bool:
    """Whether a remark says at its end until when: the figures in it are no money."""
    return _DATED.search(line.segments[-1].text) is not None


def column_heading(line: Line) -> tuple[Column, ...]:
    """Return the columns in order when the line names at least two, () otherwise."""
    if _DIGIT.search(line.text):
        return ()  # "Anzahl Artikel  5" counts, it heads nothing
    text = _UNIT_OF_COLUMN.sub("", line.text.casefold())
    words = [word.strip(":：*") for word in text.split()]
    whole = [
        _UNIT_OF_COLUMN.sub("", segment.text.casefold()).strip(":：* ") for segment in line.segments
    ]
    for candidates in (whole, words):
        found = [COLUMN_OF[word] for word in candidates if word in COLUMN_OF]
        if len(set(found)) > 1 and len(found) * 2 > len(candidates):
            return tuple(found)
    return ()


def heading_places(line: Line) -> tuple[tuple[int, Column], ...]:
    """Return at which print position each column of a heading begins, left to right."""
    found: list[tuple[int, Column]] = []
    for segment in line.segments:
        words = [segment.text] if _heads(segment.text) else segment.text.split()
        at = 0
        for word in words:
            at = segment.text.index(word, at)
            column = _heads(word)
            if column is not None:
                found.append((segment.column + columns_of(segment.text[:at]), column))
            at += len(word)
    return tuple(found)


def _heads(text: str) -> Column | None:
    return COLUMN_OF.get(_UNIT_OF_COLUMN.sub("", text.casefold()).strip(":：* "))


def take_apart(line: Line, form: NumberFormat) -> tuple[Figures, ...]:
    """Split a line into its label and the figures behind it.

    Figures glued to a name by one blank may belong to it ("Eggs 12    1    14.33") or not ("Apples
    0.752kg x 9.98    7.50"): then there are two splits, the one with more figures first.
    """
    labelled = _labelled(line.text, form)
    if labelled is not None:
        return (labelled,)
    words = [word for at, part in enumerate(line.segments) for word in _words(part.text, at)]
    start, end = _figures_start(words, form)
    narrow = _own_columns(words, start, end)
    return tuple(_split(words, at, form) for at in dict.fromkeys((start, narrow)))


def _split(words: list[_Word], start: int, form: NumberFormat) -> Figures:
    found = (_figure(word.text, form) for word in words[start:])
    figures = _without_doubles(each for each in found if each is not None)
    lead, counted, first = _lead(words[:start], form)
    unit = parse_number(words[first].text, form) if counted and first + 1 < start else None
    if unit is not None and unit.is_money:
        figures = (Times(), unit, *figures)  # "2 x 1,05 Baguette  2,10"
        first += 1
    if first + 1 < start < len(words) and _in_tax_column(words, start - 1):
        start -= 1
    label = " ".join(word.printed for word in words[first:start] if word.printed)
    glued = 0 < start < len(words) and _is_glued(words, start)
    return Figures(without_code(label), figures, lead, counted, glued)


def _in_tax_column(words: list[_Word], at: int) -> bool:
    """Whether a lone letter stands between name and figures, away from both: "Bułka   C  5 x"."""
    alone = not _is_glued(words, at) and not _is_glued(words, at + 1)
    beside = not _is_glued(words, at) and _is_glued(words, at + 1)
    return _TAX_COLUMN.fullmatch(words[at].text) is not None and (alone or beside)


def _without_doubles(found: Iterable[Figure]) -> tuple[Figure, ...]:
    """Leave out percentages, and of "2 x @ 5.00" one sign."""
    kept: list[Figure] = []
    for each in found:
        doubled = isinstance(each, Times) and kept and isinstance(kept[-1], Times)
        if not (doubled or _is_percent(each)):
            kept.append(each)
    return tuple(kept)


def _words(text: str, segment: int) -> list[_Word]:
    words: list[_Word] = []
    for printed in _GLUED.sub(r"\g<0> ", without_dates(text)).split():
        parts = TIMES_INSIDE.sub(r" \g<0> ", printed).split()
        words += [_Word(part, printed if at == 0 else "", segment) for at, part in enumerate(parts)]
    return _with_units(words)


def _with_units(words: list[_Word]) -> list[_Word]:
    """Put a unit to its number where a price follows: "1.82 lb @ 0.74" are pounds.

    Litres also where they begin the line: "42,11 l  1,759 EUR/l  74,07". Any other word between
    says nothing: "2 strip x 4.500".
    """
    joined: list[_Word] = []
    for at, word in enumerate(words):
        price_follows = at + 1 < len(words) and words[at + 1].text.casefold() in TIMES
        begins_line = word.segment == 0 and len(joined) == 1
        is_litre = word.text in _LITRE_WORDS and (price_follows or begins_line)
        is_unit = is_litre or (price_follows and word.text in _UNIT_WORDS)
        has_price = at + 2 < len(words) and words[at + 2].text[0] in _MONEY_BEGINS
        is_piece = price_follows and has_price and _KIND_OF_PIECE.fullmatch(word.text)
        if joined and (is_unit or is_piece) and joined[-1].text[-1].isdigit():
            before, blank = joined.pop(), " " if is_litre else ""
            printed = f"{before.printed} {word.printed}".strip()
            unit = f"{blank}{word.text}" if is_unit else ""
            joined.append(_Word(before.text + unit, printed, before.segment))
        else:
            joined.append(word)
    return joined


def _figure(word: str, form: NumberFormat) -> Figure | None:
    return Times() if word.casefold() in TIMES else parse_number(word, form)


def _figures_start(words: list[_Word], form: NumberFormat) -> tuple[int, int]:
    """Return where the figures at the end of a line begin and end; a tax letter may follow."""
    end = len(words)
    for codes in range(1, min(_TAX_CODES_MAX, end - 1) + 1):
        if not _TAX_CODE.fullmatch(words[-codes].text):
            break
        if _is_figure(words[-codes - 1].text, form):
            end -= codes
            break
    start = end
    while start > 0 and _is_figure(words[start - 1].text, form):
        start -= 1
    while start < end and _is_glued(words, start) and _is_percentage(words[start].text, form):
        start += 1  # "Milk 2%" is a name
    if start == 0 < end - 1 and is_unit(words[0].text):
        start = 1  # rice, "米", is a metre only behind a figure
    return start, end


def _is_glued(words: list[_Word], at: int) -> bool:
    """Whether only one blank stands between a word and the one before it."""
    return at > 0 and words[at].segment == words[at - 1].segment


def _is_percentage(word: str, form: NumberFormat) -> bool:
    figure = _figure(word, form)
    return figure is not None and _is_percent(figure)


def _own_columns(words: list[_Word], start: int, end: int) -> int:
    """Return where the figures begin that no blank glues to the name."""
    if (
        not (start < end and _is_glued(words, start))
        or words[end - 1].segment == words[start].segment
    ):
        return start
    segment = words[start].segment
    return next(at for at in range(start, end) if words[at].segment != segment)


def _is_percent(figure: Figure) -> bool:
    return isinstance(figure, Number) and figure.is_percent


def _is_figure(word: str, form: NumberFormat) -> bool:
    return is_silent(word) or _figure(word, form) is not None


def is_unit(word: str) -> bool:
    """Whether a word says what a figure before it counts."""
    return word in _UNIT_WORDS


def is_silent(word: str) -> bool:
    """Whether a word among figures only says what they count or cost: "EUR", "pcs", "€/kg"."""
    bare = word.casefold()
    return bare in SILENT or bare.rstrip(".") in SILENT or _BY_UNIT.fullmatch(word) is not None


def _lead(words: list[_Word], form: NumberFormat) -> tuple[Number | None, bool, int]:
    """Return a number before the name, whether "x" follows it, and where the name begins."""
    if len(words) > 1 and (counted_so := _COUNT_BEFORE.fullmatch(words[0].text)):
        return parse_number(counted_so[1], form), True, 1
    number = parse_number(words[0].text, form) if len(words) > 1 else None
    if number is None or not 0 < number.value <= _LEAD_MAX:
        return None, False, 0
    if words[1].text.casefold() in TIMES:
        return number, True, 2
    if len(words) > _NUMBERED_COUNT and words[2].text.casefold() in TIMES:
        counted = parse_number(
            words[1].text, form
        )  # "1  2x Eggs": a number of the line stands first
        if counted is not None:
            return counted, True, _NUMBERED_COUNT
    return number, number.has_unit, 1


def pairs(line: Line) -> tuple[Line, ...]:
    """Split "Due: 12.00  Cash: 20.00  Change: 8.00" into lines; () when it is not all pairs."""
    text, at = line.text, 0
    found: list[Line] = []
    for value in _VALUE.finditer(text):
        label = text[at : value.start()].strip(_AROUND_LABELS)
        if not label:
            return ()
        found.append(Line((Segment(0, label), Segment(1, value[0].strip()))))
        at = value.end()
    return tuple(found) if len(found) > 1 and not text[at:].strip(_AROUND_LABELS) else ()


def without_code(label: str) -> str:
    """Drop bar code, line number or mark in front of a name, and code or colon behind it."""
    bare = _BULLET.sub("", label, count=1)
    bare = _CODE.sub("", bare, count=1) or bare
    return _CODE_BEHIND.sub("", bare).rstrip(":： ")


def _labelled(text: str, form: NumberFormat) -> Figures | None:
    """Read figures that each have their word before them; at least two of them."""
    found = list(_LABELLED.finditer(text)) if _DIGIT.search(text) else []
    by_word = [(COLUMN_OF.get(each[1].casefold()), parse_number(each[2], form)) for each in found]
    known = [(column, number) for column, number in by_word if column and number is not None]
    if not known:
        return None
    name = text[: found[0].start()].strip()
    if name and {column for column, _ in known} == {Column.PRICE}:
        name, known = _around(name, known, text[found[-1].end() :].strip(), form)
    columns = tuple(column for column, _ in known)
    if len(set(columns)) <= 1:
        return None
    figures = tuple(number for _, number in known)
    return Figures(name, figures, columns=columns)


def _around(
    name: str, known: list[tuple[Column, Number]], behind: str, form: NumberFormat
) -> tuple[str, list[tuple[Column, Number]]]:
    """Add what has no word: "T恤  1件  吊牌价198.00  折扣0.80  158.40" ends with its amount."""
    amount = parse_number(behind, form)
    if amount is None or not amount.is_money:
        return name, known
    known = [*known, (Column.AMOUNT, amount)]
    words = name.rsplit(None, 1)
    qty = parse_number(words[-1], form)
    if len(words) > 1 and qty is not None and (qty.has_unit or qty.is_bare):
        return words[0], [*known, (Column.QTY, qty)]
    return name, known

"""A job on paper as a receipt: lines and total that add up, or the reason why not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from edge_agent.domain.tapped_receipt import (
    OTHER,
    REFUND,
    REPRINT,
    SALE,
    VOID,
    ReceiptKind,
    TappedReceipt,
)
from edge_agent.drivers.profiles.till import Items, Numbering, Places
from edge_agent.drivers.till_escpos.amounts import Decimals, NumberFormat, find_format
from edge_agent.drivers.till_escpos.grammar import GrammarReader
from edge_agent.drivers.till_escpos.layout import Line, Sheet
from edge_agent.drivers.till_escpos.pricing import Way
from edge_agent.drivers.till_escpos.reading import Reader
from edge_agent.drivers.till_escpos.settle import Settled, settle
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary, normal
from retail_core.limits import RECEIPT_LINE_CHARS_MAX, RECEIPT_LINES_MAX
from retail_core.texts.faults import FaultCode

_PICTURE_BYTES_MIN = 2_048
_TITLES = frozenset({Meaning.REFUND, Meaning.VOID, Meaning.REPRINT, Meaning.REPORT})
_KINDS: Mapping[str, ReceiptKind] = {
    "sale": SALE,
    Meaning.REFUND.value: REFUND,
    Meaning.VOID.value: VOID,
    Meaning.REPRINT.value: REPRINT,
}
_TITLE_LETTERS_MAX = 24
_MONEY_KINDS = frozenset({"sale", "other"})
_AMOUNT = re.compile(r"\d[.,]\d\d(?!\d)|[¥￥$€£]\s?\d")
_NUMBERS = re.compile(
    r"(?:单号|流水号?|小票号?|交易号|订单号|票号|序号|"
    r"receipt|invoice|order|ticket|trans(?:action)?|bon|beleg|rechnung|chk|check|no|nr|n°|№)"
    r"[-. ]*(?:no|nr|number|num|#|n°|№|号|号码)?\s*[.:：#]*\s*([A-Za-z]{0,4}[-]?\d[\w-]{2,31})",
    re.IGNORECASE,
)
_BEHIND_WORD = r"\s*[.:：#]*\s*([A-Za-z]{0,6}[-]?\d[\w/-]{0,31})"
_BAR_CODE = re.compile(r"\w*\d{3}\w*")
_HASH_NUMBER = re.compile(r"(?<!\w)#\s?(\d[\w-]{2,31})")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a profile says about reading; see `profile`."""

    profile: str = "auto"
    decimals: Decimals = "auto"
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    places: Places = "auto"
    items: Items = field(default_factory=Items)
    numbering: Numbering = field(default_factory=Numbering)


def read_receipt(sheet: Sheet, rules: Rules, *, till: str = "") -> TappedReceipt:
    """Read one job; every reason not to trust it is in `fault`, every kind but `sale` in `kind`."""
    lines = _readable(sheet)
    form = _format(lines, rules)
    settled = _by_grammar(lines, form, rules) or _settle_in_any_way(lines, form, rules.vocabulary)
    kind = _kind(lines, settled, rules.vocabulary)
    return TappedReceipt(
        till=till,
        profile=rules.profile,
        receipt_no=_number_behind(sheet, rules.numbering.receipt_no) or _receipt_number(sheet),
        kind=_KINDS.get(kind, OTHER),
        lines=settled.lines,
        total_fen=settled.total_fen,
        text=sheet.text,
        fault=_fault(sheet, settled, kind),
    )


def _readable(sheet: Sheet) -> tuple[Line, ...]:
    """Return the lines worth reading: no receipt is longer or wider than the limits."""
    if len(sheet.lines) > RECEIPT_LINES_MAX:
        return ()
    return tuple(line for line in sheet.lines if len(line.text) <= RECEIPT_LINE_CHARS_MAX)


def _format(lines: tuple[Line, ...], rules: Rules) -> NumberFormat:
    """Return how amounts are printed: what the profile says, else what the receipt shows."""
    form = find_format((line.text for line in lines), rules.decimals)
    return form if rules.places == "auto" else replace(form, places=rules.places, plain=False)


def _by_grammar(lines: tuple[Line, ...], form: NumberFormat, rules: Rules) -> Settled | None:
    """Read by the columns of the profile; None when it names none or nothing adds up."""
    if not rules.items.columns:
        return None
    settled = settle(GrammarReader(rules.items, rules.vocabulary, form).read(lines))
    return settled if settled.adds_up else None


def _settle_in_any_way(
    lines: tuple[Line, ...], form: NumberFormat, vocabulary: Vocabulary
) -> Settled:
    """Read in each way; the first that adds up is right, else the strict one is shown."""
    tried: list[Settled] = []
    for by_place, way in product((False, True), Way):
        reading = Reader(vocabulary, form, way, by_place=by_place).read(lines)
        settled = settle(reading)
        # bare figures that add up may be pieces: without a price or a payment they are no money
        looks_like_money = way is Way.STRICT and not form.plain
        believed = looks_like_money or reading.counted or bool(reading.of(Meaning.TENDER))
        if reading.by_place_only * 2 > len(reading.articles):
            continue  # cash, card, total: that is a report, not articles with odd names
        if settled.adds_up and believed:
            return settled
        tried.append(settled if believed else replace(settled, total_fen=None, adds_up=False))
    return tried[0]


def _fault(sheet: Sheet, settled: Settled, kind: str) -> FaultCode | None:
    """Return why the paper is not trusted; a title that says what it is needs no arithmetic."""
    if sheet.cut_off:
        return FaultCode.TILL_STREAM_TRUNCATED
    if kind not in _MONEY_KINDS:
        return None
    if settled.total_fen is not None and settled.lines:
        return None if settled.adds_up else FaultCode.TILL_TOTAL_MISMATCH
    if sheet.raster_bytes >= _PICTURE_BYTES_MIN:
        return FaultCode.TILL_RECEIPT_RASTER
    if settled.lines and not sheet.cut:
        return FaultCode.TILL_STREAM_TRUNCATED
    return FaultCode.TILL_RECEIPT_UNREADABLE


def _kind(lines: tuple[Line, ...], settled: Settled, vocabulary: Vocabulary) -> str:
    """Return `sale`, or what else a title or a minus says the paper is."""
    for line in lines:
        if len(normal(line.text)) <= _TITLE_LETTERS_MAX:
            meaning = vocabulary.meaning(line.text, among=_TITLES)
            if meaning is not None:
                return meaning.value
    if any(vocabulary.mentions(line.text, Meaning.REPORT) for line in _head(lines)):
        return Meaning.REPORT.value
    if settled.total_fen is not None and settled.total_fen < 0:
        return Meaning.REFUND.value
    return "sale" if settled.lines and settled.total_fen is not None else "other"


def _head(lines: tuple[Line, ...]) -> Iterator[Line]:
    """Give the lines above the first amount."""
    for line in lines:
        if _AMOUNT.search(line.text):
            return
        yield line


def _number_behind(sheet: Sheet, words: tuple[str, ...]) -> str:
    """Return the number printed behind one of a till's own words for it, else ""."""
    for word in words:
        for line in sheet.lines:
            found = re.search(re.escape(word) + _BEHIND_WORD, line.text, re.IGNORECASE)
            if found is not None:
                return found[1]
    return ""


def _receipt_number(sheet: Sheet) -> str:
    """Return the number printed on the receipt, else the one in its bar code, else ""."""
    for pattern in (_NUMBERS, _HASH_NUMBER):
        for line in sheet.lines:
            found = pattern.search(line.text)
            if found is not None:
                return found[1]
    return next((code for code in sheet.bar_codes if _BAR_CODE.fullmatch(code)), "")

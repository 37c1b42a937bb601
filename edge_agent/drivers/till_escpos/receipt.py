"""A job on paper as a receipt: lines and total that add up, or the reason why not."""

from dataclasses import dataclass, field, replace
from itertools import product

from edge_agent.domain.tapped_receipt import (
    EXCHANGE,
    OTHER,
    REFUND,
    SALE,
    VOID,
    ReceiptKind,
    TappedReceipt,
)
from edge_agent.drivers.profiles.till import Items, Numbering, Places
from edge_agent.drivers.till_escpos.amounts import Decimals, NumberFormat, find_format
from edge_agent.drivers.till_escpos.exchanges import named_plainly, returned_lines
from edge_agent.drivers.till_escpos.forms import form_article
from edge_agent.drivers.till_escpos.grammar import GrammarReader
from edge_agent.drivers.till_escpos.kinds import kind_of
from edge_agent.drivers.till_escpos.layout import Line, Sheet
from edge_agent.drivers.till_escpos.pricing import Way
from edge_agent.drivers.till_escpos.reading import Reader, Stance
from edge_agent.drivers.till_escpos.receipt_numbers import (
    number_behind,
    original_number,
    receipt_number,
)
from edge_agent.drivers.till_escpos.settle import Settled, settle
from edge_agent.drivers.till_escpos.variants import variants
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary
from retail_core.limits import RECEIPT_LINE_CHARS_MAX, RECEIPT_LINES_MAX
from retail_core.texts.faults import FaultCode

_PICTURE_BYTES_MIN = 2_048
_MONEY_KINDS = frozenset({SALE, OTHER})
_TAKES_BACK = frozenset({REFUND, VOID, EXCHANGE})


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
    settled = _settle(lines, form, rules)
    kind, titled = kind_of(lines, settled, rules.vocabulary)
    if kind == EXCHANGE:
        settled = named_plainly(settled, rules.vocabulary)
    return TappedReceipt(
        till=till,
        profile=rules.profile,
        receipt_no=number_behind(sheet, rules.numbering.receipt_no) or receipt_number(sheet),
        kind=kind,
        lines=settled.lines,
        total_fen=settled.total_fen,
        text=sheet.text,
        fault=_fault(sheet, settled, kind, titled=titled),
        original_no=_original_number(sheet, rules) if kind in _TAKES_BACK else "",
        tenders=settled.tenders,
        change_fen=settled.change_fen,
        discounts=settled.discounts,
        returns=returned_lines(settled, rules.vocabulary) if kind == EXCHANGE else (),
        drawer=sheet.drawer,
        raster=_is_picture(sheet, settled),
        extras=settled.extras,
    )


def _settle(lines: tuple[Line, ...], form: NumberFormat, rules: Rules) -> Settled:
    """Read the lines as they stand and in the other ways tills mean them; what adds up is right."""
    tried: list[Settled] = []
    for each in variants(lines, form, rules.vocabulary):
        settled = _by_grammar(each.lines, form, rules) or _settle_in_any_way(
            each.lines, form, rules.vocabulary
        )
        if settled.adds_up:
            return replace(settled, given_back=settled.given_back or each.given_back)
        tried.append(settled)
    return tried[0]


def _original_number(sheet: Sheet, rules: Rules) -> str:
    """Return the number a refund is about, by the till's own word for it or a usual one."""
    return number_behind(sheet, rules.numbering.original_no) or original_number(sheet)


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
    reading = GrammarReader(rules.items, rules.vocabulary, form).read(lines)
    settled = replace(settle(reading), given_back=reading.given_back)
    return settled if settled.adds_up else None


def _settle_in_any_way(
    lines: tuple[Line, ...], form: NumberFormat, vocabulary: Vocabulary
) -> Settled:
    """Read in each way; the first that adds up is right, else the strict one is shown."""
    tried: list[Settled] = []
    for stance, way in product(Stance, Way):
        reading = Reader(vocabulary, form, way, stance).read(lines)
        settled = settle(reading)
        # bare figures that add up may be pieces: without a price or a payment they are no money
        looks_like_money = way is Way.STRICT and not form.plain
        believed = looks_like_money or reading.counted or bool(reading.of(Meaning.TENDER))
        if reading.by_place_only * 2 > len(reading.articles):
            continue  # cash, card, total: that is a report, not articles with odd names
        if settled.adds_up and believed:
            return settled
        tried.append(settled if believed else replace(settled, total_fen=None, adds_up=False))
    return _by_form(lines, form, vocabulary) or tried[0]


def _by_form(lines: tuple[Line, ...], form: NumberFormat, vocabulary: Vocabulary) -> Settled | None:
    """Read one article told line by line, as a pump's receipt does; None when nothing adds up."""
    article = form_article(lines, form)
    if article is None:
        return None
    reading = Reader(vocabulary, form, Way.STRICT).read(lines)
    settled = settle(replace(reading, articles=(article,), counted=True))
    return settled if settled.adds_up else None


def _fault(sheet: Sheet, settled: Settled, kind: ReceiptKind, *, titled: bool) -> FaultCode | None:
    """Return why the paper is not trusted; a title that says what it is needs no arithmetic."""
    if sheet.cut_off:
        return FaultCode.TILL_STREAM_TRUNCATED
    if kind not in _MONEY_KINDS or titled:
        return None
    if settled.total_fen is not None and settled.lines:
        return None if settled.adds_up else FaultCode.TILL_TOTAL_MISMATCH
    if sheet.raster_bytes >= _PICTURE_BYTES_MIN:
        return FaultCode.TILL_RECEIPT_RASTER
    if settled.lines and not sheet.cut:
        return FaultCode.TILL_STREAM_TRUNCATED
    return FaultCode.TILL_RECEIPT_UNREADABLE


def _is_picture(sheet: Sheet, settled: Settled) -> bool:
    return sheet.raster_bytes >= _PICTURE_BYTES_MIN and not settled.lines

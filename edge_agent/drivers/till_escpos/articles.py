"""What an article is once the whole receipt has been read: counts before and behind its name."""

import re
from dataclasses import dataclass, replace

from edge_agent.domain.tapped_receipt import ReceiptLine
from edge_agent.drivers.till_escpos.amounts import Number
from edge_agent.drivers.till_escpos.pricing import Priced
from retail_core.limits import NAME_CHARS_MAX

_NUMBERED = re.compile(r"(\d{2,3}|\d(?=[.)、 ]))[.)、]?\s+(?=\S)")
_COUNT_BEHIND = re.compile(r"(?P<name>.*[^\W\d_].*?)\s?[xX×*](?P<count>[1-9]\d{0,2})")
_GLUED_COUNT = re.compile(r"[\u3040-\u9fff\uac00-\ud7af)）][xX×*]\d+$")
_TAX_CODED = re.compile(r"[A-E]\d\d\s+(?=\S)")
_PAIR = 2
_WHOLE_FEN = 100
_CODE_MIN = 1_000


@dataclass(slots=True)
class Article:
    """An article as long as lines below may still explain it; `lead` is a number before it."""

    name: str
    priced: Priced
    lead: Number | None = None
    column: int = 0


def same_amount(one: Priced, other: Priced) -> bool:
    """Whether two lines are about one amount."""
    off = abs(one.amount_fen - other.amount_fen)
    rounded = (one.amount_fen % _WHOLE_FEN == 0) != (other.amount_fen % _WHOLE_FEN == 0)
    whole = rounded and not (one.qty_milli % 1_000 == 0 and other.qty_milli % 1_000 == 0)
    return off <= 1 or (whole and off < _WHOLE_FEN)  # halves either way, or to whole money


def _drop_numbering(articles: list[Article]) -> None:
    """Take "01 ", "02 ", … off the names when they count all the articles."""
    found = [_NUMBERED.match(article.name) for article in articles]
    if articles and all(
        each is not None and int(each[1]) == at for at, each in enumerate(found, start=1)
    ):
        for article in articles:
            article.name = _NUMBERED.sub("", article.name, count=1)


def _take_counts_behind(articles: list[Article]) -> None:
    """Take "*4" off "原味蛋挞*4" where this is how the till says how many.

    "AA batteries x4" is a name: so no count on the paper may have a price with it, and most lines
    must be counted so, or the sign follows a Chinese character without a blank.
    """
    if any(each.priced.unit_fen is not None or each.lead is not None for each in articles):
        return
    found = [
        None if each.priced.explicit_qty else _COUNT_BEHIND.fullmatch(each.name)
        for each in articles
    ]
    so_counted = sum(each is not None for each in found)
    so_counted += sum(each.priced.explicit_qty for each in articles)
    most = so_counted * 5 >= len(articles) * 3
    for article, each in zip(articles, found, strict=True):
        if each is not None and (most or _GLUED_COUNT.search(each[0])):
            article.name = each["name"]
            article.priced = replace(
                article.priced, qty_milli=int(each["count"]) * 1_000, explicit_qty=True
            )


def _drop_tax_codes(articles: list[Article]) -> None:
    """Take "C00 " off the names when each begins with such a code."""
    if len(articles) >= _PAIR and all(_TAX_CODED.match(article.name) for article in articles):
        for article in articles:
            article.name = _TAX_CODED.sub("", article.name, count=1)


def counted(articles: list[Article], *, lead_is_column: bool = False) -> tuple[ReceiptLine, ...]:
    """Finish the articles: tell what numbers before names are.

    They are a column only if most articles have one; 1, 2, 3, … number the lines, big ones are the
    till's own codes, the others count.
    """
    _drop_numbering(articles)
    _take_counts_behind(articles)
    _drop_tax_codes(articles)
    leads = [article.lead.value for article in articles if article.lead is not None]
    outer = min((article.column for article in articles), default=0)
    set_in = sum(each.lead is None and each.column > outer + 1 for each in articles)
    is_column = lead_is_column or len(leads) * 5 >= (len(articles) - set_in) * 3
    is_numbering = len(leads) > _PAIR and leads == list(range(1, len(leads) + 1))
    is_code = len(leads) >= _PAIR and min(leads) >= _CODE_MIN
    lines: list[ReceiptLine] = []
    for article in articles:
        name, qty_milli, lead = article.name, article.priced.qty_milli, article.lead
        if article.priced.by_lead:
            lead = None
        if lead is not None and (not is_column or (lead.value >= _CODE_MIN and not is_code)):
            name = f"{lead.printed} {name}"
        elif lead is not None and not (is_numbering or is_code or article.priced.explicit_qty):
            qty_milli = lead.milli
        lines.append(ReceiptLine(name[:NAME_CHARS_MAX], qty_milli, article.priced.amount_fen))
    return tuple(lines)

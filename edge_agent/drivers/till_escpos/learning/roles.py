"""What a learned profile makes of each line of a sample, for a person to look at."""

from collections.abc import Iterator, Mapping

from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.domain.taught import PrintedLine
from edge_agent.drivers.profiles.till import TillProfile
from edge_agent.drivers.till_escpos.item_rows import ItemRow, row_of
from edge_agent.drivers.till_escpos.layout import Line
from edge_agent.drivers.till_escpos.learning.pages import Page, Sum, key_of
from edge_agent.drivers.till_escpos.rows import column_heading, is_rule
from edge_agent.drivers.till_escpos.words import Meaning

ARTICLE, HEADING, NUMBER, RULE = "article", "heading", "number", "rule"


def roles_of(page: Page, profile: TillProfile, read: TappedReceipt) -> tuple[PrintedLine, ...]:
    """Return every line with its role, and the words of its sum."""
    meanings = dict(_meanings(profile))
    sums: dict[int, Sum] = {each.line: each for each in reversed(page.sums)}
    found: list[PrintedLine] = []
    for at, line in enumerate(page.lines):
        label = sums[at].label if at in sums else ""
        role = _shape(line) or _sum(line, label, meanings)
        if not role and _is_article(line, row_of(page.words[at], profile.items), read):
            role = ARTICLE
        if not role and read.receipt_no and read.receipt_no in line.text:
            role = NUMBER
        found.append(PrintedLine(line.text, role, label))
    return tuple(found)


def _meanings(profile: TillProfile) -> Iterator[tuple[str, str]]:
    for meaning in Meaning:
        for word in getattr(profile.words, meaning.value):
            yield key_of(word), meaning.value


def _shape(line: Line) -> str:
    if is_rule(line):
        return RULE
    return HEADING if column_heading(line) else ""


def _sum(line: Line, label: str, meanings: Mapping[str, str]) -> str:
    return meanings.get(key_of(label), "") or meanings.get(key_of(line.text), "")


def _is_article(line: Line, row: ItemRow | None, read: TappedReceipt) -> bool:
    """Whether the amount of a row, or the words of a line, are those of an article."""
    amounts = {abs(one.amount_fen) for one in read.lines}
    if row is not None and abs(row.amount_fen) in amounts:
        return True
    return any(line.text in one.name for one in read.lines)

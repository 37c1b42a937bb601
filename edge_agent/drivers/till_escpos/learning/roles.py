"""What a learned profile makes of each line of a sample, for a person to look at."""

from collections.abc import Iterator, Mapping

from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.domain.taught import PrintedLine
from edge_agent.drivers.profiles.till import TillProfile
from edge_agent.drivers.till_escpos.amounts import NumberFormat
from edge_agent.drivers.till_escpos.item_rows import item_row
from edge_agent.drivers.till_escpos.layout import Line
from edge_agent.drivers.till_escpos.learning.pages import Page, Sum, key_of
from edge_agent.drivers.till_escpos.rows import column_heading, is_rule
from edge_agent.drivers.till_escpos.words import Meaning

ARTICLE, HEADING, NUMBER, RULE = "article", "heading", "number", "rule"


def roles_of(
    page: Page, profile: TillProfile, form: NumberFormat, read: TappedReceipt
) -> tuple[PrintedLine, ...]:
    """Return every line with its role, and the words of its sum."""
    words = dict(_meanings(profile))
    sums: dict[int, Sum] = {each.line: each for each in reversed(page.sums)}
    return tuple(
        PrintedLine(
            line.text,
            _role(line, sums.get(at), words, profile, form, read),
            sums[at].label if at in sums else "",
        )
        for at, line in enumerate(page.lines)
    )


def _meanings(profile: TillProfile) -> Iterator[tuple[str, str]]:
    for meaning in Meaning:
        for word in getattr(profile.words, meaning.value):
            yield key_of(word), meaning.value


def _role(  # noqa: PLR0911 -- one return for each thing a line can be
    line: Line,
    named: Sum | None,
    words: Mapping[str, str],
    profile: TillProfile,
    form: NumberFormat,
    read: TappedReceipt,
) -> str:
    if is_rule(line):
        return RULE
    if column_heading(line):
        return HEADING
    if named is not None and named.key in words:
        return words[named.key]
    row = item_row(line, profile.items, form)
    if row is not None and abs(row.amount_fen) in {abs(one.amount_fen) for one in read.lines}:
        return ARTICLE
    if any(line.text and line.text in one.name for one in read.lines):
        return ARTICLE
    if key_of(line.text) in words:
        return words[key_of(line.text)]
    return NUMBER if read.receipt_no and read.receipt_no in line.text else ""

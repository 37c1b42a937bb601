"""What a till prints besides articles and sums: numbers, titles, long names."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.drivers.till_escpos.item_rows import ItemRow
from edge_agent.drivers.till_escpos.learning.pages import Page
from edge_agent.drivers.till_escpos.rows import column_heading, is_rule
from edge_agent.drivers.till_escpos.word_index import normal
from edge_agent.drivers.till_escpos.words import Meaning

_NUMBERED = re.compile(r"^(.*?[^\W\d_].*?)\s*[:：#.]*\s*([A-Za-z]{0,6}-?\d[\w/-]{2,31})$")
_TIME = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d|\d{4}/\d\d/\d\d")
_TITLE_LETTERS_MAX = 24


@dataclass(frozen=True, slots=True)
class Marks:
    """Words in front of numbers, and titles by meaning."""

    receipt_no: str = ""
    original_no: str = ""
    titles: tuple[tuple[Meaning, str], ...] = ()


def find_marks(pages: Sequence[Page], read: Sequence[TappedReceipt]) -> Marks:
    """Return what the number is called, and the titles of refunds and copies.

    `read` are the same samples as the grammar reads them so far.
    """
    receipt_no = "" if _tells_apart(read) else _number_word(pages)
    numbers = [
        _behind(page, receipt_no) if receipt_no else one.receipt_no
        for page, one in zip(pages, read, strict=True)
    ]
    backwards = [at for at, one in enumerate(read) if _gives_back(one)]
    original = _original_word(pages, backwards, numbers)
    titles = [*_titles(pages, backwards, Meaning.REFUND)]
    copies = [
        at
        for at, number in enumerate(numbers)
        if number and number in numbers[:at] and at not in backwards
    ]
    titles += _titles(pages, copies, Meaning.REPRINT)
    return Marks(receipt_no, original, tuple(titles))


def _gives_back(receipt: TappedReceipt) -> bool:
    return receipt.kind == "refund" or (receipt.total_fen or 0) < 0


def _tells_apart(read: Sequence[TappedReceipt]) -> bool:
    """Whether the number found without help differs wherever the content does."""
    seen: dict[str, tuple[int | None, int]] = {}
    for receipt in read:
        content = (receipt.total_fen, len(receipt.lines))
        if not receipt.receipt_no or seen.setdefault(receipt.receipt_no, content) != content:
            return False
    return True


def _number_word(pages: Sequence[Page]) -> str:
    """Return the words before a number that stands in every sample and tells most apart."""
    values: dict[str, list[str]] = {}
    for page in pages:
        for label, value in dict(_numbered(page)).items():
            values.setdefault(label, []).append(value)
    told = {label: len(set(each)) for label, each in values.items() if len(each) == len(pages)}
    best = max(told, key=lambda label: told[label], default="")
    return best if best and told[best] * 2 > len(pages) else ""


def _numbered(page: Page) -> Iterable[tuple[str, str]]:
    for line in page.lines:
        for segment in line.segments:
            found = _NUMBERED.fullmatch(segment.text)
            if found is not None and not _TIME.search(segment.text):
                yield found[1].strip(" :：#."), found[2]


def _behind(page: Page, word: str) -> str:
    return dict(_numbered(page)).get(word, "")


def _original_word(pages: Sequence[Page], backwards: list[int], numbers: list[str]) -> str:
    """Return the words before the number of another receipt that only refunds have."""
    counts: Counter[str] = Counter()
    for at in backwards:
        own = numbers[at]
        counts.update(
            {label for label, value in _numbered(pages[at]) if value in numbers and value != own}
        )
    return counts.most_common(1)[0][0] if counts else ""


def _titles(
    pages: Sequence[Page], marked: list[int], meaning: Meaning
) -> list[tuple[Meaning, str]]:
    """Return the lines that stand in all marked samples and in no other."""
    if not marked:
        return []
    said = [
        {normal(line.text): line.text for line in page.lines if _is_title(line.text)}
        for page in pages
    ]
    others = {text for at, texts in enumerate(said) if at not in marked for text in texts}
    shared = set.intersection(*(set(said[at]) for at in marked)) - others
    return [(meaning, said[marked[0]][text]) for text in sorted(shared)]


def _is_title(text: str) -> bool:
    has_letters = any(letter.isalpha() for letter in text)
    has_digits = any(letter.isdigit() for letter in text)
    return has_letters and not has_digits and len(text) <= _TITLE_LETTERS_MAX


def names_wrap(pages: Sequence[Page], rows: Sequence[dict[int, ItemRow]]) -> bool:
    """Whether words above an article that has a name of its own are the beginning of that name.

    They are, unless words stand below a last article too: then this till prints remarks below each.
    """
    return not any(
        _is_words(page, max(found) + 1) for page, found in zip(pages, rows, strict=True) if found
    )


def _is_words(page: Page, at: int) -> bool:
    """Whether a line is there and holds words alone: no figures, no label, no rule, no heading."""
    if not 0 <= at < len(page.lines):
        return False
    line = page.lines[at]
    marked = any(letter.isdigit() or letter in ":：" for letter in line.text)
    has_figures = any(cell.number is not None for cell in page.words[at])
    return not (marked or has_figures or is_rule(line) or column_heading(line))

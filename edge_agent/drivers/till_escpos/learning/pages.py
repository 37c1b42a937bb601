"""Sample receipts as pages: lines, words with their places, and what is labelled with a sum."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_agent.domain.taught import Sample
from edge_agent.drivers.till_escpos.amounts import NumberFormat
from edge_agent.drivers.till_escpos.cells import Cell, cells
from edge_agent.drivers.till_escpos.frames import Tokenizer
from edge_agent.drivers.till_escpos.layout import Line, Sheet
from edge_agent.drivers.till_escpos.paper import Paper
from edge_agent.drivers.till_escpos.rows import is_rule, pairs, take_apart
from edge_agent.drivers.till_escpos.words import Vocabulary, normal

AUTO = "auto"
_ALPHABETS = (
    AUTO,
    *("gb18030", "big5", "cp932", "cp949"),
    *("cp852", "cp857", "cp858", "cp866", "cp1250", "cp1251", "cp1252", "cp1254"),
)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Sum:
    """A line, or a part of one, that says an amount: `label` as printed, `key` to compare by."""

    line: int
    label: str
    key: str
    fen: int
    figure: str


@dataclass(frozen=True, slots=True)
class Page:
    """One sample on paper."""

    name: str
    sheet: Sheet
    words: tuple[tuple[Cell, ...], ...]
    sums: tuple[Sum, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is printed, line by line."""
        return self.sheet.lines


def sheet_of(data: bytes, encoding: str) -> Sheet:
    """Put a stream on paper."""
    tokenizer = Tokenizer()
    paper = Paper(encoding=encoding)
    paper.write(tokenizer.feed(data) + tokenizer.finish())
    return paper.sheet()


def find_encoding(samples: Sequence[Sample]) -> tuple[str, int]:
    """Return the alphabet in which most words are known, and how many those are."""
    vocabulary = Vocabulary()
    best = (AUTO, _known(samples, AUTO, vocabulary))
    if all(sample.data.isascii() for sample in samples):
        return best
    for encoding in _ALPHABETS[1:]:
        known = _known(samples, encoding, vocabulary)
        if known * 4 > best[1] * 5 + 4:
            best = (encoding, known)
    return best


def _known(samples: Sequence[Sample], encoding: str, vocabulary: Vocabulary) -> int:
    """Count known labels; a letter the alphabet does not have speaks against it."""
    texts = [
        segment.text
        for sample in samples
        for line in sheet_of(sample.data, encoding).lines
        for segment in line.segments
    ]
    labels = [label for text in texts if (label := text.strip(":： 0123456789.-"))]
    broken = sum(text.count("\ufffd") for text in texts)
    return sum(vocabulary.meaning(label) is not None for label in labels) - broken


def page_of(sample: Sample, encoding: str, form: NumberFormat) -> Page:
    """Take a sample apart."""
    sheet = sheet_of(sample.data, encoding)
    words = tuple(cells(line, form) for line in sheet.lines)
    sums = tuple(each for at, line in enumerate(sheet.lines) for each in _sums(at, line, form))
    return Page(sample.name, sheet, words, sums)


def _sums(at: int, line: Line, form: NumberFormat) -> Iterator[Sum]:
    """Give what a line labels with a number: its last amount, or that of each of its pairs."""
    if is_rule(line):
        return
    for part in pairs(line) or (line,):
        figures = take_apart(part, form)[-1]
        key = key_of(figures.label)
        money = [number for number in figures.numbers if number.is_money]
        numbers = money or list(figures.numbers)
        if key and numbers:
            yield Sum(at, figures.label, key, numbers[-1].fen, numbers[-1].printed)


def key_of(label: str) -> str:
    """Return a label without its digits, folded."""
    return " ".join(_DIGITS.sub(" ", normal(label)).split())


def common_keys(pages: Sequence[Page]) -> Counter[str]:
    """Count in how many samples each label stands."""
    return Counter(key for page in pages for key in {each.key for each in page.sums})

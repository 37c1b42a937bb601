"""Sample receipts as pages: lines, words with their places, and what is labelled with a sum."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_agent.domain.taught import Sample
from edge_agent.drivers.till_escpos.alphabet import CHINESE, is_ascii, looks_chinese
from edge_agent.drivers.till_escpos.amounts import NumberFormat
from edge_agent.drivers.till_escpos.cells import Cell, cells
from edge_agent.drivers.till_escpos.frames import Text, Token, Tokenizer
from edge_agent.drivers.till_escpos.layout import Line, Sheet
from edge_agent.drivers.till_escpos.paper import Paper
from edge_agent.drivers.till_escpos.rows import is_rule, pairs, take_apart
from edge_agent.drivers.till_escpos.word_index import normal
from edge_agent.drivers.till_escpos.words import Vocabulary

AUTO = "auto"
_CHINESE_ALPHABETS = (CHINESE, "big5")
_ALPHABETS = (
    *_CHINESE_ALPHABETS,
    *("cp932", "cp949"),
    *("cp852", "cp857", "cp858", "cp866", "cp1250", "cp1251", "cp1252", "cp1254"),
)
_KNOWN_MORE = 8
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Sum:
    """A line, or a part of one, that says an amount: `label` as printed, `key` to compare by."""

    line: int
    label: str
    key: str
    fen: int
    is_money: bool


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
    paper = Paper(encoding=encoding)
    paper.write(_tokens(data))
    return paper.sheet()


def _tokens(data: bytes) -> list[Token]:
    tokenizer = Tokenizer()
    return tokenizer.feed(data) + tokenizer.finish()


def find_encoding(samples: Sequence[Sample]) -> tuple[str, int]:
    """Return the alphabet of all samples together, and how many known words it shows.

    One receipt may be too short to tell; a till does not change its alphabet between two.
    """
    runs = [token.raw for one in samples for token in _tokens(one.data) if isinstance(token, Text)]
    vocabulary = Vocabulary()
    best = (AUTO, _known(samples, AUTO, vocabulary))
    foreign = [run for run in runs if not is_ascii(run)]
    if not foreign:
        return best
    if looks_chinese(foreign):
        tried = [(one, _known(samples, one, vocabulary)) for one in _CHINESE_ALPHABETS]
        return max((*tried, best), key=lambda each: each[1])
    for encoding in _ALPHABETS:
        known = _known(samples, encoding, vocabulary)
        if known * 2 > best[1] * 3 + _KNOWN_MORE:
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
            yield Sum(at, figures.label, key, numbers[-1].fen, bool(money))


def key_of(label: str) -> str:
    """Return a label without its digits, folded."""
    return " ".join(_DIGITS.sub(" ", normal(label)).split())


def common_keys(pages: Sequence[Page]) -> Counter[str]:
    """Count in how many samples each label stands."""
    return Counter(key for page in pages for key in {each.key for each in page.sums})

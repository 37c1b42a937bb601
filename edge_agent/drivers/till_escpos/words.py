"""What the words on a receipt mean (`words.toml`); profiles add their own."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from edge_agent.drivers.till_escpos.paper_words import paper_words
from edge_agent.drivers.till_escpos.word_index import WordIndex, without_accents


class Meaning(StrEnum):
    """What a line is about."""

    DUE = "due"
    TOTAL = "total"
    SUBTOTAL = "subtotal"
    DISCOUNT = "discount"
    ROUNDING = "rounding"
    SAVED = "saved"
    EXTRA = "extra"
    TAX = "tax"
    TENDER = "tender"
    CHANGE = "change"
    COUNT = "count"
    NOTE = "note"
    REFUND = "refund"
    VOID = "void"
    REPRINT = "reprint"
    REPORT = "report"
    ASIDE = "aside"
    EXCHANGE = "exchange"


class Column(StrEnum):
    """What a column of figures is about."""

    NAME = "name"
    QTY = "qty"
    PRICE = "price"
    AMOUNT = "amount"


_FILE = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def _of(table: Mapping[str, list[str]]) -> tuple[str, ...]:
    return tuple(word for words in table.values() for word in words)


MEANINGS: Mapping[Meaning, tuple[str, ...]] = {
    meaning: _of(_FILE["meanings"][meaning.value]) for meaning in Meaning
}
_SUMS = frozenset({Meaning.DUE, Meaning.TOTAL, Meaning.SUBTOTAL})
_BRACKETS = re.compile(r"[(（][^)）]*[)）]")
_HEADINGS = {word: column for column in Column for word in _of(_FILE["columns"][column.value])}
# Many tills print capitals without their accents: ARTICULO.
COLUMN_OF: Mapping[str, Column] = {
    **{without_accents(word): column for word, column in _HEADINGS.items()},
    **_HEADINGS,
}
REMARKS = _of(_FILE["remarks"])
STAFF = frozenset(_of(_FILE["staff"]))


class Vocabulary:
    """The words of one till: those of its profile, and the built-in ones where it is silent."""

    def __init__(self, extra: Mapping[Meaning, Iterable[str]] | None = None) -> None:
        self._words = _WORDS.copy()
        # What the till itself calls a note says nothing about what its paper is.
        self.papers = paper_words((extra or {}).get(Meaning.NOTE, ()))
        for meaning, words in (extra or {}).items():
            for word in words:
                if meaning is Meaning.NOTE:
                    self._words.leave_out(word)
                self._words.enter(word, meaning, first=True)

    def meaning(self, label: str, *, among: frozenset[Meaning] | None = None) -> Meaning | None:
        """Return what a label means, None for a label that is mostly something else.

        A sum may say in brackets what is in it: "Total (incl GST)".
        """
        meaning = self._words.meaning(label, among=among)
        if meaning is None and (bare := _BRACKETS.sub(" ", label)) != label:
            sums = _SUMS if among is None else _SUMS & among
            return self._words.meaning(bare, among=sums)
        return meaning

    def is_all(self, label: str, meaning: Meaning) -> bool:
        """Whether a label is a word of this meaning and nothing else."""
        return self._words.is_all(label, meaning)

    def mentions(self, text: str, meaning: Meaning) -> bool:
        """Whether a longer text has a word of this meaning in it anywhere."""
        return self._words.mentions(text, meaning)


_WORDS: WordIndex[Meaning] = WordIndex()
for _meaning, _words in MEANINGS.items():
    for _word in _words:
        _WORDS.enter(_word, _meaning)

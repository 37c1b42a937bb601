"""What the words on a receipt mean (`words.toml`); profiles add their own.

A word counts only when it makes up a good part of its label: "TOTAL EUR" is a total, "Total Repair
Shampoo" is an article. Longer words win over shorter ones inside them ("Subtotal", "Total tax").
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

_SHARE_PERMILLE_MIN = 450
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


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
COLUMN_OF: Mapping[str, Column] = {
    word: column for column in Column for word in _of(_FILE["columns"][column.value])
}


def normal(text: str) -> str:
    """Fold widths, case, accents and punctuation: words with single blanks between them."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    folded = unicodedata.normalize("NFC", bare)
    return " ".join(re.sub(r"[^\w]|_", " ", folded).split())


def _compact(text: str) -> str:
    return text.replace(" ", "")


class Vocabulary:
    """The words of one till: the built-in ones and those of its profile."""

    def __init__(self, extra: Mapping[Meaning, Iterable[str]] | None = None) -> None:
        self._words: list[tuple[str, Meaning]] = []
        for meaning in Meaning:
            own = list((extra or {}).get(meaning, ()))
            for word in (*MEANINGS[meaning], *own):
                self._words.append((normal(word), meaning))
        self._words.sort(key=lambda entry: -len(entry[0]))

    def mentions(self, text: str, meaning: Meaning) -> bool:
        """Whether a longer text has a word of this meaning in it anywhere."""
        folded = normal(text)
        return any(_contains(folded, word) for word, each in self._words if each is meaning)

    def meaning(self, label: str, *, among: frozenset[Meaning] | None = None) -> Meaning | None:
        """Return what a label means, None for a label that is mostly something else."""
        text = " ".join(re.sub(r"\d+", " ", normal(label)).split())
        letters = len(_compact(text))
        for word, meaning in self._words:
            if among is not None and meaning not in among:
                continue
            share = len(_compact(word)) * 1000
            if share >= letters * _SHARE_PERMILLE_MIN and _contains(text, word):
                return meaning
        return None


def _contains(text: str, word: str) -> bool:
    """Find a word: between blanks in Latin, anywhere in Chinese, whose tills also space it out."""
    if _CJK.search(word):
        return word in _compact(text)
    return f" {word} " in f" {text} "

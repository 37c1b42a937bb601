"""What the words on a receipt mean (`words.toml`); profiles add their own.

A word counts only when it makes up a good part of its label: "TOTAL EUR" is a total, "Total Repair
Shampoo" is an article. Longer words win over shorter ones inside them ("Subtotal", "Total tax").
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

_SHARE_PERMILLE_MIN = 450
_TOKENS_MAX = 16
_TOKENS_IN_WORD_MAX = 5
_RUN_MAX = 40
_LETTERS_IN_WORD_MAX = 10
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
    """The words of one till: those of its profile, and the built-in ones where it is silent."""

    def __init__(self, extra: Mapping[Meaning, Iterable[str]] | None = None) -> None:
        self._spaced = dict(_SPACED)
        self._together = dict(_TOGETHER)
        for meaning, words in (extra or {}).items():
            for word in words:
                _enter(self._spaced, self._together, normal(word), meaning, first=True)

    def meaning(self, label: str, *, among: frozenset[Meaning] | None = None) -> Meaning | None:
        """Return what a label means, None for a label that is mostly something else."""
        text = " ".join(re.sub(r"\d+", " ", normal(label)).split())
        letters = len(_compact(text))
        for word in sorted(self._words_in(text), key=lambda word: -len(_compact(word))):
            if len(_compact(word)) * 1000 < letters * _SHARE_PERMILLE_MIN:
                return None
            for meaning in self._meanings(word):
                if among is None or meaning in among:
                    return meaning
        return None

    def mentions(self, text: str, meaning: Meaning) -> bool:
        """Whether a longer text has a word of this meaning in it anywhere."""
        return any(meaning in self._meanings(word) for word in self._words_in(normal(text)))

    def _meanings(self, word: str) -> tuple[Meaning, ...]:
        return self._spaced.get(word, ()) or self._together.get(word, ())

    def _words_in(self, text: str) -> set[str]:
        """Return the known words in a text: between blanks, or anywhere where Chinese runs on."""
        tokens, run = text.split()[:_TOKENS_MAX], _compact(text)[:_RUN_MAX]
        phrases = {" ".join(tokens[at:end]) for at, end in _spans(len(tokens), _TOKENS_IN_WORD_MAX)}
        pieces = {run[at:end] for at, end in _spans(len(run), _LETTERS_IN_WORD_MAX)}
        return (phrases & self._spaced.keys()) | (pieces & self._together.keys())


_Index = dict[str, tuple[Meaning, ...]]


def _enter(
    spaced: _Index, together: _Index, word: str, meaning: Meaning, *, first: bool = False
) -> None:
    """Index a word by how it is found: Chinese anywhere, whose tills also space it out."""
    index, key = (together, _compact(word)) if _CJK.search(word) else (spaced, word)
    known = index.get(key, ())
    index[key] = (meaning, *known) if first else (*known, meaning)


def _spans(length: int, longest: int) -> Iterator[tuple[int, int]]:
    for at in range(length):
        for end in range(at + 1, min(length, at + longest) + 1):
            yield at, end


_SPACED: _Index = {}
_TOGETHER: _Index = {}
for _meaning, _words in MEANINGS.items():
    for _word in _words:
        _enter(_SPACED, _TOGETHER, normal(_word), _meaning)

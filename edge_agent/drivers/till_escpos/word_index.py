"""Words with meanings, found in what tills print: between blanks, or anywhere in Chinese.

A word counts only when it makes up a good part of its label: "TOTAL EUR" is a total, "Total Repair
Shampoo" is an article. Longer words win over shorter ones inside them ("Subtotal", "Total tax").
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Generic, TypeVar

_SHARE_PERMILLE_MIN = 450
_TOKENS_MAX = 16
_TOKENS_IN_WORD_MAX = 5
_RUN_MAX = 40
_LETTERS_IN_WORD_MAX = 10
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
M = TypeVar("M")


def normal(text: str) -> str:
    """Fold widths, case, accents and punctuation: words with single blanks between them."""
    folded = without_accents(text).replace("ı", "i")  # Turkish capitals had no dot
    return " ".join(re.sub(r"[^\w]|_", " ", folded).split())


def without_accents(text: str) -> str:
    """Fold widths, case and accents."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare)


class WordIndex(Generic[M]):
    """Finds the words it was given; one word may have several meanings, the first counts most."""

    def __init__(self) -> None:
        self._spaced: dict[str, tuple[M, ...]] = {}
        self._together: dict[str, tuple[M, ...]] = {}

    def copy(self) -> "WordIndex[M]":
        """Return an index of its own with the same words."""
        other: WordIndex[M] = WordIndex()
        other._spaced, other._together = dict(self._spaced), dict(self._together)
        return other

    def enter(self, word: str, meaning: M, *, first: bool = False) -> None:
        """Index a word by how it is found: Chinese anywhere, whose tills also space it out."""
        index, key = self._place(word)
        known = index.get(key, ())
        index[key] = (meaning, *known) if first else (*known, meaning)

    def leave_out(self, word: str) -> None:
        """Forget a word."""
        index, key = self._place(word)
        index.pop(key, None)

    def meaning(self, label: str, *, among: frozenset[M] | None = None) -> M | None:
        """Return what a label means, None for a label that is mostly something else."""
        text = _without_figures(label)
        letters = len(_compact(text))
        for word in sorted(self._words_in(text), key=lambda word: -len(_compact(word))):
            if len(_compact(word)) * 1000 < letters * _SHARE_PERMILLE_MIN:
                return None
            for meaning in self._meanings(word):
                if among is None or meaning in among:
                    return meaning
        return None

    def mentions(self, text: str, meaning: M) -> bool:
        """Whether a longer text has a word of this meaning in it anywhere."""
        return any(meaning in self._meanings(word) for word in self._words_in(normal(text)))

    def is_all(self, text: str, meaning: M) -> bool:
        """Whether a text is a word of this meaning and nothing else."""
        bare = _without_figures(text)
        return meaning in (self._spaced.get(bare) or self._together.get(_compact(bare), ()))

    def _place(self, word: str) -> tuple[dict[str, tuple[M, ...]], str]:
        bare = normal(word)
        return (self._together, _compact(bare)) if _CJK.search(bare) else (self._spaced, bare)

    def _meanings(self, word: str) -> tuple[M, ...]:
        return self._spaced.get(word, ()) or self._together.get(word, ())

    def _words_in(self, text: str) -> set[str]:
        """Return the known words in a text: between blanks, or anywhere where Chinese runs on."""
        tokens, run = text.split()[:_TOKENS_MAX], _compact(text)[:_RUN_MAX]
        phrases = {" ".join(tokens[at:end]) for at, end in _spans(len(tokens), _TOKENS_IN_WORD_MAX)}
        pieces = {run[at:end] for at, end in _spans(len(run), _LETTERS_IN_WORD_MAX)}
        return (phrases & self._spaced.keys()) | (pieces & self._together.keys())


def _without_figures(text: str) -> str:
    return " ".join(re.sub(r"\d+", " ", normal(text)).split())


def _compact(text: str) -> str:
    return text.replace(" ", "")


def _spans(length: int, longest: int) -> Iterator[tuple[int, int]]:
    for at in range(length):
        for end in range(at + 1, min(length, at + longest) + 1):
            yield at, end

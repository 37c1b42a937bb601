"""Texts of the pages by key, zh-CN first, en beside it."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
_FOLDER = Path(__file__).parent


class Texts:
    """The catalogue of one language: `texts("wall.title")`, `texts("ago.minutes", n=3)`."""

    def __init__(self, language: Language, by_key: Mapping[str, str]) -> None:
        self.language = language
        self._by_key = by_key

    def __call__(self, key: str, /, **fields: object) -> str:
        """Return the text; KeyError when the catalogue has none, so a test finds it first.

        `1 sale|{n} sales` holds the words for one and for any other `n`.
        """
        one, _, many = self._by_key[key].partition("|")
        return (many if many and fields.get("n") != 1 else one).format_map(fields)

    def or_else(self, key: str, fallback: str) -> str:
        """Return the text of a key that comes from outside, such as a fault code."""
        return self._by_key.get(key, fallback)

    def keys(self) -> frozenset[str]:
        """All keys, so that two languages can be compared."""
        return frozenset(self._by_key)


@cache
def texts(language: Language) -> Texts:
    """Read a catalogue once: a file for all, and one for each room that has its own."""
    found: dict[str, str] = {}
    for path in sorted(_FOLDER.glob(f"{language}*.toml")):
        found |= _flat(tomllib.loads(path.read_text(encoding="utf-8")), "")
    return Texts(language, found)


def _flat(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, str):
            yield path + key, value
        else:
            yield from _flat(value, f"{path}{key}.")

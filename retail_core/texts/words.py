"""A phrase in both languages, for the particulars inside a fault's sentence."""

from typing import Self


class Words(str):
    """English as a string, `zh` beside it; a sentence in Chinese takes that one."""

    zh: str
    __slots__ = ("zh",)

    def __new__(cls, en: str, zh: str = "") -> Self:
        """Join the two; both are kept when a fault crosses a process border."""
        words = super().__new__(cls, en)
        words.zh = zh
        return words

    def __reduce__(self) -> tuple[type["Words"], tuple[str, str]]:
        return Words, (str(self), self.zh)

"""What English pages call the rules of a bundle, and what was once given out under their names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


class Named(Protocol):
    """Whatever has a name and may have an English one beside it."""

    @property
    def name(self) -> str:
        """The name on the receipt."""
        ...

    @property
    def name_en(self) -> str:
        """The English one; "" where there is none."""
        ...


class Rule(Named, Protocol):
    """A rule, which has an id too."""

    @property
    def id(self) -> str:
        """Its id."""
        ...


@dataclass(frozen=True, slots=True)
class EnglishNames:
    """English names by rule, and by name for gifts in hand: those were named when they were given.

    What has no English name keeps the one it has: a page never shows a blank.
    """

    by_rule: Mapping[str, str]
    by_name: Mapping[str, str]

    def of(self, name: str, rule: str = "") -> str:
        """Return what an English page calls a rule, or something of this name."""
        return self.by_rule.get(rule) or self.by_name.get(name) or name


def english_names(rules: Iterable[Rule], others: Iterable[Named]) -> EnglishNames:
    """Return the English names; of two things with one name the first one's counts."""
    every = tuple(rules)
    by_name: dict[str, str] = {}
    for one in (*every, *others):
        if one.name_en:
            by_name.setdefault(one.name, one.name_en)
    return EnglishNames({one.id: one.name_en for one in every if one.name_en}, by_name)

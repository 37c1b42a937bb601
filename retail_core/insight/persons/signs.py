"""By what two records are alike, in words people can check, and what is enough without a look.

Namesakes born on the same day of some year are many in a chain of millions: a name and such a day
are never enough. A number, a mailbox, an address or a whole day of birth has to agree, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from retail_core.insight.persons.records import Comparable

Level = Literal["same", "sound", "near", "district", "other", "unknown"]
FIELDS: Final = ("name", "phone", "email", "born", "address")
# A day of birth whose year nobody said.
NO_YEAR: Final = "0000"


@dataclass(frozen=True, slots=True)
class Sign:
    """How two records compare in one field, and how much it weighs, in bits; below 0 is against."""

    field: str
    level: Level
    weight: float = 0.0

    @property
    def key(self) -> str:
        """Return it as one word."""
        return f"{self.field}.{self.level}"


def signs_of(
    first: Comparable, second: Comparable, weights: Mapping[str, float]
) -> tuple[Sign, ...]:
    """Return how two records compare, field by field."""
    return tuple(
        Sign(one, _level(one, first, second), round(weights.get(one, 0.0), 2)) for one in FIELDS
    )


def enough(first: Comparable, second: Comparable) -> bool:
    """Tell whether something other than a name and a day without its year agrees."""
    born = first.born is not None and first.born == second.born
    return (
        _same(first.phone, second.phone)
        or _same(first.email, second.email)
        or _same(first.address, second.address)
        or (born and not str(first.born).startswith(NO_YEAR))
    )


def _level(name: str, first: Comparable, second: Comparable) -> Level:
    one, two = getattr(first, name), getattr(second, name)
    if one is None or two is None:
        return "unknown"
    if one == two:
        return "same"
    if name == "name" and first.sound == second.sound:
        return "sound"
    if name == "address" and _same(first.district, second.district):
        return "district"
    return "near" if name in {"name", "born"} and _one_off(one, two) else "other"


def _same(one: str | None, two: str | None) -> bool:
    return one is not None and one == two


def _one_off(one: str, two: str) -> bool:
    """Tell whether one character put in, left out or exchanged makes one of the other."""
    short, long = sorted((one, two), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), None)
    if at is None:
        return True
    skip = at + 1 if len(short) == len(long) else at
    return short[skip:] == long[at + 1 :]

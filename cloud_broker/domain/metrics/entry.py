"""What an entry of the catalogue is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cloud_broker.domain.metrics.algebra import Table, Value
from cloud_broker.domain.metrics.facts import Asked
from retail_core.texts.words import Words

Build = Callable[[Table, Asked], Value]


class Unit(StrEnum):
    """What a value is counted in; a word is one of the entry's own, a name one of the chain's.

    A share is thousandths of a whole; `TIMES` are thousandths of one: 2,500 is two and a half.
    """

    FEN = "fen"
    COUNT = "count"
    DAYS = "days"
    SHARE = "thousandths"
    TIMES = "milli"
    SCORE = "score"
    FLAG = "flag"
    WORD = "word"
    NAME = "name"


class Basis(StrEnum):
    """Where a value comes from, which says who may have it.

    `INFERRED` is worked out of what she did: nobody has it of a member who refused that. `SERVICE`
    is what her membership is. `DECLARED` she said herself; `SENSITIVE` she said herself and agreed
    to it separately, it is never worked out, and readers see that it is there and not what it is.
    """

    INFERRED = "inferred"
    SERVICE = "service"
    DECLARED = "declared"
    SENSITIVE = "sensitive"


# Windows as people say them; the number of days is in the expression.
ALL: Final = "all"
TWO_YEARS: Final = "730d"
YEAR: Final = "365d"
HALF: Final = "180d"
QUARTER: Final = "90d"
MONTH: Final = "30d"
NOW: Final = "now"
WINDOWS: Final = (ALL, TWO_YEARS, YEAR, HALF, QUARTER, MONTH, NOW)


@dataclass(frozen=True, slots=True)
class Tag:
    """An entry: `words` what each of its values is called, when it is a word."""

    key: str
    dimension: str
    window: str
    unit: Unit
    name: Words
    says: Words
    build: Build
    words: Mapping[str, Words] = field(default_factory=dict)
    owner: str = ""
    basis: Basis = Basis.INFERRED

    @property
    def masked(self) -> bool:
        """Whether readers are shown that it is there, and not what it is."""
        return self.basis is Basis.SENSITIVE


def words(**named: tuple[str, str]) -> dict[str, Words]:
    """Return values with their words from name=(zh, en)."""
    return {name: Words(en, zh) for name, (zh, en) in named.items()}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Makes the entries of one file: they share owner and basis."""

    owner: str
    basis: Basis = Basis.INFERRED

    def tag(
        self,
        where: str,
        unit: Unit,
        zh: str,
        en: str,
        build: Build,
        values: Mapping[str, Words] | None = None,
    ) -> Tag:
        """Return an entry; `where` is "key dimension window", `zh` and `en` are "name: what"."""
        key, dimension, window = where.split()
        zh_name, zh_says = zh.split(":", 1)
        en_name, en_says = en.split(": ", 1)
        return Tag(
            key=key,
            dimension=dimension,
            window=window,
            unit=unit,
            name=Words(en_name, zh_name),
            says=Words(en_says, zh_says),
            build=build,
            words=values or {},
            owner=self.owner,
            basis=self.basis,
        )

"""What a suggestion is, whatever it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["buy", "supply", "transfer", "slow"]
KINDS: tuple[Kind, ...] = ("buy", "supply", "transfer", "slow")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing to do, and why.

    `buy`: order from the supplier for `target`; `supply`: from a warehouse to a store; `transfer`:
    from one store to another; `slow`: sell off what lies in `target` together with `partner` to
    `segment`. `value_fen` is what is expected to be earned or freed, `cost_fen` what doing it is
    expected to cost; `confidence` the chance that it pays. `reasons` are the figures behind it.
    """

    kind: Kind
    sku: str
    source: str
    target: str
    units: int
    value_fen: int
    cost_fen: int
    confidence: float
    reasons: Mapping[str, float] = field(default_factory=dict)
    partner: str = ""
    segment: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return what there is one suggestion for at a time."""
        return self.kind, self.sku, self.source, self.target


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days ahead: expected units, and between what they lie with eight chances in ten."""

    first: int
    mean: float
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class PlaceOutlook:
    """A store: units there, expected ones until the next look, and how many should lie there.

    `days` is how long they last, None where nothing is asked for. `chance_short` is the chance
    that more is asked for than is there before more could come; up to `short_at` units it is even
    or worse, -1 where it never is.
    """

    place: str
    units: int
    position: int
    expected: float
    target: int
    days: float | None
    chance_short: float
    short_at: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """An article: weeks ahead over the chain, its places, and who buys it where.

    `segments` holds a segment, a region, and expected units of the eight weeks.
    """

    sku: str
    weeks: tuple[Week, ...]
    places: tuple[PlaceOutlook, ...]
    segments: tuple[tuple[str, str, float], ...]
    elsewhere: int


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Everything of one night, the most valuable first."""

    suggestions: tuple[Suggestion, ...]
    outlooks: tuple[Outlook, ...]
    model: Mapping[str, float] | None
    by_month: bool
    by_weekday: bool

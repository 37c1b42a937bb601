"""What demand is learnt from: rows that were added up already, days as proleptic ordinals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class People:
    """So many people of one history: bought on `repeat` days after their first, last on `last`.

    `region` is where they buy most; `segment` is "" for everybody.
    """

    region: str
    segment: str
    repeat: int
    first: int
    last: int
    count: int


@dataclass(frozen=True, slots=True)
class VisitDay:
    """Receipts of a day in a region: of people who came again, and all others.

    The others are guests, and people on the day of their first purchase.
    """

    day: int
    region: str
    again: int
    others: int


@dataclass(frozen=True, slots=True)
class Sold:
    """Units of an article in a store in the window; `squares` is the sum of each line's squared."""

    sku: str
    store: str
    units_again: float
    units_others: float
    lines: int
    squares: float
    last: int


@dataclass(frozen=True, slots=True)
class SegmentSold:
    """What people of a segment bought in a region in the window."""

    segment: str
    region: str
    sku: str
    units: float


@dataclass(frozen=True, slots=True)
class Place:
    """A store or a warehouse; a warehouse has no region, and `serves` is whom it may bring to."""

    place: str
    region: str
    warehouse: bool = False
    serves: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Article:
    """What an article is sold and bought for, fen; no cost where none is known."""

    sku: str
    price_fen: int
    cost_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Stock:
    """Whole units of an article in a place, and since which day they are counted there.

    `coming` units were ordered and are on their way, `leaving` ones were promised away.
    """

    place: str
    sku: str
    units: int
    since: int
    coming: int = 0
    leaving: int = 0

    @property
    def position(self) -> int:
        """Return what may be reckoned with; never below nothing."""
        return max(0, self.units + self.coming - self.leaving)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything for one chain up to a day; the window has `window_days` days up to it.

    `segment_visits` are receipts in the window by segment and region.
    """

    until: int
    window_days: int
    people: Sequence[People]
    visits: Sequence[VisitDay]
    sold: Sequence[Sold]
    places: Sequence[Place]
    articles: Sequence[Article]
    stock: Sequence[Stock]
    segment_sold: Sequence[SegmentSold] = ()
    segment_visits: Mapping[tuple[str, str], int] = field(default_factory=dict)

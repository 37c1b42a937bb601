"""Suggestions on stock: what they are reckoned from, what became of each, what an article faces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol
from uuid import UUID

from retail_core.insight.stock.facts import Facts
from retail_core.insight.stock.policy import StockPolicy
from retail_core.insight.stock.suggesting import Kind

PlanState = Literal["open", "accepted", "rejected", "expired"]


@dataclass(frozen=True, slots=True)
class StockPlan:
    """A suggestion as it stands; `confidence_permille` is the chance that it pays.

    `source` and `target` are ids of places, and of a slow article `target` is its region; the names
    beside them are as they are called today. `due_on` is when an accepted one's goods should be
    there, `draft` the rules that came of a slow article.
    """

    plan: UUID
    kind: Kind
    sku: str
    source: str
    target: str
    units: int
    value_fen: int
    cost_fen: int
    confidence_permille: int
    why_zh: str
    why_en: str
    as_of: date
    made_ms: int
    partner: str = ""
    segment: str = ""
    bundle_fen: int = 0
    state: PlanState = "open"
    decided_by: str = ""
    decided_ms: int | None = None
    due_on: date | None = None
    draft: UUID | None = None
    name: str = ""
    source_name: str = ""
    target_name: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said to a suggestion."""

    state: Literal["accepted", "rejected"]
    who: str
    at_ms: int
    due_on: date | None = None
    draft: UUID | None = None


@dataclass(frozen=True, slots=True)
class StockRun:
    """A run that came to its end; `model` is what its demand rests on."""

    as_of: date
    articles: int
    suggestions: int
    model: Mapping[str, float | bool]
    ended_ms: int


@dataclass(frozen=True, slots=True)
class ArticleOutlook:
    """An article's outlook as plain values: see `retail_core.insight.stock.suggesting.Outlook`."""

    sku: str
    as_of: date
    outlook: Mapping[str, object]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Short:
    """An article that will not last in a store; more than `short_at` units end it."""

    store: UUID
    sku: str
    units: int
    short_at: int
    chance_permille: int
    days_milli: int | None


@dataclass(frozen=True, slots=True)
class ShortStore:
    """How many articles will not last in a store, since when, and the name of the worst."""

    store: UUID
    count: int
    worst: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Called:
    """What places, segments and articles are called, by id and by article number."""

    places: Mapping[str, str]
    segments: Mapping[str, str]
    articles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StockNight:
    """Everything that a run writes; suggestions of a key that is open keep its id."""

    run: StockRun
    plans: Sequence[StockPlan]
    outlooks: Sequence[ArticleOutlook]
    short: Sequence[Short]


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of it: how many are new, how many go on, and how many are over."""

    new: int
    kept: int
    expired: int
    silenced: int


class StockPlanRepo(Protocol):
    """All of it for one tenant."""

    def policy(self) -> StockPolicy:
        """Return how the chain runs its stock; Fault STOCK_POLICY for a line that is none."""
        ...

    def set_policy(self, name: str, value: int, who: str, now_ms: int) -> None:
        """Set a line of it."""
        ...

    def facts(self, until: date, window_days: int) -> Facts:
        """Return what suggestions are reckoned from; a long read."""
        ...

    def counts_stock(self) -> bool:
        """Return whether anything is counted anywhere."""
        ...

    def called(self) -> Called:
        """Return names, for words."""
        ...

    def save(self, night: StockNight, quiet_days: int) -> Saved:
        """Write a run: what is open and not in it is over.

        What somebody turned down within `quiet_days` is not said again.
        """
        ...

    def last_run(self) -> StockRun | None:
        """Return the run that ended last."""
        ...

    def plans(self, state: PlanState, limit: int) -> tuple[StockPlan, ...]:
        """Return suggestions of a state: open ones by worth, others the newest first."""
        ...

    def plan(self, plan: UUID, *, locked: bool = False) -> StockPlan | None:
        """Return one, locked where it is to be decided."""
        ...

    def free(self, place: str, sku: str, today: date) -> int:
        """Return the whole units that a place can still give: there, and not promised away."""
        ...

    def decide(self, plan: UUID, decision: Decision) -> None:
        """Enter what was said to it; who is subscribed to it hears of a movement."""
        ...

    def outlooks(self, words: str, limit: int) -> tuple[ArticleOutlook, ...]:
        """Return articles whose number or name has these words in it, by number."""
        ...

    def outlook(self, sku: str) -> ArticleOutlook | None:
        """Return what an article faces."""
        ...

    def short_stores(self) -> tuple[ShortStore, ...]:
        """Return stores where something will not last, as their stock is now."""
        ...

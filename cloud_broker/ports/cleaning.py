"""What is set apart and why: signs as rows that stay, and what was looked at for them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol
from uuid import UUID

from retail_core.insight.cleaning.decision import Decision
from retail_core.insight.cleaning.pile import OrderPile
from retail_core.insight.cleaning.seen import SeenEvent, SeenOrder

SubjectKind = Literal["order", "event", "person"]
# Which decisions are asked for: those whose subject is set apart, all that stand, those lifted.
Which = Literal["apart", "standing", "lifted", "all"]
# Who decides at night, and lifts what a rule no longer says.
RULES = "rules"


@dataclass(frozen=True, slots=True)
class SeenOn:
    """An order as cleaning looks at it, and its day."""

    order: SeenOrder
    day: date


@dataclass(frozen=True, slots=True)
class SeenActor:
    """Who is at the other end of a source, by a hash, with all she did, oldest first."""

    subject: str
    channel: str
    events: tuple[SeenEvent, ...]
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Sign:
    """A decision that something is no customer's; `weight` in thousandths of enough."""

    kind: SubjectKind
    subject: str
    rule: str
    version: int
    weight: int
    detail: Mapping[str, int | str]
    channel: str
    days: tuple[date, ...]
    net_fen: int = 0

    @property
    def key(self) -> tuple[SubjectKind, str, str]:
        """What of it may stand once: the subject and the rule."""
        return self.kind, self.subject, self.rule


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision as it stands in the book; `apart`: its subject is set apart now."""

    decision: UUID
    sign: Sign
    decided_ms: int
    decided_by: str
    lifted_ms: int | None = None
    lifted_by: str = ""
    lifted_why: str = ""
    apart: bool = False


@dataclass(frozen=True, slots=True)
class CleaningRun:
    """A run that ended: the day, from which day on it looked and decided, what came of it."""

    as_of: date
    looked_from: date
    decided_from: date
    orders: int
    actors: int
    raised: int
    lifted: int
    apart: int
    began_ms: int
    ended_ms: int
    made_by: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a run changes: signs that are new, decisions that no rule says any more."""

    raised: Sequence[Sign]
    lifted: Collection[UUID]
    # Why the rules lift what they lift.
    why: str
    # Days of what stands already: persons are seen on new ones.
    seen_on: Mapping[tuple[SubjectKind, str], tuple[date, ...]]


@dataclass(frozen=True, slots=True)
class RuleCount:
    """A rule's decisions of a time: those that stand, those people lifted, subjects set apart."""

    rule: str
    standing: int
    lifted: int
    apart: int


@dataclass(frozen=True, slots=True)
class ChannelSums:
    """A channel with everything, and how much of it is set apart; net of what was given back."""

    channel: str
    orders: int
    net_fen: int
    apart_orders: int
    apart_fen: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions are asked for, newest day first."""

    which: Which = "apart"
    rule: str = ""
    since: date | None = None
    until: date | None = None
    limit: int = 500


class CleaningPile(OrderPile, Protocol):
    """Where a run's orders lie meanwhile, with what is said of them."""

    def add(self, orders: Iterable[SeenOn]) -> int:
        """Take orders in, of which none comes twice; return how many lie there."""
        ...

    def note(self, decisions: Iterable[Decision]) -> None:
        """Keep signs of orders that lie there."""
        ...

    def signs(self, since: date) -> Iterator[Sign]:
        """Yield what was noted of a day and those after it, by day."""
        ...


class CleaningShelf(Protocol):
    """Where decisions are kept, and what they are made from."""

    def first_day(self, tenant: UUID, since: date | None, until: date, orders: int) -> date | None:
        """Return from which day on there are no more than so many orders; None without any."""
        ...

    def seen_orders(self, tenant: UUID, since: date, until: date) -> Iterator[SeenOn]:
        """Yield online orders and members' sales of some days, in any order."""
        ...

    def seen_actors(self, tenant: UUID, since: date, until: date) -> Iterator[SeenActor]:
        """Yield who did something at a source on these days."""
        ...

    def standing(self, tenant: UUID, since: date, until: date) -> Sequence[Ruling]:
        """Return the newest decision of each subject and rule on these days, lifted ones too."""
        ...

    def decide(self, tenant: UUID, verdicts: Verdicts, now_ms: int) -> None:
        """Write a part of a run's outcome down as a whole; the rest, and the run, follow."""
        ...

    def end_run(self, tenant: UUID, verdicts: Verdicts, run: CleaningRun) -> CleaningRun:
        """Write a run's outcome down as a whole; return it with how much is set apart now."""
        ...

    def last_run(self, tenant: UUID) -> CleaningRun | None:
        """Return the run that ended last."""
        ...

    def ruling(self, tenant: UUID, decision: UUID) -> Ruling | None:
        """Return a decision."""
        ...

    def lift(self, tenant: UUID, decision: UUID, who: str, why: str) -> bool:
        """Lift a decision that stands; what follows from it follows at once. False: it stood not.

        Who did and why goes into the audit.
        """
        ...

    def put(self, tenant: UUID, sign: Sign, who: str, why: str) -> UUID | None:
        """Enter a person's decision; None where the same stands already. It is audited."""
        ...

    def rulings(self, tenant: UUID, wanted: Wanted) -> Sequence[Ruling]:
        """Return decisions, newest day first."""
        ...

    def counts(self, tenant: UUID, since: date, until: date) -> Sequence[RuleCount]:
        """Return each rule's decisions of these days."""
        ...

    def sums(self, tenant: UUID, since: date, until: date) -> Sequence[ChannelSums]:
        """Return what channels sold on these days, with and without, by name."""
        ...

    def order(self, tenant: UUID, order: str) -> SeenOn | None:
        """Return an order or a sale, for who sets one apart by hand."""
        ...

"""How far a member is with a task, and what is due for it: facts in, rewards out.

A fact stands once however often it is told, and a receipt that was taken back stands with nothing
left on it. So progress is a function of what happened and of nothing else: neither order nor
repetition matters, and a refund of everything is as if never bought.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from retail_core.growth.rewards import Reward
from retail_core.growth.tasks import CheckInTask, Goods, ShareTask, SpendTask, Task

MILLI = 1000
AskKind = Literal["days", "fen", "visits", "units", "friends"]


@dataclass(frozen=True, slots=True)
class KeptLine:
    """What is left of a line that was bought: quantity in thousandths, money in fen."""

    sku: str
    qty_milli: int
    net_fen: int
    brand: str = ""
    category: str = ""
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bought:
    """A receipt with what is left of its lines."""

    receipt: UUID
    day: date
    store: str
    lines: tuple[KeptLine, ...]


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A check-in that a counter showed."""

    day: date
    store: str


@dataclass(frozen=True, slots=True)
class Shared:
    """A new person came by her link."""

    friend: UUID
    day: date


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that happened, as far as tasks ask about it."""

    bought: tuple[Bought, ...] = ()
    checked_in: tuple[CheckedIn, ...] = ()
    shared: tuple[Shared, ...] = ()


class Period(NamedTuple):
    """A span of days by its name, both ends included."""

    key: str
    first: date
    last: date

    def holds(self, day: date) -> bool:
        """Return whether a day lies in it."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Ask:
    """One number that a task asks for."""

    kind: AskKind
    needs: int
    has: int

    @property
    def missing(self) -> int:
        """What is still to be done."""
        return max(0, self.needs - self.has)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task is within one period; `last` is the last day something counted."""

    task: str
    period: Period
    asks: tuple[Ask, ...]
    last: date | None = None

    @property
    def done(self) -> bool:
        """Whether all that is asked is met."""
        return all(not ask.missing for ask in self.asks)


def runs_on(task: Task, day: date) -> bool:
    """Return whether a task runs on a day."""
    begun = task.first_day is None or task.first_day <= day
    return begun and (task.last_day is None or day <= task.last_day)


def period_of(task: Task, day: date) -> Period:
    """Return the period of a day."""
    match task.every:
        case "day":
            return Period(day.isoformat(), day, day)
        case "week":
            first = day - timedelta(days=day.weekday())
            year, week, _ = day.isocalendar()
            return Period(f"{year}-W{week:02}", first, first + timedelta(days=6))
        case "month":
            first = day.replace(day=1)
            after = (first + timedelta(days=31)).replace(day=1)
            return Period(f"{day:%Y-%m}", first, after - timedelta(days=1))
        case "once":
            return Period("once", task.first_day or date.min, task.last_day or date.max)


def progress(task: Task, facts: Facts, day: date) -> Progress:
    """Return how far a task is in the period of a day."""
    period = period_of(task, day)
    days = [one for one in _days(task, facts) if period.holds(one)]
    asks = tuple(_asks(task, _within(task, facts, period)))
    return Progress(task.id, period, asks, max(days, default=None))


def present_day(task: Task, facts: Facts, today: date, running: Collection[date]) -> date:
    """Return the day in whose period a member stands; `today` is the brand's business day.

    A store's business day begins when the store says, in its own zone: at one in the morning a
    shop that begins at midnight is a day ahead of the brand, at five one that begins at six is a
    day behind. While such a day is `running` anywhere, what she did on it counts where she looks.
    """
    return max((day for day in _days(task, facts) if day in running), default=today)


def with_basket(task: Task, before: Progress, lines: Iterable[KeptLine], day: date) -> Progress:
    """Return the progress as it would be were this basket paid now; others than buying stay."""
    if not isinstance(task, SpendTask):
        return before
    fen, units = _counted(task.items, lines)
    comes = fen > 0 or units > 0
    adds = {"fen": fen, "units": units, "visits": int(comes and before.last != day)}
    asks = tuple(replace(ask, has=ask.has + adds.get(ask.kind, 0)) for ask in before.asks)
    last = max(before.last or day, day) if comes else before.last
    return replace(before, asks=asks, last=last)


def due(task: Task, facts: Facts, *, earlier: int = 0) -> dict[str, Reward]:
    """Return the rewards due for a task by their cause.

    `earlier`: how often it was done before the facts begin; it counts towards `per_person`.
    """
    periods = {period_of(task, day) for day in _days(task, facts)}
    done = sorted(
        (one for one in periods if progress(task, facts, one.first).done), key=lambda one: one.first
    )
    if task.per_person is not None:
        done = done[: max(0, task.per_person - earlier)]
    rewards = {f"task:{task.id}:{one.key}": task.reward for one in done}
    for one in _streaks(task, done):
        rewards[f"streak:{task.id}:{one.key}"] = task.streak_reward
    return {cause: reward for cause, reward in rewards.items() if not reward.is_nothing}


def task_of(cause: str) -> str:
    """Return the id of the task that a cause of `due` is about, '' for another cause."""
    kind, _, rest = cause.partition(":")
    return rest.rpartition(":")[0] if kind in {"task", "streak"} else ""


def _streaks(task: Task, done: list[Period]) -> Iterator[Period]:
    """Yield the periods that end a run of `streak` without a gap."""
    if task.streak is None:
        return
    run, before = 0, None
    for one in done:
        follows = before is not None and before.last + timedelta(days=1) == one.first
        run = run + 1 if follows else 1
        if run % task.streak == 0:
            yield one
        before = one


def _days(task: Task, facts: Facts) -> set[date]:
    """Return the days on which something happened that counts for a task."""
    days: Iterable[date]
    match task:
        case CheckInTask():
            days = (one.day for one in facts.checked_in if _here(task, one.store))
        case SpendTask():
            days = (one.day for one in _receipts(task, facts))
        case _:
            days = (one.day for one in facts.shared)
    return {day for day in days if runs_on(task, day)}


def _receipts(task: SpendTask, facts: Facts) -> list[Bought]:
    """Return the receipts of a task, each once and only those with something left that counts."""
    once = {one.receipt: one for one in facts.bought}.values()
    return [one for one in once if _here(task, one.store) and any(_counted(task.items, one.lines))]


def _within(task: Task, facts: Facts, period: Period) -> Facts:
    def counts(day: date) -> bool:
        return period.holds(day) and runs_on(task, day)

    return Facts(
        tuple(one for one in facts.bought if counts(one.day)),
        tuple(one for one in facts.checked_in if counts(one.day)),
        tuple(one for one in facts.shared if counts(one.day)),
    )


def _asks(task: Task, facts: Facts) -> Iterator[Ask]:
    match task:
        case CheckInTask():
            yield Ask("days", task.days, len(_days(task, facts)))
        case ShareTask():
            yield Ask("friends", task.friends, len({one.friend for one in facts.shared}))
        case SpendTask():
            yield from _spent(task, _receipts(task, facts))


def _spent(task: SpendTask, receipts: list[Bought]) -> Iterator[Ask]:
    counted = [_counted(task.items, one.lines) for one in receipts]
    if task.fen:
        yield Ask("fen", task.fen, sum(fen for fen, _ in counted))
    if task.visits:
        yield Ask("visits", task.visits, len({one.day for one in receipts}))
    if task.units:
        yield Ask("units", task.units, sum(units for _, units in counted))


def _counted(items: Goods, lines: Iterable[KeptLine]) -> tuple[int, int]:
    """Return the money and the whole units of what counts."""
    named = [line for line in lines if _names(items, line)]
    fen = sum(line.net_fen for line in named)
    return max(0, fen), max(0, sum(line.qty_milli for line in named)) // MILLI


def _names(items: Goods, line: KeptLine) -> bool:
    return (
        items.all
        or line.sku in items.skus
        or line.category in items.categories
        or line.brand in items.brands
        or bool(line.tags & items.tags)
    )


def _here(task: Task, store: str) -> bool:
    return not task.stores or store in task.stores

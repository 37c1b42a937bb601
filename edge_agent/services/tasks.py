"""A member's tasks at the till: how far she is by her record, and what this basket would add."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from edge_agent.ports.clock import Clock
from edge_agent.ports.replica import HeldMember, Replica
from edge_agent.services.price_desk import PriceDesk
from retail_core.errors import Fault
from retail_core.growth.task_progress import (
    Facts,
    KeptLine,
    Progress,
    period_of,
    progress,
    runs_on,
    with_basket,
)
from retail_core.growth.task_words import missing
from retail_core.growth.tasks import Task
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words
from retail_core.wire.standing import TaskReached

_MONTHS, _YEARS = 100, 10_000


@dataclass(frozen=True, slots=True)
class RungUp:
    """A line on the counter: what it costs after everything."""

    sku: str
    qty_milli: int
    net_fen: int


@dataclass(frozen=True, slots=True)
class TaskHere:
    """A task, how far she is, how far she would be with the basket paid, and that in words."""

    task: Task
    now: Progress
    then: Progress
    said: Words


class TaskDesk:
    """Shows tasks; safe to call from several threads."""

    def __init__(self, replica: Replica, prices: PriceDesk, store_name: str, clock: Clock) -> None:
        self._replica = replica
        self._prices = prices
        self._store_name = store_name
        self._clock = clock

    def shown(self, member_id: UUID, basket: Iterable[RungUp] = ()) -> tuple[TaskHere, ...]:
        """Return the tasks that run here today (Fault P106).

        While the clock is not known nobody can tell which do: none.
        """
        held = self._replica.member(member_id)
        if held is None:
            raise Fault(FaultCode.SALE_MEMBER_UNKNOWN)
        at = self._clock.now()
        number = self._prices.business_date(at)
        if number is None:
            return ()
        today, lines = _day(number), tuple(self._line(line) for line in basket)
        return tuple(
            _here(task, held, lines, today)
            for task in self._prices.rules_at(at).bundle.tasks
            if runs_on(task, today) and (not task.stores or self._store_name in task.stores)
        )

    def _line(self, rung: RungUp) -> KeptLine:
        article = self._replica.article_by_sku(rung.sku)
        if article is None:
            return KeptLine(rung.sku, rung.qty_milli, rung.net_fen)
        return KeptLine(
            rung.sku,
            rung.qty_milli,
            rung.net_fen,
            article.brand,
            article.category,
            frozenset(article.tags),
        )


def _here(task: Task, held: HeldMember, lines: tuple[KeptLine, ...], today: date) -> TaskHere:
    now = _reached(task, held.record.tasks, today)
    then = with_basket(task, now, lines, today)
    return TaskHere(task, now, then, missing(then, task.name, task.name_en))


def _reached(task: Task, told: tuple[TaskReached, ...], today: date) -> Progress:
    """Return how far she is as the cloud told; of another period nothing counts any more."""
    nothing = progress(task, Facts(), today)
    period = period_of(task, today)
    for one in told:
        same = (one.task, one.period, len(one.has)) == (task.id, period.key, len(nothing.asks))
        if same:
            asks = tuple(
                type(ask)(ask.kind, ask.needs, has)
                for ask, has in zip(nothing.asks, one.has, strict=True)
            )
            return Progress(task.id, period, asks, _day(one.last_day) if one.last_day else None)
    return nothing


def _day(number: int) -> date:
    years, rest = divmod(number, _YEARS)
    return date(years, *divmod(rest, _MONTHS))

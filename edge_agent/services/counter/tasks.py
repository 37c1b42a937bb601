"""A member's tasks at the till: how far she is by her record, and what this basket would add."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock
from edge_agent.ports.replica import Replica
from edge_agent.services.counter.waiting_buys import WaitingBuys
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.errors import Fault
from retail_core.growth.task_progress import (
    Facts,
    KeptLine,
    Progress,
    progress,
    runs_on,
    with_basket,
)
from retail_core.growth.task_words import missing
from retail_core.growth.tasks import Task
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words
from retail_core.wire.messages import SaleLine
from retail_core.wire.standing import TaskReached

_MONTHS, _YEARS = 100, 10_000
Bought = tuple[tuple[date, tuple[KeptLine, ...]], ...]


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

    def __init__(
        self,
        replica: Replica,
        prices: PriceDesk,
        waiting: WaitingBuys,
        shop: Shop,
        clock: Clock,
    ) -> None:
        self._replica = replica
        self._waiting = waiting
        self._prices = prices
        self._shop = shop
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
        waiting = tuple(
            (_day(sale.business_date or number), tuple(map(self._sold, sale.lines)))
            for sale in self._waiting.of(member_id, held.record.posted_receipts)
        )
        return tuple(
            _here(task, _reached(task, held.record.tasks, waiting, today), lines, today)
            for task in self._prices.rules_at(at).bundle.tasks
            if runs_on(task, today) and (not task.stores or self._shop.store_name in task.stores)
        )

    def _sold(self, line: SaleLine) -> KeptLine:
        return self._line(RungUp(line.sku, line.qty_milli, line.net_fen))

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


def _here(task: Task, now: Progress, lines: tuple[KeptLine, ...], today: date) -> TaskHere:
    then = with_basket(task, now, lines, today)
    return TaskHere(task, now, then, missing(then, task.name, task.name_en))


def _reached(task: Task, told: tuple[TaskReached, ...], waiting: Bought, today: date) -> Progress:
    """Return how far she is: as the cloud told of this period, and with what waits here."""
    found = progress(task, Facts(), today)
    for one in told:
        if (one.task, one.period, len(one.has)) == (task.id, found.period.key, len(found.asks)):
            asks = tuple(
                replace(ask, has=has) for ask, has in zip(found.asks, one.has, strict=True)
            )
            last = _day(one.last_day) if one.last_day else None
            found = replace(found, asks=asks, last=last)
    for day, lines in waiting:
        if found.period.holds(day) and runs_on(task, day):
            found = with_basket(task, found, lines, day)
    return found


def _day(number: int) -> date:
    years, rest = divmod(number, _YEARS)
    return date(years, *divmod(rest, _MONTHS))

"""Sets apart what no customer did: every night by rules, and by people who say why.

Nothing is deleted and everything can be taken back. What a person lifted no rule raises again;
what a rule no longer says it lifts itself. Orders are judged among those of three months, but only
the last two months are decided anew: at the edge of what is looked at, neighbours are missing.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.cleaning import (
    RULES,
    ChannelSums,
    CleaningPile,
    CleaningRun,
    CleaningShelf,
    RuleCount,
    Ruling,
    SeenOn,
    Sign,
    SubjectKind,
    Verdicts,
    Wanted,
)
from cloud_broker.ports.clock import Clock
from retail_core.errors import Fault
from retail_core.insight.cleaning.decision import STRONG, Decision, Rule
from retail_core.insight.cleaning.layers import judge_actors
from retail_core.insight.cleaning.pile import judge_pile
from retail_core.texts.faults import FaultCode

LOOK_DAYS = 92
DECIDE_DAYS = 62
# They lie in a file while they are judged: what bounds them is the time of a night.
ORDERS_MAX = 20_000_000
SIGNS_AT_ONCE = 50_000
EVER = date(2000, 1, 1)
ALL = 2**62
WHY_CHARS_MAX = 200
NO_LONGER = "no longer said by the rules"
# Before tags are worked out of what is left.
NIGHT_HOURS = range(1, 5)


@dataclass(frozen=True, slots=True)
class Overview:
    """What HQ looks at: the last run, rules, channels with and without, over some days."""

    run: CleaningRun | None
    since: date
    until: date
    rules: tuple[RuleCount, ...]
    channels: tuple[ChannelSums, ...]


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Judges, lifts, and tells what is set apart."""

    shelf: CleaningShelf
    clock: Clock
    piles: Callable[[], AbstractContextManager[CleaningPile]]
    zone: str = "Asia/Shanghai"
    orders_max: int = ORDERS_MAX
    signs_at_once: int = SIGNS_AT_ONCE
    _over: dict[UUID, date] = field(default_factory=dict, compare=False)

    def nightly(self, tenant: UUID) -> int:
        """Run once a night; return whether it ran."""
        now_ms = self.clock.now_ms()
        local = self._local(now_ms)
        if local.hour not in NIGHT_HOURS or self._over.get(tenant) == local.date():
            return 0
        last = self.shelf.last_run(tenant)
        done = last is not None and self._local(last.ended_ms).date() == local.date()
        if not done:
            # The day before is whole; today's first hours belong to the next night.
            self.run(tenant, local.date() - timedelta(days=1), who="nightly")
        self._over[tenant] = local.date()
        return int(not done)

    def run(
        self, tenant: UUID, as_of: date | None = None, *, who: str, whole: bool = False
    ) -> CleaningRun:
        """Judge what there is up to a day, today by default; `whole` all of it. Fault E192."""
        began_ms = self.clock.now_ms()
        today = self.today()
        day = today if as_of is None else as_of
        if day > today:
            raise Fault(FaultCode.METRICS_DAY, day=day.isoformat(), latest=today.isoformat())
        first = whole or self.shelf.last_run(tenant) is None
        asked = EVER if first else day - timedelta(days=LOOK_DAYS - 1)
        decided = EVER if first else day - timedelta(days=DECIDE_DAYS - 1)
        begun = self.shelf.first_day(tenant, asked, day, ALL)
        room = self.shelf.first_day(tenant, asked, day, self.orders_max)
        # What there is no room for is neither looked at nor decided anew.
        looked = asked if room is None or room == begun else room
        judged = max(decided, looked)
        raised = lifted = 0
        tally, verdicts = _Tally(set()), Verdicts((), (), NO_LONGER, {})
        with self.piles() as pile:
            orders = pile.add(self.shelf.seen_orders(tenant, looked, day))
            pile.note(judge_pile(pile))
            # Many signs are entered span by span; a run that broke off is made good by the next.
            for span in _spans(pile.signs(judged), judged, day, self.signs_at_once):
                held = self.shelf.standing(tenant, span.first, span.last)
                tally = _Tally({one.sign.subject for one in held if one.sign.kind == "person"})
                signs: list[Sign] = span.signs
                if span.last == day:
                    # Of events all are read: one visitor after the other, however many there are.
                    signs += tally.of_actors(self.shelf, tenant, asked, day, decided)
                verdicts = _verdicts(signs, held, tally)
                raised += len(verdicts.raised)
                lifted += len(verdicts.lifted)
                if span.last < day:
                    self.shelf.decide(tenant, verdicts, self.clock.now_ms())
        run = CleaningRun(
            as_of=day,
            looked_from=max(looked, begun or day) if first else looked,
            decided_from=max(judged, begun or day) if first else judged,
            orders=orders,
            actors=tally.actors,
            raised=raised,
            lifted=lifted,
            apart=0,
            began_ms=began_ms,
            ended_ms=self.clock.now_ms(),
            made_by=who,
        )
        # The last span ends with the day, so its verdicts go down with the run.
        return self.shelf.end_run(tenant, verdicts, run)

    def lift(self, tenant: UUID, decision: UUID, *, who: str, why: str) -> Ruling:
        """Take a decision back, with a reason. Faults E165, E166, E167."""
        why = _why(why)
        held = self.ruling(tenant, decision)
        if held.lifted_ms is not None or not self.shelf.lift(tenant, decision, who, why):
            raise Fault(FaultCode.CLEANING_OVER, decision=decision)
        return self.ruling(tenant, decision)

    def restore(self, tenant: UUID, decision: UUID, *, who: str, why: str) -> Ruling:
        """Let a decision that was lifted stand again, as a new one. Faults E165, E166, E167."""
        held = self.ruling(tenant, decision)
        if held.lifted_ms is None:
            raise Fault(FaultCode.CLEANING_OVER, decision=decision)
        made = self.shelf.put(tenant, held.sign, who, _why(why))
        if made is None:
            raise Fault(FaultCode.CLEANING_OVER, decision=decision)
        return self.ruling(tenant, made)

    def set_apart(self, tenant: UUID, order: str, *, who: str, why: str) -> Ruling:
        """Set an order or a sale apart by hand, with a reason. Faults E166, E167, API_NOT_FOUND."""
        why = _why(why)
        found = self.shelf.order(tenant, order)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"order {order[:64]}")
        sign = _placed(Decision(found.order.order_id, Rule.by_hand, STRONG, {}), found)
        made = self.shelf.put(tenant, sign, who, why)
        if made is None:
            raise Fault(FaultCode.CLEANING_OVER, decision=order[:64])
        return self.ruling(tenant, made)

    def ruling(self, tenant: UUID, decision: UUID) -> Ruling:
        """Return a decision; Fault E165."""
        found = self.shelf.ruling(tenant, decision)
        if found is None:
            raise Fault(FaultCode.CLEANING_UNKNOWN, decision=decision)
        return found

    def rulings(self, tenant: UUID, wanted: Wanted) -> tuple[Ruling, ...]:
        """Return decisions, newest day first."""
        return tuple(self.shelf.rulings(tenant, wanted))

    def overview(
        self, tenant: UUID, since: date | None = None, until: date | None = None
    ) -> Overview:
        """Return what is set apart on some days, by default those that are decided."""
        last = until or self.today()
        first = since or last - timedelta(days=DECIDE_DAYS - 1)
        return Overview(
            self.shelf.last_run(tenant),
            first,
            last,
            tuple(self.shelf.counts(tenant, first, last)),
            tuple(self.shelf.sums(tenant, first, last)),
        )

    def today(self) -> date:
        """Return the chain's day."""
        return self._local(self.clock.now_ms()).date()

    def _local(self, ms: int) -> datetime:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(self.zone))


@dataclass(slots=True)
class _Tally:
    """What passed by while actors were judged; `known` have decisions of before."""

    known: set[str]
    actors: int = 0
    judged: set[str] = field(default_factory=set)
    seen_on: dict[tuple[SubjectKind, str], tuple[date, ...]] = field(default_factory=dict)

    def of_actors(
        self, shelf: CleaningShelf, tenant: UUID, since: date, until: date, decided: date
    ) -> Iterator[Sign]:
        """Yield the signs of actors who were there on days that are decided."""
        for one in shelf.seen_actors(tenant, since, until):
            self.actors += 1
            if one.days[-1] < decided:
                continue
            if one.subject in self.known:
                self.judged.add(one.subject)
            for said in judge_actors(one.events):
                self.seen_on["person", one.subject] = one.days
                yield Sign(
                    "person",
                    one.subject,
                    said.rule,
                    said.version,
                    said.weight,
                    said.detail,
                    one.channel,
                    one.days,
                )


@dataclass(slots=True)
class _Span:
    """Days in a row, and what is said of their orders."""

    first: date
    last: date
    signs: list[Sign]


def _spans(signs: Iterable[Sign], first: date, until: date, most: int) -> Iterator[_Span]:
    """Yield spans without a gap, the last up to `until`; each ends with the day it is full."""
    held: list[Sign] = []
    for day, own in groupby(signs, key=lambda one: one.days[-1]):
        if len(held) >= most:
            yield _Span(first, day - timedelta(days=1), held)
            first, held = day, []
        held.extend(own)
    yield _Span(first, until, held)


def _placed(said: Decision, on: SeenOn) -> Sign:
    order = on.order
    return Sign(
        "order",
        order.order_id,
        said.rule,
        said.version,
        said.weight,
        said.detail,
        order.channel,
        (on.day,),
        order.net_fen,
    )


def _verdicts(signs: Iterable[Sign], held: Iterable[Ruling], tally: _Tally) -> Verdicts:
    """Return what the rules say anew, and what they no longer say; people's words are left."""
    said = {one.key: one for one in signs}
    raised, lifted = dict(said), []
    for one in held:
        found = said.get(one.sign.key)
        if one.lifted_ms is not None:
            if one.lifted_by != RULES:
                raised.pop(one.sign.key, None)
        elif one.decided_by != RULES or (found and found.version == one.sign.version):
            raised.pop(one.sign.key, None)
        elif one.sign.kind == "order" or one.sign.subject in tally.judged:
            lifted.append(one.decision)
    return Verdicts(tuple(raised.values()), tuple(lifted), NO_LONGER, tally.seen_on)


def _why(text: str) -> str:
    why = " ".join(text.split())
    if not why or len(why) > WHY_CHARS_MAX:
        raise Fault(FaultCode.CLEANING_WHY, limit=WHY_CHARS_MAX)
    return why

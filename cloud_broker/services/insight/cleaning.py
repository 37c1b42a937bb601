"""Sets apart what no customer did: every night by rules, and by people who say why.

Nothing is deleted and everything can be taken back. What a person lifted no rule raises again;
what a rule no longer says it lifts itself. Orders are judged among those of three months, but only
the last two months are decided anew: at the edge of what is looked at, neighbours are missing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.cleaning import (
    RULES,
    ChannelSums,
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
from retail_core.insight.cleaning.layers import judge_actors, judge_orders
from retail_core.texts.faults import FaultCode

LOOK_DAYS = 92
DECIDE_DAYS = 62
ORDERS_MAX = 300_000
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
    zone: str = "Asia/Shanghai"
    orders_max: int = ORDERS_MAX
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
        orders = self.shelf.seen_orders(tenant, looked, day)
        signs = [one for one in _of_orders(orders) if one.days[-1] >= judged]
        held = self.shelf.standing(tenant, judged, day)
        # Of events all are read: they come one visitor after the other, however many there are.
        tally = _Tally({one.sign.subject for one in held if one.sign.kind == "person"})
        signs += list(tally.of_actors(self.shelf, tenant, asked, day, decided))
        verdicts = _verdicts(signs, held, tally)
        run = CleaningRun(
            as_of=day,
            looked_from=max(looked, begun or day) if first else looked,
            decided_from=max(judged, begun or day) if first else judged,
            orders=len(orders),
            actors=tally.actors,
            raised=len(verdicts.raised),
            lifted=len(verdicts.lifted),
            apart=0,
            began_ms=began_ms,
            ended_ms=self.clock.now_ms(),
            made_by=who,
        )
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


def _of_orders(orders: Iterable[SeenOn]) -> Iterator[Sign]:
    placed = {one.order.order_id: one for one in orders}
    for said in judge_orders([one.order for one in placed.values()]):
        yield _placed(said, placed[said.subject])


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

"""The shelf of cleaning in memory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from cloud_broker.ports.cleaning import (
    RULES,
    ChannelSums,
    CleaningRun,
    RuleCount,
    Ruling,
    SeenActor,
    SeenOn,
    Sign,
    Verdicts,
    Wanted,
)
from retail_core.insight.cleaning.decision import ENOUGH, Decision
from retail_core.insight.cleaning.seen import SeenOrder
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id


@dataclass
class FakeCleaningPile:
    """A `CleaningPile` that tells every layer of all orders there are."""

    seen: dict[str, SeenOn] = field(default_factory=dict)
    noted: dict[tuple[str, str], Decision] = field(default_factory=dict)

    def add(self, orders: Iterable[SeenOn]) -> int:
        for one in orders:
            self.seen.setdefault(one.order.order_id, one)
        return len(self.seen)

    def note(self, decisions: Iterable[Decision]) -> None:
        for one in decisions:
            self.noted.setdefault((one.subject, one.rule), one)

    def signs(self, since: date) -> Iterator[Sign]:
        found = []
        for one in self.noted.values():
            on = self.seen[one.subject]
            said = one.subject, one.rule.value, one.version, one.weight, one.detail
            found.append(Sign("order", *said, on.order.channel, (on.day,), on.order.net_fen))
        found.sort(key=lambda one: (one.days, one.subject, one.rule))
        yield from (one for one in found if one.days[-1] >= since)

    def close_together(self, gap_ms: int) -> Iterable[SeenOrder]:
        return self._all()

    def of_undoers(self, quick_ms: int, least: int) -> Iterable[SeenOrder]:
        return self._all()

    def shared(self, many: int) -> Iterable[SeenOrder]:
        return self._all()

    def crowded(self, most: Sequence[tuple[int, int]]) -> Iterable[SeenOrder]:
        return self._all()

    def bought(self) -> Iterable[tuple[str, int, int]]:
        lines = Counter(line for one in self._all() for line in one.lines)
        return [(*line, many) for line, many in lines.items()]

    def of_many_units(self, least: int) -> Iterable[SeenOrder]:
        return self._all()

    def looked(self) -> Iterable[tuple[str, int, int]]:
        told = [one for one in self._all() if one.views is not None]
        after = Counter(one.channel for one in told if one.views)
        return [
            (channel, many, after[channel])
            for channel, many in sorted(Counter(one.channel for one in told).items())
        ]

    def unlooked(self, channel: str) -> Iterable[str]:
        return [one.order_id for one in self._all() if one.channel == channel and one.views == 0]

    def _all(self) -> list[SeenOrder]:
        return [one.order for one in self.seen.values()]


@dataclass
class FakeCleaningShelf:
    """A `CleaningShelf` over orders and actors it is given."""

    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    orders: list[SeenOn] = field(default_factory=list)
    actors: list[SeenActor] = field(default_factory=list)
    held: dict[UUID, Ruling] = field(default_factory=dict)
    runs: list[CleaningRun] = field(default_factory=list)
    said: list[tuple[str, str, str]] = field(default_factory=list)

    def first_day(self, tenant: UUID, since: date | None, until: date, orders: int) -> date | None:
        days = [one.day for one in self.orders if (since or one.day) <= one.day <= until]
        fit = [day for day in days if sum(other >= day for other in days) <= orders]
        return min(fit or [max(days)]) if days else None

    def seen_orders(self, tenant: UUID, since: date, until: date) -> Iterator[SeenOn]:
        yield from (one for one in self.orders if since <= one.day <= until)

    def seen_actors(self, tenant: UUID, since: date, until: date) -> Iterator[SeenActor]:
        yield from (one for one in self.actors if since <= one.days[-1])

    def standing(self, tenant: UUID, since: date, until: date) -> Sequence[Ruling]:
        newest: dict[tuple[str, str, str], Ruling] = {}
        for one in self.held.values():
            if one.sign.kind != "order" or since <= one.sign.days[-1] <= until:
                newest[one.sign.key] = one
        return list(newest.values())

    def decide(self, tenant: UUID, verdicts: Verdicts, now_ms: int) -> None:
        for decision in verdicts.lifted:
            self._lift(decision, RULES, verdicts.why)
        for sign in verdicts.raised:
            self._add(sign, RULES)

    def end_run(self, tenant: UUID, verdicts: Verdicts, run: CleaningRun) -> CleaningRun:
        self.decide(tenant, verdicts, run.ended_ms)
        apart = {one.sign.key[:2] for one in self._all() if one.apart}
        self.runs.append(replace(run, apart=len(apart)))
        return self.runs[-1]

    def last_run(self, tenant: UUID) -> CleaningRun | None:
        return self.runs[-1] if self.runs else None

    def ruling(self, tenant: UUID, decision: UUID) -> Ruling | None:
        return next((one for one in self._all() if one.decision == decision), None)

    def lift(self, tenant: UUID, decision: UUID, who: str, why: str) -> bool:
        if decision not in self.held or self.held[decision].lifted_ms is not None:
            return False
        self._lift(decision, who, why)
        self.said.append(("cleaning.lift", who, why))
        return True

    def put(self, tenant: UUID, sign: Sign, who: str, why: str) -> UUID | None:
        made = self._add(sign, who)
        if made is not None:
            self.said.append(("cleaning.apart", who, why))
        return made

    def rulings(self, tenant: UUID, wanted: Wanted) -> Sequence[Ruling]:
        found = [
            one
            for one in self._all()
            if wanted.rule in {"", one.sign.rule}
            and (wanted.since or one.sign.days[-1]) <= one.sign.days[-1]
            and one.sign.days[-1] <= (wanted.until or one.sign.days[-1])
            and {
                "all": True,
                "lifted": one.lifted_ms is not None,
                "standing": one.lifted_ms is None,
                "apart": one.lifted_ms is None and one.apart,
            }[wanted.which]
        ]
        found.sort(key=lambda one: one.decision)
        found.sort(key=lambda one: one.sign.days[-1], reverse=True)
        return found[: wanted.limit]

    def counts(self, tenant: UUID, since: date, until: date) -> Sequence[RuleCount]:
        own = [one for one in self._all() if since <= one.sign.days[-1] <= until]
        rules = sorted({str(one.sign.rule) for one in own})
        return [self._count(rule, [one for one in own if one.sign.rule == rule]) for rule in rules]

    def sums(self, tenant: UUID, since: date, until: date) -> Sequence[ChannelSums]:
        apart = {one.sign.subject for one in self._all() if one.apart}
        stand = [
            one.order
            for one in self.orders
            if since <= one.day <= until and one.order.undone_ms is None
        ]
        found = []
        for name in sorted({one.channel for one in stand}):
            own = [one for one in stand if one.channel == name]
            off = [one for one in own if one.order_id in apart]
            fen, off_fen = sum(one.net_fen for one in own), sum(one.net_fen for one in off)
            found.append(ChannelSums(name, len(own), fen, len(off), off_fen))
        return found

    def order(self, tenant: UUID, order: str) -> SeenOn | None:
        return next((one for one in self.orders if one.order.order_id == order), None)

    def _count(self, rule: str, own: list[Ruling]) -> RuleCount:
        standing = [one for one in own if one.lifted_ms is None]
        lifted = [one for one in own if one.lifted_ms is not None and one.lifted_by != RULES]
        apart = {one.sign.subject for one in standing if one.apart}
        return RuleCount(rule, len(standing), len(lifted), len(apart))

    def _add(self, sign: Sign, who: str) -> UUID | None:
        for one in self.held.values():
            if one.sign.key == sign.key and one.lifted_ms is None:
                return None
        made = fresh_id()
        self.held[made] = Ruling(made, sign, self.clock.now_ms(), who)
        return made

    def _lift(self, decision: UUID, who: str, why: str) -> None:
        held, now = self.held[decision], self.clock.now_ms()
        self.held[decision] = replace(held, lifted_ms=now, lifted_by=who, lifted_why=why)

    def _all(self) -> list[Ruling]:
        weights: dict[tuple[str, str], int] = {}
        for one in self.held.values():
            if one.lifted_ms is None:
                weights[one.sign.key[:2]] = weights.get(one.sign.key[:2], 0) + one.sign.weight
        return [
            replace(one, apart=weights.get(one.sign.key[:2], 0) >= ENOUGH)
            for one in self.held.values()
        ]
